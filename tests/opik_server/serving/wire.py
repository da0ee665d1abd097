"""What goes over the wire: a decoded request, an answer, and the error bodies that real servers send."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]


@dataclass
class Request:
    """One request, decoded; also its line in the server's log, so no secrets: the key is masked."""

    method: str
    path: str  # without the base path: /v1/private/...
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None
    number: int = 0  # position in the log, from 1
    route: str = ""  # the path of the API document: /v1/private/datasets/{id}
    params: dict[str, str] = field(default_factory=dict)
    status: int | None = None  # what was answered; None when nothing was
    fault: str | None = None  # the injected fault that met it

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Answer:
    status: int = 204
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    rows: Sequence[Row] | None = None  # a stream: one JSON object a line, \r\n after each
    cut: bool = False  # injected: the connection ends before the answer does
    # As it went out, by whether it was compressed, of one that is sent again.
    sent: dict[bool, list[bytes]] | None = field(default=None, init=False)


class ApiError(Exception):
    """A refusal, with its JSON body."""

    def __init__(self, status: int, body: Row, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers or {}


def coded(status: int, message: str, details: str | None = None) -> ApiError:
    """``{"code", "message"[, "details"]}``: the first of the two error shapes."""
    body: Row = {"code": status, "message": message}
    return ApiError(status, body if details is None else {**body, "details": details})


def listed(status: int, *errors: str) -> ApiError:
    """``{"errors": [...]}``: the second shape, which most of the API document forgets."""
    return ApiError(status, {"errors": list(errors)})


def invalid(*errors: str) -> ApiError:
    """What bean validation answers."""
    return listed(422, *errors)


def words(text: str) -> list[str]:
    """A table of names, easier on the eye than so many quotation marks."""
    return text.split()


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def instant(text: str) -> datetime:
    """A timestamp of the wire, of up to nine fractional digits, as a moment."""
    return datetime.fromisoformat(text)


def without_nulls(row: Row) -> Row:
    """Absent and null are mostly the same on this wire; the server leaves nulls out."""
    return {key: value for key, value in row.items() if value is not None}


def body_of(request: Request) -> Row:
    if not isinstance(request.body, dict):
        raise invalid("The request body must not be null")
    return request.body


def required(body: Row, key: str, element: str = "") -> Any:
    """``element`` is where in the request the body is: ``traces[0].``"""
    if body.get(key) is None:
        raise invalid(f"{element}{property_of(key)} must not be null")
    return body[key]


def required_text(body: Row, key: str, element: str = "") -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value.strip():
        raise invalid(f"{element}{property_of(key)} must not be blank")
    return value


def property_of(key: str) -> str:
    """What validation calls a field: by its name in Java."""
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)


def one_of(body: Row, key: str, known: Sequence[str]) -> None:
    """Of enumerations only the values that they have can be read at all."""
    value = body.get(key)
    if value is not None and value not in known:
        raise unreadable(f'from String "{value}": {value} was not one of [{", ".join(known).upper()}]')


def unreadable(why: str) -> ApiError:
    """What is no JSON, or of a type that the field does not take."""
    return coded(400, f"Unable to process JSON. Cannot deserialize value {why}")


def required_list(body: Row, key: str) -> list[Any]:
    """A list of 1 to 1000 elements, the bound of every batch."""
    value = required(body, key)
    if not isinstance(value, list) or not 1 <= len(value) <= 1000:
        raise invalid(f"{property_of(key)} size must be between 1 and 1000")
    return value


def stream_limit(body: Row, key: str = "limit", default: int = 500) -> int:
    limit = body.get(key)
    if limit is None:
        return default
    if int(limit) > 2000:
        raise invalid(f"{property_of(key)} must be less than or equal to 2000")
    if int(limit) < 1:
        raise invalid(f"{property_of(key)} must be greater than or equal to 1")
    return int(limit)


def page_of(request: Request, rows: Sequence[Any], show: Callable[[Any], Row] | None = None) -> Row:
    """The page asked for; only its rows are rendered."""
    page, size = (_positive(request, name, default) for name, default in (("page", 1), ("size", 10)))
    chosen = rows[(page - 1) * size : page * size]
    content = [show(row) for row in chosen] if show else list(chosen)
    return {"page": page, "size": len(content), "total": len(rows), "content": content}


def below_cursor(ids: Sequence[str], last: str | None) -> Sequence[str]:
    """The part of a stream's descending ids that the client has not seen yet."""
    return ids if last is None else ids[bisect_right(ids, _descending(last), key=_descending) :]


def _descending(id_: str) -> int:
    return -int(id_.replace("-", ""), 16)


def after_cursor(ids: Sequence[str], last: str | None, limit: int) -> Sequence[str]:
    """The next ids of a stream."""
    return below_cursor(ids, last)[:limit]


def flag(request: Request, name: str) -> bool:
    return request.query.get(name, "").lower() == "true"


def _positive(request: Request, name: str, default: int) -> int:
    try:
        value = int(request.query.get(name, default))
    except ValueError:
        raise coded(404, "HTTP 404 Not Found") from None  # as Jersey answers a parameter that it cannot read
    if value < 1:
        raise listed(400, f"query param {name} must be greater than or equal to 1")
    return value
