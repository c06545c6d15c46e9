"""What befalls a hotline, and what callers then hear and the records then hold (PROOF.md, "Faults")."""
