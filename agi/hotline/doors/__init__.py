"""Where a channel becomes a call: one door for each way Asterisk hands calls over."""

from hotline.doors.door import Door, DoorUnavailable

__all__ = ["Door", "DoorUnavailable"]
