"""Every setting in one place, with unit, range, default and why.

A setting is read from the environment as `HOTLINE_<GROUP>__<NAME>`, for example `HOTLINE_PASSWORD__LENGTH=10`.
The menu's words and timers are not here: an admin edits them in `dialplan/menu.toml`.
"""

from __future__ import annotations

import math
import os
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class SettingsError(Exception):
    """A setting has a value that is not allowed; the message names it, the value and what is allowed."""


def _share() -> Path:
    """Return the folder with dialplan/, sounds/ and db/: the checkout's, or the installed wheel's."""
    package = Path(__file__).resolve().parent
    installed = package / "share"
    return installed if installed.is_dir() else package.parent.parent


SHARE = _share()
CACHE = Path.home() / ".cache" / "vssid-hotline"

SOUNDS = SHARE / ".cache" / "sounds" if (SHARE / "pyproject.toml").is_file() else CACHE / "sounds"
"""A checkout has built prompts of its own: another one's may say other words."""

SCRIPT = SHARE / "sounds" / "vi.toml"
"""Every sentence the hotline can say."""

ELSEWHERE = frozenset({"HOTLINE_DEBIAN_MIRROR"})
"""Names that are read elsewhere, when the private Asterisk is installed."""


LISTEN_PASSWORD_MIN = 16

APP_NAME = r"^[A-Za-z0-9_-]{1,64}$"

_CROSSED = "crossed"


class Group(BaseModel):
    """A group of settings; a misspelt name is an error."""

    model_config = ConfigDict(extra="forbid")


def _crossed(group: Group, name: str, allowed: str) -> PydanticCustomError:
    """Return the error of setting `name`, whose value is `allowed` only by another one."""
    return PydanticCustomError(
        _CROSSED, "{name}={value}: {allowed}", {"name": name, "value": getattr(group, name), "allowed": allowed}
    )


class AriSettings(Group):
    """How the application reaches Asterisk."""

    enabled: Annotated[bool, Field(description="take calls from the dialplan's Stasis()")] = True
    url: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+$", description="address of Asterisk's HTTP server")] = (
        "http://127.0.0.1:8088"
    )
    user: Annotated[str, Field(min_length=1, description="ARI user of ari.conf")] = "hotline"
    password: Annotated[
        SecretStr, Field(description="its password, which opens every call; 16 characters, 8 of them different")
    ] = SecretStr("")
    app: Annotated[str, Field(pattern=APP_NAME, description="Stasis application name, of this process alone")] = (
        "hotline"
    )
    queues: Annotated[
        int, Field(ge=1, le=16, description="event queues Asterisk keeps for us; more are quicker from 50 calls/s on")
    ] = 1

    connects: Annotated[
        Literal["hotline", "asterisk"],
        Field(
            description="who opens the events socket: we at `url`, or Asterisk at `listen_…` (websocket_client.conf)"
        ),
    ] = "hotline"
    listen_address: Annotated[str, Field(min_length=1, description="where Asterisk connects to us")] = "127.0.0.1"
    listen_port: Annotated[int, Field(ge=1024, le=65535, description="TCP port there")] = 8765
    listen_user: Annotated[str, Field(min_length=1, description="username of websocket_client.conf")] = "asterisk"
    listen_password: Annotated[SecretStr, Field(description="password there, at least 16 characters")] = SecretStr("")
    requests: Annotated[
        Literal["http", "socket"],
        Field(
            description="where Asterisk connects: requests that wait go to `url`, or all over the socket, one by one"
        ),
    ] = "http"

    peers: Annotated[
        tuple[Annotated[str, Field(pattern=APP_NAME)], ...],
        NoDecode,
        Field(
            description="names of all processes of this hotline, by commas, as in APPS of globals.conf: callers of one "
            "that is gone for 10 s hear from another that the call can't go on; one's own name may be among them"
        ),
    ] = ()

    @field_validator("peers", mode="before")
    @classmethod
    def _by_commas(cls, peers: object) -> object:
        return tuple(peer.strip() for peer in peers.split(",")) if isinstance(peers, str) else peers

    @model_validator(mode="after")
    def _who_can_watch(self) -> Self:
        if self.peers and self.connects == "asterisk":
            raise _crossed(
                self,
                "peers",
                "only where HOTLINE_ARI__CONNECTS=hotline: Asterisk does not give back a name it connects by",
            )
        return self

    @model_validator(mode="after")
    def _password_to_listen(self) -> Self:
        if (
            self.enabled
            and self.connects == "asterisk"
            and len(self.listen_password.get_secret_value()) < LISTEN_PASSWORD_MIN
        ):
            raise _crossed(
                self,
                "listen_password",
                f"must have {LISTEN_PASSWORD_MIN} characters or more where HOTLINE_ARI__CONNECTS=asterisk: "
                "whoever knows it gets every call",
            )
        return self

    @property
    def by_http(self) -> bool:
        """Whether requests go to `url`."""
        return self.enabled and (self.connects == "hotline" or self.requests == "http")

    @property
    def names(self) -> list[str]:
        """The names under which Asterisk sends us events, one for each queue; QUEUES of globals.conf is as many."""
        return self._names_of(self.app)

    @property
    def names_of_peers(self) -> list[list[str]]:
        """The names of each other process."""
        return [self._names_of(peer) for peer in self.peers if peer != self.app]

    def _names_of(self, app: str) -> list[str]:
        return [app] if self.queues == 1 else [f"{app}.{queue}" for queue in range(1, self.queues + 1)]

    @field_validator("password")
    @classmethod
    def _strong(cls, password: SecretStr) -> SecretStr:
        given = password.get_secret_value()
        if len(given) < 16 or len(set(given)) < 8:
            raise ValueError("must have at least 16 characters, 8 of them different: try `openssl rand -hex 24`")
        return password


