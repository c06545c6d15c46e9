"""The fake as pytest fixtures. In a `conftest.py`: `from hotline.ari.fake.plugin import ari_gate, fake_asterisk`.

Needs pytest and pytest-asyncio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from yarl import URL

from .gate import Gate
from .server import FakeAsterisk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest_asyncio.fixture
async def fake_asterisk() -> AsyncIterator[FakeAsterisk]:
    """An Asterisk in which every sound exists and takes 0.1 s; see `FakeAsterisk` for what it can be told to do."""
    async with FakeAsterisk(default_seconds=0.1) as fake:
        yield fake


@pytest_asyncio.fixture
async def ari_gate(fake_asterisk: FakeAsterisk) -> AsyncIterator[Gate]:
    """A gate in front of it: give `ari_gate.url` to the client."""
    address = URL(fake_asterisk.url)
    async with Gate(str(address.host), int(address.port or 80)) as gate:
        yield gate
