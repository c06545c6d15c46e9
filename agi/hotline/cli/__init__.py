"""The `hotline` command: thin commands over the rooms, a module for each group of them."""

from hotline.cli.command import main

__all__ = ["main"]
