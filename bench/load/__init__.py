"""Whole calls with database by the hundred, and what every caller of them heard (PROOF.md, "Load")."""
