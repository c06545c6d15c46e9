"""`python -m bench.equal_time`: measure, print, draw, save."""

from __future__ import annotations

import contextlib
import random
import statistics
from pathlib import Path  # noqa: TC003 - used in an annotation typer does not see
from typing import TYPE_CHECKING, Annotated

import typer

from bench import chart, medians, run
from bench.application import serving
from bench.equal_time import at_the_desk, on_the_phone
from bench.equal_time.cases import REFUSED, Case, Stage
from bench.table import Figure, show
from hotline.demo.house import back_end, house
from hotline.demo.show import progress
from hotline.desk import Vault
from hotline.records import Database
from hotline.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from bench.equal_time.at_the_desk import Check
    from bench.equal_time.on_the_phone import Call

BOUND = 20.0
"""Milliseconds that an interval may reach from zero: less than a packet, and than the jitter of any phone line."""
GOAL = f"within ±{BOUND:g} ms"
INTERVALS = "differences of medians [95 % interval]"
TITLE = "Does the time to the answer tell what is known?"


async def measure(console: Console, out: Path, checks: int, calls: int, phones: int) -> list[Figure]:
    """Measure `checks` checks at the desk and `calls` calls of each case, and leave the results in `out`."""
    rng = random.Random()  # noqa: S311 - an order of cases and invented numbers
    everything = (*REFUSED, Case.MATCH)
    async with contextlib.AsyncExitStack() as stack:
        with progress(console) as steps:
            rooms = await stack.enter_async_context(house(Settings.load(), steps))
        # Setting the stage may take its time, on a busy machine.
        patient = rooms.settings.database.model_copy(update={"time_limit": 10.0})
        database = await stack.enter_async_context(Database(patient))
        vault = Vault(rooms.settings.password)
        stack.callback(vault.close)
        stage = Stage(database, vault, rooms.settings.limits, rng)
        await stage.fill()
        with run.progress(console) as bars:
            task = bars.add_task("checks at the desk", total=checks * len(everything))
            async with back_end(rooms.settings) as desk:
                at_desk = await at_the_desk.checks(
                    desk, stage, everything, times=checks, rng=rng, done=lambda: bars.update(task, advance=1)
                )
            ring = bars.add_task("calls", total=calls * len(everything))
            async with serving(rooms):
                on_phone, void = await on_the_phone.calls(
                    rooms,
                    stage,
                    everything,
                    times=calls,
                    phones=phones,
                    rng=rng,
                    done=lambda: bars.update(ring, advance=1),
                )
    figures = [*desk_figures(console, at_desk), *phone_figures(console, on_phone, void)]
    _save(out, at_desk, on_phone, {"checks": checks, "calls": calls, "phones": phones}, figures)
    console.print(f"Chart and raw data: {out}/")
    return figures


def desk_figures(console: Console, made: Sequence[Check]) -> list[Figure]:
    """Print and return what the checks at the desk tell."""
    whole = _by_case([(check.case, check.looked_up + check.settled) for check in made])
    silent = _by_case([(check.case, check.settled) for check in made])
    wrong = [check for check in made if check.refused is (check.case is Case.MATCH)]
    figures = [
        _outcomes(len(made), len(wrong), "outcome as it must be"),
        *_compare("Look up and settle", whole),
        *_compare("Settle alone", silent),
    ]
    show(console, f"At the desk: {len(made)} checks in random order; {INTERVALS}", figures)
    return figures


def phone_figures(console: Console, made: Sequence[Call], void: int) -> list[Figure]:
    """Print and return what the calls tell."""
    expected = {case: ("check", "new-password" if case is Case.MATCH else "mismatch") for case in Case}
    # Work that is late repeats the clip (SPEC §2): right, but time of another length.
    late = [call for call in made if call.words[:2] == ("check", "check")]
    wrong = [call for call in made if tuple(dict.fromkeys(call.words)) != expected[call.case]]
    outcome = _by_case([(call.case, call.outcome) for call in made])
    check = _by_case([(call.case, call.check_ended) for call in made])
    figures = [
        _outcomes(len(made), len(wrong), "words as they must be: check clip, then sentence or password"),
        Figure("calls made again, as a key was lost or told twice", str(void)),
        Figure("calls whose check clip was repeated, as the answer was late", str(len(late))),
        *_compare("Last key to the end of the check clip", check),
        *_compare("Last key to the first packet of the outcome", outcome),
    ]
    show(
        console,
        f"On the phone: {len(made)} calls in random order, timed by packets; differences of medians [95 % interval]",
        figures,
    )
    return figures


def _outcomes(made: int, wrong: int, what: str) -> Figure:
    return Figure(what, f"{made - wrong} of {made}", "all", wrong == 0)


def _by_case(samples: Sequence[tuple[Case, float]]) -> dict[str, list[float]]:
    """Return the seconds as milliseconds, by case."""
    return {case.value: [1000 * seconds for its, seconds in samples if its is case] for case in Case}


def _compare(what: str, groups: Mapping[str, Sequence[float]]) -> list[Figure]:
    first, *others = groups
    figures = [Figure(what), Figure(f"  {first}", f"{statistics.median(groups[first]):.1f} ms")]
    differences = [(f"  {case}", medians.difference(groups[case], groups[first])) for case in others]
    one, other, widest = medians.farthest_apart(groups)
    differences.append((f"  farthest apart: {one} / {other}", widest))
    for case, found in differences:
        value = f"{found.estimate:+.1f} ms  [{found.low:+.1f}, {found.high:+.1f}]"
        figures.append(Figure(case, value, GOAL, found.within(BOUND)))
    return figures


def _save(
    out: Path, at_desk: Sequence[Check], on_phone: Sequence[Call], options: Mapping[str, object], figures: list[Figure]
) -> None:
    run.save_rows(
        out / "desk.csv",
        ["case", "look_up_s", "settle_s", "refused"],
        [[check.case.value, check.looked_up, check.settled, check.refused] for check in at_desk],
    )
    run.save_rows(
        out / "calls.csv",
        ["case", "phone", "heard", "check_began_s", "check_ended_s", "outcome_s"],
        [
            [call.case.value, call.phone, " ".join(call.words), call.check_began, call.check_ended, call.outcome]
            for call in on_phone
        ],
    )
    run.save_run(out / "run.json", options, figures)
    panels = [
        chart.Panel(
            f"At the desk: look up and settle, {len(at_desk)} checks",
            _by_case([(check.case, check.looked_up + check.settled) for check in at_desk]),
            "milliseconds",
            BOUND,
        ),
        chart.Panel(
            f"On the phone: last key to the first packet of the outcome, {len(on_phone)} calls",
            _by_case([(call.case, call.outcome) for call in on_phone]),
            "milliseconds",
            BOUND,
        ),
    ]
    chart.draw(panels, out / "equal_time", TITLE)


def command(
    checks: Annotated[int, typer.Option(min=2, help="checks of each case at the desk")] = 200,
    calls: Annotated[int, typer.Option(min=2, help="calls of each case")] = 30,
    phones: Annotated[int, typer.Option(min=1, max=9, help="phones at once")] = 6,
    out: Annotated[Path, typer.Option(help="folder for the results")] = run.RESULTS / "equal_time",
) -> None:
    """Measure whether the time to an answer tells a caller which of phone and number is known (SPEC §3)."""
    out.mkdir(parents=True, exist_ok=True)
    run.finish(measure(run.terminal(), out, checks, calls, phones))


if __name__ == "__main__":
    typer.run(command)
