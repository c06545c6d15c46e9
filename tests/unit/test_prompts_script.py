"""The script is read whole, and each of its faults is named with its line."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.prompts import LANGUAGES, Override, Script, ScriptError, WordList, WordListMissing, wording
from hotline.settings import SHARE

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
language = "vi"

[prompt.menu]  # the first thing heard
written = "Nhấn 8."
spoken = "Nhấn tám."

[prompt.check]
written = "Xin chờ."

[digits]
0 = "không"
1 = "một"
2 = "hai"
3 = "ba"
4 = "bốn"
5 = "năm"
6 = "sáu"
7 = "bảy"
8 = "tám"
9 = "chín"
"""


def load(folder: Path, text: str) -> Script:
    """Load a script of this text."""
    path = folder / "vi.toml"
    path.write_text(text)
    return Script.load(path)


def faults(folder: Path, text: str) -> list[str]:
    """Return the faults a script of this text is refused with."""
    with pytest.raises(ScriptError) as caught:
        load(folder, text)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_prompts_have_both_texts_and_their_line(tmp_path):
    """A prompt has its written and spoken text, the same where one is given, and the line it begins on."""
    script = load(tmp_path, GOOD)
    menu, check = script.prompts["menu"], script.prompts["check"]
    assert (menu.id, menu.written, menu.spoken, menu.line) == ("menu", "Nhấn 8.", "Nhấn tám.", 3)
    assert (check.written, check.spoken, check.line) == ("Xin chờ.", "Xin chờ.", 7)
    assert script.digits["4"] == "bốn"
    assert "".join(script.digits) == "0123456789"


def test_a_prompt_may_have_a_voice_of_its_own(tmp_path):
    """Engine and voice, rate, and phonemes of some words; a prompt without any has the settings' voice."""
    own = 'engine = "espeak-ng"\nvoice = "vi+f3"\nrate = 120\nphonemes = { "Xin" = "s\'in" }'
    script = load(tmp_path, GOOD.replace('written = "Xin chờ."', f'written = "Xin chờ."\n{own}'))
    assert script.prompts["check"].override == Override("espeak-ng", "vi+f3", 120, {"xin": "s'in"})
    assert script.prompts["menu"].override == Override()


ENGLISH = """\
language = "en"
[prompt.menu]
written = "Press 8."
spoken = "Press eight, please."
[digits]
"""


def test_a_second_language_has_its_own_words_and_names_what_it_lacks(tmp_path):
    """Its script is checked like the first one: by its own letters, and for every prompt the hotline needs."""
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    text = ENGLISH + "".join(f'{digit} = "{word}"\n' for digit, word in enumerate(words))
    script = load(tmp_path, text)
    assert (script.language, script.prompts["menu"].spoken) == ("en", "Press eight, please.")
    with pytest.raises(ScriptError, match=r"vi\.toml:1: there is no prompt “goodbye”, which the hotline needs"):
        Script.load(tmp_path / "vi.toml", required=["menu", "goodbye"])
    assert "vi.toml:4: prompt “menu”: “tám,” cannot be spoken: “á” is not an English letter" in "".join(
        faults(tmp_path, text.replace("eight, please", "tám, please"))
    )
    with pytest.raises(WordListMissing, match="no word list to check English spelling by: --no-spelling"):
        WordList.load(LANGUAGES["en"])


def test_our_own_script_has_no_fault():
    """The script that is shipped passes its own checks."""
    assert "menu" in Script.load(SHARE / "sounds" / "vi.toml").prompts


