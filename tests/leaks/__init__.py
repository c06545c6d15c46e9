"""Finds digits that should be nowhere: in texts, files, names, tables and processes, whole or in pieces."""

from leaks.finder import Finder
from leaks.places import Folder, Leak, Spy, tables

__all__ = ["Finder", "Folder", "Leak", "Spy", "tables"]
