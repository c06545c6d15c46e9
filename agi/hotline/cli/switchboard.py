"""The switchboard that commands for testers work on: that of a `hotline run`, or one named by its site folder."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotline.cli.terminal import console
from hotline.demo.card import card_of_run
from hotline.pbx import Console, PbxUnavailable, PhonesFile, SiteError
from hotline.processes import Box
from hotline.settings import Settings, SettingsError

if TYPE_CHECKING:
    from hotline.demo.card import Card

RELOAD = "module reload res_pjsip.so"
"""What makes Asterisk read its accounts."""
RELOAD_LOOKS = 50
"""Times we look whether it has, 0.1 s apart: it answers before it has done so."""
NUMBER = "19009068"
SiteOption = Annotated[
    Path | None,
    typer.Option(
        "--site", help="site folder of the switchboard [default: of the `hotline run` that is up]", show_default=False
    ),
]


def require_test_system(settings: Settings) -> None:
    """See that the settings are not those of production. Raises: SettingsError."""
    if not settings.call.test_phones:
        raise SettingsError(
            "HOTLINE_CALL__TEST_PHONES=false: this is production, where the service turns every test phone away. "
            "On a test system set it to true, for this command and for the service"
        )


class Switchboard:
    """A switchboard that a command works on.

    Args:
        site: its site folder.
        card: of the `hotline run` that it belongs to, if it does.

    Attributes:
        file: the accounts of testers.
    """

    def __init__(self, site: Path, card: Card | None) -> None:
        self._site = site
        self._card = card
        self.file = PhonesFile(site)

    @classmethod
    def find(cls, site: Path | None) -> Switchboard:
        """Return the one with this site folder, or that of the `hotline run` that is up. Raises: SiteError."""
        card = card_of_run()
        if site is not None:
            return cls(site, card if card is not None and card.site.resolve() == site.resolve() else None)
        if card is None:
            raise SiteError(
                "no `hotline run` is up: name the site folder of a switchboard, as --site /etc/asterisk/site"
            )
        return cls(card.site, card)

    def require_test_system(self) -> None:
        """See that this is not production. Raises: SettingsError."""
        if self._card is None:
            require_test_system(Settings.load())

    def server(self, given: str) -> tuple[str, int]:
        """Return host and port of SIP: as `given`, else where the transports listen. Raises: SiteError."""
        if not given:
            transports = (self._site / "pjsip-transport.conf").read_text(encoding="utf-8")
            found = re.search(r"^bind\s*=\s*(\S+)", transports, re.MULTILINE)
            given = found[1] if found else ""
        host, _, port = given.rpartition(":")
        if not host or not port.isdecimal() or host == "0.0.0.0":
            raise SiteError("say --server host:port: the configuration does not tell where phones reach it")
        return host, int(port)

    async def reload(self, name: str, *, there: bool = True) -> None:
        """Have Asterisk read its accounts, if it runs, and see that `name` is `there` then. Raises: PbxUnavailable."""
        options = self._site.parent / "asterisk.conf"
        box = None if self._card is None else Box(root=self._card.root, shared=[self._card.pbx])
        asterisk = Console(options, box)
        try:
            await asterisk.ask(RELOAD)
        except PbxUnavailable as away:
            console.print(f'Asterisk was not told ({away}). Once it runs: asterisk -rx "{RELOAD}"', markup=False)
            return
        for _ in range(RELOAD_LOOKS):
            if (f"Endpoint:  {name}" in await asterisk.ask(f"pjsip show endpoint {name}")) is there:
                return
            await asyncio.sleep(0.1)
        raise PbxUnavailable(f"Asterisk did not take {self.file.path} in: can its user read it? Its log says more")

    @property
    def number(self) -> str:
        """What callers dial."""
        values = self._site / "globals.conf"
        found = re.search(r"^HOTLINE_NUMBER\s*=\s*(\S+)", values.read_text(encoding="utf-8"), re.MULTILINE)
        return found[1] if found else NUMBER

    @property
    def sounds(self) -> Path:
        """Folder of the built prompts that callers hear."""
        return Settings.load().voice.sounds if self._card is None else self._card.sounds
