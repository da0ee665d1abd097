"""Exceptions of the user's code as text, of bounded size and without secrets."""

from __future__ import annotations

import traceback
from types import TracebackType

from opik_resume.base.records import ErrorInfo
from opik_resume.base.text.jsontext import clean
from opik_resume.base.text.redaction import redacted

MESSAGE_LIMIT = 20_000  # characters kept of a message, and
TRACEBACK_LIMIT = 200_000  # of a traceback: an exception may carry a whole document
_MACHINERY = ("opik_resume.", "concurrent.futures.", "opik.decorator.")  # whose frames come before the user's own


def error_info(error: BaseException) -> ErrorInfo:
    """An exception as text. The leading frames, from us down to the user's code, are not shown, if there are others."""
    lines = _formatted(error, _users_part(error.__traceback__))
    trace = clean(redacted("".join(lines)[-2 * TRACEBACK_LIMIT :]))
    return ErrorInfo(type(error).__name__, _cut(_told(error)), trace[-TRACEBACK_LIMIT:])


def in_words(error: BaseException) -> str:
    """``ValueError: the message``, for a sentence of ours, which ends it. Never raises; cut and without secrets, as all such text."""
    message = _cut(message_of(error)).rstrip(". ")
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _cut(message: str) -> str:
    """Cut before, since it may be long, and after, since a secret must not be cut in two; so is a traceback."""
    return clean(redacted(message[: 2 * MESSAGE_LIMIT]))[:MESSAGE_LIMIT]


def _told(error: BaseException) -> str:
    """What it says, and of a group of one what that is: those of asyncio say nothing of it."""
    only, message = error, message_of(error)
    while isinstance(only, BaseExceptionGroup) and len(only.exceptions) == 1:
        only = only.exceptions[0]
    return message if only is error else f"{message}: {in_words(only)}"


def _formatted(error: BaseException, trace: TracebackType | None) -> list[str]:
    try:
        return traceback.format_exception(type(error), error, trace)
    except Exception:  # attributes of the user's own may raise: Python asks for notes
        return [*traceback.format_tb(trace), f"{type(error).__name__}: {message_of(error)}\n"]


def _users_part(trace: TracebackType | None) -> TracebackType | None:
    users = trace
    while users is not None and users.tb_frame.f_globals.get("__name__", "").startswith(_MACHINERY):
        users = users.tb_next
    return users or trace


def message_of(error: BaseException) -> str:
    """What it says, all of it and as it is."""
    try:
        return str(error)
    except Exception as broken:  # a user's __str__ may raise: the failure must be recorded all the same
        return f"<the exception cannot be shown: {type(broken).__name__}>"
