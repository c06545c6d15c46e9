"""How a switchboard is, as it says itself: over the manager interface, and over ARI which applications it has."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from typing import TYPE_CHECKING, Final

import aiohttp
import msgspec

from hotline.pbx.errors import PbxUnavailable
from hotline.pbx.manager import manager_session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from panoramisk.message import Message

    from hotline.settings import AmiSettings, AriSettings

ANSWER_SECONDS: Final = 3.0


class Health(msgspec.Struct, frozen=True):
    """How a switchboard is. Nobody's number is in it.

    Attributes:
        version: of Asterisk.
        since: when it started, by its own clock.
        calls: there now.
        calls_so_far: since then.
        channels: how many there are in each state, as `Up` or `Ring`.
        longest: duration of the longest of them, `00:01:05`; empty where there is none.
        endpoints: the state of each SIP endpoint; `UNAVAILABLE` without a registration, as the trunk always is, which
            may call all the same.
        registered: names of the phones that have registered.
    """

    version: str
    since: str
    calls: int
    calls_so_far: int
    channels: dict[str, int]
    longest: str
    endpoints: dict[str, str]
    registered: list[str]


async def health(settings: AmiSettings) -> Health:
    """Ask the manager interface. Raises: PbxUnavailable."""
    async with manager_session(settings) as session:
        core, status = await session.ask("CoreSettings"), await session.ask("CoreStatus")
        channels = await session.items("CoreShowChannels")
        states = await session.items("DeviceStateList")
        contacts = await session.items("DBGetTree", Family="registrar/contact")
    return Health(
        version=core.asteriskversion,
        since=f"{status.corestartupdate} {status.corestartuptime}",
        calls=int(status.corecurrentcalls),
        calls_so_far=int(status.coreprocessedcalls),
        channels=dict(Counter(channel.channelstatedesc for channel in channels)),
        longest=max((channel.duration for channel in channels), default=""),
        endpoints=_endpoints(states),
        registered=sorted({contact.key.rpartition("/")[2].partition(";")[0] for contact in contacts}),
    )


def _endpoints(states: Sequence[Message]) -> dict[str, str]:
    return {one.device.removeprefix("PJSIP/"): one.state for one in states if one.device.startswith("PJSIP/")}


async def applications(at: AriSettings) -> list[str]:
    """Return the names under which applications are connected. Raises: PbxUnavailable."""
    credential = b64encode(f"{at.user}:{at.password.get_secret_value()}".encode()).decode()
    limit = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, headers={"Authorization": f"Basic {credential}"}) as session,
            session.get(f"{at.url}/ari/applications") as answer,
        ):
            if answer.status != 200:
                raise PbxUnavailable(f"ARI at {at.url} answers {answer.status}")
            return sorted(one["name"] for one in await answer.json())
    except TimeoutError:
        raise PbxUnavailable(f"ARI at {at.url} does not answer in {ANSWER_SECONDS:g} s") from None
    except (aiohttp.ClientError, OSError) as error:
        raise PbxUnavailable(f"ARI at {at.url} can't be reached: {error}") from None
