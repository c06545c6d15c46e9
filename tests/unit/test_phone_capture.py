import socket
import struct

import pytest

from hotline.phone import Capture, Datagram
from hotline.phone.capture import filter_program, read_frame

OUTGOING, HOST = 4, 0


def frame(payload=b"hello", source=5060, target=6000, *, protocol=17, options=b"", fragment=0, kind=b"\x08\x00"):
    """Return an Ethernet frame from 127.0.0.1 to 127.0.0.2."""
    udp = struct.pack("!HHHH", source, target, 8 + len(payload), 0) + payload
    addresses = socket.inet_aton("127.0.0.1") + socket.inet_aton("127.0.0.2")
    first = 0x45 + len(options) // 4
    ip = struct.pack("!BBHHHBBH", first, 0, 20 + len(options) + len(udp), 1, fragment, 64, protocol, 0) + addresses
    return bytes(12) + kind + ip + options + udp


def passes(data, ports, *, loopback=True, kind=OUTGOING):  # noqa: C901 - a processor is a list of operations
    """Run the kernel's filter on a frame and tell whether it is kept."""
    program, at, loaded, header = filter_program(ports, loopback=loopback), 0, 0, 0
    while True:
        operation, true, false, value = program[at]
        at += 1
        match operation:
            case 0x20:
                loaded = kind
            case 0x28:
                (loaded,) = struct.unpack_from("!H", data, value)
            case 0x30:
                loaded = data[value]
            case 0xB1:
                header = 4 * (data[value] & 15)
            case 0x48:
                (loaded,) = struct.unpack_from("!H", data, header + value)
            case 0x15:
                at += true if loaded == value else false
            case 0x25:
                at += true if loaded > value else false
            case 0x35:
                at += true if loaded >= value else false
            case 0x06:
                return bool(value)


PORTS = [(6000, 6000), (12000, 12010)]


@pytest.mark.parametrize(
    ("source", "target", "kept"),
    [
        (6000, 1, True),
        (1, 6000, True),
        (12000, 1, True),
        (1, 12010, True),
        (1, 12005, True),
        (5999, 6001, False),
        (11999, 12011, False),
    ],
)
def test_the_filter_keeps_the_ports_asked_for(source, target, kept):
    """A datagram from or to one of the ports is kept, and no other."""
    assert passes(frame(source=source, target=target), PORTS) is kept


def test_the_filter_minds_the_length_of_the_header():
    """Ports are found behind IP options as well."""
    assert passes(frame(options=bytes(8)), PORTS)


@pytest.mark.parametrize("other", [frame(protocol=6), frame(kind=b"\x86\xdd")])
def test_the_filter_drops_what_is_not_udp_over_ipv4(other):
    """TCP and IPv6 are dropped in the kernel."""
    assert not passes(other, PORTS)


def test_loopback_is_heard_once():
    """Of the two copies of a loopback packet the outgoing one is kept; elsewhere both directions are."""
    assert not passes(frame(), PORTS, kind=HOST)
    assert passes(frame(), PORTS, kind=HOST, loopback=False)


def test_reads_a_datagram():
    """Addresses, ports and content come out of a frame, without Ethernet's padding."""
    data = frame(options=bytes(4)) + bytes(10)
    assert read_frame(data, 1.5) == Datagram(1.5, ("127.0.0.1", 5060), ("127.0.0.2", 6000), b"hello", data)


CUT_IN_ITS_OPTIONS = frame()[:14] + b"\x4f" + frame()[15:]


@pytest.mark.parametrize(
    "other",
    [b"", bytes(60), frame(protocol=6), frame(fragment=0x2000), frame(fragment=7), CUT_IN_ITS_OPTIONS],
)
def test_what_is_not_a_whole_datagram_is_passed_over(other):
    """Short frames, other protocols and fragments are nothing."""
    assert read_frame(other, 0.0) is None


def test_saves_for_wireshark(tmp_path):
    """The file has a header of nanosecond pcap and each frame with its time."""
    capture = Capture(PORTS)
    capture.datagrams.append(read_frame(frame(), 1_700_000_000.25))
    capture.save(tmp_path / "call.pcap")
    data = (tmp_path / "call.pcap").read_bytes()
    assert struct.unpack_from("<IHH", data) == (0xA1B23C4D, 2, 4)
    assert struct.unpack_from("<IIII", data, 24) == (1_700_000_000, 250_000_000, len(frame()), len(frame()))
    assert data[40:] == frame()
