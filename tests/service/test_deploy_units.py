"""The units for systemd, as systemd itself sees them."""

import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
DEBIANS = "[Service]\nType=notify\nExecStart=/usr/sbin/asterisk -g -f -p -U asterisk -G asterisk\n"
"""What matters of the unit in Debian's package of Asterisk."""

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")


@pytest.mark.parametrize(
    ("unit", "exposure"),
    [("hotline@.service", 12), ("asterisk.service", 13), ("hotline-clean.service", 12), ("hotline-canary.service", 13)],
)
def test_a_unit_exposes_little(tmp_path, unit, exposure):
    """Of ten points, in tenths: no more than this by systemd's own measure, at which 9.6 are those of a bare unit."""
    shutil.copytree(UNITS, tmp_path, dirs_exist_ok=True)
    (tmp_path / "asterisk.service").write_text(DEBIANS)
    looked = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={exposure}", "--no-pager", f"./{unit}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert looked.returncode == 0, looked.stdout[-300:] + looked.stderr
