"""The reference call beside the alternatives: what it costs and how soon it answers, by whatever drives it."""
