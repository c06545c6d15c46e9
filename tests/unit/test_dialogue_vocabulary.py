"""The prompts a script must have."""

import re

from hotline.dialogue.vocabulary import PROMPTS
from hotline.prompts import Script
from hotline.settings import SHARE


def test_everything_the_conversation_says_is_required():
    """A prompt named in the code of the conversation is in the list that is checked at the start."""
    folder = SHARE / "agi" / "hotline" / "dialogue"
    code = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py") if path.name != "vocabulary.py")
    script = Script.load(SHARE / "sounds" / "vi.toml")
    named = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', code)) & set(script.prompts)
    named -= {"menu"}  # a step of the conversation; the prompt of this name is the menu's own
    named |= {f"caller-limit-{kind}" for kind in ("hour", "day")}
    assert named <= PROMPTS


def test_everything_the_dialplan_says_is_required():
    """The dialplan plays prompts of the same script."""
    dialplan = "".join(path.read_text(encoding="utf-8") for path in (SHARE / "dialplan").glob("*.conf"))
    assert set(re.findall(r"\$\{SOUNDS\}/vi/([a-z-]+)", dialplan)) <= PROMPTS


def test_the_script_has_all_that_is_required():
    """The script as delivered lacks nothing."""
    assert set(Script.load(SHARE / "sounds" / "vi.toml").prompts) >= PROMPTS
