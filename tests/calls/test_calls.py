"""Calls as a caller makes them: a real softphone, a real Asterisk, a real Postgres; asserted by what was heard."""

import asyncio
import os
import sys
from itertools import pairwise

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


async def test_a_match_hears_a_password_twice_that_works(house, service, ring, desk, outcomes):
    """A matching pair hears nine digits, and again with longer gaps; they sign in and the old ones do not."""
    ringer = await ring(0)
    await ringer.enter(ringer.number + "#")
    await ringer.caller.hears("after-reading", within=30)
    await ringer.caller.hang_up()
    first, second = ringer.caller.digits()
    assert first == second
    assert len(first) == house.settings.password.length
    assert await outcomes() == ["reissued"]
    assert await desk.sign_in(ringer.number, first) is SignIn.OK_MUST_CHANGE
    assert await desk.sign_in(ringer.number, house.old_password.reveal()) is SignIn.REFUSED
    said = ringer.caller.said()
    assert [one.id for one in said if one.kind == "prompt"] == [
        "notice", "menu", "ask-number", "check", "new-password", "repeat-password", "after-reading",
    ]  # fmt: skip
    assert not [one for one in said if one.kind == "unknown"]


async def test_the_readings_have_gaps_to_write_in(house, service, ring):
    """Digits come in groups of three; the second reading has the longer gaps, and no silence is over three seconds.

    They come at an even beat: a digit shorter than the longest begins later by as much.
    """
    ringer = await ring(1)
    await ringer.enter(ringer.number + "#")
    await ringer.caller.hears("after-reading", within=30)
    digits = [one for one in ringer.caller.said() if one.kind == "digit"]
    assert gaps(digits[:9], house.library) == pytest.approx([0.2, 0.2, 1.0, 0.2, 0.2, 1.0, 0.2, 0.2], abs=SLACK)
    assert gaps(digits[9:], house.library) == pytest.approx([0.3, 0.3, 2.0, 0.3, 0.3, 2.0, 0.3, 0.3], abs=SLACK)
    checked = next(one.starts for one in ringer.caller.said() if one.id == "check")
    assert not [silence for silence in ringer.caller.witness.silences(3.0) if silence.starts > checked]


async def test_a_mismatch_hears_the_given_sentence(service, ring, outcomes, records):
    """A pair that does not match hears the sentence and may try again; one attempt is counted."""
    ringer = await ring(2)
    before = await records.fetchval("SELECT count(*) FROM attempts")
    await ringer.enter(WRONG + "#")
    sentence = await ringer.caller.hears_end("mismatch")
    assert sentence.complete
    assert sentence.written == "Số điện thoại và mã số bảo hiểm không khớp hoặc chưa đăng ký với cơ quan BHXH."
    await ringer.caller.hears("ask-number")
    await ringer.caller.hang_up()
    assert ringer.caller.digits() == []
    assert await outcomes() == ["mismatch"]
    assert await records.fetchval("SELECT count(*) FROM attempts") == before + 1


async def test_the_second_try_reads_the_number_back_and_can_match(service, ring, outcomes):
    """After a mismatch the number is read back; confirmed, it is checked and the password comes."""
    ringer = await ring(3)
    await ringer.enter(WRONG + "#")
    await ringer.caller.hears("mismatch")
    await ringer.caller.press(ringer.number + "#")
    assert await ringer.caller.hears_digits(10) == ringer.number
    await ringer.caller.hears("read-back-ask")
    await ringer.caller.press("1")
    await ringer.caller.hears("repeat-password", within=20)
    await ringer.caller.hang_up()
    assert await outcomes() == ["reissued"]


async def test_a_key_cuts_the_menu_at_once(service, ring):
    """Barge-in: the menu stops at the key, and the question follows."""
    ringer = await ring(4)
    await ringer.reach()
    await asyncio.sleep(1.0)
    await ringer.caller.press("8")
    asked = await ringer.caller.hears("ask-number")
    menu = next(one for one in ringer.caller.said() if one.id == "menu")
    key = ringer.caller.witness.seconds(ringer.caller.witness.keys[0].at)
    assert not menu.complete
    assert menu.ends - key < 0.5
    assert asked.starts - key < 0.6


async def test_everything_may_be_keyed_ahead(service, ring):
    """Who knows the way keys it all during the first words, and hears nothing but the check and the password."""
    ringer = await ring(5)
    await ringer.reach("notice")
    await ringer.caller.press(f"8{ringer.number}#", pace=0.08)
    await ringer.caller.hears("repeat-password", within=15)
    whole = [one.id for one in ringer.caller.said() if one.kind == "prompt" and one.complete]
    assert "ask-number" not in whole
    assert "menu" not in whole
    assert {"check", "new-password"} <= set(whole)


