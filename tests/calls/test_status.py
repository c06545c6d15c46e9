"""`hotline status` of a real switchboard, and what its user of the manager interface may not do."""

import asyncio
import os

import pytest

from bare import Caller
from hotline.cli.status import drawn, look
from hotline.console import Process, ask, control
from hotline.pbx import PbxUnavailable
from hotline.pbx.manager import manager_session
from hotline.pbx.refusals import counted_refusals

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("door", ["ari"], indirect=True)
async def test_what_there_is_is_shown_and_what_is_wrong_is_a_fault(house, service, ring, monkeypatch):
    """A call, its phone, the application, the database, refused logins; nobody's number is in it."""
    process = Process(os.geteuid(), f"status-{os.getpid()}")
    monkeypatch.setattr("hotline.cli.status.processes", lambda: [process])
    async with (
        counted_refusals(house.settings.ami) as refusals,
        control(process.name, service.steering(refusals.last_hour)),
    ):
        tester = await ring()
        await tester.reach()
        with Caller(house.asterisk.site, "127.0.0.3") as stranger:
            stranger.invite(user="nobody")
            await stranger.refused_then_invite_with(user="nobody", password="wrong")
            assert (await stranger.answer())[0] == 401
        async with asyncio.timeout(5):
            while not (await ask(process, "state")).refusals:
                await asyncio.sleep(0.05)
        found = await look(house.settings)
        assert found.faults == []
        assert found.processes[process.name].calls == 1
        assert house.settings.ari.app in found.applications
        assert found.switchboard.channels == {"Up": 1}
        assert found.switchboard.endpoints[tester.caller.phone.name] == "INUSE"
        assert set(found.switchboard.endpoints) >= {"trunk", *(phone.name for phone in house.phones)}
        assert sum(found.processes[process.name].refusals.values()) >= 1
        assert found.prompts > 20
        assert drawn(found).row_count >= 8
        service.hold()
        wrong = house.settings.model_copy(deep=True)
        wrong.voice.sounds = house.folder
        wrong.ami.port = 9
        faults = " ".join((await look(wrong)).faults)
        for words in ("no more calls are taken", "manager interface", str(house.folder)):
            assert words in faults
        service.resume()


async def test_the_status_user_can_change_nothing(house):
    """It lists; it neither loads, sets, hangs up, redirects, originates nor runs a command."""
    async with manager_session(house.settings.ami) as session:
        for action, fields in {
            "ModuleLoad": {"Module": "app_mixmonitor.so", "LoadType": "load"},
            "Command": {"Command": "core show channels"},
            "Setvar": {"Variable": "APPS", "Value": "mine"},
            "Hangup": {"Channel": "/.*/"},
            "Redirect": {"Channel": "x", "Context": "hotline", "Exten": "call", "Priority": "1"},
            "Originate": {"Channel": "PJSIP/trunk", "Application": "Wait", "Data": "1"},
            "UpdateConfig": {"SrcFilename": "ari.conf", "DstFilename": "ari.conf"},
            "DBPut": {"Family": "a", "Key": "b", "Val": "c"},
        }.items():
            with pytest.raises(PbxUnavailable, match=r"[Pp]ermission denied|unknown command"):
                await session.ask(action, **fields)
