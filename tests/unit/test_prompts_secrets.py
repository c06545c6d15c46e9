"""A spoken secret lies in memory, under no name, for no longer than it is played."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

import pytest

from hotline.prompts import SecretsUnsafe, SpokenSecrets, alaw_to_ulaw
from hotline.prompts import secrets as room

AUDIO = bytes(range(200)) * 8  # 0.2 s


@pytest.fixture
def folder():
    """An empty folder in memory."""
    made = Path(tempfile.mkdtemp(prefix="hotline-test-", dir="/dev/shm"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def spoken(folder):
    """The spoken secrets of this process."""
    made = SpokenSecrets(folder)
    yield made
    made.close()


def files(folder: Path) -> list[Path]:
    """Return what lies in a folder, at any depth."""
    return [path for path in folder.rglob("*") if not path.is_dir()]


def test_a_secret_is_a_pair_of_files_for_us_alone(spoken, folder):
    """Inside the block the audio lies in both codecs, readable by us alone; after it there is nothing."""
    with spoken.file(AUDIO) as clip:
        assert clip.path.is_absolute()
        assert clip.path.suffix == ""
        assert clip.seconds == 0.2
        alaw, ulaw = (clip.path.with_name(f"{clip.path.name}.{codec}") for codec in ("alaw", "ulaw"))
        assert alaw.read_bytes() == AUDIO
        assert ulaw.read_bytes() == alaw_to_ulaw(AUDIO)
        assert {path.stat().st_mode & 0o777 for path in (alaw, ulaw)} == {0o600}
        assert sorted(files(folder)) == [alaw, ulaw]
    assert files(folder) == []


def test_the_name_tells_nothing(spoken):
    """The same audio has another name each time, and neither name nor representation tells of it or its length."""
    with spoken.file(AUDIO) as one, spoken.file(AUDIO) as two:
        assert one.path != two.path
        assert len(one.path.name) >= 24
        assert repr(one) == repr(two) == "<spoken secret>"


def test_a_secret_is_gone_after_an_error(spoken, folder):
    """An exception inside the block leaves no file behind."""
    with pytest.raises(RuntimeError), spoken.file(AUDIO):
        raise RuntimeError
    assert files(folder) == []


async def test_a_secret_is_gone_after_cancellation(spoken, folder):
    """A call that is cancelled while its secret plays leaves no file behind."""
    playing = asyncio.Event()

    async def call():
        with spoken.file(AUDIO):
            playing.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(call())
    await playing.wait()
    assert len(files(folder)) == 2
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(folder) == []


def test_half_a_secret_is_not_left_behind(spoken, folder, monkeypatch):
    """When memory is full in the middle, what was written is removed."""
    write = room._write

    def full(path, content):
        if path.suffix == ".ulaw":
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(room, "_write", full)
    with pytest.raises(OSError, match="No space"), spoken.file(AUDIO):
        pass
    assert files(folder) == []


def test_what_a_dead_process_left_is_cleared_at_start(folder):
    """Files and folders that no living process holds are gone once the next one has started."""
    (folder / "left").mkdir()
    (folder / "left" / "secret.alaw").write_bytes(AUDIO)
    (folder / "secret.alaw").write_bytes(AUDIO)
    (folder / "link").symlink_to(folder / "left")
    SpokenSecrets(folder).close()
    assert list(folder.iterdir()) == []


def test_a_second_process_leaves_the_first_ones_secrets_alone(spoken, folder):
    """Another process on the same folder, as in a rolling restart, does not clear what is being played."""
    with spoken.file(AUDIO) as clip:
        SpokenSecrets(folder).close()
        assert clip.path.with_name(clip.path.name + ".alaw").read_bytes() == AUDIO


def test_a_folder_is_made_where_there_is_none(folder):
    """A missing folder is made, for us alone."""
    SpokenSecrets(folder / "new").close()
    assert (folder / "new").stat().st_mode & 0o777 == 0o700


def test_a_folder_open_to_others_is_refused(folder):
    """A folder that others may enter is refused."""
    folder.chmod(0o755)
    with pytest.raises(SecretsUnsafe, match="0700"):
        SpokenSecrets(folder)


def test_a_folder_that_is_a_link_or_a_file_is_refused(folder):
    """A link could lead anywhere, so it is refused, as is a file."""
    (folder / "real").mkdir(mode=0o700)
    (folder / "link").symlink_to(folder / "real")
    (folder / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(SecretsUnsafe):
            SpokenSecrets(folder / name)


def test_a_folder_that_cannot_be_made_is_named(folder):
    """A folder whose parent is missing is refused by name."""
    with pytest.raises(SecretsUnsafe, match="none/here: No such file"):
        SpokenSecrets(folder / "none" / "here")


MOUNTS = """\
22 1 8:1 / / rw,relatime - ext4 /dev/root rw
24 22 0:22 / /dev/shm rw,nosuid - tmpfs tmpfs rw
25 22 0:23 / /srv/with\\040space rw shared:1 - tmpfs tmpfs rw
26 24 8:2 / /dev/shm/disk rw - ext4 /dev/sdb rw
27 22 8:3 / /over rw - tmpfs tmpfs rw
28 22 8:4 / /over rw - xfs /dev/sdc rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/dev/shm/hotline", "tmpfs"),
        ("/dev/shmx/hotline", "ext4"),
        ("/srv/with space/hotline", "tmpfs"),
        ("/dev/shm/disk/hotline", "ext4"),
        ("/over/hotline", "xfs"),
        ("/", "ext4"),
    ],
)
def test_the_deepest_and_latest_mount_decides(tmp_path, monkeypatch, folder, kind):
    """What a folder is on is told by the deepest mount point above it, the later of two at one place."""
    (tmp_path / "mountinfo").write_text(MOUNTS)
    monkeypatch.setattr(room, "_MOUNTS", tmp_path / "mountinfo")
    assert room._file_system(Path(folder)) == kind


def test_a_folder_on_a_disk_is_refused(folder, tmp_path, monkeypatch):
    """A folder that is not on tmpfs is refused, with what it is on."""
    (tmp_path / "mountinfo").write_text("22 1 8:1 / / rw - ext4 /dev/root rw\n")
    monkeypatch.setattr(room, "_MOUNTS", tmp_path / "mountinfo")
    with pytest.raises(SecretsUnsafe, match="is on ext4"):
        SpokenSecrets(folder)
