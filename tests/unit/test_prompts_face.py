"""What the room shows to others."""

from __future__ import annotations

import types

from hotline import prompts


def test_the_public_face_is_exact():
    """Everything imported into the room's face is in `__all__`, and nothing else is."""
    names = {
        name for name, value in vars(prompts).items() if name[0] != "_" and not isinstance(value, types.ModuleType)
    }
    assert names - {"annotations"} == set(prompts.__all__)


def test_every_error_of_the_room_is_one_of_its_kind():
    """A caller of the room can catch everything it raises by one name."""
    errors = [value for value in vars(prompts).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len(errors) == 8
    assert all(issubclass(error, prompts.PromptsError) for error in errors)
