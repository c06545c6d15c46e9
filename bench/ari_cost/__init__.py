"""What a call costs: the time of a request, the CPU time of a call, calls set up at once, events decoded (PROOF.md)."""
