"""The menu as a picture: boxes, keys, seconds, and how many callers went and left where."""

from hotline.reports.menu.graph import Box, Graph, Row, graph
from hotline.reports.menu.mermaid import mermaid
from hotline.reports.menu.svg import svg

__all__ = ["Box", "Graph", "Row", "graph", "mermaid", "svg"]
