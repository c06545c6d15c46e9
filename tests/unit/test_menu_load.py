"""The menu and its faults."""

from datetime import UTC, datetime

import pytest

from hotline.menu import GoTo, Menu, MenuError, Reissue, load, warned
from hotline.prompts import Script
from hotline.settings import SHARE

PROMPTS = {"hello", "long", "help", "closed", "closed-holiday", "emergency", "branch8-off"}
MENU = """\
start = "main"
give_up = "help"
[menu.main]
prompt = "hello"
again = "long"
keys = { 8 = "reissue", 1 = "menu more", 9 = "end" }
[menu.more]
prompt = "hello"
again = "long"
keys = { 1 = "say help", 9 = "end" }
"""


@pytest.fixture
def read(tmp_path):
    """Read a menu from text."""

    def _read(text: str) -> Menu:
        path = tmp_path / "menu.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, PROMPTS)

    return _read


def test_the_shipped_menu_has_no_fault():
    """The menu as delivered can be used with the script as delivered."""
    script = Script.load(SHARE / "sounds" / "vi.toml")
    menu = load(SHARE / "dialplan" / "menu.toml", script.prompts)
    assert menu.menu["main"].action("8") == Reissue()


def test_a_key_leads_where_the_admin_wrote(read):
    """Keys become actions."""
    menu = read(MENU)
    assert menu.menu["main"].action("1") == GoTo("more")


@pytest.mark.parametrize(
    ("was", "becomes", "line", "says"),
    [
        ('prompt = "hello"', 'prompt = "hallo"', 4, "no prompt “hallo”"),
        ('1 = "menu more"', '1 = "menu moor"', 6, "no menu “moor”"),
        ('1 = "say help"', '1 = "say nothing"', 10, "no prompt “nothing”"),
        ('8 = "reissue"', '8 = "sing"', 6, "“sing” is none of"),
        ('8 = "reissue"', 'A = "reissue"', 6, "“A” is no key of a phone"),
        ('1 = "say help", 9 = "end"', '1 = "say help"', 10, "dead end"),
        ('1 = "menu more", ', "", 7, "no key leads to menu “more”"),
        ('8 = "reissue"', '8 = "say help"', 1, "no key leads to “reissue”"),
        ('start = "main"', 'start = "mein"', 1, "no such menu"),
        ('give_up = "help"', 'give_up = "hulp"', 2, "no such prompt"),
    ],
)
def test_a_fault_is_named_with_its_line(read, was, becomes, line, says):
    """Every fault an admin can make ends in a sentence with file and line."""
    with pytest.raises(MenuError) as fault:
        read(MENU.replace(was, becomes, 1))
    assert f"menu.toml:{line}: " in str(fault.value)
    assert says in str(fault.value)


def test_a_key_used_twice_is_refused(read):
    """The same key twice in one menu is a fault, named with its line."""
    with pytest.raises(MenuError, match=r"menu.toml:6: the same key"):
        read(MENU.replace('8 = "reissue"', '8 = "reissue", 8 = "end"'))


def test_an_unknown_word_is_refused(read):
    """A misspelt setting is not passed over."""
    with pytest.raises(MenuError, match=r"menu.toml:12: wait: there is no such setting: menu_kee"):
        read(MENU + "[wait]\nmenu_kee = 5\n")


def test_a_wait_out_of_range_is_refused(read):
    """Waits have bounds, and the message says which."""
    with pytest.raises(MenuError, match=r"menu.toml:12: wait.menu_key: must be a number <= 60"):
        read(MENU + "[wait]\nmenu_key = 600\n")


