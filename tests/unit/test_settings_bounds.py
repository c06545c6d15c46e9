"""Limits and passwords: what the settings allow, alone and against each other."""

from __future__ import annotations

import itertools

import pytest
from pydantic import ValidationError

from hotline.settings import GUESS_BITS, LimitSettings, PasswordSettings, Settings, SettingsError, guess_bits


@pytest.fixture
def said(monkeypatch):
    """Load the settings from an environment and return the complaint."""

    def load(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(f"HOTLINE_{name}", value)
        with pytest.raises(SettingsError) as caught:
            Settings.load()
        return str(caught.value)

    return load


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"ENGINE": "piper"}, "HOTLINE_VOICE__VOICE=vi: with the engine piper the whole path of a file *.onnx"),
        ({"ENGINE": "piper", "VOICE": "a.onnx"}, "VOICE__VOICE=a.onnx: with the engine piper the whole path"),
        ({"DIGITS_VOICE": "/a.onnx"}, "VOICE__DIGITS_VOICE=/a.onnx: a voice of piper, and the engine is another"),
        ({"ENGINE": "say"}, "HOTLINE_VOICE__ENGINE='say': Input should be 'pyttsx3', 'espeak-ng' or 'piper'"),
        ({"LANGUAGE": "../x"}, "HOTLINE_VOICE__LANGUAGE='../x': String should match"),
    ],
)
def test_a_voice_is_one_of_its_engine(said, environment, complaint):
    """Engine and voice that can't go together are told with the setting to change."""
    assert complaint in said(**{f"VOICE__{name}": value for name, value in environment.items()})


def bounds(model):
    """Return each number of a group with the bounds of its field."""
    schema = model.model_json_schema()["properties"]
    return {name: (at["minimum"], at["maximum"]) for name, at in schema.items() if at.get("type") == "integer"}


@pytest.mark.parametrize("group", [LimitSettings, PasswordSettings])
def test_every_number_has_hard_bounds_and_a_reason(group):
    """No limit can be set to nothing, to for ever, or without a word on what it is."""
    numbers = bounds(group)
    assert set(numbers) == {name for name, field in group.model_fields.items() if field.annotation is int}
    for name, (least, most) in numbers.items():
        assert 0 < least <= group.model_fields[name].default <= most
        assert group.model_fields[name].description
        for outside in (least - 1, most + 1):
            with pytest.raises(ValidationError):
                group(**{name: outside})


@pytest.mark.parametrize(
    ("setting", "value", "other", "allowed"),
    [
        ("LIMITS__CALLER_FAILURES_HOUR", 13, "LIMITS__CALLER_FAILURES_DAY=12", "at most {}, or it is never reached"),
        ("LIMITS__REISSUES_DAY", 4, "LIMITS__PENDING_DAY=3", "at most {}, as each of them was begun"),
        (
            "LIMITS__ALARM_CALLER_NUMBERS",
            13,
            "LIMITS__CALLER_FAILURES_DAY=12",
            "at most {}, where the caller is stopped",
        ),
        (
            "LIMITS__ALARM_NUMBER_CALLERS",
            21,
            "LIMITS__NUMBER_FAILURES_DAY=20",
            "at most {}, where the number is refused",
        ),
        (
            "LIMITS__ALARM_NUMBER_FAILURES",
            100,
            "LIMITS__NUMBER_FAILURES_DAY=100",
            "less than {}, to be told before the number is refused",
        ),
    ],
)
def test_limits_keep_their_order(said, setting, value, other, allowed):
    """What another setting forbids is one line: name, value, what is allowed and by which."""
    name, _, limit = other.partition("=")
    complaint = said(**{setting: str(value), name: limit})
    assert complaint == f"HOTLINE_{setting}={value}: must be {allowed.format(f'HOTLINE_{other}')}"


def test_digits_are_each_told_once(said):
    """Six to ten different ones."""
    assert said(PASSWORD__DIGITS="0012345") == "HOTLINE_PASSWORD__DIGITS='0012345': each digit once"
    assert said(PASSWORD__DIGITS="01234").startswith("HOTLINE_PASSWORD__DIGITS='01234': String should match")


