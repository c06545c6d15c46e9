"""Requests of ARI over the events socket and by HTTP."""