@pytest.mark.parametrize(
    ("added", "line", "says"),
    [
        ('[hours]\nmonday = ["7:30-11:30"]', 12, "“7:30-11:30” is no span of hours"),
        ('[hours]\nmonday = ["07:30-25:00"]', 12, "a day ends at 24:00"),
        ('[hours]\nmonday = ["13:00-11:30"]', 12, "ends before it begins"),
        ('[hours]\nmonday = "07:30-11:30"', 12, "hours.monday: must be a list in [ ], not a text in quotes"),
        (
            '[hours]\nmonday = ["07:30-11:30"]\nfriday = ["11:00-13:00", "07:00-12:00"]',
            13,
            "07:00-12:00 and 11:00-13:00",
        ),
        ("[hours]\nmonday = []", 11, "no day has hours"),
        ('[hours]\nmontag = ["07:30-11:30"]', 12, "there is no such setting: montag"),
        ("[holidays]\nTết = [2027-02-06]", 12, "a name with other letters than a to z stands in quotes"),
        ('[holidays]\n"Tết" = ["2027-02-30"]', 12, "“2027-02-30”: there is no such day"),
        ('[holidays]\n"Tết" = ["2027-02-11..2027-02-05"]', 12, "the last day is before the first"),
        ('[holidays]\n"Tết" = ["6/2/2027"]', 12, "neither a day, as 2027-02-06, nor days"),
        ("[holidays]\nTet = 2027-02-06", 12, "holidays.Tet: must be a list in [ ], not a day"),
        (
            '[holidays]\nA = ["2027-01-01..2027-01-03"]\nB = [2027-01-03]',
            13,
            "“B”: 2027-01-03 overlaps 2027-01-01..2027-01-03 of “A”",
        ),
        ("[holidays]\nA = [2027-01-01, 2027-01-01]", 12, "“A”: 2027-01-01 overlaps 2027-01-01"),
        ('[emergency]\nprompt = "emergency"', 11, "emergency: here is missing: until"),
        ('[emergency]\nuntil = "18:00"', 12, "“18:00” is no moment"),
        ("[emergency]\nuntil = 2026-11-23", 12, "“2026-11-23” is a day; at what time?"),
        ('[emergency]\nuntil = "2026-11-23 18:00"\nprompt = "storm"', 13, "prompt = “storm”: there is no such prompt"),
        (
            '[emergency]\nuntil = "2026-11-23 18:00"\nsaid = "loud"',
            13,
            "emergency.said: “loud” is none of what is allowed",
        ),
        ('[branch8]\nopen = "no"', 12, "branch8.open: must be true or false, not a text in quotes"),
        ('[branch8]\nprompt = "of"', 12, "prompt = “of”: there is no such prompt"),
        ("[menu.x]\nprompt = 5", 12, "menu.x.prompt: must be a text in quotes, not a whole number"),
        ("[tries]\nno_input = 2.5", 12, "tries.no_input: must be a whole number, not a number"),
        ("[shop]\nopen = true", 11, "there is no such setting: shop"),
        ("[wait\nmenu_key = 5", 11, "Expected ']'"),
    ],
)
def test_a_fault_in_what_an_admin_adds_is_named_with_its_line(read, added, line, says):
    """Hours, holidays, the greeting, the switch, wrong kinds and unknown names: file, line, and what to do."""
    with pytest.raises(MenuError) as fault:
        read(MENU + added + "\n")
    assert f"menu.toml:{line}: " in str(fault.value)
    assert says in str(fault.value)


def test_several_faults_are_told_at_once(read):
    """One look at the list is enough for all of them, in the order of the file."""
    text = MENU.replace('prompt = "hello"', 'prompt = "hallo"').replace('1 = "say help"', '1 = "say halp"')
    with pytest.raises(MenuError) as fault:
        read(text)
    assert [one.split(":")[1] for one in str(fault.value).splitlines()] == ["4", "8", "10"]


def test_a_key_written_on_its_own_line_is_named_by_that_line(read):
    """Keys may have a table of their own; so is one that is there twice."""
    text = MENU.replace('keys = { 1 = "say help", 9 = "end" }', '[menu.more.keys]\n1 = "say halp"\n9 = "end"')
    with pytest.raises(MenuError, match=r"menu.toml:11: key 1: there is no prompt “halp”"):
        read(text)
    with pytest.raises(MenuError, match=r"menu.toml:13: the same key or name is used twice"):
        read(text.replace("halp", "help") + '1 = "end"\n')


def test_a_file_that_is_no_text_is_refused_by_its_line(tmp_path):
    """What an editor saved in another encoding is told as that."""
    path = tmp_path / "menu.toml"
    path.write_bytes(b"# Menu\n# T\xe9t\n")
    with pytest.raises(MenuError, match=r"menu.toml:2: not UTF-8"):
        load(path, PROMPTS)


def test_a_mark_of_utf_8_at_the_beginning_means_nothing(read, tmp_path):
    """Some editors begin every file with one."""
    path = tmp_path / "menu.toml"
    path.write_text(MENU, encoding="utf-8-sig")
    assert load(path, PROMPTS) == read(MENU)


def test_what_is_over_or_switched_off_is_a_warning(read):
    """A greeting that has ended, a holiday of the past and a branch 8 that is off are allowed, and told by line."""
    text = MENU + (
        "[emergency]\nuntil = 2026-11-23T18:00:00\n"
        "[branch8]\nopen = false\n"
        "[holidays]\n'New Year' = [2026-01-01]\nTet = [2027-02-06]\n"
    )
    menu = read(text)
    told = warned(menu, text, "menu.toml", datetime(2026, 11, 23, 11, 0, tzinfo=UTC))
    assert [line.split(": ")[0] for line in told] == ["menu.toml:12", "menu.toml:14", "menu.toml:16"]
    assert "ended at 2026-11-23 18:00" in told[0]
    assert len(warned(menu, text, "menu.toml", datetime(2026, 11, 23, 10, 59, tzinfo=UTC))) == 2
