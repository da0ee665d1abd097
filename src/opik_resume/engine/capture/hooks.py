"""A method of a class, replaced for a while."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


class Hook:
    """``instead(original, self, …)`` is called while it is installed.

    Others may replace the method, too, with something that calls ours. Then ours stays below, and is no second time put
    on top, where it would call itself for ever.
    """

    def __init__(self, owner: type, name: str, instead: Callable[..., Any]) -> None:
        self._owner = owner
        self._name = name
        self._instead = instead
        self._installed = False
        self._original: Callable[..., Any] | None = None
        self._ours: Callable[..., Any] | None = None

    def install(self) -> None:
        now = getattr(self._owner, self._name)
        if now is self._ours:
            return
        if not self._installed and now is not self._original:
            self._original, self._ours = now, self._around(now)
        if now is self._original:
            self._installed = True
            setattr(self._owner, self._name, self._ours)

    def restore(self) -> None:
        """Unless somebody else's is there now."""
        if self._installed and getattr(self._owner, self._name) is self._ours:
            setattr(self._owner, self._name, self._original)
            self._installed = False

    def _around(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def method(*args: Any, **kwargs: Any) -> Any:
            return self._instead(original, *args, **kwargs)

        return method
