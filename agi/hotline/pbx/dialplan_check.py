"""What is wrong with a switchboard's configuration: what Asterisk says of it, and what it only finds out in a call."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hotline.pbx.dialplan_text import Dialplan, targets
from hotline.pbx.errors import PbxUnavailable
from hotline.pbx.site import PORTS_A_CALL, most_calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hotline.pbx.dialplan_text import Step, Target
    from hotline.pbx.scratch import Scratch

_SAID = re.compile(r"^\[[^\]]*\] (WARNING|ERROR)\[\d+\](?:\[C-\w+\])?:? ?(?:([\w.-]+\.c):(?:\d+)? ?(?:\w+:)?)? ?(.*)$")
_LINE_OF = re.compile(r"\bline (\d+) (?:of|in) (?:file )?'?([^\s'!]+?\.conf)\b")
_OF_LINE = re.compile(r"'?([^\s'!]+?\.conf)'?[ ,:(]+(?:on |at )?line (\d+)")
_LINE = re.compile(r"\bline (\d+)\b")
_SET = re.compile(r"(\w+)=")
_NAMED = re.compile(r"['\"]([^'\"]{2,80})['\"]")
_FILE = re.compile(r"\b([\w./-]+\.conf)\b")
_PRIORITY = re.compile(r"^(?:  '[^']+' =>)?\s+(?:\[([\w-]+)\])?\s*(\d+)\. ", re.MULTILINE)
_DOCUMENTED = re.compile(r'<application name="(\w+)"')
_MEDIA_PORT = re.compile(r"^\s*Port (?:start|end):\s+(\d+)$", re.MULTILINE)
_MOST_CALLS = re.compile(r"^\s*MOST_CALLS\s*=", re.MULTILINE)
_PLAYING: Final = {"Playback": 0, "Background": 0, "BackGround": 0, "Read": 1}
"""Applications that play files, and which argument names them."""
_SOUND_FOLDERS: Final = ("", "vi/", "en/")


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        place: file, and line where it is known: `extensions.conf:12`.
        what: a sentence.
        counts: it must be mended; else it is a hint.
    """

    place: str
    what: str
    counts: bool = True

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


async def faults(scratch: Scratch, sounds: Path | None = None) -> list[Fault]:
    """Return what is wrong, without repeats; nothing where all is well.

    Args:
        scratch: Asterisk with a copy of the configuration.
        sounds: folder that SOUNDS of site/globals.conf stands for, where it is another one on this machine.

    Raises:
        PbxUnavailable: it ended while it was asked.
    """
    found = list(_said(scratch))
    if scratch.ended:
        return found or [Fault("asterisk.conf", "Asterisk ended at its start without a word")]
    console = scratch.console
    plan = Dialplan.read(await console.ask("dialplan show"), await console.ask("dialplan show globals"))
    if sounds is not None:
        plan.globals["SOUNDS"] = str(sounds)
    found += await _missing_targets(scratch, plan)
    found += _missing_files(scratch, plan)
    found += _missing_applications(scratch, plan, await console.ask("core show applications"))
    found += _missing_ports(scratch, plan, await console.ask("rtp show settings"))
    return list(dict.fromkeys(found))


def _said(scratch: Scratch) -> Iterator[Fault]:
    """Yield what Asterisk warned of."""
    for line in scratch.said().splitlines():
        if said := _SAID.match(line):
            words = said[3].replace(f"{scratch.etc}/", "").strip()
            yield Fault(_place(scratch, words), f"{words} ({said[1].lower()})")


def _place(scratch: Scratch, words: str) -> str:
    """Return the file and line that `words` are about: as they say, or else where the thing they name stands."""
    if told := _LINE_OF.search(words):
        return f"{_known(scratch, told[2])}:{told[1]}"
    if told := _OF_LINE.search(words):
        return f"{_known(scratch, told[1])}:{told[2]}"
    files = sorted(scratch.etc.rglob("*.conf"))
    if (told := _LINE.search(words)) and (file := _with(files, int(told[1]), _SET.findall(words))):
        return f"{file.relative_to(scratch.etc)}:{told[1]}"
    if named := _FILE.search(words):
        files.sort(key=lambda path: not path.name.startswith(named[1].removesuffix(".conf")))
    for name in _NAMED.findall(words):
        for pattern in (rf"^\s*\[{re.escape(name)}\]", rf"^[^;\n]*(?<![\w.-]){re.escape(name)}(?![\w-])"):
            for path in files:
                text = path.read_text(encoding="utf-8", errors="replace")
                if place := re.search(pattern, text, re.MULTILINE):
                    return f"{path.relative_to(scratch.etc)}:{text.count(chr(10), 0, place.start()) + 1}"
    return _known(scratch, named[1]) if named else "Asterisk"


