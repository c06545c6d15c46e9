"""A softphone to call with and an ear that tells what was said to it, and when."""

from hotline.phone.baresip import Closing, Softphone
from hotline.phone.caller import Caller
from hotline.phone.capture import Capture, Datagram
from hotline.phone.digest import Credentials
from hotline.phone.ear import Ear, Silence, Utterance
from hotline.phone.errors import CallClosed, CannotListen, NotDistinct, NotInTime, PhoneError, PhoneFailed
from hotline.phone.handmade import HandmadePhone
from hotline.phone.keying import Sent
from hotline.phone.rtp import Heard, Key
from hotline.phone.sip import Side, Signalling
from hotline.phone.witness import TimelineEntry, Witness

__all__ = [
    "CallClosed",
    "Caller",
    "CannotListen",
    "Capture",
    "Closing",
    "Credentials",
    "Datagram",
    "Ear",
    "HandmadePhone",
    "Heard",
    "Key",
    "NotDistinct",
    "NotInTime",
    "PhoneError",
    "PhoneFailed",
    "Sent",
    "Side",
    "Signalling",
    "Silence",
    "Softphone",
    "TimelineEntry",
    "Utterance",
    "Witness",
]
