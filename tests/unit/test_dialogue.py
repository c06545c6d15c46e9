"""The conversation, held with a scripted caller in virtual time."""

import pytest

from hotline.call import SoundFailed
from hotline.call.scripted import HANG_UP, On

NUMBER = "0123456789"
WRONG = "9876543210"
PASSWORD = "590143621"


async def test_a_match_hears_the_password_twice(talk):
    """The caller of a matching pair hears the password, hears it again slower, and may hang up."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"))
    assert held.line.log == [
        "progress", "notice", "answer", "menu", "ask-number", "check",
        "new-password", "repeat-password", "after-reading", "advice", "goodbye", "hang up",
    ]  # fmt: skip
    assert held.readings.read == [("new-password", PASSWORD, 1.0), ("repeat-password", PASSWORD, 2.0)]
    assert held.desk.log == [f"look up {NUMBER}", "match", "began", "heard"]
    assert held.call.outcome == "reissued"


async def test_everything_keyed_ahead_skips_the_questions(talk):
    """Who keys the whole way at once hears no question, but always the check clip and the readings."""
    held = await talk(On("notice", f"8{NUMBER}#", after=-1.0, pace=0))
    assert held.said() == ["notice", "check", "new-password", "repeat-password", "after-reading", "advice", "goodbye"]


@pytest.mark.parametrize(("after", "pace"), [(0.5, 0.2), (-1.0, 0.2), (0.5, 0.5)])
async def test_an_8_pressed_twice_is_no_digit_of_the_number(talk, after, pace):
    """The question is heard to its end, and the number is the one that was keyed."""
    held = await talk(On("menu", "88", after=after, pace=pace), On("ask-number", NUMBER + "#"))
    assert held.desk.log[0] == f"look up {NUMBER}"
    assert next(heard for heard in held.line.heard if heard.sound == "ask-number").whole


@pytest.mark.parametrize("pace", [0.14, 1.0])
@pytest.mark.parametrize("prompt", ["notice", "menu"])
async def test_a_number_keyed_ahead_may_begin_with_the_menus_key(talk, prompt, pace):
    """By hand at one key a second, or as fast as a machine: every digit counts."""
    held = await talk(On(prompt, "8" + "8301234567" + "#", after=-0.5, pace=pace))
    assert held.desk.log[0] == "look up 8301234567"


async def test_a_1_pressed_twice_says_no_information_by_itself(talk):
    """A key of one menu pressed twice does not choose in the next."""
    held = await talk(On("menu", "11", pace=0.2), On("information", "9"))
    assert held.said()[2:] == ["information", "goodbye"]


async def test_a_key_cuts_a_prompt_short(talk):
    """Barge-in: the menu stops at the key."""
    held = await talk(On("menu", "8", after=-1.5), On("ask-number", HANG_UP))
    menu = next(heard for heard in held.line.heard if heard.sound == "menu")
    assert (menu.seconds, menu.whole) == (0.5, False)


async def test_a_key_that_means_nothing_does_not_cut_a_question(talk):
    """A prompt stops only for keys that mean something here."""
    held = await talk(On("menu", "5", after=-1.5), On("menu-help", HANG_UP))
    assert held.line.heard[1].whole
    assert held.said()[1:4] == ["menu", "no-match", "menu-help"]


async def test_a_mismatch_is_told_and_may_be_tried_again(talk):
    """A pair that does not match hears the given sentence and is asked again, and reads its number back."""
    held = await talk(
        On("menu", "8"),
        On("ask-number", WRONG + "#"),
        On("ask-number", NUMBER + "#"),
        On("read-back-ask", "1"),
    )
    said = held.said()
    assert said[said.index("mismatch") :][:5] == ["mismatch", "ask-number", "read-back", "read-back-ask", "check"]
    assert held.readings.read[0] == ("read-back", NUMBER, 1.0)
    assert held.call.outcome == "reissued"


async def test_three_mismatches_end_with_the_other_ways(talk):
    """After the last try the caller hears how else a password can be had."""
    held = await talk(On("menu", "8"), *[On("ask-number", WRONG + "#")] * 3, *[On("read-back-ask", "1")] * 2)
    assert held.said().count("mismatch") == 3
    assert held.said()[-2] == "other-ways"
    assert held.call.outcome == "mismatch"


async def test_after_the_last_failure_allowed_no_other_number_is_asked_for(talk):
    """A caller whose failures are enough for this hour hears so at once, not after another number keyed in vain."""
    held = await talk(On("menu", "8"), On("ask-number", WRONG + "#"), trouble="last failure")
    assert held.said()[-4:] == ["mismatch", "caller-limit-hour", "other-ways", "goodbye"]
    assert held.said().count("ask-number") == 1
    assert held.call.outcome == "mismatch"


async def test_a_limit_reached_by_another_call_meanwhile_is_told(talk):
    """Two calls of one phone: the one that comes too late hears the limit and the other ways, not a mismatch."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), trouble="meanwhile")
    assert held.said()[-4:] == ["check", "caller-limit-hour", "other-ways", "goodbye"]
    assert held.call.outcome == "refused"


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("lost", "busy"),
        ("often", "reissued-often"),
        ("overtaken", "overtaken"),
        ("stuck", "not-activated"),
        ("too late", "overtaken"),
        ("issued before", "already-issued"),
        ("meanwhile", "caller-limit-hour"),
        ("last failure", "caller-limit-hour"),
    ],
)
async def test_a_stray_key_does_not_cut_why_there_is_no_password(talk, trouble, words):
    """What ends a call without a password is heard in full."""
    keyed = On("ask-number", (WRONG if trouble == "last failure" else NUMBER) + "#")
    held = await talk(On("menu", "8"), keyed, On(words, "5", after=-1.5), trouble=trouble)
    (told,) = [heard for heard in held.line.heard if heard.sound == words]
    assert told.whole


