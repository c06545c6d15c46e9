"""Calls as a caller makes them: a real softphone, a real Asterisk, a real Postgres; asserted by what was heard."""

import asyncio
import os
import sys
from itertools import groupby, pairwise

import aiohttp
import pytest

from hotline.desk import SignIn
from hotline.phone import CallClosed
from hotline.service import serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRONG = "9876543210"
SLACK = 0.05
"""Seconds by which a gap may differ: half a frame at each side, and what of a word is not audible yet."""


def gaps(digits, library):
    """Return the silences between digits read one after another, the longest digit's share of each."""
    longest = max(len(library.speech(f"digits/{digit}")) for digit in range(10)) / 8000
    return [after.ends - before.ends - longest for before, after in pairwise(digits)]


async def a_password_twice(ringer, house, ear):
    """Hear nine digits in groups of three, and again with longer gaps, in as many prompts as it takes; return them.

    They come at an even beat (a digit shorter than the longest begins later by as much), with no silence over 3 s.
    """
    caller = ringer.caller
    await ringer.enter(ringer.number + "#", pace=0.2)
    await caller.hears("after-reading", within=30)
    await caller.hang_up()
    first, second = caller.digits()
    assert first == second
    assert len(first) == house.settings.password.length

    said = caller.said()
    # The check is said again when the look-up takes longer than it.
    assert [prompt for prompt, _ in groupby(one.id for one in said if one.kind != "digit")] == [
        "notice", "menu", "ask-number", "check", "new-password", "repeat-password", "after-reading",
    ]  # fmt: skip
    # By what the phone played: on a busy machine packets may come late, and no listener takes that for a gap.
    played = [one for dump in caller.phone.dumps for one in ear.listen_wav(dump)]
    digits = [one for one in played if one.kind == "digit"]
    assert gaps(digits[:9], house.library) == pytest.approx([0.2, 0.2, 1.0, 0.2, 0.2, 1.0, 0.2, 0.2], abs=SLACK)
    assert gaps(digits[9:], house.library) == pytest.approx([0.3, 0.3, 2.0, 0.3, 0.3, 2.0, 0.3, 0.3], abs=SLACK)
    checked = next(one.starts for one in said if one.id == "check")
    assert not [silence for silence in caller.witness.silences(3.0) if silence.starts > checked]
    return first


@pytest.mark.usefixtures("service")
async def test_a_match_hears_a_password_twice_that_works(house, ear, ring, desk, written):
    """Eight callers at once: each hears a password of its own, twice; it signs in and the old one does not.

    However talkative its console is, no file of Asterisk's has a number or a password in it.
    """
    ringers = [await ring(member) for member in (0, 2, 3, 4, 5, 6, 7, 8)]
    before = len(house.asterisk.problems())
    await house.asterisk.console("core set verbose 5")
    passwords = await asyncio.gather(*(a_password_twice(ringer, house, ear) for ringer in ringers))
    await house.asterisk.console("core set verbose 0")
    assert len(set(passwords)) == len(ringers)
    for ringer, password in zip(ringers, passwords, strict=True):
        assert await written.outcome(ringer.phone) == "reissued"
        assert await desk.sign_in(ringer.number, password) is SignIn.OK_MUST_CHANGE
        assert await desk.sign_in(ringer.number, house.old_password.reveal()) is SignIn.REFUSED
    # A playback cut by a hang-up is worth a warning to Asterisk.
    assert [line for line in house.asterisk.problems()[before:] if "Playback failed" not in line] == []
    logs = [path for path in (house.asterisk.run_dir / "log").rglob("*") if path.is_file()]
    assert logs
    said = "\n".join(path.read_text(errors="replace") for path in logs)
    for ringer, password in zip(ringers, passwords, strict=True):
        assert password not in said
        assert ringer.number not in said


async def mismatch(ringer, written):
    """A pair that does not match hears the sentence and may try again; one attempt is counted."""
    await ringer.enter(WRONG + "#")
    sentence = await ringer.caller.hears_end("mismatch")
    assert sentence.complete
    assert sentence.written == "Số điện thoại và mã số bảo hiểm không khớp hoặc chưa đăng ký với cơ quan BHXH."
    await ringer.caller.hears("ask-number")
    await ringer.caller.hang_up()
    assert ringer.caller.digits() == []
    assert await written.outcome(ringer.phone) == "mismatch"
    assert await written.attempts(ringer.phone) == 1


async def second_try(ringer, written):
    """After a mismatch the number is read back; confirmed, it is checked and the password comes."""
    await ringer.enter(WRONG + "#")
    await ringer.caller.hears("mismatch")
    await ringer.caller.press(ringer.number + "#")
    assert await ringer.caller.hears_digits(10) == ringer.number
    await ringer.caller.hears("read-back-ask")
    await ringer.caller.press("1")
    await ringer.caller.hears("repeat-password", within=30)
    await ringer.caller.hang_up()
    assert await written.outcome(ringer.phone) == "reissued"


async def a_key_in_the_menu(ringer):
    """Barge-in: the menu stops at the key, and the question follows."""
    await ringer.reach()
    await asyncio.sleep(1.0)
    await ringer.caller.press("8")
    asked = await ringer.caller.hears("ask-number")
    menu = next(one for one in ringer.caller.said() if one.id == "menu")
    key = ringer.caller.witness.seconds(ringer.caller.witness.keys[0].at)
    assert not menu.complete
    assert menu.ends - key < 0.5
    assert asked.starts - key < 0.6


