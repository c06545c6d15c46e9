"""The reference call in the fewest lines of each alternative; every one does the same work and nothing more."""
