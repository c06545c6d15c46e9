"""The private Asterisk of demo and tests: its root file system, its configuration, its start and stop."""
