"""Where things lie that come with the project, or are made of it."""

from __future__ import annotations

from pathlib import Path


def _share() -> Path:
    """Return the folder with dialplan/, sounds/ and db/: the checkout's, or the installed wheel's."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "share"
    return installed if installed.is_dir() else package.parent.parent


SHARE = _share()
CACHE = Path.home() / ".cache" / "vssid-hotline"

SOUNDS = SHARE / ".cache" / "sounds" if (SHARE / "pyproject.toml").is_file() else CACHE / "sounds"
"""A checkout has built prompts of its own: another one's may say other words."""

SCRIPTS = SHARE / "sounds"
"""Every sentence the hotline can say, a script a language, and recorded voices."""

SCRIPT = SCRIPTS / "vi.toml"
"""The script that is delivered; the one in force is `VoiceSettings.script`."""
