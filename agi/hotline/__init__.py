"""Phone self-service that re-issues a citizen's VssID password: the application behind an Asterisk PBX."""
