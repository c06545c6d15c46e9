"""The FastAGI door: the same calls from plain dialplan, `AGI(agi://…)`, for Asterisk from 13 on and for FreePBX.

- `head`: what Asterisk says of a call before the first command; refused when it is not whole or not honest.
- `session`: commands and answers over one connection, in step.
- `line`: the caller's line.
- `door`: who may connect, how many, and what becomes of them.
"""

from hotline.doors.fastagi.door import FastAgiDoor

__all__ = ["FastAgiDoor"]