async def test_a_number_read_back_wrong_is_keyed_again_at_no_cost(talk):
    """On 2 the number is asked for again and nothing is looked up."""
    held = await talk(
        On("menu", "8"),
        On("ask-number", WRONG + "#"),
        On("ask-number", WRONG + "#"),
        On("read-back-ask", "2"),
        On("ask-number", NUMBER + "#"),
        On("read-back-ask", "1"),
    )
    assert held.desk.log[:3] == [f"look up {WRONG}", "mismatch", f"look up {NUMBER}"]


SECOND_NUMBER = (On("menu", "8"), On("ask-number", WRONG + "#"), On("check", ""), On("ask-number", NUMBER + "#"))


@pytest.mark.parametrize(
    ("keys", "then"),
    [
        (["0", "1"], "check"),
        (["*"], "ask-number"),
        (["9"], "goodbye"),
        (["5", "1"], "check"),
        (["", "1"], "check"),
        (["", "", ""], "other-ways"),
    ],
    ids=["again", "clear", "end", "wrong key", "silence", "only silence"],
)
async def test_a_number_read_back_needs_a_yes(talk, keys, then):
    """Only 1 confirms; 0 reads it once more, * clears, 9 ends, anything else is asked again."""
    held = await talk(*SECOND_NUMBER, *[On("read-back-ask", key) for key in keys], On(then, HANG_UP))
    said = held.said()
    after = said[len(said) - said[::-1].index("read-back-ask") :]
    assert after[0] == then


async def test_a_key_pressed_twice_at_the_read_back_is_not_a_digit(talk):
    """After the number was confirmed nothing is added to it."""
    numbers = On("ask-number", WRONG + "#"), On("ask-number", NUMBER)
    held = await talk(On("menu", "8"), *numbers, On("read-back-ask", "11"))
    assert held.desk.log[2:4] == [f"look up {NUMBER}", "match"]