def _split(networks: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return networks that are written one after another with commas."""
    return tuple(ip_network(part.strip()) for part in networks.split(",") if part.strip())


class FastAgiSettings(Group):
    """Where the dialplan's AGI() reaches us; beside ARI, or without it."""

    enabled: Annotated[bool, Field(description="take calls from the dialplan's AGI(agi://…)")] = False
    address: Annotated[IPv4Address | IPv6Address, Field(description="address of this machine to listen on")] = (
        IPv4Address("127.0.0.1")
    )
    port: Annotated[int, Field(ge=1, le=65535, description="TCP port; 4573 is where Asterisk looks")] = 4573
    peers: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        NoDecode,
        Field(
            min_length=1,
            description="networks of the switchboards, by commas; whoever is in them is believed who is calling",
        ),
    ] = (IPv4Network("127.0.0.1"), IPv6Network("::1"))
    script: Annotated[
        SecretStr,
        Field(description="what the dialplan puts behind our address; long and random where others have accounts"),
    ] = SecretStr("hotline")
    head_seconds: Annotated[
        float, Field(ge=0.2, le=10, description="seconds to say whose call it is; Asterisk needs a few thousandths")
    ] = 2.0

    @field_validator("peers", mode="before")
    @classmethod
    def _networks(cls, networks: object) -> object:
        return _split(networks) if isinstance(networks, str) else networks

    @field_validator("script")
    @classmethod
    def _word(cls, script: SecretStr) -> SecretStr:
        if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", script.get_secret_value()) is None:
            raise ValueError("must be 1 to 64 letters, digits, - and _")
        return script


class DatabaseSettings(Group):
    """Where the members and records are."""

    dsn: Annotated[SecretStr, Field(description="PostgreSQL connection URI")] = SecretStr("postgresql:///hotline")
    pool_max: Annotated[int, Field(ge=1, le=100, description="connections at most; one call needs one for ~2 ms")] = 8
    time_limit: Annotated[
        float, Field(ge=0.2, le=10, description="seconds for any one query, so that a caller is told within 3 s")
    ] = 2.0

    @field_validator("dsn")
    @classmethod
    def _postgres(cls, dsn: SecretStr) -> SecretStr:
        if not dsn.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://")
        return dsn


GUESS_BITS = 19
"""What a password must leave to guess, as log2 of how many there are without equal neighbours: one in half a million.

NIST SP 800-63B (5.1.1.1) lets a secret that the service draws be six random digits, 20 bits, and (5.2.2) 100 wrong
tries in a row. Six of ten digits without equal neighbours are 19.2. The other rules of SPEC §4 cost less than 0.2 more.
"""

KeyId = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,16}$")]


