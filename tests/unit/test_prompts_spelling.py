"""The script is proofread: spelling, prompts that nothing says, prompts too long to listen to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hotline.prompts import LANGUAGES, Proof, Script, ScriptError, WordList, WordListMissing
from hotline.prompts.script import MOST_WORDS

DIGITS = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]
GOOD = """\
language = "vi"
accepted = ["Zalo", "Búc"]

[prompt.menu]
written = "Mở Zalo VssID, nhấn 8."
spoken = "Mở búc vi ét, nhấn tám."

[prompt.check]
written = "Xin chờ."

[digits]
""" + "".join(f'{n} = "{word}"\n' for n, word in enumerate(DIGITS))
WORDS = WordList(frozenset(["mở", "vi", "ét", "nhấn", "tám", "xin", "chờ"]))


def faults(folder, text, *, used=("menu", "check"), words=WORDS):
    """Return the faults that proofreading finds in a script of this text."""
    path = folder / "vi.toml"
    path.write_text(text)
    try:
        Script.load(path, proof=Proof(used, words))
    except ScriptError as error:
        return str(error).replace(f"{folder}/", "").splitlines()
    return []


def test_words_of_the_list_accepted_ones_and_acronyms_are_right(tmp_path):
    """A script of known words has no fault, in small letters or with a capital."""
    assert faults(tmp_path, GOOD) == []


def test_a_misspelt_word_is_named_with_its_line_and_what_may_be_meant(tmp_path):
    """In the text as it is written and as it is spoken, each with the line it stands on."""
    told = faults(tmp_path, GOOD.replace("Mở Zalo", "Mơ Zalo").replace("nhấn tám", "nhán tám"))
    assert [line.split(":")[:2] for line in told] == [["vi.toml", "5"], ["vi.toml", "6"]]
    assert "prompt “menu”: “Mơ” is in no word list (is it mở?)" in told[0]
    assert "“nhán” is in no word list (is it nhấn?): correct it, or add it to “accepted”" in told[1]


def test_without_a_list_spelling_is_not_checked(tmp_path):
    """Who asks for no spelling gets the other checks alone."""
    assert faults(tmp_path, GOOD.replace("Xin", "Xinn"), words=None, used=["menu"]) == [
        "vi.toml:8: nothing says prompt “check”: use it in menu.toml, or remove it"
    ]


def test_a_prompt_may_not_be_longer_than_anybody_listens(tmp_path):
    """One word too many is a fault with the line of the text."""
    longest = " ".join(["xin"] * MOST_WORDS)
    assert faults(tmp_path, GOOD.replace("Xin chờ.", longest)) == []
    told = faults(tmp_path, GOOD.replace("Xin chờ.", longest + " chờ."))
    assert told == [
        f"vi.toml:9: prompt “check”: {MOST_WORDS + 1} words are too many to listen to: {MOST_WORDS} at most"
    ]


def test_accepted_words_are_a_list(tmp_path):
    """Anything else is named with its line."""
    told = faults(tmp_path, GOOD.replace('["Zalo", "Búc"]', '"Zalo"'))
    assert "vi.toml:2: accepted must be a list of words" in told


def test_a_list_is_read_without_its_count_and_flags(tmp_path):
    """Hunspell's file begins with a count, and a word may have flags; capitals do not matter."""
    (tmp_path / "vi.dic").write_text("3\nNẵng\nhoà/ab\nxin\n")
    words = WordList.load(replace(LANGUAGES["vi"], word_list=tmp_path / "vi.dic"))
    assert words.words == {"nẵng", "hoà", "xin"}


def test_a_list_that_is_not_installed_is_told_with_what_to_do(tmp_path):
    """The error names the file, the package and the way to go on without."""
    with pytest.raises(WordListMissing, match="apt-get install hunspell-vi`, or check without: --no-spelling"):
        WordList.load(replace(LANGUAGES["vi"], word_list=tmp_path / "none.dic"))
