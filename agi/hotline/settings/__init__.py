"""Every setting in one place, with unit, range, default and why.

A setting is read from the environment as `HOTLINE_<GROUP>__<NAME>`, for example `HOTLINE_PASSWORD__LENGTH=10`.
The menu's words and timers are not here: an admin edits them in `dialplan/menu.toml`.
"""

from hotline.settings.ami import AmiSettings
from hotline.settings.call import EVERYWHERE, CallSettings
from hotline.settings.canary import CanarySettings
from hotline.settings.console import ConsoleSettings
from hotline.settings.doors import AriSettings, FastAgiSettings
from hotline.settings.group import Group
from hotline.settings.limits import LimitSettings
from hotline.settings.passwords import GUESS_BITS, PasswordSettings, guess_bits
from hotline.settings.places import CACHE, SCRIPT, SHARE
from hotline.settings.records import DatabaseSettings
from hotline.settings.voice import VoiceSettings
from hotline.settings.whole import Settings, SettingsError

__all__ = [
    "CACHE",
    "EVERYWHERE",
    "GUESS_BITS",
    "SCRIPT",
    "SHARE",
    "AmiSettings",
    "AriSettings",
    "CallSettings",
    "CanarySettings",
    "ConsoleSettings",
    "DatabaseSettings",
    "FastAgiSettings",
    "Group",
    "LimitSettings",
    "PasswordSettings",
    "Settings",
    "SettingsError",
    "VoiceSettings",
    "guess_bits",
]
