"""`hotline dialplan check`: a real Asterisk says what is wrong with a configuration, and where."""

import shutil
import tempfile
from pathlib import Path

import pytest

from hotline.pbx import PbxUnavailable, install_root
from hotline.pbx.dialplan_check import faults
from hotline.pbx.scratch import scratch_start
from hotline.settings import SHARE


@pytest.fixture
def folder(tmp_path):
    """A copy of the configuration as delivered, and prompts for it."""
    shutil.copytree(SHARE / "dialplan", tmp_path / "dialplan")
    (tmp_path / "sounds" / "vi").mkdir(parents=True)
    for name in ("fallback", "interrupted"):
        (tmp_path / "sounds" / "vi" / f"{name}.alaw").write_bytes(b"\xd5" * 160)
    return tmp_path / "dialplan"


async def told(folder):
    """Return the faults, and the hints, of `folder`, as they are printed."""
    with tempfile.TemporaryDirectory() as run:  # short: a socket's path has 107 bytes
        async with scratch_start(folder, install_root(), Path(run)) as scratch:
            found = await faults(scratch, folder.parent / "sounds")
    return [str(fault) for fault in found if fault.counts], [str(fault) for fault in found if not fault.counts]


def change(path, old, new):
    """Replace a text that is there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def line(path, text):
    """Return the number of the line that begins with `text`."""
    return next(at for at, one in enumerate(path.read_text().splitlines(), 1) if one.strip().startswith(text))


async def test_the_delivered_configuration_is_well_at_any_site(folder):
    """On addresses that this machine does not have, with every example in the site's comments switched on but TLS."""
    site = folder / "site"
    change(site / "pjsip-transport.conf", "bind = 127.0.0.1:5060", "bind = 192.0.2.7:5060")
    change(site / "manager.conf", "enabled = no\n", "")
    for name in ("manager.conf", "pjsip-phones.conf", "ari.conf", "websocket_client.conf"):
        text = (site / name).read_text()
        (site / name).write_text(
            "".join(one[1:] if one[:1] == ";" and one[1:2] not in {" ", ""} else one for one in text.splitlines(True))
        )
    wrong, hints = await told(folder)
    assert wrong == []
    assert [hint.rpartition(":")[2] for hint in hints] == [" no call may come here"]  # AGI, which modules.conf has off


async def test_each_fault_is_told_with_file_and_line(folder):
    """What Asterisk warns of, jumps into nothing, files and media ports that are not there, applications nobody has."""
    plan, sip, trunk = folder / "extensions.conf", folder / "pjsip.conf", folder / "site" / "pjsip-trunk.conf"
    change(plan, "Goto(hotline-origin,trunk,1)", "Goto(hotline-orign,trunk,1)")
    change(plan, " same => n,Echo()", " same => n,Ecko()\n same => n,Goto(nowhere)\nexten => 602,x,NoOp()")
    change(plan, "Goto(hotline-sorry,s,1)", "Goto(hotline-sory,s,1)")
    change(plan, "exten => agi,1,Goto(hotline-agi,call,1)", "exten => agi,1,Goto(hotline-agi,cal,1)")
    change(sip, "rtp_timeout = 30", "rtp_timeout = thirty")
    change(trunk, "match = 127.0.0.2", "match = 127.0.0.2\nmatchh = 127.0.0.3")
    change(folder / "modules.conf", "require = func_cut.so", "load = func_cutt.so")
    change(folder / "site" / "rtp.conf", "rtpend = 20999", "rtpend = 20599")
    (folder.parent / "sounds" / "vi" / "fallback.alaw").unlink()
    wrong, _ = await told(folder)
    for place, words in {
        f"extensions.conf:{line(plan, 'same => n,Goto(hotline-orign')}": "hotline-orign",
        f"extensions.conf:{line(plan, 'same => n,Ecko')}": "no such application",
        f"extensions.conf:{line(plan, 'same => n,Goto(nowhere)')}": "nowhere of 600",
        f"extensions.conf:{line(plan, 'exten => 602')}": "Invalid priority",
        f"extensions.conf:{line(plan, 'same => n,Goto(hotline-sory')}": "hotline-sory",
        f"extensions.conf:{line(plan, 'exten => agi')}": "extension cal of hotline-agi",
        f"pjsip.conf:{line(sip, 'rtp_timeout = thirty')}": "rtp_timeout=thirty",
        f"site/pjsip-trunk.conf:{line(trunk, 'matchh')}": "matchh",
        f"modules.conf:{line(folder / 'modules.conf', 'load = func_cutt')}": "func_cutt.so",
        f"site/globals.conf:{line(folder / 'site' / 'globals.conf', 'MOST_CALLS')}": "20000 to 20599",
        f"hotline-agi.conf:{line(folder / 'hotline-agi.conf', 'same => n,Playback')}": "fallback",
    }.items():
        assert [fault for fault in wrong if fault.startswith(f"{place}: ") and words in fault], (place, wrong)


async def test_an_asterisk_that_does_not_come_up_says_why(folder, tmp_path):
    """A module that it can't do without fails: its own words, and the line that asks for it."""
    change(folder / "modules.conf", "require = func_cut.so", "require = func_cutt.so")
    wrong, _ = await told(folder)
    assert [fault for fault in wrong if fault.startswith("modules.conf:") and "func_cutt" in fault], wrong
    with pytest.raises(PbxUnavailable, match=r"extensions\.conf"):
        await told(tmp_path / "nowhere")
