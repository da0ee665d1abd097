"""Small pieces of the sentences that plans, stop rules and results are told in."""

from __future__ import annotations

_LONGEST = 160  # characters of a message in a sentence


def counted(number: int, noun: str) -> str:
    """``1 run``, ``1,234 runs``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def error_line(exception_type: str, message: str) -> str:
    """``ValueError: the first line of its message``, or the type alone."""
    first_line = message.strip().partition("\n")[0]
    return f"{exception_type}: {first_line[:_LONGEST]}" if first_line else exception_type
