"""A call from the carrier's address by another SIP stack than the sockets next door: SIPp."""

import asyncio

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="session")

TRUNK = "127.0.0.2"
SCENARIO = """\
<?xml version="1.0" encoding="UTF-8"?>
<scenario name="a call from the carrier">
  <send retrans="500"><![CDATA[
      INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:+84399999999@carrier.example>;tag=[call_number]
      To: <sip:[service]@[remote_ip]>
      Call-ID: [call_id]
      CSeq: 1 INVITE
      Contact: sip:carrier@[local_ip]:[local_port]
      Max-Forwards: 70
%(headers)s
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
  <recv response="183" optional="true"/>
  <recv response="200" timeout="10000"/>
  <send><![CDATA[
      ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:+84399999999@carrier.example>;tag=[call_number]
      To: <sip:[service]@[remote_ip]>[peer_tag_param]
      Call-ID: [call_id]
      CSeq: 1 ACK
      Max-Forwards: 70
      Content-Length: 0
  ]]></send>
  <pause milliseconds="300"/>
  <send retrans="500"><![CDATA[
      BYE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: <sip:+84399999999@carrier.example>;tag=[call_number]
      To: <sip:[service]@[remote_ip]>[peer_tag_param]
      Call-ID: [call_id]
      CSeq: 2 BYE
      Max-Forwards: 70
      Content-Length: 0
  ]]></send>
  <recv response="200"/>
</scenario>
"""


@pytest.fixture
def carrier(house, tmp_path):
    """Ring the hotline from the carrier's address with these headers; return whether the call was answered."""

    async def call(*headers):
        scenario = tmp_path / "scenario.xml"
        scenario.write_text(SCENARIO % {"headers": "\n".join(f"      {header}" for header in headers)})
        site = house.asterisk.site
        sipp = await asyncio.create_subprocess_exec(
            "sipp", "-sf", scenario, "-s", site.number, "-i", TRUNK, "-m", "1", "-nostdin", "-timeout", "15s",
            f"{site.address}:{site.sip_port}",
            cwd=tmp_path, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        return await sipp.wait() == 0

    return call


async def test_a_caller_the_network_asserts_is_served(service, carrier, records, outcomes):
    """P-Asserted-Identity from the trunk says who calls, whatever stands in From; the records mask it."""
    assert await carrier("P-Asserted-Identity: <sip:+84912345678@carrier.example;user=phone>")
    assert await outcomes() == ["hung-up"]
    assert await records.fetchval("SELECT caller_masked FROM calls") == "*******678"
