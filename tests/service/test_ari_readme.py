"""The README's own code."""

import asyncio
import re
from pathlib import Path

import pytest

from hotline import ari
from hotline.ari import Client
from hotline.ari.fake import Heard
from hotline.ari.fake.plugin import fake_asterisk

__all__ = ["fake_asterisk"]

README = Path(ari.__file__).with_name("README.md").read_text(encoding="utf-8")
IVR, TEST = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def readme():
    """What the README's blocks define; their last line, which would run for ever, is left to the test."""
    names = {"asyncio": asyncio}
    definitions, run = IVR.split("\n\n\nasyncio.run(")
    assert run == 'Client("http://127.0.0.1:8088", "user", "password", "my-app").run(ivr))\n'
    exec(compile(definitions, "README", "exec"), names)
    exec(compile(TEST, "README", "exec"), names)
    return names


async def test_the_readmes_test_passes(readme, fake_asterisk):
    """The test shown works as it stands."""
    await readme["test_a_caller_presses_two"](fake_asterisk)


@pytest.mark.parametrize(
    ("keys", "heard", "place"),
    [
        ("1", ["welcome"], ("sales", "s", 1)),
        ("2", ["welcome", "hours"], None),
        ("3", ["menu", "goodbye"], None),
    ],
)
async def test_the_ivr_works(readme, fake_asterisk, keys, heard, place):
    """Each key leads where the ten lines say; a key that stops nothing is taken after the menu."""
    client = Client(fake_asterisk.url, fake_asterisk.user, fake_asterisk.password, "my-app")
    running = asyncio.create_task(client.run(readme["ivr"]))
    await fake_asterisk.connected()
    call = await fake_asterisk.incoming()
    await call.playing("sound:/srv/welcome")
    await call.press(keys)
    await asyncio.wait_for(call.ended.wait(), 2)
    assert call.answered
    assert [one.media[-1].rpartition("/")[2] for one in call.heard] == heard
    assert call.continued == place
    await client.close()
    await running


async def test_a_caller_hangs_up_on_the_ivr(readme, fake_asterisk):
    """A hang-up in the menu ends the ten lines without an error."""
    client = Client(fake_asterisk.url, fake_asterisk.user, fake_asterisk.password, "my-app")
    running = asyncio.create_task(client.run(readme["ivr"]))
    await fake_asterisk.connected()
    call = await fake_asterisk.incoming()
    await call.playing("sound:/srv/menu")
    await call.hang_up()
    await asyncio.sleep(0.05)
    assert call.heard == [Heard(("sound:/srv/welcome", "sound:/srv/menu"), "failed", stopped=False)]
    assert not client.stays
    await client.close()
    await running
