"""A softphone to call with and an ear that tells what was said to it, and when."""
