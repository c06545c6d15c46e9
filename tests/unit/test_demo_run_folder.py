"""Folders of runs."""

import os
import subprocess
import sys

import pytest

from hotline.demo import run_folder
from hotline.demo.run_folder import runs


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_a_folder_is_gone_after_its_run():
    """A run that ends leaves nothing."""
    with run_folder.run_folder() as folder:
        (folder / "something").write_text("here")
    assert list(runs().iterdir()) == []


def test_a_living_run_is_left_alone():
    """Two runs at once do not clear each other's folder."""
    with run_folder.run_folder() as first, run_folder.run_folder():
        assert first.is_dir()


def test_what_a_killed_run_left_is_cleared(tmp_path):
    """The next run removes the folder of one that could not."""
    code = (
        "import os, signal, tempfile; from hotline.demo.run_folder import run_folder\n"
        f"tempfile.tempdir = {str(tmp_path)!r}\n"
        "with run_folder() as folder: (folder / 'left').write_text('x'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert len(list(runs().iterdir())) == 1
    with run_folder.run_folder() as folder:
        assert list(runs().iterdir()) == [folder]


def test_a_folder_of_somebody_else_is_refused(monkeypatch):
    """Nobody can prepare a folder for us to use."""
    runs().mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    with pytest.raises(run_folder.FolderUnsafe, match="somebody else"), run_folder.run_folder():
        pass
