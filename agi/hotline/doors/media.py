"""How a door asks Asterisk for the media of a call: one question, however often it is put."""

from __future__ import annotations

import re
from typing import Final

from hotline.call import Media

MEDIA: Final = "${CHANNEL(rtp,dest)}/${CHANNEL(rtcp,rxcount)}"
"""What Asterisk puts in the place of this is the answer. Nothing stands where a function can't be read, as before the
SDP came: that is no media, and not the end of the call."""
_COUNT = re.compile(r"[0-9]{1,19}")


def media_of(told: str) -> Media:
    """Return what Asterisk made of `MEDIA`; where it goes nowhere, or nobody told, the destination is empty.

    The destination is that of the newest SDP; with `rtp_symmetric`, that of the packets received.
    """
    destination, _, received = told.rpartition("/")
    return Media(destination, int(received) if _COUNT.fullmatch(received) else 0)
