import inspect

from hotline import phone


def test_the_face_is_exact():
    """Everything the room shows is in `__all__`, and nothing else."""
    shown = {name for name, value in vars(phone).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert shown == set(phone.__all__)
    assert list(phone.__all__) == sorted(phone.__all__)


def test_every_error_is_a_phone_error():
    """One `except PhoneError` catches all this room raises on its own account."""
    errors = [value for name in phone.__all__ if isinstance(value := getattr(phone, name), type)]
    errors = [error for error in errors if issubclass(error, Exception)]
    assert len(errors) == 6
    assert all(issubclass(error, phone.PhoneError) for error in errors)
