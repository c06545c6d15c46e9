"""One trial of a fault: calls come, it strikes, it is mended, calls go on; then everything is looked at."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.faults.catalogue import ASKED, LEFT, LOST, REFUSED, RIGHT, TOLD
from bench.faults.invariants import broken, issues, left_over, read_in_full
from bench.faults.scene import NAMES
from bench.traffic.carrier import Carrier, Plan
from bench.traffic.hearing import hearings
from bench.traffic.reference import planner
from bench.traffic.tap import Tap
from hotline.pbx import PbxUnavailable
from hotline.processes import ChildFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.faults.catalogue import Fault
    from bench.faults.scene import Scene
    from bench.traffic.carrier import Call
    from bench.traffic.ground import Member
    from bench.traffic.hearing import Hearing

BEFORE_SECONDS, AFTER_SECONDS = 3.0, 6.0
"""How long calls come before the fault strikes, and after it was mended."""
SETTLED_SECONDS = 5.0
"""From when it was mended until every new call has to be right (PROOF.md)."""
SHORT_SECONDS = 2.0
WORDS = frozenset({
    "fallback", "interrupted", "busy", "not-activated", "other-ways", "goodbye", "farewell", "line-unsafe",
})  # fmt: skip
"""With these a call may end that could not be helped."""
AGAIN = frozenset({"continue-number", "no-input", "no-match", "menu-help"})
"""With these a caller is asked for keys again."""
POINTS = 12


@dataclass(frozen=True)
class Trial:
    """What came of it.

    Attributes:
        fault: which.
        calls: in all.
        became: what became of the calls, by when they came: live, new, after.
        facts: what was measured, in seconds, by name.
        wrong: what should not have been, each thing as often as it was; empty if all held.
    """

    fault: Fault
    calls: int
    became: Mapping[str, Counter[str]]
    facts: Mapping[str, float]
    wrong: Sequence[str]


@dataclass
class _Rung:
    """Calls as they are made, and when what happened; times by the event loop's clock."""

    calls: list[tuple[Call, Member]] = field(default_factory=list)
    struck: float = 0.0
    mended: float = 0.0

    def when(self, call: Call) -> str:
        if call.began >= self.mended:
            return "after"
        return "live" if call.final is not None and call.final < self.struck else "new"


async def trial(scene: Scene, fault: Fault, rate: float) -> Trial:
    """Try `fault` once, at `rate` calls a second unless it has its own."""
    more = {"HOTLINE_ARI__PEERS": ",".join(NAMES)} if fault.peers else {}
    try:
        await scene.clear()
        await scene.give_passwords()
        for name in fault.processes:
            await scene.start(name, **more)
    except (ChildFailed, PbxUnavailable) as trouble:
        nobody: dict[str, Counter[str]] = {when: Counter() for when in ("live", "new", "after")}
        return Trial(fault, 0, nobody, {}, [f"void, not begun: {_first_line(trouble)}"])
    site = scene.rooms.asterisk.site
    address = site.trunk_matches[0]
    tap = Tap((site.address, site.sip_port), address)
    rung = _Rung()
    facts: dict[str, float] = {}
    wrong: list[str] = []
    async with tap, Carrier(site, address) as carrier:
        ringing = asyncio.create_task(_ring(scene, carrier, fault, fault.rate or rate, rung))
        now = asyncio.get_running_loop().time
        try:
            await asyncio.sleep(BEFORE_SECONDS)
            rung.struck = rung.mended = now()
            rung.mended = float("inf")
            facts |= await fault.strike(scene)
            rung.mended = now()
            await asyncio.sleep(AFTER_SECONDS)
        except (Exception, TimeoutError) as trouble:  # noqa: BLE001 - a fault that is not outlived is a result
            wrong.append(f"{type(trouble).__name__}: {_first_line(trouble)}")
            rung.mended = min(rung.mended, now())
        finally:
            ringing.cancel()
        await asyncio.gather(*(call.over.wait() for call, _ in rung.calls))
        left = await left_over(scene)
    held = await issues(scene.rooms, [member.number for _, member in rung.calls])
    heard = await asyncio.to_thread(lambda: hearings(tap.datagrams(), scene.ear, address))
    by_member = {member.number: heard.get(call.id) for call, member in rung.calls}
    wrong += left + await broken(scene.rooms, by_member, held, scene.owners)
    if tap.dropped:
        wrong.append("void: the tap lost packets")
    each = {call: _became(scene, fault, call, heard.get(call.id)) for call, _ in rung.calls}
    became: dict[str, Counter[str]] = {"live": Counter(), "new": Counter(), "after": Counter()}
    for call, what in each.items():
        became[rung.when(call)][what] += 1
    wrong += _not_allowed(fault, rung, each)
    facts |= _waits(rung, heard)
    wrong += [
        f"{name}: {facts[name]:.2f} s, more than {limit:g} s"
        for name, limit in fault.limits.items()
        if facts.get(name, 0.0) > limit
    ]
    return Trial(fault, len(rung.calls), became, facts, wrong)


