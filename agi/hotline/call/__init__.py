"""The call a conversation sees: answer, say, ask, read out, hang up, each with a truthful result."""
