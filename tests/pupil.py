"""A handler of calls that does as a test says, for a client of the fake Asterisk."""

import asyncio

SHORT, MIDDLE, LONG = "sound:/short", "sound:/middle", "sound:/long"
PASSWORD = "correct-horse-battery"
APP = "hotline"


class Pupil:
    """A handler that does as the test says: it hands over its stay, which may take `seconds` to come, and waits."""

    def __init__(self, seconds=2):
        self._seconds = seconds
        self.stays = asyncio.Queue()
        self.over = asyncio.Event()

    async def __call__(self, stay):
        self.stays.put_nowait(stay)
        await self.over.wait()

    async def stay(self):
        return await asyncio.wait_for(self.stays.get(), self._seconds)


async def reconnected(client):
    """Wait until the client has noticed the loss and is back."""
    async with asyncio.timeout(5):
        while client.connected.is_set():
            await asyncio.sleep(0.005)
        await client.connected.wait()