def _first_line(trouble: Exception) -> str:
    return str(trouble).partition("\n")[0]


async def _ring(scene: Scene, carrier: Carrier, fault: Fault, rate: float, rung: _Rung) -> None:
    """Make calls until cancelled."""
    reference = planner(scene.rooms)
    began = time.monotonic()
    while True:
        member = scene.member()
        plan = reference(member)
        if fault.short:
            plan = Plan(member.phone, hang_up=SHORT_SECONDS, speaks=False)
        else:
            nth = len(rung.calls) % POINTS + 1
            until = plan.hang_up * nth / POINTS if fault.leaves else plan.hang_up
            plan = Plan(plan.phone, plan.keys, until, fault.tone, plan.gap, disturb=fault.disturb)
        rung.calls.append((carrier.dial(plan), member))
        await asyncio.sleep(began + len(rung.calls) / rate - time.monotonic())


def _became(scene: Scene, fault: Fault, call: Call, hearing: Hearing | None) -> str:
    """Return what became of a call."""
    ours = call.hung_up is not None
    if fault.short:
        return LEFT if call.answered and ours else LOST
    if (
        ours
        and read_in_full(hearing, scene.rooms.settings.password.length)
        and len(hearing.readings if hearing else ()) > 1
    ):
        return RIGHT
    if call.status == 503:
        return REFUSED
    prompts = [one for one in (hearing.said if hearing else ()) if one.kind == "prompt"]
    if prompts and any(one.id in WORDS and one.complete for one in prompts):
        return TOLD
    if ours and fault.leaves:
        return LEFT
    return ASKED if ours and any(one.id in AGAIN for one in prompts) else LOST


def _not_allowed(fault: Fault, rung: _Rung, became: Mapping[Call, str]) -> list[str]:
    """Return what became of calls that should not have."""
    in_the_end = frozenset({LEFT, RIGHT}) if fault.leaves or fault.short else frozenset({RIGHT})
    wrong: Counter[str] = Counter()
    for call, what in became.items():
        when = rung.when(call)
        allowed = {"live": fault.live, "new": fault.new, "after": fault.new | in_the_end}[when]
        if call.began >= rung.mended + SETTLED_SECONDS:
            when, allowed = f"begun {SETTLED_SECONDS:g} s after it was mended", in_the_end
        if what not in allowed:
            wrong[f"calls {when}: {what}"] += 1
    return [f"{count} {what}" for what, count in wrong.items()]


def _waits(rung: _Rung, heard: Mapping[str, Hearing]) -> dict[str, float]:
    """Return the longest waits of callers: for the answer, for the fallback, for an apology; and to a good call."""
    facts: dict[str, float] = {}

    def at_least(name: str, seconds: float) -> None:
        facts[name] = max(facts.get(name, 0.0), seconds)

    first_good = None
    for call, _ in rung.calls:
        hearing = heard.get(call.id)
        if rung.when(call) == "new":
            if call.answered:
                at_least("answer", call.waited)
            elif call.progressed is not None:
                at_least("fallback", call.progressed - call.began)
        if call.answered and call.began >= rung.mended and first_good is None:
            first_good = call.began - rung.mended
        apology = hearing.first("interrupted") if hearing else None
        if apology is not None and call.final is not None:
            # What was being said when the application went ends first; the apology cannot come before.
            before = (
                max((one.ends for one in hearing.said if one.ends <= apology.starts), default=0.0) if hearing else 0
            )
            free = max(call.final + before, rung.mended)
            at_least("apology", call.final + apology.starts - free)
    if first_good is not None:
        facts["first good call"] = first_good
    return facts
