"""A client for the Asterisk REST Interface; knows nothing of this project."""
