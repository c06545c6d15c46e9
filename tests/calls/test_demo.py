"""The demo, which must succeed only for a password that was really heard."""

import io

import pytest
from rich.console import Console

from hotline.demo.first_call import DemoFailed, demo
from hotline.dialogue import readings

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def console():
    """A terminal that remembers."""
    return Console(record=True, width=120, file=io.StringIO())


async def test_the_demo_shows_and_proves_a_call(brief, console, out):
    """The timeline, the outcome, the price, the sentence of the mismatch; sound and picture of both calls."""
    await demo(brief, console, out, hurry=True)
    shown = " ".join(console.export_text().split())
    for words in (
        "Cước phí 1.000 đồng một phút.",
        "answered",
        "keys 0123456789#",
        "Mật khẩu mới là:",
        "(sample data)",
        "Outcome reissued Price 1.000 đ (1 started minute)",
        "Số điện thoại và mã số bảo hiểm không khớp hoặc chưa đăng ký với cơ quan BHXH.",
        "Outcome mismatch",
    ):
        assert words in shown
    assert {path.name for path in out.iterdir()} == {
        f"{call}.{kind}" for call in ("match", "mismatch") for kind in ("wav", "png", "svg")
    }


async def test_the_demo_fails_when_the_spoken_file_is_corrupted(brief, console, out, monkeypatch):
    """Were another digit spoken than the one committed, the demo would not pass."""
    compose = readings.compose

    def corrupt(library, lead, digits, **gaps):
        return compose(library, lead, digits[:-1] + ("0" if digits[-1] != "0" else "1"), **gaps)

    monkeypatch.setattr(readings, "compose", corrupt)
    with pytest.raises(DemoFailed, match="signing in with the digits decoded from the audio: refused"):
        await demo(brief, console, out, hurry=True)