def test_text_is_normalised(tmp_path):
    """A script saved with letters and tones apart reads the same as one saved with both together."""
    assert load(tmp_path, unicodedata.normalize("NFD", GOOD)) == load(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"Nhấn tám."', '"Nhấn 8."', "vi.toml:5: prompt “menu”: “8.” cannot be spoken: write the figure in words"),
        ('"Nhấn tám."', '"Nhấn phím #."', "vi.toml:5: prompt “menu”: “#.” cannot be spoken: write “#” in words"),
        ('"Xin chờ."', '"Xin * chờ."', "vi.toml:8: prompt “check”: “*” cannot be spoken: write “*” in words"),
        ('"Xin chờ."', '"Số BHXH"', "“BHXH” cannot be spoken: write the acronym as it is said"),
        ('"Xin chờ."', '"Mở VssID"', "“VssID” cannot be spoken: write the acronym as it is said"),
        ('"Xin chờ."', '"Phím b."', "“b.” cannot be spoken: write the letter as it is said"),
        ('"Xin chờ."', '"Gửi fax"', "“f” is not a Vietnamese letter; write the word as it is said"),
        ('"Xin chờ."', '"..."', "vi.toml:8: prompt “check”: nothing to say"),
        ('"Xin chờ."', '""', "vi.toml:8: prompt “check” needs a text in “written”"),
        ('spoken = "Nhấn tám."', 'spoken = " "', "vi.toml:5: prompt “menu” needs a text in “spoken”"),
        ('spoken = "Nhấn tám."', "spoken = 8", "vi.toml:5: prompt “menu” needs a text in “spoken”"),
        ('spoken = "Nhấn tám."', 'said = "a"', "vi.toml:5: prompt “menu” has an unknown key “said”"),
        ('written = "Xin chờ."', "", "vi.toml:7: prompt “check” needs a text in “written”"),
        ("[prompt.check]", "[prompt.Check]", "vi.toml:7: “Check” is not an id: small letters, digits and hyphens"),
        ("[prompt.check]", '[prompt."../x"]', "vi.toml:7: “../x” is not an id: small letters, digits and hyphens"),
        ("[prompt.check]", "[prompts.check]", "unknown key “prompts”"),
        ("[prompt.check]", "[prompt.menu]", "vi.toml:7: Cannot declare ('prompt', 'menu') twice"),
        ('language = "vi"', 'language = "fr"', 'vi.toml:1: language must be "vi" or "en"'),
        ('language = "vi"', "", 'language must be "vi"'),
        ('language = "vi"', 'language = "vi"\nvoice = "x"', "vi.toml:2: unknown key “voice”"),
        ('language = "vi"', "language = vi", "vi.toml:1: Invalid value"),
        ('6 = "sáu"\n', "", "vi.toml:10: digits without a word: 6"),
        ('6 = "sáu"', '6 = "hai"', "vi.toml:17: digit 6 has the word of another digit"),
        ('6 = "sáu"', '6 = "6"', "vi.toml:17: digit 6: “6” cannot be spoken: write the figure in words"),
        ('6 = "sáu"', "6 = 6", "vi.toml:17: digit 6 needs a word"),
        ('9 = "chín"', '9 = "chín"\n10 = "mười"', "vi.toml:21: “10” is not a digit"),
        ("[digits]", "[numbers]", "needs a table [digits]"),
        ('9 = "chín"', '9 = "chín"\n[phonemes]\n10 = "S"', "vi.toml:22: “10” is not a digit"),
        ('9 = "chín"', '9 = "chín"\n[phonemes]\n6 = "[[S]]"', "vi.toml:22: digit 6 needs phonemes of espeak-ng"),
        ('9 = "chín"', '9 = "chín"\n[phonemes]\n6 = 6', "vi.toml:22: digit 6 needs phonemes of espeak-ng"),
        ('9 = "chín"', '9 = "chín"\n[rates]\n6 = 300', "vi.toml:22: digit 6 needs words a minute, 80 to 260"),
        (
            'written = "Xin chờ."',
            'written = "Xin chờ."\nbefore_digits = 1',
            "vi.toml:9: prompt “check”: before_digits is",
        ),
        ('language = "vi"', 'language = "vi"\nphonemes = 3', "vi.toml:2: needs a table [phonemes]"),
        *[
            ('written = "Xin chờ."', f'written = "Xin chờ."\n{more}', f"vi.toml:{line}: prompt “check”: {fault}")
            for line, more, fault in [
                (9, 'engine = "piper"', "a voice is one of an engine: give the voice too"),
                (9, 'voice = "vi"', "a voice is one of an engine: give the engine too"),
                (9, 'engine = "say"\nvoice = "vi"', "engine must be one of pyttsx3, espeak-ng, piper"),
                (10, 'engine = "espeak-ng"\nvoice = "vi f3"', "not a voice of espeak-ng"),
                (10, 'engine = "pyttsx3"\nvoice = 3', "not a voice of espeak-ng"),
                (10, 'engine = "piper"\nvoice = "a.onnx"', "a voice of Piper is the whole path of a file *.onnx"),
                (11, 'before_digits = true\nengine = "pyttsx3"\nvoice = "vi"', "digits follow, whose voice says it"),
                (9, "rate = 300", "rate needs words a minute, 80 to 260"),
                (9, "rate = true", "rate needs words a minute, 80 to 260"),
                (9, 'phonemes = "s"', "phonemes needs words with their phonemes"),
                (9, 'phonemes = { "chờ" = "[[tS]]" }', "“chờ” needs phonemes of espeak-ng"),
                (9, 'phonemes = { "ch" = "tS" }', "“ch” is not among the words that are spoken"),
                (
                    11,
                    'engine = "piper"\nvoice = "/a.onnx"\nphonemes = { "chờ" = "tS" }',
                    "Piper takes no phonemes of espeak-ng",
                ),
            ]
        ],
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path, old, new, fault):
    """Each fault of a script is told in a sentence that begins with file and line."""
    assert old in GOOD
    assert any(fault in line for line in faults(tmp_path, GOOD.replace(old, new, 1)))