class PasswordSettings(Group):
    """What a new password looks like and how it is kept (SPEC §4)."""

    length: Annotated[int, Field(ge=6, le=12, description="digits; nine of eight symbols are 25 bits")] = 9
    digits: Annotated[
        str, Field(pattern=r"^[0-9]{6,10}$", description="digits used; 7 and 8 are the ones misheard on the phone")
    ] = "01234569"
    valid_hours: Annotated[int, Field(ge=1, le=72, description="hours until a password not changed expires")] = 24
    sign_in_minutes: Annotated[
        int, Field(ge=1, le=60, description="minutes after a reading began in which a first sign-in makes it active")
    ] = 10
    pepper: Annotated[SecretStr, Field(description="secret key outside the database, at least 32 characters")] = (
        SecretStr("")
    )
    pepper_file: Annotated[
        Path | None, Field(description="file to read the pepper from, in place of `pepper`; closed to others")
    ] = None
    pepper_key_id: Annotated[KeyId, Field(description="name of this pepper, kept beside each hash made with it")] = "1"
    former_peppers: Annotated[
        dict[KeyId, SecretStr],
        Field(description="peppers of before a rotation, by name; they only verify"),
    ] = {}
    former_pepper_files: Annotated[
        dict[KeyId, Path], Field(description="files to read former peppers from, by name of the pepper")
    ] = {}
    trace_key: Annotated[
        SecretStr,
        Field(description="key under which numbers are counted; without it the pepper, until there is a second one"),
    ] = SecretStr("")
    trace_key_file: Annotated[Path | None, Field(description="file to read it from, in place of `trace_key`")] = None
    hash_threads: Annotated[int, Field(ge=1, le=16, description="hashes at once; each is 32 ms of one core")] = 2
    hash_queue: Annotated[
        int,
        Field(
            ge=4,
            le=1000,
            description="hashes that may wait for a thread; later callers are told that the hotline is busy. 64 behind "
            "two threads are 1 s, inside the 2 s of the check prompt",
        ),
    ] = 64

    @field_validator("digits")
    @classmethod
    def _distinct(cls, digits: str) -> str:
        if len(set(digits)) != len(digits):
            raise ValueError("each digit once")
        return digits

    @model_validator(mode="after")
    def _hard_to_guess(self) -> Self:
        bits = guess_bits(len(self.digits), self.length)
        if bits < GUESS_BITS:
            raise _crossed(
                self,
                "length",
                f"with {len(self.digits)} digits to choose from that is {bits:.1f} bits to guess, and {GUESS_BITS} are "
                "needed: make it longer, or allow more in HOTLINE_PASSWORD__DIGITS",
            )
        return self


def guess_bits(symbols: int, length: int) -> float:
    """Return log2 of how many passwords of `length` out of `symbols` digits have no equal neighbours."""
    return math.log2(symbols) + (length - 1) * math.log2(symbols - 1)


class LimitSettings(Group):
    """How often (SPEC §3, Limits), and when to raise an alarm; an hour is the last 60 minutes, a day the last 24 h."""

    caller_failures_hour: Annotated[
        int,
        Field(ge=3, le=20, description="failed checks a caller may have an hour: two calls of three tries"),
    ] = 6
    caller_failures_day: Annotated[
        int, Field(ge=3, le=50, description="failed checks a caller may have a day; what one phone can try of 10^10")
    ] = 12
    number_failures_day: Annotated[
        int,
        Field(
            ge=20,
            le=1000,
            description="failed checks of one insurance number a day, then silently refused; low, and two phones could "
            "lock its owner out",
        ),
    ] = 100
    reissues_day: Annotated[int, Field(ge=1, le=10, description="passwords active a day and account")] = 3
    pending_day: Annotated[
        int, Field(ge=3, le=50, description="passwords of one account begun a day, heard or not: calls can be cut off")
    ] = 10
    phone_hold_hours: Annotated[
        int,
        Field(
            ge=24,
            le=336,
            description="hours a changed phone gets no password, unless a second person approves it",
        ),
    ] = 72
    alarm_caller_numbers: Annotated[
        int,
        Field(
            ge=2,
            le=50,
            description="different insurance numbers one caller fails with a day: an alarm; a family has three or four",
        ),
    ] = 6
    alarm_number_callers: Annotated[
        int,
        Field(ge=2, le=100, description="different callers that fail with one insurance number a day: an alarm"),
    ] = 4
    alarm_number_failures: Annotated[
        int, Field(ge=3, le=500, description="failed checks of one insurance number a day: an alarm")
    ] = 10
    alarm_failed_percent: Annotated[
        int, Field(ge=10, le=100, description="per cent of an hour's calls with a check and without a match: an alarm")
    ] = 70
    alarm_failed_calls: Annotated[
        int, Field(ge=10, le=10_000, description="such calls an hour before the percentage says anything")
    ] = 30

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        self._at_most("caller_failures_hour", "caller_failures_day", "or it is never reached")
        self._at_most("reissues_day", "pending_day", "as each of them was begun")
        self._at_most("alarm_caller_numbers", "caller_failures_day", "where the caller is stopped")
        self._at_most("alarm_number_callers", "number_failures_day", "where the number is refused")
        self._at_most("alarm_number_failures", "number_failures_day", "to be told before the number is refused", less=1)
        return self

    def _at_most(self, name: str, other: str, why: str, *, less: int = 0) -> None:
        most = getattr(self, other)
        if getattr(self, name) > most - less:
            kind = "less than" if less else "at most"
            raise _crossed(self, name, f"must be {kind} HOTLINE_LIMITS__{other.upper()}={most}, {why}")


class RecordSettings(Group):
    """How long the records keep what they have of single calls (SPEC §5)."""

    keep_days: Annotated[
        int, Field(ge=7, le=3650, description="days until calls, attempts and old passwords are deleted; sums remain")
    ] = 90


