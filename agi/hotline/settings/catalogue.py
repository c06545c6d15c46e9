"""What there is to set, told from the code: for the printed list, the page in docs/ and a look at what is set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from hotline.settings.fields import allowed, limits, written
from hotline.settings.group import Group
from hotline.settings.whole import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

SET = "(set, not shown)"
UNSET = "(not set)"


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes:
        name: of its environment variable.
        path: of its field in `Settings`: the group's name, unless it has none, and its own.
        purpose: what it is for, with its unit and why it is as it is.
        limits: range or choice; empty where there is neither.
        allowed: its limits, or else the kind of its values.
        default: as it is written in the environment; empty where there is none.
        keyed: whether there is one for each of several names: `NAME__1`, `NAME__2`.
    """

    name: str
    path: tuple[str, ...]
    purpose: str
    limits: str
    allowed: str
    default: str
    keyed: bool


@dataclass(frozen=True)
class SettingGroup:
    """Settings that belong together, and what they are about."""

    title: str
    settings: tuple[Setting, ...]


@dataclass(frozen=True)
class Effective:
    """What a setting is at this moment, as anybody may see it.

    Attributes:
        value: as it is written in the environment; of a secret only whether there is one.
        source: what says so.
    """

    setting: Setting
    value: str
    source: Literal["environment", "default"]


def catalogue() -> list[SettingGroup]:
    """Return all settings, group by group; those without a group come last."""
    groups, alone = [], []
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Group):
            fields = field.annotation.model_fields
            title = (field.annotation.__doc__ or "").splitlines()[0].rstrip(".")
            groups.append(SettingGroup(title, tuple(_setting((name, own), fields[own]) for own in fields)))
        else:
            alone.append(_setting((name,), field))
    return [*groups, SettingGroup("Of no group", tuple(alone))]


def effective(settings: Settings) -> Iterator[Effective]:
    """Yield each setting as it is in `settings`, secrets hidden."""
    for group in catalogue():
        for setting in group.settings:
            *groups, name = setting.path
            owner: BaseModel = getattr(settings, groups[0]) if groups else settings
            source: Literal["environment", "default"] = "environment" if name in owner.model_fields_set else "default"
            yield Effective(setting, _shown(getattr(owner, name)), source)


def _setting(path: tuple[str, ...], field: FieldInfo) -> Setting:
    return Setting(
        name="HOTLINE_" + "__".join(part.upper() for part in path),
        path=path,
        purpose=field.description or "",
        limits=limits(field),
        allowed=allowed(field),
        default=written(field.default),
        keyed=isinstance(field.default, dict),
    )


def _shown(value: object) -> str:
    """Return a value as anybody may see it."""
    if isinstance(value, SecretStr):
        text = value.get_secret_value()
        return _address(text) or (SET if text else UNSET)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(one)}" for key, one in value.items()) or UNSET
    return written(value) or UNSET


def _address(text: str) -> str:
    """Return the address of a database without its password, and without its parameters, which may hold another."""
    if not text.startswith(("postgresql://", "postgres://")):
        return ""
    parts = urlsplit(text)
    user, at, hosts = parts.netloc.rpartition("@")
    return f"{parts.scheme}://{user.partition(':')[0]}{at}{hosts}{parts.path}" + ("?…" if parts.query else "")
