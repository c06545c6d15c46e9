"""From the script to sound files, and from a spoken secret to a nameless file.

`Script.load` reads and checks the words, `build` makes or refreshes the sounds, `Library.open` checks that none is
missing, `compose` joins digits to a reading, and `SpokenSecrets` has a reading as a file while it is played.
"""

from __future__ import annotations

from hotline.prompts.audio import alaw_to_ulaw, seconds, silence
from hotline.prompts.build import build
from hotline.prompts.engine import Engine, Manner, engine_for
from hotline.prompts.errors import (
    PromptMissing,
    PromptsError,
    RecordingRefused,
    ScriptError,
    SecretsUnsafe,
    SoundsUnwritable,
    VoiceFailed,
    WordListMissing,
)
from hotline.prompts.espeak_engine import EspeakEngine
from hotline.prompts.inspection import Inspected, inspect
from hotline.prompts.language import LANGUAGES, Language
from hotline.prompts.library import Clip, Library
from hotline.prompts.override import Override
from hotline.prompts.page import page
from hotline.prompts.piper_engine import PiperEngine
from hotline.prompts.pyttsx3_engine import Pyttsx3Engine
from hotline.prompts.reading import compose, grouped
from hotline.prompts.script import Prompt, Proof, Script
from hotline.prompts.secrets import SecretClip, SpokenSecrets
from hotline.prompts.spelling import WordList
from hotline.prompts.studio import Line, Session, Take, recording_list, take_in

__all__ = [
    "LANGUAGES",
    "Clip",
    "Engine",
    "EspeakEngine",
    "Inspected",
    "Language",
    "Library",
    "Line",
    "Manner",
    "Override",
    "PiperEngine",
    "Prompt",
    "PromptMissing",
    "PromptsError",
    "Proof",
    "Pyttsx3Engine",
    "RecordingRefused",
    "Script",
    "ScriptError",
    "SecretClip",
    "SecretsUnsafe",
    "Session",
    "SoundsUnwritable",
    "SpokenSecrets",
    "Take",
    "VoiceFailed",
    "WordList",
    "WordListMissing",
    "alaw_to_ulaw",
    "build",
    "compose",
    "engine_for",
    "grouped",
    "inspect",
    "page",
    "recording_list",
    "seconds",
    "silence",
    "take_in",
]
