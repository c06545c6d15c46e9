"""`hotline canary` rings a real hotline and tells whether all is well."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
import pytest_asyncio

from hotline.service import serving

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def service(brief_house, door, patience):
    """The application, which reads passwords briefly."""
    async with serving(brief_house.settings) as task:
        yield task


@pytest.fixture
def canary(house, tmp_path):
    """Have the canary ring the house; return its exit status and what it said."""
    site = house.asterisk.site
    settings = {
        "HOTLINE_VOICE__SOUNDS": house.settings.voice.sounds,
        "HOTLINE_CANARY__SERVER": house.server,
        "HOTLINE_CANARY__ADDRESS": site.canary.match,
        "HOTLINE_CANARY__PASSWORD": site.canary.password,
        "HOTLINE_CANARY__NUMBER": house.members[0].insurance_number,
        "HOTLINE_CANARY__TEXTFILE": tmp_path / "canary.prom",
        # Beside other tests on a busy machine: what is too slow is told by tests of the judgement.
        "HOTLINE_CANARY__RESPONSE_SECONDS": 5,
        "HOTLINE_CANARY__REACTION_SECONDS": 5,
        "HOTLINE_CANARY__CALL_SECONDS": 60,
    }

    async def ring():
        # A process of its own, as from the timer: one that listens well would hold up the service beside it.
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("hotline"),
            "canary",
            "--json",
            env=os.environ | {name: str(value) for name, value in settings.items()},
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
        return process.returncode, json.loads(said)

    return ring


@pytest.mark.parametrize("door", ["ari"], indirect=True)
async def test_all_is_well(canary, service, records, outcomes, tmp_path):
    """It hears a password twice alike, says what took how long and nothing of the password, and leaves its figures."""
    status, said = await canary()
    assert said["faults"] == []
    assert (status, said["success"]) == (0, True)
    assert 0 < said["seconds"]["reaction"] < 5
    assert 5 < said["seconds"]["call"] < 60
    assert await outcomes() == ["reissued"]
    figures = (tmp_path / "canary.prom").read_text()
    assert "hotline_canary_success 1.0" in figures
    assert 'hotline_canary_seconds{part="call"}' in figures


@pytest.mark.parametrize("door", ["ari"], indirect=True)
async def test_an_application_that_is_away_is_told(canary, door, tmp_path):
    """The call is not answered: one fault, exit status 1, and figures that raise an alarm."""
    status, said = await canary()
    assert (status, said["success"]) == (1, False)
    assert said["faults"] == ["the call was closed: 480 Temporarily Unavailable"]
    assert "hotline_canary_success 0.0" in (tmp_path / "canary.prom").read_text()
