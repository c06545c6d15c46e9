"""docs/sign-in.md: whoever writes a back end by it gets the hashes that the hotline makes."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from hotline.desk import SecretDigits, Vault
from hotline.settings import PasswordSettings

PAGE = (Path(__file__).parents[2] / "docs" / "sign-in.md").read_text()


@pytest.fixture
def example():
    """Run the page's program; return its variables, with what it printed as `printed`."""
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(program, names)
    return names | {"printed": printed.getvalue()}


def test_the_program_prints_what_the_page_says(example):
    """Key, message and proof, each on a line."""
    (said,) = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert example["printed"] == said


async def test_the_hotline_hashes_the_same(example):
    """Its vault makes the page's proof of the page's password."""
    vault = Vault(PasswordSettings(pepper=SecretStr(example["pepper"])))
    password = SecretDigits(example["password"])
    assert await vault.proof(password, example["member_id"], example["salt"], vault.key_id) == example["proof"]
    vault.close()
