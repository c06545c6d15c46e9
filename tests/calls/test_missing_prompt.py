"""A prompt that goes missing while calls go on: the caller hears why the call ends, and the operator is told."""

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hotline.dialogue import prompt_watch
from hotline.service import serving

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def own_sounds(house):
    """A copy of the prompts to spoil; in their folder, for that is what the switchboard sees."""
    with tempfile.TemporaryDirectory(prefix="copy-", dir=house.settings.voice.sounds) as folder:
        shutil.copytree(house.settings.voice.sounds / "vi", Path(folder) / "vi")
        yield Path(folder)


@pytest.fixture
def often(monkeypatch):
    """Look at the prompts twice a second."""
    monkeypatch.setattr(prompt_watch, "EVERY", 0.5)


@pytest.mark.usefixtures("door", "often")
@pytest.mark.parametrize("missing", ["ask-number", "interrupted"])
async def test_no_caller_is_left_in_silence_by_a_missing_prompt(house, own_sounds, ring, records, outcomes, *, missing):
    """Who comes to it hears that the call can't go on, or has it ended where even that is gone; it is an alarm.

    Put back, the next caller hears it.
    """
    await records.execute("DELETE FROM alarms WHERE kind = 'prompt-missing'")
    settings = house.settings.model_copy(deep=True)
    settings.voice.sounds = own_sounds
    async with serving(settings):
        gone = {"ask-number", missing}
        for path in own_sounds.glob("vi/*"):
            if path.stem in gone:
                path.unlink()
        ringer = await ring(0)
        await ringer.reach()
        await ringer.caller.press("8")
        if missing != "interrupted":
            await ringer.caller.hears_end("interrupted")
        await ringer.caller.closed(within=10)
        assert await outcomes() == ["failed"]
        async with asyncio.timeout(5):
            while len(raised := await subjects(records)) < len(gone):
                await asyncio.sleep(0.05)
        assert raised == {f"prompt {name}" for name in gone}
        if missing == "ask-number":
            await assert_back(house, own_sounds, ring)


async def assert_back(house, own_sounds, ring):
    """See that the next caller hears a prompt that is there again, and that the log says so, without any restart."""
    with capture_logs() as logs:
        for path in house.settings.voice.sounds.glob("vi/ask-number.*"):
            shutil.copy(path, own_sounds / "vi")
        ringer = await ring(1)
        await ringer.reach()
        await ringer.caller.press("8")
        await ringer.caller.hears("ask-number")
        async with asyncio.timeout(5):
            while not [entry for entry in logs if entry["event"] == "prompt_back"]:
                await asyncio.sleep(0.05)


async def subjects(records):
    """Return what alarms of missing prompts are about."""
    rows = await records.fetch("SELECT subject_masked FROM alarms WHERE kind = 'prompt-missing'")
    return {row["subject_masked"] for row in rows}
