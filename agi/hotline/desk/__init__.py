"""The rules: who is calling, does the pair match, how often, and the two-phase password."""
