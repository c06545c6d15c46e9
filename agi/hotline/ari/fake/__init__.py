"""A fake Asterisk for tests: it speaks HTTP and WebSocket, and behaves as Asterisk 22.10 was seen to.

    async with FakeAsterisk(sounds={"sound:/vi/menu": 0.05}) as fake:
        client = Client(fake.url, fake.user, fake.password, "hotline")
        …
        call = await fake.incoming(["origin=phone", "number=0912345678"])
        await call.playing("sound:/vi/menu")
        await call.press("8")
        await call.hang_up()

`plugin` has it as pytest fixtures. `Gate` breaks real connections, to the fake or to a real Asterisk.
"""

from .call import FakeCall, Heard
from .gate import Gate
from .server import FakeAsterisk

__all__ = ["FakeAsterisk", "FakeCall", "Gate", "Heard"]