def _with(files: Sequence[Path], line: int, names: Sequence[str]) -> Path | None:
    """Return the file whose line of this number has one of `names`: of a value Asterisk tells no file."""
    for path in files:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        if len(lines) >= line and any(name in lines[line - 1] for name in names):
            return path
    return None


def _known(scratch: Scratch, name: str) -> str:
    """Return the path of a file within the folder; Asterisk may name it whole, or by its last part."""
    if (scratch.etc / name).is_file():
        return name
    found = [path for path in scratch.etc.rglob("*.conf") if path.name == name.rpartition("/")[2]]
    return str(found[0].relative_to(scratch.etc)) if found else name


async def _missing_targets(scratch: Scratch, plan: Dialplan) -> list[Fault]:
    """Return the jumps to what Asterisk itself does not find; where a jump depends on the call, nobody knows."""
    shown: dict[tuple[str, str], str] = {}
    missing = []
    for step in plan.steps:
        for target in targets(step, plan.globals):
            at = (target.extension, target.context)
            if at not in shown:
                shown[at] = await _show(scratch, *at)
            if why := _lacks(shown[at], target, plan):
                missing.append(Fault(_known_place(scratch, step), f"{step.application} goes to {why}"))
    return missing


async def _show(scratch: Scratch, extension: str, context: str) -> str:
    try:
        return await scratch.console.ask(f"dialplan show {extension}@{context}")
    except PbxUnavailable as nothing:  # so the console ends where it finds nothing
        if "no existence" in str(nothing):
            return ""
        raise


def _lacks(shown: str, target: Target, plan: Dialplan) -> str:
    """Return what is missing of `target`, or nothing."""
    if target.context not in plan.contexts:
        return f"context {target.context}, which is not there"
    if "Context '" not in shown:
        return f"extension {target.extension} of {target.context}, which is not there"
    priorities = {one for found in _PRIORITY.findall(shown) for one in found}
    if target.priority not in priorities:
        return f"{target.priority} of {target.extension} in {target.context}, which has no such priority or label"
    return ""


def _missing_files(scratch: Scratch, plan: Dialplan) -> Iterator[Fault]:
    """Yield the files that are to be played and are not there."""
    for step in plan.steps:
        if step.application not in _PLAYING:
            continue
        arguments = step.arguments.split(",")
        place = _PLAYING[step.application]
        names = plan.resolved(arguments[place]).split("&") if place < len(arguments) else []
        for name in names:
            if name and "${" not in name and not _there(scratch, name):
                yield Fault(_known_place(scratch, step), f"{step.application} plays {name}, of which there is no file")


def _there(scratch: Scratch, name: str) -> bool:
    if name.startswith("/"):
        path = Path(name)
        return any(path.parent.glob(f"{path.name}.*"))
    top = scratch.root or Path("/")
    return any(any((top / "usr/share/asterisk/sounds" / folder).glob(f"{name}.*")) for folder in _SOUND_FOLDERS)


def _missing_applications(scratch: Scratch, plan: Dialplan, loaded: str) -> Iterator[Fault]:
    """Yield the applications that no loaded module has: a call that comes to one ends there, and no start says so."""
    there = {name.lower() for name in re.findall(r"^\s*(\w+): ", loaded, re.MULTILINE)}
    documents = ((scratch.root or Path("/")) / "usr/share/asterisk/documentation").glob("core-*.xml")
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in documents]
    known = {name.lower() for text in texts for name in _DOCUMENTED.findall(text)}
    for step in plan.steps:
        name = step.application
        if name.lower() in there:
            continue
        if known and name.lower() not in known:
            yield Fault(_known_place(scratch, step), f"{name}: Asterisk has no such application")
        else:
            what = f"{name} is in no module that is loaded: no call may come here"
            yield Fault(_known_place(scratch, step), what, counts=False)


def _known_place(scratch: Scratch, step: Step) -> str:
    return f"{_known(scratch, step.file)}:{step.line}"


def _missing_ports(scratch: Scratch, plan: Dialplan, settings: str) -> Iterator[Fault]:
    """Yield that there are too few ports for the media of MOST_CALLS, and of one more that is to be told so."""
    ports, wanted = [int(port) for port in _MEDIA_PORT.findall(settings)], plan.globals.get("MOST_CALLS", "")
    if len(ports) != 2 or not wanted.isdecimal() or int(wanted) < (ports[1] - ports[0] + 1) // PORTS_A_CALL:
        return
    for path in sorted(scratch.etc.rglob("*.conf")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if place := _MOST_CALLS.search(text):
            yield Fault(
                f"{path.relative_to(scratch.etc)}:{text.count(chr(10), 0, place.start()) + 1}",
                f"MOST_CALLS = {wanted}, but the media ports {ports[0]} to {ports[1]} (rtp.conf), two a call, carry "
                f"{most_calls(*ports)}: who comes when none is left gets 488, and not 503",
            )