async def test_going_back_to_the_menu_gives_no_more_numbers(talk):
    """Three numbers a call, however often the caller goes through the menu."""
    held = await talk(
        On("menu", "8"),
        On("ask-number", WRONG + "#"),
        On("ask-number", "*"),
        On("menu-help", "8"),
        *[On("ask-number", WRONG + "#")] * 3,
        *[On("read-back-ask", "1")] * 3,
    )
    assert held.desk.log.count("mismatch") == 3


async def test_a_slow_caller_may_pause_after_every_digit(talk):
    """Slow is not silent: as long as digits come, pauses are not counted."""
    slowly = [On("continue-number", digit) for digit in NUMBER[1:] + "#"]
    held = await talk(On("menu", "8"), On("ask-number", NUMBER[0]), *slowly)
    assert held.desk.log[:2] == [f"look up {NUMBER}", "match"]


async def test_too_few_digits_are_kept(talk):
    """After a pause the caller goes on where they were."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER[:6]), On("continue-number", NUMBER[6:] + "#"))
    assert held.desk.log[0] == f"look up {NUMBER}"


async def test_the_star_clears_and_then_goes_back(talk):
    """* after digits asks again, * on nothing leads back to the menu."""
    held = await talk(On("menu", "8"), On("ask-number", "555*"), On("ask-number", "*"), On("menu-help", "9"))
    assert held.said()[2:] == ["ask-number", "ask-number", "menu-help", "goodbye"]
    assert held.call.outcome == "ended"


async def test_a_health_card_number_gets_a_hint(talk):
    """More than twelve digits hear about the last ten, and it costs no try."""
    held = await talk(On("menu", "8"), On("ask-number", "4012345678901"), On("card-hint", NUMBER + "#"))
    assert held.desk.log[:2] == [f"look up {NUMBER}", "match"]


async def test_ten_digits_without_the_end_key_are_accepted(talk):
    """After ten digits and the wait the number is looked up."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER))
    assert held.desk.log[:2] == [f"look up {NUMBER}", "match"]


async def test_twelve_digits_swallow_a_late_end_key(talk):
    """A # that comes after twelve digits were accepted does nothing."""
    held = await talk(On("menu", "8"), On("ask-number", "001234567890"), On("check", "#", after=-1.0))
    assert held.said()[3:5] == ["check", "mismatch"]


