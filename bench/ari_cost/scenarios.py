"""The callers, as SIPp's scenarios: each is answered and hung up by us."""

from __future__ import annotations

from bench.ari_cost.orders import NUMBER

RING_SECONDS = 10
"""A call that is not answered by then has failed."""
CALL_SECONDS = 40
"""A call that is not hung up by then has failed."""

_CALL = """\
<?xml version="1.0" encoding="UTF-8"?>
<scenario name="a call">
  <send retrans="500" start_rtd="1"><![CDATA[
      INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:+84399999999@carrier.example>;tag=[pid]-[call_number]
      To: <sip:[service]@[remote_ip]>
      Call-ID: [call_id]
      CSeq: 1 INVITE
      Contact: sip:carrier@[local_ip]:[local_port]
      Max-Forwards: 70
      Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=carrier 1 1 IN IP4 [local_ip]
      s=-
      c=IN IP4 [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 8 96
      a=rtpmap:8 PCMA/8000
      a=rtpmap:96 telephone-event/8000
  ]]></send>
  <recv response="100" optional="true"/>
  <recv response="200" rtd="1" timeout="{ring}"/>
  <send><![CDATA[
      ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:+84399999999@carrier.example>;tag=[pid]-[call_number]
      To: <sip:[service]@[remote_ip]>[peer_tag_param]
      Call-ID: [call_id]
      CSeq: 1 ACK
      Max-Forwards: 70
      Content-Length: 0
  ]]></send>
{keys}  <recv request="BYE" timeout="{call}"/>
  <send><![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0
  ]]></send>
</scenario>
"""
_KEYS = """\
  <pause milliseconds="1000"/>
  <nop><action><exec play_dtmf="{keys}"/></action></nop>
"""


def _scenario(*keys: str) -> str:
    pressed = "".join(_KEYS.format(keys=one) for one in keys)
    return _CALL.format(ring=1000 * RING_SECONDS, call=1000 * CALL_SECONDS, keys=pressed)


SET_UP = _scenario()
"""Says nothing."""
REFERENCE = _scenario("8", f"{NUMBER}#")
"""Chooses 8 one second after the answer, and keys the number one second after that."""