async def everything_ahead(ringer):
    """Who knows the way keys it all during the first words, and hears nothing but the check and the password."""
    await ringer.reach("notice")
    await ringer.caller.press(f"8{ringer.number}#", pace=0.08)
    await ringer.caller.hears("repeat-password", within=30)
    whole = [one.id for one in ringer.caller.said() if one.kind == "prompt" and one.complete]
    assert "ask-number" not in whole
    assert "menu" not in whole
    assert {"check", "new-password"} <= set(whole)


async def wrong_keys(ringer, written):
    """A key that leads nowhere is said to have no service; the menu follows, and 9 ends politely."""
    await ringer.reach()
    await ringer.caller.hears_end("menu")
    await ringer.caller.press("5")
    await ringer.caller.hears("no-match")
    await ringer.caller.hears("menu-help")
    await ringer.caller.press("9")
    assert (await ringer.caller.hears_end("goodbye")).complete
    assert not (await ringer.caller.closed()).by_us
    assert await written.outcome(ringer.phone) == "ended"


async def hang_up_in_the_first_reading(ringer, written, desk, password):
    """Cut off before the end of the first reading, the citizen still has the password they had."""
    await ringer.enter(ringer.number + "#")
    await ringer.caller.hears_digits(5, within=15)
    await ringer.caller.hang_up()
    assert await written.outcome(ringer.phone) == "hung-up"
    assert await desk.sign_in(ringer.number, password) is SignIn.OK


async def hang_up_after_the_first_reading(ringer, written, desk):
    """Heard once in full, the new password works, however the call goes on."""
    await ringer.enter(ringer.number + "#")
    await ringer.caller.hears("repeat-password", within=30)
    await ringer.caller.hang_up()
    assert await written.outcome(ringer.phone) == "reissued"
    (heard,) = ringer.caller.digits()
    assert await desk.sign_in(ringer.number, heard) is SignIn.OK_MUST_CHANGE


@pytest.mark.usefixtures("service")
async def test_each_caller_gets_the_answer_to_what_they_do(house, ring, desk, written, side_by_side):
    """Seven callers side by side: they key a wrong number, try again, barge in, key ahead, err, and hang up."""
    ringers = [await ring(member) for member in (2, 3, 4, 5, 6, 8, 9)]
    mistaken, persistent, hurried, knowing, erring, contented, cut_off = ringers
    await side_by_side(
        mismatch(mistaken, written),
        second_try(persistent, written),
        a_key_in_the_menu(hurried),
        everything_ahead(knowing),
        wrong_keys(erring, written),
        hang_up_after_the_first_reading(contented, written, desk),
        # Of a member that no other test gives a password to.
        hang_up_in_the_first_reading(cut_off, written, desk, house.old_password.reveal()),
    )


async def test_a_stopped_application_apologises_and_then_the_dialplan_speaks(house, door, ring, outcomes):
    """Who is on the line when it is stopped hears so; who rings then hears so before answer, so free, and soon."""
    async with serving(house.settings):
        there = await ring(5)
        await there.reach()
    too_late = await ring(4)
    words = await too_late.reach("fallback")
    assert words.starts < 0.6
    await too_late.caller.hears_end("fallback")
    assert not (await too_late.caller.closed()).by_us
    with pytest.raises(CallClosed):
        await too_late.caller.answered(within=0)
    assert (await there.caller.hears_end("interrupted")).complete
    assert not (await there.caller.closed()).by_us
    assert await outcomes() == ["failed"]


async def test_a_frozen_application_does_not_keep_a_caller_waiting(house, ring):
    """An application that is connected but does nothing: the dialplan loses patience and says so, before answer."""
    site = house.asterisk.site
    credential = aiohttp.encode_basic_auth(site.ari_user, site.ari_password)
    async with (
        aiohttp.ClientSession(headers={"Authorization": credential}) as session,
        session.ws_connect(f"http://127.0.0.1:{site.http_port}/ari/events?app={site.apps[0]}"),
    ):
        ringer = await ring(4)
        words = await ringer.reach("fallback")
        assert words.starts < 1.5
        await ringer.caller.hears_end("fallback")
        assert not (await ringer.caller.closed()).by_us


async def test_a_killed_application_leaves_no_caller_in_silence(house, ring):
    """Its callers hear an apology from the next one, and the call ends; new calls are served."""
    settings = house.settings
    environment = os.environ | {
        "HOTLINE_ARI__URL": settings.ari.url,
        "HOTLINE_CALL__TEST_PHONES": "true",
        "HOTLINE_ARI__PASSWORD": settings.ari.password.get_secret_value(),
        "HOTLINE_DATABASE__DSN": settings.database.dsn.get_secret_value(),
        "HOTLINE_PASSWORD__PEPPER": settings.password.pepper.get_secret_value(),
        "HOTLINE_VOICE__SECRETS": str(settings.voice.secrets),
    }
    command = [sys.executable, "-c", "from hotline.cli import main; main()", "serve"]
    application = await asyncio.create_subprocess_exec(*command, env=environment, stderr=asyncio.subprocess.PIPE)
    async with asyncio.timeout(20):
        while b"service_ready" not in await application.stderr.readline():
            pass
    ringer = await ring(6)
    await ringer.reach()
    application.kill()
    await application.wait()
    async with serving(settings):
        assert (await ringer.caller.hears_end("interrupted")).complete
        assert not (await ringer.caller.closed()).by_us
        await (await ring(7)).reach()
