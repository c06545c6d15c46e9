"""What can go wrong between the script and a sound file.

PromptsError
 ├─ ScriptError       the script has faults; each is named with its file and line
 ├─ WordListMissing   spelling can't be checked, for the list of words is not installed
 ├─ VoiceFailed       the speech engine is missing, has no such voice, or did not answer
 ├─ RecordingRefused  a recorded voice cannot be used
 ├─ SoundsUnwritable  the folder of the built prompts cannot be written
 ├─ PromptMissing     prompts of the script have no sound; all of them are named
 └─ SecretsUnsafe     the folder for spoken secrets could leak them
"""

from __future__ import annotations


class PromptsError(Exception):
    """Anything this room raises."""


class ScriptError(PromptsError):
    """The script has faults; the message has one line for each: `file:line: what is wrong`."""


class WordListMissing(PromptsError):
    """Spelling can't be checked: the list of words is not installed. The message says how it is."""


class VoiceFailed(PromptsError):
    """The speech engine is missing, has no such voice, or did not answer."""


class RecordingRefused(PromptsError):
    """A recorded voice cannot be used; the message names the file."""


class SoundsUnwritable(PromptsError):
    """The folder of the built prompts cannot be written."""


class PromptMissing(PromptsError):
    """Prompts of the script have no sound that can be played; the message names them all."""


class SecretsUnsafe(PromptsError):
    """The folder for spoken secrets is not in memory, or not ours alone."""
