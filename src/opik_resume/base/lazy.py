"""Names of a package that are loaded when first used (PEP 562), so that importing it stays quick."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from opik_resume.exceptions import OpiksOwn

_IMPORTING = "importlib._bootstrap"


def loader(
    package: str, homes: Mapping[str, str], opiks: Callable[[str], str | None] = lambda name: None
) -> Callable[[str], Any]:
    """A ``__getattr__`` for a package.

    Args:
        package: its ``__name__``.
        homes: public name → the module below the package that defines it; a name that is itself a module maps to itself.
        opiks: the sentence for a name that stays Opik's own, or None.
    """

    def load(name: str) -> Any:
        if name not in homes:
            sentence = opiks(name)
            # `from package import name` would swallow an AttributeError with all it says, and make a sentence of its own.
            if sentence is not None and sys._getframe(1).f_globals.get("__name__") == _IMPORTING:  # noqa: SLF001
                raise OpiksOwn(sentence)
            raise AttributeError(sentence or f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(f"{package}.{homes[name]}")
        value = module if homes[name] == name else getattr(module, name)
        setattr(sys.modules[package], name, value)
        return value

    return load


class Late:
    """A module of somebody else's that is imported when something of it is first used."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> Any:
        found = getattr(importlib.import_module(self.__name__), name)
        setattr(self, name, found)  # the next look is as quick as at a module
        return found
