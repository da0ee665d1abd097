"""Traits of a widget that its front end is told."""

from __future__ import annotations

from typing import Any, TypeVar

import traitlets

T = TypeVar("T", bound=traitlets.TraitType[Any, Any])


def told(trait: T) -> T:
    """Nobody sets it but the widget itself, with ``set_trait``: another value would belie what is on show."""
    trait.read_only = True
    return trait.tag(sync=True)
