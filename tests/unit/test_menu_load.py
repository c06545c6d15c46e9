"""The menu and its faults."""

import pytest

from hotline.menu import GoTo, Menu, MenuError, Reissue, load
from hotline.prompts import Script
from hotline.settings import SHARE

PROMPTS = {"hello", "long", "help"}
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
        ('prompt = "hello"', 'prompt = "hallo"', 3, "no prompt “hallo”"),
        ('1 = "menu more"', '1 = "menu moor"', 3, "no menu “moor”"),
        ('1 = "say help"', '1 = "say nothing"', 7, "no prompt “nothing”"),
        ('8 = "reissue"', '8 = "sing"', 3, "“sing” is none of"),
        ('8 = "reissue"', 'A = "reissue"', 3, "“A” is no key of a phone"),
        ('1 = "say help", 9 = "end"', '1 = "say help"', 7, "dead end"),
        ('1 = "menu more", ', "", 7, "no key leads to menu “more”"),
        ('8 = "reissue"', '8 = "say help"', 1, "no key leads to “reissue”"),
        ('start = "main"', 'start = "mein"', 1, "no such menu"),
        ('give_up = "help"', 'give_up = "hulp"', 1, "no such prompt"),
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
    with pytest.raises(MenuError, match="line 6"):
        read(MENU.replace('8 = "reissue"', '8 = "reissue", 8 = "end"'))


def test_an_unknown_word_is_refused(read):
    """A misspelt setting is not passed over."""
    with pytest.raises(MenuError, match=r"menu.toml:12: wait: there is no such setting: `menu_kee`"):
        read(MENU + "[wait]\nmenu_kee = 5\n")


def test_a_wait_out_of_range_is_refused(read):
    """Waits have bounds, and the message says which."""
    with pytest.raises(MenuError, match=r"menu.toml:12: wait.menu_key: .*<= 60"):
        read(MENU + "[wait]\nmenu_key = 600\n")
