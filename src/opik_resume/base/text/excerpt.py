"""Both ends of a long text, with how much of it is left out between them."""

from __future__ import annotations

import re

_LEFT_OUT = "\n… {:,} characters left out …\n"
_GAP = re.compile(r"\n… ([\d,]+) characters left out …\n")


def excerpt(text: str, ends: int) -> str:
    """The first and the last so many characters of a text, or all of it. One that is an excerpt already may be cut again."""
    if len(text) <= 2 * ends:
        return text
    return joined(text[:ends], _length(text) - 2 * ends, text[-ends:])


def joined(head: str, left_out: int, tail: str) -> str:
    """Both ends of a text, between which so many characters are left out."""
    return f"{head}{_LEFT_OUT.format(left_out)}{tail}"


def _length(text: str) -> int:
    """With what had been left out before."""
    return len(text) + sum(int(gap[1].replace(",", "")) - len(gap[0]) for gap in _GAP.finditer(text))
