"""Whole answers out of pages and streams: what is cut, short or in error is asked again, never taken for the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from opik_resume.base.process.garbage import collector
from opik_resume.base.records import Json
from opik_resume.exceptions import IncompleteAnswer
from opik_resume.stores.opik.rest import client as http
from opik_resume.stores.opik.rest.client import Client
from opik_resume.stores.opik.rest.encoding import read_json

PAGE = 2000  # rows: the most that streams give, and what the SDK asks of pages
SIDE_BY_SIDE = 1500  # rows of a page that is fetched together with others
_AT_ONCE = 8  # pages fetched at a time, once it is known how many there are

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """How many rows a list has, how many this page of it, and what was made of these."""

    total: int
    number: int
    made: T


Read = Callable[[bytes], Part[T]]


def reader(made: Callable[[list[Json]], T]) -> Read[T]:
    """From the text of a page to what is made of its rows. No collector looks at these before most of them are gone."""

    def read(text: bytes) -> Part[T]:
        with collector.rests():
            page: Json = read_json(text)
            return Part(int(page["total"]), len(page["content"]), made(page["content"]))

    return read


_rows = reader(lambda rows: rows)


def everything(
    client: Client,
    path: str,
    body: Json,
    *,
    at_least: Callable[[], int] | None = None,
    total: int | None = None,
) -> Iterator[Json]:
    """Every row of a stream, newest id first, going on below the last id seen until nothing more comes.

    Args:
        client, path, body: what to ask; ``limit`` and ``last_retrieved_id`` are added.
        at_least: asks the server how many rows there are, before the first page and when the stream ends early.
        total: what it has just answered, when it was asked already.

    Raises:
        IncompleteAnswer: fewer rows than ``at_least``, whatever was tried.
        ServerError: as ``Client.call``.
    """
    last, seen, fruitless = body.get("last_retrieved_id"), 0, 0
    if total is None:
        total = at_least() if at_least is not None else 0
    while True:
        rows, problem = client.stream(path, {**body, "limit": PAGE, "last_retrieved_id": last})
        yield from rows
        seen += len(rows)
        last = rows[-1]["id"] if rows else last
        if rows:
            fruitless = 0
            if problem is None and len(rows) < PAGE and seen >= total > 0:
                return
            continue
        if problem is None and seen >= total:
            return
        fruitless += 1
        if fruitless >= http.TRIES:
            raise problem or IncompleteAnswer(_short(client, path, seen, total))
        client.pause(http.FIRST_WAIT * fruitless)
        total = at_least() if at_least is not None else 0  # rows may have been deleted meanwhile


def all_pages(client: Client, path: str, query: Mapping[str, Any] | None = None, size: int | None = None) -> list[Json]:
    """Every row of a paged list that does not change while it is read.

    Raises:
        IncompleteAnswer: a page stays shorter than the total says.
    """
    return [row for rows in each_page(client, path, query, size, read=_rows) for row in rows]


def each_page(
    client: Client,
    path: str,
    query: Mapping[str, Any] | None = None,
    size: int | None = None,
    about: int = 0,
    *,
    read: Read[T],
) -> list[T]:
    """As ``all_pages``: what is made of each page, as soon as it is there, so that not all rows are in memory.

    Args:
        client, path, query: what to ask; ``page`` and ``size`` are added.
        size: of a page, ``PAGE`` if it is not given.
        about: how many rows there probably are; those are asked for at once.
        read: makes it, of the text of an answer (:func:`reader`).
    """
    size = size or PAGE

    def fetched(number: int, total: int | None = None) -> tuple[int, T]:
        page = _page(client, path, query, number, size, total, read)
        return page.total, page.made

    pages = _side_by_side(fetched, range(1, _pages(about, size) + 1))
    total = pages[0][0]
    pages += _side_by_side(lambda number: fetched(number, total), range(len(pages) + 1, _pages(total, size) + 1))
    return [of_page for _, of_page in pages]


def all_at_once(
    client: Client, path: str, query: Mapping[str, Any], about: int, *, each: Callable[[Json], Json]
) -> list[Json] | None:
    """Every row of a list that others may add to meanwhile, its pages fetched side by side.

    None when the pages do not fit together: what was added or deleted has shifted rows from one page to another. Then
    only a stream, which goes on below the last row, tells what there is.

    Args:
        client, path, query: what to ask; ``page`` and ``size`` are added.
        about: how many rows there probably are.
        each: what is kept of a row, with its id, as soon as its page is there.
    """
    read = reader(lambda rows: list(map(each, rows)))

    def fetched(number: int) -> Part[list[Json]]:
        wanted = {**query, "page": number, "size": SIDE_BY_SIDE}
        found: Part[list[Json]] = client.call("GET", path, query=wanted, read=read)
        return found

    pages = _side_by_side(fetched, range(1, _pages(about, SIDE_BY_SIDE) + 1))
    total = pages[0].total
    pages += _side_by_side(fetched, range(len(pages) + 1, _pages(total, SIDE_BY_SIDE) + 1))
    rows = {row["id"]: row for page in pages for row in page.made}
    fit = len(rows) == total and all(page.total == total for page in pages)
    return list(rows.values()) if fit else None


def _pages(total: int, size: int) -> int:
    """How many there are, at least one."""
    return max(1, -(-total // size))


def _side_by_side(fetch: Callable[[int], T], numbers: Sequence[int]) -> list[T]:
    """The pages of these numbers."""
    if len(numbers) <= 1:
        return [fetch(number) for number in numbers]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="opik-resume-pages") as pool:
        return list(pool.map(fetch, numbers))


def page(client: Client, path: str, query: Mapping[str, Any] | None, number: int, size: int) -> tuple[list[Json], int]:
    """One page of a paged list, counted from 1, and how many rows the list has.

    Raises:
        IncompleteAnswer: it stays shorter than the total says.
    """
    found = _page(client, path, query, number, size, None, _rows)
    return found.made, found.total


def condition(field: str, kind: str, operator: str, value: str) -> Json:
    """One element of the ``filters`` that lists and streams take."""
    return {"field": field, "key": "", "type": kind, "operator": operator, "value": value}


def count(client: Client, path: str, query: Mapping[str, Any]) -> int:
    """How many rows a paged list has."""
    return int(client.call("GET", path, query={**query, "page": 1, "size": 1})["total"])


def _page(
    client: Client,
    path: str,
    query: Mapping[str, Any] | None,
    number: int,
    size: int,
    total: int | None,
    read: Read[T],
) -> Part[T]:
    for tried in range(http.TRIES):
        wanted = {**(query or {}), "page": number, "size": size}
        page: Part[T] = client.call("GET", path, query=wanted, read=read)
        expected = min(size, (page.total if total is None else total) - (number - 1) * size)
        if page.number >= expected:
            return page
        client.pause(http.FIRST_WAIT * tried)
    raise IncompleteAnswer(_short(client, path, page.number, expected))


def _short(client: Client, path: str, seen: int, total: int) -> str:
    return (
        f"{client.settings.label} sent {seen} of {total} rows of {path}, several times: nothing was decided from that. "
        "Try again in a while."
    )