async def test_digits_during_the_check_void_the_look_up(talk):
    """Who was still keying gets no answer to the shorter number: the digits are added and nothing was counted."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER), On("check", "22#", after=-1.0))
    assert held.desk.log[:3] == [f"look up {NUMBER}", f"look up {NUMBER}22", "mismatch"]


async def test_a_key_left_over_does_not_skip_the_other_ways(talk):
    """What a caller is told at the end of all tries is heard, whatever was keyed before."""
    held = await talk(On("menu", "55555"))
    assert held.said()[-2:] == ["other-ways", "goodbye"]


async def test_no_input_gets_help_and_an_end(talk):
    """A caller who keys nothing hears the long menu twice, then the other ways, then goodbye."""
    held = await talk()
    assert held.said() == [
        "notice", "menu", "no-input", "menu-help", "no-input", "menu-help", "other-ways", "goodbye",
    ]  # fmt: skip
    assert held.call.outcome == "not-helped"


async def test_wrong_keys_are_counted_apart_from_silence(talk):
    """Two silences and two wrong keys are not three of either."""
    silent = On("menu-help", "")
    held = await talk(On("menu", "5"), On("menu-help", "6"), silent, silent, On("menu-help", "9"))
    assert (held.said().count("no-match"), held.said().count("no-input")) == (2, 2)
    assert held.call.outcome == "ended"


async def test_the_information_branches_come_back_to_their_menu(talk):
    """Information is said, and its menu again."""
    held = await talk(On("menu", "1"), On("information", "2"), On("information", "9"))
    assert held.said()[2:] == ["information", "official-sources", "information", "goodbye"]
    assert held.call.outcome == "ended"


@pytest.mark.parametrize("notice", ["early", "answered", "off"])
async def test_the_price_is_told_where_the_setting_says(talk, notice):
    """Before the answer, after it, or not at all."""
    held = await talk(On("menu", HANG_UP), notice=notice)
    begin = {"early": ["progress", "notice", "answer"], "answered": ["answer", "notice"], "off": ["answer", "menu"]}
    assert held.line.log[: len(begin[notice])] == begin[notice]


ONE_IDENTITY = (
    "origin=trunk",
    *("pai-headers=1", "diversion-headers=0", "history-headers=0", "privacy-headers=0"),
    "complete=yes",
)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((*ONE_IDENTITY, "pai1=%3Csip%3A%2B84912345678%40carrier%3E", "privacy=id"), "caller-withheld"),
        ((*ONE_IDENTITY, "pai1=%3Csip%3A%2B14155552671%40carrier%3E"), "caller-foreign"),
        (ONE_IDENTITY, "caller-unasserted"),
        (("origin=trunk",), "caller-unasserted"),
        ((), "caller-unasserted"),
    ],
)
async def test_a_caller_without_a_number_to_trust_is_told_before_answer(talk, arguments, says):
    """At the door, free of charge, before any number is keyed."""
    held = await talk(arguments=arguments)
    assert held.line.log == ["progress", says, "hang up"]
    assert held.call.outcome == "refused"


@pytest.mark.parametrize("limit", ["hour", "day"])
async def test_a_caller_over_the_limit_is_told_before_answer(talk, limit):
    """Too many failures: told honestly, free of charge."""
    held = await talk(trouble=limit)
    assert held.line.log == ["progress", f"caller-limit-{limit}", "hang up"]


async def test_a_database_that_is_down_is_told_before_answer(talk):
    """Nobody pays for a call that can't be served."""
    held = await talk(trouble="down")
    assert held.line.log == ["progress", "busy", "hang up"]


async def test_too_many_calls_at_once_are_told_so(talk):
    """Who would have to wait too long hears that the hotline is busy, and a goodbye; nothing is counted."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), trouble="overloaded")
    assert held.said()[-2:] == ["busy", "goodbye"]
    assert held.call.outcome == "busy"
    assert held.desk.log == [f"look up {NUMBER}"]


async def test_a_database_lost_in_the_call_ends_it_politely(talk):
    """The caller hears that the system is busy, and goodbye; no try is counted."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), trouble="lost")
    assert held.said()[-3:] == ["check", "busy", "goodbye"]
    assert held.call.outcome == "busy"


async def test_an_account_with_too_many_passwords_today_is_told(talk):
    """After the match, and only then."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), trouble="often")
    assert held.said()[-3:] == ["check", "reissued-often", "goodbye"]


async def test_a_password_overtaken_by_a_newer_one_is_not_read(talk):
    """Two calls for one account: the newest wins, and the other hears so instead of a dead password."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), trouble="overtaken")
    assert held.said()[-3:] == ["check", "overtaken", "goodbye"]


async def test_a_broken_prompt_is_an_error_not_a_silence(talk):
    """A prompt that can't be played ends the conversation with its name."""
    with pytest.raises(SoundFailed, match="menu"):
        await talk(broken=["menu"])


@pytest.mark.parametrize(
    "prompt", ["notice", "menu", "ask-number", "check", "new-password", "repeat-password", "after-reading"]
)
async def test_a_hang_up_unwinds_the_conversation_anywhere(talk, prompt):
    """At whichever prompt the caller hangs up, nothing more is said."""
    held = await talk(On("menu", "8"), On("ask-number", NUMBER + "#"), On(prompt, HANG_UP, after=-0.5))
    if prompt in {"menu", "ask-number"}:
        held = await talk(On(prompt, HANG_UP, after=-0.5), On("menu", "8"), On("ask-number", NUMBER + "#"))
    assert held.said()[-1] == prompt
    assert held.line.log[-2:] == ["caller hung up", prompt]
