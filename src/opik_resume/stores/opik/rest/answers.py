"""What an HTTP answer means: its JSON, or which of our exceptions, in one sentence for people and without secrets."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from opik_resume.base.settings import OpikSettings
from opik_resume.base.text.jsontext import clean
from opik_resume.base.text.redaction import redacted
from opik_resume.exceptions import NotAuthorized, RequestRefused, ServerError, ServerUnreachable
from opik_resume.stores.opik.rest.encoding import read_json

if TYPE_CHECKING:
    import httpx

LONGEST_WAIT = 60.0  # seconds: as long as the SDK would wait when a server asks for more
_TRANSIENT = {408, 429, 500, 502, 503, 504}
_NO_PATH = "HTTP 404 Not Found"  # of Opik's back end, at a path that it does not have
_API = "/api/"
_WORDS = 500  # characters of the server's words that a message quotes


def decoded(answer: httpx.Response, settings: OpikSettings, read: Callable[[bytes], Any] = read_json) -> Any:
    """The JSON of a good answer (what ``read`` makes of it), None when it has no body.

    Raises:
        ServerError: one of its kinds, for everything else.
    """
    if not answer.is_success:
        raise problem(answer, settings)
    if not answer.content:
        return None
    try:
        return read(answer.content)
    except ValueError as error:
        raise not_opik(settings) from error


def problem(answer: httpx.Response, settings: OpikSettings) -> ServerError:
    """The exception for an answer that is not a success. Its body must have been read."""
    status, words = answer.status_code, redacted(clean(words_of(answer.text)))
    if status in (401, 403) or (status == 404 and "workspace not found" in words.lower()):
        return NotAuthorized(_refused_access(status, words, settings), status)
    asked = f"{answer.request.method} {answer.request.url.path}"
    if status in _TRANSIENT:
        message = f"{settings.label} cannot answer at the moment ({asked}: {status} {words})."
        return ServerUnreachable(message, status, asked_wait(answer))
    if status == 404 and not _is_json(answer.text):
        return not_opik(settings)
    return RequestRefused(f"{settings.label} refused {asked}: {status} {words}", status)


def unreachable(error: Exception, settings: OpikSettings) -> ServerUnreachable:
    """No answer at all: refused, dropped, timed out."""
    what = redacted(str(error)) or type(error).__name__
    return ServerUnreachable(
        f"{settings.label} cannot be reached: {what}. The URL {settings.shown_url} is from {settings.source('url')}."
    )


def not_opik(settings: OpikSettings) -> RequestRefused:
    """Something else than Opik's API answers at that URL."""
    return RequestRefused(
        f"What answers at {settings.shown_url} (from {settings.source('url')}) is not the API of an Opik server: it "
        "ends in /api/, like http://localhost:5173/api/ or https://www.comet.com/opik/api/."
    )


def no_such_path(error: RequestRefused, settings: OpikSettings) -> RequestRefused:
    """What every server of Opik has is not there: it is none or, by its words, one that is reached without ``/api``."""
    if _NO_PATH not in str(error) or not settings.url.endswith(_API):
        return not_opik(settings)
    bare = settings.shown_url.removesuffix(_API) + "/"
    return RequestRefused(
        f"What answers at {settings.shown_url} (from {settings.source('url')}) knows no /api/ there, like the port of Opik's "
        f"back end itself. Leave out /api/: {bare}"
    )


def words_of(text: str) -> str:
    """What the server says, in any of its three shapes: coded, a list of errors, or plain text of a proxy."""
    try:
        body = json.loads(text)
    except ValueError:
        return " ".join(text.split())[:_WORDS]
    if not isinstance(body, dict):
        return str(body)[:_WORDS]
    errors = body.get("errors") or [body.get("message"), body.get("details")]
    return "; ".join(str(part) for part in errors if part)[:_WORDS]


def asked_wait(answer: httpx.Response) -> float | None:
    """Seconds that the server (``RateLimit-Reset``) or a proxy (``Retry-After``) asks to wait."""
    for name in ("RateLimit-Reset", "Retry-After"):
        try:
            return min(max(0.0, float(answer.headers[name])), LONGEST_WAIT)
        except (KeyError, ValueError):  # not there, or a date, which nobody sends here
            continue
    return None


def _refused_access(status: int, words: str, settings: OpikSettings) -> str:
    where = f"Opik at {settings.shown_url}"
    if status == 401 and not settings.api_key:
        return f"{where} asks for an API key and none is configured: set OPIK_API_KEY or pass connect(…, api_key=)."
    if status == 401:
        return f"{where} refuses the API key that came from {settings.source('api_key')} ({words})."
    return (
        f"{where} gives no access to the workspace {settings.workspace!r}, which came from "
        f"{settings.source('workspace')} ({words})."
    )


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
