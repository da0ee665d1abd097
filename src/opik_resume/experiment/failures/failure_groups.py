"""Failures of one kind: the type of an exception and the pattern of its message. Pure, by small fixed rules.

What differs from one failure to the next is folded: numbers, ids, paths, quoted values, addresses. Nothing is learned
from other messages, so that one message has the same group in every call, every process and every week.
"""

from __future__ import annotations

import re
from functools import lru_cache

from opik_resume.base.records import LIGHT_MESSAGE

MAX_LENGTH = 200
"""Characters of a pattern: beyond them messages seldom tell kinds apart, and a group is read as one line."""

_CUT = "\x00"  # stands where a message was cut: a quoted value that goes on beyond it is one all the same

_N = r"\d+(?:\.\d+)?"

# The first that matches at a place counts.
_RULES = {
    # Also before its own words, and at the beginning of a sentence: 429 too many requests, 503 The model is overloaded.
    "kept": (
        r"(?:HTTP(?:/\d(?:\.\d)?)?|[Ss]tatus(?:[ _]code)?|[Cc]ode)[\s:='\"]{1,4}[1-5]\d\d\b|\A[45]\d\d(?=:? [A-Z])"
        r"|(?<![\w.])[45]\d\d(?=:? (?i:bad request|unauthorized|forbidden|not found|too many requests|internal (?:server )?error"
        r"|bad gateway|service unavailable|gateway time-?out)\b)"
    ),
    "url": r"\b[a-zA-Z][a-zA-Z0-9+.-]*://[^\s'\"<>]*[^\s'\"<>.,;:!?)\]}]",
    "email": r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}",
    "value": (
        r"(?<!\w)'(?:[^'\\\n\x00]|\\[^\n\x00])*+(?:'(?!\w)|\\?\x00)|\"(?:[^\"\\\n\x00]|\\[^\n\x00])*+(?:\"|\\?\x00)"
        r"|(?<!\w)'[^'\n]*'(?!\w)|\"[^\"\n]*\"|`[^`\n]*`|“[^”\n]*”|‘[^’\n]*’|«[^»\n]*»"
    ),
    "address": (
        r"\b0x[0-9a-fA-F]+\b|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?![\w.])"
        r"|\b(?:localhost|[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?<=[a-z])):\d+\b"
        r"|(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?<=[0-9a-fA-F])(?<=[a-fA-F:][0-9a-fA-F])(?![\w:])"
    ),
    "path": (
        r"(?<![\w<>/\\])(?:[A-Za-z]:|~|\.{1,2})?[/\\][\w.@+~%-]+(?:[/\\][\w.@+~%-]*)*"
        r"|(?<![\w<>/\\])\w[\w.-]*(?:[/\\][\w.-]+)+\.[A-Za-z]\w{0,4}\b"
    ),
    # 7m12.3s and 120ms: what one provider says in the one and then in the other way. The longest unit comes first: what
    # begins a UUID with 17d8656d, or is the id of req_40d52d5d, is no time.
    "while": (
        r"(?<![A-Za-z0-9.])(?:(?<!\w)[+-])?"
        rf"(?:(?:{_N}d)?(?:{_N}h)?(?:{_N}m)?(?:{_N}s)?{_N}m?s|{_N}d{_N}h(?:{_N}m)?|{_N}[dh]{_N}m)(?![A-Za-z0-9])"
    ),
    "id": (
        r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"
        # Hexadecimal, also of digits alone behind a prefix (req_00053225, where the next one is req_0006677b).
        r"|(?<![A-Za-z0-9])(?:(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{8,}|(?=[0-9]*[A-F])(?=[A-F]*[0-9])[0-9A-F]{8,}"
        r"|(?<=[A-Za-z][_-])[0-9]{8,})(?![A-Za-z0-9])"
        # A word of letters and several digits (req_011CQv4T), not int64, utf8 or sha256.
        r"|(?<![A-Za-z0-9])(?=[0-9]*[A-Za-z])(?=[A-Za-z]*(?:[0-9]+[A-Za-z]+)+[0-9A-Za-z]*)[0-9A-Za-z]{8,}(?![A-Za-z0-9])"
    ),
    # With what separates the parts of a date, a time, a range; a unit may follow.
    "number": r"(?<![A-Za-z0-9.])(?:(?<!\w)[+-])?\d+(?:[.,:_/T-]\d+)*(?:[eE][+-]?\d+)?(?=[a-zA-Zµ%]{0,3}(?![A-Za-z0-9]))",
}
_VARYING = re.compile("|".join(f"(?P<{name}>{rule})" for name, rule in _RULES.items()))


def failure_group(exception_type: str, message: str) -> str:
    """The group of a failure: ``RateLimitError: Limit <number>, used <number>``, or the type alone."""
    folded = pattern(message)
    return f"{exception_type}: {folded}" if folded else exception_type


@lru_cache(maxsize=1_000)
def pattern(message: str) -> str:
    """The message with what varies folded, on one line of at most :data:`MAX_LENGTH` characters.

    As much of it is looked at as a light attempt keeps: a plan and a result say the same group.

    Status codes stay, since they tell kinds apart: ``status code: 429``.
    """
    read = message[:LIGHT_MESSAGE].replace(_CUT, "") + (_CUT if len(message) >= LIGHT_MESSAGE else "")
    folded = " ".join(_VARYING.sub(_folded, read).replace(_CUT, "").split())
    return folded if len(folded) <= MAX_LENGTH else f"{folded[: MAX_LENGTH - 1]}…"


def _folded(found: re.Match[str]) -> str:
    if found.lastgroup == "kept":
        return found.group()
    return "<number>s" if found.lastgroup == "while" else f"<{found.lastgroup}>"