def test_a_password_too_easy_to_guess_says_what_to_do(said):
    """Bits there are, bits needed, and the two ways to have more."""
    complaint = said(PASSWORD__LENGTH="6")
    assert complaint.startswith("HOTLINE_PASSWORD__LENGTH=6: with 8 digits to choose from that is 17.0 bits to guess")
    assert complaint.endswith("and 19 are needed: make it longer, or allow more in HOTLINE_PASSWORD__DIGITS")


@pytest.mark.parametrize(
    "environment",
    [
        {"PASSWORD__FORMER_PEPPERS__A_1": "hush"},
        {"PASSWORD__FORMER_PEPPERS": "hush"},
        {"PASSWORD__PEPPER__1": "hush"},
        {"PASSWORD__TRACE_KEY__1": "hush"},
    ],
)
def test_a_secret_in_a_wrong_place_is_not_shown(said, environment):
    """The complaint names the setting in one line, without its value."""
    complaint = said(**environment)
    assert complaint.startswith("HOTLINE_PASSWORD")
    assert "hush" not in complaint


def test_former_peppers_are_named_in_the_environment(monkeypatch):
    """One setting for each, with the pepper's name at its end."""
    monkeypatch.setenv("HOTLINE_PASSWORD__FORMER_PEPPERS__1", "one")
    monkeypatch.setenv("HOTLINE_PASSWORD__FORMER_PEPPER_FILES__2024A", "/run/secrets/pepper-2024a")
    password = Settings.load().password
    assert {key: pepper.get_secret_value() for key, pepper in password.former_peppers.items()} == {"1": "one"}
    assert {key: str(path) for key, path in password.former_pepper_files.items()} == {
        "2024a": "/run/secrets/pepper-2024a"
    }


def test_a_password_leaves_enough_to_guess_whatever_is_allowed():
    """Six digits need all ten to choose from, seven need eight, and six to choose from need nine."""
    shortest = {6: 9, 7: 8, 8: 7, 9: 7, 10: 6}
    for symbols, length in itertools.product(range(6, 11), range(6, 13)):
        assert (guess_bits(symbols, length) >= GUESS_BITS) is (length >= shortest[symbols])
        if length >= shortest[symbols]:
            PasswordSettings(length=length, digits="0123456789"[:symbols])
            continue
        with pytest.raises(ValidationError):
            PasswordSettings(length=length, digits="0123456789"[:symbols])


def test_the_password_of_ari_may_be_in_a_file(monkeypatch, tmp_path):
    """It is read from there, without the line's end."""
    file = tmp_path / "ari-password"
    file.write_text("0123456789abcdef01\n")
    file.chmod(0o440)
    monkeypatch.setenv("HOTLINE_ARI__PASSWORD_FILE", str(file))
    assert Settings.load().ari.password.get_secret_value() == "0123456789abcdef01"


@pytest.mark.parametrize(
    ("text", "mode", "fault"),
    [
        ("0123456789abcdef01", 0o444, "is open to others (mode 0444); close it: chmod 0400 {file}"),
        (
            "hushhushhushhush",
            0o400,
            "must have at least 16 characters, 8 of them different: try `openssl rand -hex 24`",
        ),
        (None, 0, "can't be read: No such file or directory"),
    ],
)
def test_a_file_of_the_password_that_will_not_do(said, tmp_path, text, mode, fault):
    """One line that names the setting and the file, and not what is in it."""
    file = tmp_path / "ari-password"
    if text is not None:
        file.write_text(text)
        file.chmod(mode)
    complaint = said(ARI__PASSWORD_FILE=str(file))
    assert complaint == f"HOTLINE_ARI__PASSWORD_FILE={file}: {fault.format(file=file)}"


def test_the_password_of_ari_is_given_once(said):
    """Given twice, nobody knows which one counts."""
    complaint = said(ARI__PASSWORD_FILE="/etc/passwd", ARI__PASSWORD="hush0123456789ab")
    assert complaint == "HOTLINE_ARI__PASSWORD_FILE=/etc/passwd: HOTLINE_ARI__PASSWORD is set as well: keep one"
