"""Whether a hotline is after its calls what it was before them (PROOF.md, "soak")."""
