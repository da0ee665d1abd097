"""Many rows → few requests within the server's limits. Each row is written as JSON once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opik_resume.jsontext import to_json
from opik_resume.records import Json

MOST_ROWS = 1000  # of one request
MOST_CHARACTERS = 4_000_000  # the server takes 4 MB of some batches, and the SDK sends 5 MB of others


@dataclass(frozen=True, slots=True)
class Text:
    """A body that is JSON text already. It is long, and is compressed quickly rather than well, as the SDK does."""

    json: str


def batches(key: str, rows: Sequence[Json], of_all: Mapping[str, Any] | None = None) -> Iterator[Text]:
    """Bodies ``{…of_all, key: [rows]}`` of at most so many rows, and of at most so many characters where possible."""
    texts: list[str] = []
    length = 0
    for row in rows:
        text = to_json(row)
        if texts and (len(texts) == MOST_ROWS or length + len(text) > MOST_CHARACTERS):
            yield _body(key, texts, of_all)
            texts, length = [], 0
        texts.append(text)
        length += len(text)
    if texts:
        yield _body(key, texts, of_all)


def _body(key: str, texts: Sequence[str], of_all: Mapping[str, Any] | None) -> Text:
    fields = [f"{to_json(name)}:{to_json(value)}" for name, value in (of_all or {}).items()]
    return Text("{" + ",".join([*fields, f"{to_json(key)}:[{','.join(texts)}]"]) + "}")