def test_all_faults_are_told_at_once_in_order(tmp_path):
    """A script with several faults is refused with all of them, so that it is edited once."""
    told = faults(tmp_path, GOOD.replace("Nhấn tám.", "Nhấn 8.").replace("Xin chờ.", "BHXH").replace("sáu", "6"))
    assert [line.split(":")[1] for line in told] == ["5", "8", "17"]


def test_a_script_that_cannot_be_read_says_so(tmp_path):
    """A missing file and one that is not UTF-8 are refused by name."""
    with pytest.raises(ScriptError, match=r"none\.toml: No such file"):
        Script.load(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes('language = "vi"\n# xin ch\u00e0o'.encode("latin-1"))
    with pytest.raises(ScriptError, match=r"latin\.toml:2: not UTF-8"):
        Script.load(tmp_path / "latin.toml")


@pytest.mark.parametrize("text", ["Ở đây.", "y tế", "Để, nghe!", "Mật khẩu mới là:", "ý"])
def test_vietnamese_words_may_be_spoken(text):
    """Words of one vowel, with any tone, and plain punctuation are all right."""
    assert list(wording.vietnamese(text)) == []


@given(st.text(st.characters(exclude_categories=["L", "Z", "M"], exclude_characters=".,:;?!"), min_size=1, max_size=3))
def test_nothing_but_words_may_be_spoken(strange):
    """Whatever is no letter and no plain punctuation is refused, wherever it stands."""
    if strange.strip():
        assert list(wording.vietnamese(f"xin {strange} chờ"))
        assert list(wording.vietnamese(f"xin{strange}chờ"))


def test_groups_name_prompts_that_are_there(tmp_path):
    """A group is a list of prompts of the script; anything else is named with its line."""
    groups = '[groups]\n"Menu" = ["menu"]\n'
    assert load(tmp_path, GOOD + groups).groups == {"Menu": ["menu"]}
    told = faults(tmp_path, GOOD + groups + 'Wrong = ["meun"]\nNo = 1\n')
    assert told == [
        "vi.toml:23: group “Wrong”: there is no prompt “meun”",
        "vi.toml:24: group “No” needs a list of prompts",
    ]


def test_every_prompt_of_our_own_script_is_in_one_group():
    """Who records the prompts finds each in its place, once."""
    script = Script.load(SHARE / "sounds" / "vi.toml")
    grouped = [id_ for ids in script.groups.values() for id_ in ids]
    assert sorted(grouped) == sorted(script.prompts)
