"""What the assistant says and asks: the walk through the menu, the re-issue, the information."""
