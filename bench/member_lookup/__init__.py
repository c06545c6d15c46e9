"""How long the look-up of a pair takes among as many members as the service has."""