class VoiceSettings(Group):
    """How the prompts sound and where they lie."""

    sounds: Annotated[Path, Field(description="folder of the built prompts")] = SOUNDS
    secrets: Annotated[Path, Field(description="folder on tmpfs for the nameless files of spoken secrets")] = Path(
        "/dev/shm/hotline"  # noqa: S108 - tmpfs is the point: a spoken secret never reaches a disk
    )
    voice: Annotated[str, Field(min_length=2, description="espeak-ng voice")] = "vi"
    rate: Annotated[int, Field(ge=80, le=260, description="words a minute")] = 140


EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))


class CallSettings(Group):
    """A call as a whole."""

    media_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        NoDecode,
        Field(
            description="networks of the carrier's media gateways, by commas (192.0.2.0/24,2001:db8::/64): a password "
            "is said only into them; `any` where nobody but the carrier can reach the trunk, as on a private "
            "interconnect or by mutual TLS; none: callers of the trunk get no password"
        ),
    ] = ()
    media_both_ways: Annotated[
        bool, Field(description="whether RTP must have come from the caller too, before a password is said")
    ] = True
    notice: Annotated[
        Literal["early", "answered", "off"], Field(description="price notice: before answer (free), after it, or none")
    ] = "early"
    longest_seconds: Annotated[
        int, Field(ge=120, le=3600, description="seconds after which the switchboard ends any call, with a spoken word")
    ] = 600
    at_once: Annotated[
        int,
        Field(ge=1, le=1000, description="calls one process serves at once; more go to another or hear the fallback"),
    ] = 300
    drain_seconds: Annotated[
        float, Field(ge=0, le=3600, description="seconds that calls have to end when stopped; most end within 60")
    ] = 90.0
    price_per_minute: Annotated[int, Field(ge=0, le=100_000, description="đồng for each started minute")] = 1000

    @field_validator("media_networks", mode="before")
    @classmethod
    def _networks(cls, networks: object) -> object:
        if not isinstance(networks, str):
            return networks
        if networks.strip().lower() == "any":
            return EVERYWHERE
        return _split(networks)


class Settings(BaseSettings):
    """All settings of the application."""

    model_config = SettingsConfigDict(env_prefix="HOTLINE_", env_nested_delimiter="__", extra="ignore")

    ari: AriSettings = AriSettings()
    fastagi: FastAgiSettings = FastAgiSettings()
    database: DatabaseSettings = DatabaseSettings()
    password: PasswordSettings = PasswordSettings()
    limits: LimitSettings = LimitSettings()
    records: RecordSettings = RecordSettings()
    voice: VoiceSettings = VoiceSettings()
    call: CallSettings = CallSettings()
    menu: Annotated[Path, Field(description="the menu as data")] = SHARE / "dialplan" / "menu.toml"

    @classmethod
    def load(cls) -> Settings:
        """Read the settings from the environment.

        Raises:
            SettingsError: a value is not allowed; secrets are not shown.
        """
        known = {f"HOTLINE_{name.upper()}" for name in cls.model_fields} | ELSEWHERE
        unknown = [name for name in os.environ if name.startswith("HOTLINE_") and name.partition("__")[0] not in known]
        if unknown:
            raise SettingsError("\n".join(f"{name}: there is no such setting" for name in sorted(unknown)))
        try:
            settings = cls()
        except ValidationError as wrong:
            raise SettingsError("\n".join(_sentence(error) for error in wrong.errors(include_url=False))) from None
        except UnreadableError as wrong:
            group = str(wrong).split('"')[1].upper()
            raise SettingsError(f"HOTLINE_{group}: a group of settings; set HOTLINE_{group}__… one by one") from None
        if not (settings.ari.enabled or settings.fastagi.enabled):
            raise SettingsError("HOTLINE_ARI__ENABLED, HOTLINE_FASTAGI__ENABLED: one of them must be true")
        return settings


_SECRET = frozenset({"password", "listen_password", "pepper", "former_peppers", "trace_key", "dsn", "url", "script"})


def _sentence(error: ErrorDetails) -> str:
    path = [str(part) for part in error["loc"]]
    name = "HOTLINE_" + "__".join(part.upper() for part in path)
    if error["type"] == "extra_forbidden":
        return f"{name}: there is no such setting"
    if error["type"] == _CROSSED:
        crossed = error["ctx"]
        return f"{name}__{crossed['name'].upper()}={crossed['value']}: {crossed['allowed']}"
    # A value in the wrong place may hold a secret too: an address with a password, a group as JSON.
    hidden = not _SECRET.isdisjoint(path[1:]) or error["type"] == "model_type" or not isinstance(error["input"], str)
    shown = "(hidden)" if hidden else repr(error["input"])
    return f"{name}={shown}: {error['msg'].removeprefix('Value error, ')}"