async def test_too_few_digits_are_kept(hasty_service, ring, outcomes):
    """A caller who stops half way is asked to go on, and goes on where they were."""
    ringer = await ring(6)
    await ringer.enter(ringer.number[:6])
    await ringer.caller.hears("continue-number")
    await ringer.caller.press(ringer.number[6:] + "#")
    await ringer.caller.hears("repeat-password", within=15)
    await ringer.caller.hang_up()
    assert await outcomes() == ["reissued"]


async def test_ten_digits_without_the_end_key_are_enough(hasty_service, ring, outcomes):
    """Who forgets the # is served after a moment."""
    ringer = await ring(7)
    await ringer.enter(ringer.number)
    await ringer.caller.hears("repeat-password", within=15)
    await ringer.caller.hang_up()
    assert await outcomes() == ["reissued"]


async def test_a_caller_who_keys_nothing_gets_help_and_an_end(hasty_service, ring, outcomes):
    """Silence gets the long menu, then the other ways to a password; never a bare hang-up."""
    ringer = await ring(8)
    await ringer.reach()
    for prompt in ("no-input", "menu-help", "no-input", "menu-help", "other-ways"):
        await ringer.caller.hears(prompt, within=20)
    await ringer.caller.press("1")
    assert (await ringer.caller.hears_end("goodbye")).complete
    assert not (await ringer.caller.closed()).by_us
    assert await outcomes() == ["not-helped"]


async def test_wrong_keys_are_told_kindly(service, ring, outcomes):
    """A key that leads nowhere is said to have no service; the menu follows, and 9 ends politely."""
    ringer = await ring(2)
    await ringer.reach()
    await ringer.caller.hears_end("menu")
    await ringer.caller.press("5")
    await ringer.caller.hears("no-match")
    await ringer.caller.hears("menu-help")
    await ringer.caller.press("9")
    assert (await ringer.caller.hears_end("goodbye")).complete
    assert not (await ringer.caller.closed()).by_us
    assert await outcomes() == ["ended"]


async def test_a_hang_up_in_the_first_reading_keeps_the_old_password(house, service, ring, desk, outcomes):
    """Cut off before the end of the first reading, the citizen still has the password they had."""
    ringer = await ring(9)
    await ringer.enter(ringer.number + "#")
    await ringer.caller.hears_digits(5, within=15)
    await ringer.caller.hang_up()
    assert await outcomes() == ["hung-up"]
    assert await desk.sign_in(ringer.number, house.old_password.reveal()) is SignIn.OK


async def test_a_hang_up_after_the_first_reading_has_the_new_password(service, ring, desk, outcomes):
    """Heard once in full, the new password works, however the call goes on."""
    ringer = await ring(8)
    await ringer.enter(ringer.number + "#")
    await ringer.caller.hears("repeat-password", within=20)
    await ringer.caller.hang_up()
    assert await outcomes() == ["reissued"]
    (heard,) = ringer.caller.digits()
    assert await desk.sign_in(ringer.number, heard) is SignIn.OK_MUST_CHANGE


async def test_without_the_application_the_dialplan_speaks(house, door, ring):
    """When the application is away the caller hears so before answer, free of charge, and soon."""
    ringer = await ring(4)
    words = await ringer.reach("fallback")
    assert words.starts < 0.6
    await ringer.caller.hears_end("fallback")
    closing = await ringer.caller.closed()
    assert not closing.by_us
    with pytest.raises(CallClosed):
        await ringer.caller.answered(within=0)


async def test_many_calls_side_by_side_each_hear_their_own(service, ring, desk, house):
    """Eight callers at once: each hears a password of its own, and each signs in."""
    ringers = [await ring(member) for member in (0, 2, 3, 4, 5, 6, 7, 8)]
    before = len(house.asterisk.problems())

    async def one(ringer):
        await ringer.enter(ringer.number + "#", pace=0.2)
        await ringer.caller.hears("after-reading", within=30)
        await ringer.caller.hang_up()
        first, second = ringer.caller.digits()
        assert first == second
        return await desk.sign_in(ringer.number, first), first

    results = await asyncio.gather(*map(one, ringers))
    assert {result for result, _ in results} == {SignIn.OK_MUST_CHANGE}
    assert len({password for _, password in results}) == len(ringers)
    # A playback cut by a hang-up is worth a warning to Asterisk.
    assert [line for line in house.asterisk.problems()[before:] if "Playback failed" not in line] == []


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


async def test_a_stopped_application_apologises_to_its_callers(house, door, ring, outcomes):
    """Who is on the line when the application is stopped hears so; it is not just silence."""
    async with serving(house.settings):
        ringer = await ring(5)
        await ringer.reach()
    assert (await ringer.caller.hears_end("interrupted")).complete
    assert not (await ringer.caller.closed()).by_us
    assert await outcomes() == ["failed"]


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
