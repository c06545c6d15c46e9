"""What the commands share: the terminal they speak to, and the loop they run on."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import uvloop
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Coroutine

Result = TypeVar("Result")

console = Console()


def run(work: Coroutine[object, None, Result]) -> Result:
    """Run `work` to its end."""
    return uvloop.run(work)
