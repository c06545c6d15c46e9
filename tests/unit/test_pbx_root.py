"""Where Asterisk comes from, without installing it."""

from __future__ import annotations

import threading
import time

import pytest

from hotline.pbx import PbxUnavailable, root


@pytest.mark.parametrize(
    ("printed", "major"),
    [
        ("Asterisk 22.10.1~dfsg+~cs6.17", 22),
        ("Asterisk 20.9.3\n", 20),
        ("Asterisk certified/20.7-cert2", 20),
        ("asterisk: not found", None),
        ("", None),
    ],
)
def test_the_version_is_read_as_asterisk_prints_it(printed, major):
    """The major version is taken from the first line, also of a certified release; anything else is none."""
    assert root.version(printed) == major


def test_the_mirror_is_the_first_debian_archive():
    """Security updates and archives of others are passed over; components other than main as well."""
    targets = (
        "https://packages.example/pg|Example|main\n"
        "http://mirror.example/debian-security|Debian|main\n"
        "http://mirror.example/debian|Debian|contrib\n"
        "http://mirror.example/debian|Debian|main\n"
    )
    assert root.mirror_among(targets) == "http://mirror.example/debian"


def test_no_mirror_is_said_with_what_to_do(monkeypatch):
    """On a machine without Debian sources the one line names the variable and the container image."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PbxUnavailable, match=r"HOTLINE_DEBIAN_MIRROR.*container image"):
        root.debian_mirror()


@pytest.fixture
def private(monkeypatch):
    """A machine without Asterisk of its own."""
    monkeypatch.setattr(root, "_host_has_it", lambda: False)


def test_an_own_asterisk_is_used(monkeypatch, tmp_path):
    """A machine that carries a recent Asterisk needs no root, and nothing is written."""
    monkeypatch.setattr(root, "_host_has_it", lambda: True)
    assert root.install_root(tmp_path / "cache") is None
    assert not (tmp_path / "cache").exists()


@pytest.mark.usefixtures("private")
def test_a_broken_build_leaves_nothing(monkeypatch, tmp_path):
    """A build that fails leaves no root behind, so that the next one starts afresh."""

    def build(folder, _mirror, _progress):
        (folder / "half").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(root, "_mmdebstrap", build)
    with pytest.raises(KeyboardInterrupt):
        root.install_root(tmp_path, "http://mirror.example/debian")
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


@pytest.mark.usefixtures("private")
def test_of_two_installs_at_once_one_builds(monkeypatch, tmp_path):
    """Two installs at once give the same root, built once; leftovers of a killed build are cleared."""
    (tmp_path / "building-killed").mkdir()
    built = []

    def build(folder, mirror, _progress):
        built.append(mirror)
        time.sleep(0.1)
        (folder / "etc").mkdir()

    monkeypatch.setattr(root, "_mmdebstrap", build)
    monkeypatch.setattr(root, "_check", lambda _folder, _mirror: None)
    monkeypatch.setenv("HOTLINE_DEBIAN_MIRROR", "http://mirror.example/debian")
    found = []
    threads = [threading.Thread(target=lambda: found.append(root.install_root(tmp_path))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert built == ["http://mirror.example/debian"]
    assert found == [tmp_path / "forky-root"] * 2
    assert "localhost" in (tmp_path / "forky-root" / "etc" / "hosts").read_text()
    assert not (tmp_path / "building-killed").exists()


def test_a_half_built_root_with_something_mounted_in_it_is_left_alone(tmp_path, monkeypatch):
    """A build that was killed leaves the machine's /dev/shm mounted: nothing in it may be removed by that way."""
    shared = tmp_path / "building-1" / "dev" / "shm"
    shared.mkdir(parents=True)
    (shared / "somebody's").touch()
    mounts = tmp_path / "mountinfo"
    monkeypatch.setattr(root, "_MOUNTS", mounts)
    mounts.write_text(f"36 25 0:27 / {shared.resolve()} rw,relatime - tmpfs tmpfs rw\n")
    root._remove(tmp_path / "building-1")
    assert (shared / "somebody's").exists()
    mounts.write_text("22 1 8:1 / / rw,relatime - ext4 /dev/root rw\n")
    root._remove(tmp_path / "building-1")
    assert not (tmp_path / "building-1").exists()
