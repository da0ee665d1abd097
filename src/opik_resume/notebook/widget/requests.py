"""What the browser may send, and what it is told when it may not."""

from __future__ import annotations

from collections.abc import Sequence

from opik_resume.base.records import Json
from opik_resume.base.text import redaction
from opik_resume.exceptions import OpikResumeError

log = redaction.logger(__name__)
Answer = tuple[Json | None, list[bytes]]
"""The result of a request, None when it will be known later, and its buffers."""


class RequestRefused(OpikResumeError):
    """The browser asked for something that does not exist."""


def text(params: Json, name: str, default: str | None = None) -> str:
    value = params.get(name, default)
    if not isinstance(value, str):
        raise RequestRefused(f"{name} must be a text.")
    return value


def one_of(params: Json, name: str, known: Sequence[str]) -> str:
    """One of the known texts, the first of them when left out."""
    value = text(params, name, known[0])
    if value not in known:
        raise RequestRefused(f"{name} must be one of {', '.join(known)}.")
    return value


def flag(params: Json, name: str) -> bool:
    """False when left out."""
    value = params.get(name, False)
    if not isinstance(value, bool):
        raise RequestRefused(f"{name} must be true or false.")
    return value


def texts(params: Json, name: str) -> tuple[str, ...]:
    values = params.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise RequestRefused(f"{name} must be a list of texts.")
    return tuple(dict.fromkeys(values))


def number(params: Json, name: str, default: int | None = None) -> int:
    value = params.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise RequestRefused(f"{name} must be a whole number, 0 or more.")
    return value


def error_json(error: BaseException) -> Json:
    """Type and message. Ours are written for users; any other is a fault, which goes to the log with its traceback."""
    if isinstance(error, OpikResumeError):
        return {"type": type(error).__name__, "message": redaction.redacted(str(error))}
    log.error("a request failed", exc_info=error)
    message = f"Unexpected {type(error).__name__}: {error}. The log of opik_resume.notebook has the traceback."
    return {"type": type(error).__name__, "message": redaction.redacted(message)}
