"""Many rows → few requests within the server's limits. Each row is written as JSON once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opik_resume.base.records import Json
from opik_resume.stores.opik.rest.encoding import encoded, encoded_row

MOST_ROWS = 1000  # of one request
MOST_BYTES = 4_000_000  # the server takes 4 MB of some batches, and the SDK sends 5 MB of others


@dataclass(frozen=True, slots=True)
class Rows:
    """A body that is JSON already. It is long, and is compressed quickly rather than well, as the SDK does."""

    json: bytes


def batches(
    key: str,
    rows: Iterable[Json],
    of_all: Mapping[str, Any] | None = None,
    write: Callable[[Json], bytes] = encoded_row,
) -> Iterator[Rows]:
    """Bodies ``{…of_all, key: [rows]}`` of at most so many rows, and of at most so many bytes where possible."""
    written: list[bytes] = []
    length = 0
    for row in rows:
        json = write(row)
        if written and (len(written) == MOST_ROWS or length + len(json) > MOST_BYTES):
            yield _body(key, written, of_all)
            written, length = [], 0
        written.append(json)
        length += len(json)
    if written:
        yield _body(key, written, of_all)


def _body(key: str, written: Sequence[bytes], of_all: Mapping[str, Any] | None) -> Rows:
    fields = [b"%b:%b" % (encoded(name), encoded(value)) for name, value in (of_all or {}).items()]
    return Rows(b"{" + b",".join([*fields, b"%b:[%b]" % (encoded(key), b",".join(written))]) + b"}")
