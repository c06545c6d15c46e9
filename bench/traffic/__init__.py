"""Many callers at once from the carrier's side, what passes on the wire meanwhile, and what each of them heard."""
