import pytest

from hotline.phone import Datagram, Side, Signalling
from hotline.phone.sip import read_message, read_sdp

CALLER, PBX = ("127.0.0.1", 6000), ("127.0.0.1", 5060)


def message(start, cseq="1 INVITE", port=None, call_id="one"):
    """Return a SIP message, with SDP where a port is given."""
    body = f"v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP 8 101\r\n" if port else ""
    return f"{start}\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n\r\n{body}".encode()


def story(*told):
    """Return what the messages tell; each is (seconds, who sent it, its first line, further arguments)."""
    signalling = Signalling()
    for at, sender, start, *more in told:
        target = PBX if sender is CALLER else CALLER
        signalling.take(Datagram(at, sender, target, message(start, *more)))
    return signalling


INVITE = "INVITE sip:19009068@127.0.0.1 SIP/2.0"


def test_reads_a_response_with_short_header_names():
    """A response is known by the method of its CSeq, and a compact header by its long name."""
    read = read_message(b"SIP/2.0 180 Ringing\r\ni: abc\r\nCSeq: 7 INVITE\r\n\r\n")
    assert (read.method, read.code, read.reason, read.call_id) == ("INVITE", 180, "Ringing", "abc")


@pytest.mark.parametrize(
    "junk", [b"", b"\r\n\r\n", b"\x80\x08\x00\x01" + bytes(168), b"SIP/2.0 x y\r\n\r\n", b"a b c\r\n\r\n"]
)
def test_what_is_not_sip_is_passed_over(junk):
    """Keep-alives, media and garbage are no messages."""
    assert read_message(junk) is None


def test_the_connection_line_of_the_stream_wins():
    """An address given for the audio stream replaces the one of the session."""
    assert read_sdp("c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 8\r\nc=IN IP4 192.0.2.9\r\n") == ("192.0.2.9", 4000)


@pytest.mark.parametrize(
    "body",
    [
        "c=IN IP4 192.0.2.1\r\nm=audio 4p00 RTP/AVP 8",
        "c=IN IP4 \r\nm=audio 4000 RTP/AVP 8",
        "m=audio",
        "m=audio ",
        "c=IN IP4 192.0.2.1\r\nm=audio 65536 RTP/AVP 8",
        "c=IN IP4 192.0.2.256\r\nm=audio 4000 RTP/AVP 8",
    ],
)
def test_an_sdp_that_is_not_understood_names_no_place(body):
    """A broken line of an SDP, whoever sent it, is no address, and no crash of who listens."""
    assert read_sdp(body) is None


def test_an_answered_call_has_all_its_moments():
    """Ringing, early media, answer and end are told with the first time of each, and where the media goes."""
    told = story(
        (1.0, CALLER, INVITE, "1 INVITE", 12000),
        (1.1, PBX, "SIP/2.0 180 Ringing"),
        (1.2, PBX, "SIP/2.0 183 Session Progress", "1 INVITE", 20000),
        (3.0, PBX, "SIP/2.0 200 OK", "1 INVITE", 20000),
        (3.5, PBX, "SIP/2.0 200 OK", "1 INVITE", 20000),
        (9.0, PBX, "BYE sip:x SIP/2.0", "2 BYE"),
        (9.1, CALLER, "SIP/2.0 200 OK", "2 BYE"),
    )
    assert (told.invited, told.rang, told.progressed, told.answered, told.ended) == (1.0, 1.1, 1.2, 3.0, 9.0)
    assert told.ended_by is Side.HOTLINE
    assert (told.caller_media, told.hotline_media) == (("127.0.0.1", 12000), ("127.0.0.1", 20000))
    assert told.refused is None


def test_a_challenge_is_no_refusal():
    """After 401 the same call goes on with credentials."""
    told = story(
        (1.0, CALLER, INVITE),
        (1.1, PBX, "SIP/2.0 401 Unauthorized"),
        (1.2, CALLER, INVITE, "2 INVITE"),
        (1.3, PBX, "SIP/2.0 200 OK", "2 INVITE"),
    )
    assert (told.invited, told.answered, told.refused, told.ended) == (1.0, 1.3, None, None)


def test_a_refusal_tells_its_status():
    """A final status without an answer ends the call, by the hotline."""
    told = story((1.0, CALLER, INVITE), (2.0, PBX, "SIP/2.0 486 Busy Here"))
    assert (told.refused, told.ended, told.ended_by) == ((486, "Busy Here"), 2.0, Side.HOTLINE)


def test_a_cancelled_call_was_ended_by_the_caller():
    """The 487 that follows CANCEL does not make the hotline the one who ended it."""
    told = story(
        (1.0, CALLER, INVITE), (2.0, CALLER, "CANCEL sip:x SIP/2.0", "1 CANCEL"), (2.1, PBX, "SIP/2.0 487 Terminated")
    )
    assert (told.ended, told.ended_by) == (2.0, Side.CALLER)


def test_other_calls_are_not_listened_to():
    """Only the call that the first INVITE began counts."""
    told = story((1.0, CALLER, INVITE), (2.0, PBX, "SIP/2.0 200 OK", "1 INVITE", None, "another"))
    assert told.answered is None
