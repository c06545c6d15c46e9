"""`hotline serve` that tells whoever connects what is inside it: `python -m bench.soak.observed SOCKET serve`."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import sys
import threading
from collections import Counter

from hotline.cli import main

SHOWN = 12
"""Kinds of objects told of: the most frequent."""


def inside() -> dict[str, object]:
    """Return how many tasks are under way, and how many objects there are, of which kinds the most."""
    gc.collect()
    objects = gc.get_objects()
    kinds = Counter(type(one).__name__ for one in objects)
    tasks = sum(isinstance(one, asyncio.Task) and not one.done() for one in objects)
    return {"tasks": tasks, "objects": len(objects), "kinds": dict(kinds.most_common(SHOWN))}


def tell(path: str) -> None:
    """Answer everybody who connects, for ever."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        while True:
            caller, _ = listener.accept()
            with caller:
                caller.sendall(json.dumps(inside()).encode())


if __name__ == "__main__":
    threading.Thread(target=tell, args=(sys.argv.pop(1),), daemon=True).start()
    main()
