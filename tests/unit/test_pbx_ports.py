"""Ports for a private Asterisk."""

from __future__ import annotations

import socket

import pytest

from hotline.pbx import PbxUnavailable, Ports, ports


def test_two_claims_share_no_port():
    """Two claims at once are of different ports, all below the kernel's own range, media from an even one."""
    with Ports.claim() as one, Ports.claim() as other:
        assert one.sip != other.sip
        first, second = sorted((one, other), key=lambda claim: claim.sip)
        assert first.rtp_last < second.sip
        assert second.rtp_last <= 32767
        assert one.rtp_first % 2 == 0


def test_a_claimed_block_is_not_given_out_twice(monkeypatch):
    """With a single block, a second claim fails while the first is held; closing lets go of it."""
    with Ports.claim() as held:
        monkeypatch.setattr(ports, "FIRST", held.sip)
        monkeypatch.setattr(ports, "LAST", held.sip + ports.BLOCK - 1)
        with pytest.raises(PbxUnavailable, match="no block"):
            Ports.claim()
    assert held._claim.fileno() == -1


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_in_use_makes_a_block_unfit(kind):
    """A block of which somebody else uses one port, for SIP or ARI, is not free."""
    with Ports.claim() as block, socket.socket(socket.AF_INET, kind) as taken:
        assert block._free("127.0.0.1")
        taken.bind(("127.0.0.1", block.sip))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        assert not block._free("127.0.0.1")


def test_a_media_port_in_use_makes_a_block_unfit():
    """A block of which somebody else uses the last media port is not free."""
    with Ports.claim() as block, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", block.rtp_last))
        assert not block._free("127.0.0.1")


@pytest.mark.parametrize("address", ["192.0.2.77", "nowhere", "0.0.0.0"])
def test_an_address_that_is_not_ours_is_named(address):
    """Who names a wrong address is told so, and how to find a right one."""
    with pytest.raises(PbxUnavailable, match=rf"{address} is .*ip -br address"):
        Ports.claim(address)
