"""What the ARI door makes of a playback's end."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from hotline.ari import Outcome, PlaybackResult
from hotline.call import CallerGone, Ended, LineFailed, SoundFailed
from hotline.doors.ari import AriLine


@dataclass(frozen=True)
class Sound:
    path: Path = Path("/reading")
    seconds: float = 10.0


@dataclass
class Stay:
    """A stay whose playbacks all come to the same."""

    result: PlaybackResult
    channel: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(id="channel"))

    def listen(self, on_key, on_gone):
        """Nobody presses a key."""

    async def play(self, media, *, limit_seconds):
        return self.result


@pytest.mark.parametrize(
    ("outcome", "seconds", "comes_to"),
    [
        (Outcome.FINISHED, 10.0, Ended.FINISHED),
        (Outcome.FINISHED, 9.5, Ended.FINISHED),
        (Outcome.STOPPED, 3.0, Ended.STOPPED),
        (Outcome.GONE, 9.95, Ended.FINISHED),
        (Outcome.GONE, 9.8, CallerGone),
        (Outcome.GONE, 5.0, CallerGone),
        (Outcome.GONE, 10.5, CallerGone),
        (Outcome.FAILED, 0.0, SoundFailed),
        (Outcome.NEVER_STARTED, 0.0, LineFailed),
        (Outcome.OVERDUE, 15.0, LineFailed),
    ],
)
async def test_only_what_is_proven_was_heard(outcome, seconds, comes_to):
    """Heard is what was played to its end, or up to its last silence; a line that stood still proves nothing."""
    line = AriLine(Stay(PlaybackResult(outcome, seconds)), Sound())
    if isinstance(comes_to, Ended):
        assert (await line.play([Sound()], "")).ended is comes_to
    else:
        with pytest.raises(comes_to) as caught:
            await line.play([Sound()], "")
        assert not any(character.isdigit() for character in str(caught.value)), "an error tells no length of a sound"


@pytest.mark.parametrize(("seconds", "heard"), [(10.0, True), (12.0, True), (9.95, True), (9.0, False), (0.3, False)])
async def test_an_end_that_was_not_seen_comes_after_the_whole_sound(seconds, heard):
    """A playback found to be over before its sound could be has not been heard, whatever it ended as."""
    line = AriLine(Stay(PlaybackResult(Outcome.FINISHED, seconds, observed=False)), Sound())
    if heard:
        assert (await line.play([Sound()], "")).ended is Ended.FINISHED
    else:
        with pytest.raises(LineFailed):
            await line.play([Sound()], "")
