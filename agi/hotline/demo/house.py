"""Brings up everything but the service: Postgres with sample members, the prompts, a private Asterisk."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from hotline.demo.run_folder import name, run_folder
from hotline.desk import Desk, SecretDigits, Vault, load_sample, sample_members
from hotline.pbx import Ami, Outbound, PhoneAccount, Ports, PrivateAsterisk, Site, install_root, new_password
from hotline.phone import Softphone
from hotline.prompts import Library, Script, build
from hotline.records import Database, EmbeddedPostgres, migrate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from hotline.desk import SampleMember
    from hotline.settings import Settings

TRUNK = "127.0.0.2"
"""The address that the private Asterisk takes for the carrier's."""
PORTS = 12
"""Ports of a softphone: two for SIP, ten for media."""


@dataclass(frozen=True)
class House:
    """All that the service needs around it.

    Attributes:
        folder: gone when the house is.
        settings: what the service is to run with, database and Asterisk of this house included.
        library: the prompts.
        asterisk: the PBX.
        members: the sample members.
        phones: a softphone account for each number of theirs, named after it.
        old_password: every sample member's own, as it was before any call.
    """

    folder: Path
    settings: Settings
    library: Library
    asterisk: PrivateAsterisk
    members: Sequence[SampleMember]
    phones: Sequence[PhoneAccount]
    old_password: SecretDigits = field(repr=False)

    @property
    def server(self) -> str:
        """Where softphones find the PBX: host and port."""
        site = self.asterisk.site
        return f"{site.address}:{site.sip_port}"

    def softphone(self, account: PhoneAccount, run_dir: Path, nth: int = 0) -> Softphone:
        """Return a softphone with `account`, not started; `nth` below 12 keeps those of one time apart.

        Its ports are the last ones of the house's own block: 12 a phone, which calls of Asterisk reach last.
        """
        last = self.asterisk.site.rtp_last - PORTS * nth
        return Softphone(
            account.name,
            account.password,
            self.server,
            run_dir=run_dir,
            sip_port=last - PORTS + 1,
            rtp_ports=(last - PORTS + 3, last),
        )


@contextlib.asynccontextmanager
async def house(
    settings: Settings,
    progress: Callable[[str, float], None],
    address: str = "127.0.0.1",
    changed: Callable[[Site], Site] = lambda site: site,
) -> AsyncIterator[House]:
    """Bring the house up, with SIP and media on `address`, and take it down after the block.

    The switchboard is as the settings say, and then as `changed` makes it.

    The database is that of the settings if one is set there, else an embedded Postgres that starts empty; sample
    members begin afresh in either.

    Raises:
        FolderUnsafe, MissingProgram, PbxUnavailable, PromptsError, RecordsUnavailable: something is missing or broken;
            the message says what to do.
    """
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(run_folder())
        library = prompts(settings, progress)
        settings = settings.model_copy(deep=True)
        if not settings.password.has_pepper:
            settings.password.pepper = SecretStr(secrets.token_urlsafe(32))
            if "dsn" in settings.database.model_fields_set:
                # The database may know the pepper of an earlier demo.
                settings.password.pepper_key_id = f"demo{secrets.token_hex(4)}"
        progress("Postgres", 0.0)
        if "dsn" not in settings.database.model_fields_set:
            postgres = await stack.enter_async_context(EmbeddedPostgres(folder))
            settings.database.dsn = SecretStr(postgres.dsn)
        await migrate(settings.database.dsn.get_secret_value())
        progress("Postgres", 0.6)
        old_password = await move_in(settings)
        progress("Postgres", 1.0)

        progress("Asterisk", 0.0)
        root = install_root(progress=lambda done, _: progress("Asterisk", 0.9 * done))
        ports = stack.enter_context(Ports.claim(address))
        members = sample_members()
        phones = accounts(members)
        settings.ari.password = SecretStr(secrets.token_urlsafe(24))
        settings.ari.url = f"http://127.0.0.1:{ports.http}"
        settings.ami.port = ports.ami
        settings.ami.password = SecretStr(secrets.token_urlsafe(24))
        settings.fastagi.port = ports.agi
        settings.voice.secrets = _secrets_folder()
        if "test_phones" not in settings.call.model_fields_set:
            settings.call.test_phones = True
        if "media_networks" not in settings.call.model_fields_set:
            settings.call.media_networks = (ip_network(TRUNK),)
        settings.ari.listen_port = ports.application
        settings.ari.listen_password = SecretStr(secrets.token_urlsafe(24))
        outbound = Outbound(ports.application, settings.ari.listen_password.get_secret_value())
        fastagi = f"127.0.0.1:{ports.agi}/{settings.fastagi.script.get_secret_value()}"
        site = Site(
            **ports.for_site(),
            ari_user=settings.ari.user,
            ari_password=settings.ari.password.get_secret_value(),
            apps=[settings.ari.app],
            queues=settings.ari.queues,
            sounds=settings.voice.sounds,
            secrets=settings.voice.secrets,
            phones=phones,
            trunk_matches=[TRUNK],
            address=address,
            outbound=outbound if settings.ari.connects == "asterisk" else None,
            hand_over="broadcast" if settings.ari.enabled else "agi",
            fastagi=[fastagi],
            agi=settings.fastagi.enabled,
            ami=Ami(ports.ami, secrets.token_urlsafe(24), status_password=settings.ami.password.get_secret_value()),
        )
        asterisk = await stack.enter_async_context(PrivateAsterisk(root, folder / "pbx", changed(site)))
        progress("Asterisk", 1.0)
        yield House(folder, settings, library, asterisk, members, phones, old_password)


def prompts(settings: Settings, progress: Callable[[str, float], None]) -> Library:
    """Build the prompts that are not built yet, and open them."""
    script = Script.load(settings.voice.script)
    progress("prompts", 0.0)
    library = build(
        script,
        settings.voice.recorded,
        settings.voice.sounds,
        settings.voice,
        lambda done, total, _: progress("prompts", done / total),
    )
    progress("prompts", 1.0)
    return library


def accounts(members: Sequence[SampleMember]) -> list[PhoneAccount]:
    """Return a softphone account for each phone number of `members`, named after it, with a password of its own."""
    numbers = dict.fromkeys(member.phone for member in members)
    return [PhoneAccount(number.replace("+84", "0"), new_password(), number) for number in numbers]


async def move_in(settings: Settings) -> SecretDigits:
    """Have the sample members in the database, with no past; return the password they all begin with."""
    vault = Vault(settings.password)
    old_password = SecretDigits("".join(secrets.choice("0123456789") for _ in range(settings.password.length)))
    try:
        async with Database(settings.database) as database:
            await load_sample(database, vault, old_password)
    finally:
        vault.close()
    return old_password


@contextlib.asynccontextmanager
async def back_end(settings: Settings) -> AsyncIterator[Desk]:
    """Yield a desk apart from the service's, to sign in as the VssID back end would."""
    vault = Vault(settings.password)
    try:
        async with Database(settings.database) as database:
            desk = Desk(database, vault, settings.password, settings.limits)
            try:
                yield desk
            finally:
                await desk.close()
    finally:
        vault.close()


def _secrets_folder() -> Path:
    """Return the folder for spoken secrets of this user's runs; what a killed one left there the next one clears."""
    folder = Path("/dev/shm") / name()  # noqa: S108 - tmpfs, checked by SpokenSecrets
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
