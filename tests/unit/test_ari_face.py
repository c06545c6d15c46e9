"""The face of the room."""

import importlib
import pkgutil

import pytest

from hotline import ari
from hotline.ari import errors, fake


@pytest.mark.parametrize("package", [ari, fake])
def test_all_is_exact(package):
    """`__all__` names, in order, exactly what the package shows."""
    modules = {module.name for module in pkgutil.iter_modules(package.__path__)}
    shown = {name for name in vars(package) if not name.startswith("_")} - modules
    assert package.__all__ == sorted(shown)


def test_every_error_is_shown():
    """Every error of the tree can be caught by its name from the package."""
    tree = {name for name, thing in vars(errors).items() if isinstance(thing, type) and issubclass(thing, Exception)}
    assert tree <= set(ari.__all__)


def test_it_stands_alone():
    """The package imports nothing of this project but itself, so it could be released alone."""
    for module in pkgutil.walk_packages(ari.__path__, "hotline.ari."):
        loaded = importlib.import_module(module.name)
        ours = {
            thing.__module__
            for thing in vars(loaded).values()
            if getattr(thing, "__module__", None) and str(thing.__module__).startswith("hotline")
        }
        assert all(name.startswith("hotline.ari") for name in ours), module.name
