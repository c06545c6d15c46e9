"""What Asterisk sends."""

import msgspec
import pytest

from hotline.ari.models import (
    UNUSED_EVENTS,
    ApplicationReplaced,
    ChannelDtmfReceived,
    KnownEvent,
    Playback,
    PlaybackFinished,
    StasisStart,
    UnknownEvent,
    decode_event,
)

# As Asterisk 22.10.1 sent them.
START = (
    '{"type":"StasisStart","timestamp":"2026-11-22T14:34:49.071+0000","args":["origin=phone","number=%2B84912345678"],'
    '"channel":{"id":"A1b","name":"Local/s@test-00000000;2","state":"Ring","protocol_id":"","caller":{"name":"",'
    '"number":"0912345678"},"connected":{"name":"","number":""},"accountcode":"","dialplan":{"context":"test",'
    '"exten":"s","priority":2,"app_name":"Stasis","app_data":"lab"},"creationtime":"2026-11-22T14:34:49.070+0000",'
    '"language":"en"},"asterisk_id":"02:fc:00:00:00:01","application":"lab"}'
)
FINISHED = (
    '{"type":"PlaybackFinished","playback":{"id":"p4","media_uri":"sound:/x","next_media_uri":"sound:/y",'
    '"target_uri":"channel:A1b","language":"en","state":"done"},"application":"lab"}'
)


def test_a_start_is_decoded():
    """A channel comes in with its arguments, its state and its caller."""
    event = decode_event(START)
    assert isinstance(event, StasisStart)
    assert event.args == ["origin=phone", "number=%2B84912345678"]
    assert (event.channel.id, event.channel.state, event.channel.caller.number) == ("A1b", "Ring", "0912345678")


def test_a_playback_names_its_channel():
    """A playback event is led to its channel by the target."""
    event = decode_event(FINISHED)
    assert isinstance(event, PlaybackFinished)
    assert event.playback.channel_id == "A1b"
    assert Playback("p", "bridge:b", "done").channel_id == ""


def test_a_key_is_decoded():
    """A key is one character."""
    event = decode_event('{"type":"ChannelDtmfReceived","digit":"#","duration_ms":100,"channel":{"id":"c"}}')
    assert isinstance(event, ChannelDtmfReceived)
    assert event.digit == "#"


def test_an_unknown_type_is_not_an_error():
    """An event of a newer Asterisk is named and skipped."""
    assert decode_event('{"type":"ChannelSang","channel":{"id":"c"}}') == UnknownEvent("ChannelSang")


@pytest.mark.parametrize("text", ['{"type":"StasisStart"}', '{"type":"StasisStart","channel":7}'])
def test_an_event_that_breaks_its_promise_is_skipped(text):
    """An event without what its type promises is skipped, and told by its type."""
    assert decode_event(text) == UnknownEvent("StasisStart")


@pytest.mark.parametrize("text", ["", "{", "[]", "7", b"\xff", b'{"type":"\xff"}'])
def test_rubbish_is_skipped(text):
    """Something that is no event at all does no harm."""
    assert decode_event(text) == UnknownEvent()


def test_nothing_used_is_filtered_out():
    """No event that we need is in the list of those Asterisk shall not send."""
    used = {kind.__struct_config__.tag for kind in KnownEvent.__args__}
    assert not used & set(UNUSED_EVENTS)
    assert list(UNUSED_EVENTS) == sorted(set(UNUSED_EVENTS))


def test_a_replacement_needs_no_channel():
    """The event that says our name was taken has no fields of its own."""
    assert decode_event('{"type":"ApplicationReplaced","application":"lab"}') == ApplicationReplaced("lab")
    assert msgspec.json.encode(ApplicationReplaced("lab"))
