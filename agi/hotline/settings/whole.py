"""All settings together, read from the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableError

from hotline.settings.ami import AmiSettings
from hotline.settings.call import CallSettings
from hotline.settings.canary import CanarySettings
from hotline.settings.console import ConsoleSettings, LogSettings
from hotline.settings.doors import AriSettings, FastAgiSettings
from hotline.settings.fields import limits
from hotline.settings.group import CROSSED, Group
from hotline.settings.limits import LimitSettings
from hotline.settings.passwords import PasswordSettings
from hotline.settings.places import SHARE
from hotline.settings.records import DatabaseSettings, RecordSettings
from hotline.settings.voice import VoiceSettings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails


class SettingsError(Exception):
    """A setting has a value that is not allowed; the message names it, the value and what is allowed."""


ELSEWHERE = frozenset({"HOTLINE_DEBIAN_MIRROR"})
"""Names that are read elsewhere, when the private Asterisk is installed."""


class Settings(BaseSettings):
    """All settings of the application."""

    model_config = SettingsConfigDict(env_prefix="HOTLINE_", env_nested_delimiter="__", extra="ignore")

    ari: AriSettings = AriSettings()
    fastagi: FastAgiSettings = FastAgiSettings()
    ami: AmiSettings = AmiSettings()
    database: DatabaseSettings = DatabaseSettings()
    password: PasswordSettings = PasswordSettings()
    limits: LimitSettings = LimitSettings()
    records: RecordSettings = RecordSettings()
    voice: VoiceSettings = VoiceSettings()
    call: CallSettings = CallSettings()
    console: ConsoleSettings = ConsoleSettings()
    canary: CanarySettings = CanarySettings()
    log: LogSettings = LogSettings()
    menu: Annotated[
        Path, Field(description="the menu a new installation begins with; not read any more once one is published")
    ] = SHARE / "dialplan" / "menu.toml"

    @classmethod
    def load(cls) -> Settings:
        """Read the settings from the environment.

        Raises:
            SettingsError: values are not allowed, a line for each; secrets are not shown.
        """
        known = {f"HOTLINE_{name.upper()}" for name in cls.model_fields} | ELSEWHERE
        unknown = [name for name in os.environ if name.startswith("HOTLINE_") and name.partition("__")[0] not in known]
        faults = [f"{name}: there is no such setting" for name in sorted(unknown)]
        try:
            settings = cls()
        except ValidationError as wrong:
            faults += [_sentence(error) for error in wrong.errors(include_url=False)]
        except UnreadableError as wrong:
            group = str(wrong).split('"')[1].upper()
            faults.append(_GROUP.format(f"HOTLINE_{group}"))
        else:
            if not (settings.ari.enabled or settings.fastagi.enabled):
                faults.append("HOTLINE_ARI__ENABLED, HOTLINE_FASTAGI__ENABLED: one of them must be true")
        if faults:
            raise SettingsError("\n".join(faults))
        return settings


_GROUP = "{0}: a group of settings; set {0}__… one by one"
_SECRET = frozenset(
    {"password", "listen_password", "pepper", "former_peppers", "trace_key", "dsn", "url", "script", "number"}
)


def _sentence(error: ErrorDetails) -> str:
    path = [str(part) for part in error["loc"]]
    name = "HOTLINE_" + "__".join(part.upper() for part in path)
    if error["type"] == "extra_forbidden":
        return f"{name}: there is no such setting"
    if error["type"] == CROSSED:
        crossed = error["ctx"]
        return f"{name}__{crossed['name'].upper()}={crossed['value']}: {crossed['allowed']}"
    if error["type"] == "model_type":
        return _GROUP.format(name)
    # A value in the wrong place may hold a secret too: an address with a password, a group as JSON.
    hidden = not _SECRET.isdisjoint(path[1:]) or not isinstance(error["input"], str)
    shown = "(hidden)" if hidden else repr(error["input"])
    # A choice is in the message already, of a range only the end that was passed.
    range_ = limits(field) if error["type"] != "literal_error" and (field := _declared(path)) else ""
    allowed = f"; allowed: {range_}" if range_ else ""
    return f"{name}={shown}: {error['msg'].removeprefix('Value error, ')}{allowed}"


def _declared(path: list[str]) -> FieldInfo | None:
    """Return how a setting is declared; None of a whole group, and inside of a value."""
    field = Settings.model_fields.get(path[0])
    if len(path) != 2 or field is None:
        return None
    group = field.annotation
    return group.model_fields.get(path[1]) if isinstance(group, type) and issubclass(group, Group) else None
