"""The menu as data: its model and its checks."""
