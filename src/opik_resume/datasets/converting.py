"""JSON, JSON Lines and DataFrames → dicts of items, as Opik's SDK makes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opik_resume.base.records import Json
from opik_resume.exceptions import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

KeysMapping = Mapping[str, str] | None
IgnoreKeys = Sequence[str] | None


def of_json(text: Any, keys_mapping: KeysMapping, ignore_keys: IgnoreKeys) -> list[Json]:
    """The items of a JSON list of objects. Raises ArgumentError."""
    if not isinstance(text, (str, bytes, bytearray)):
        raise ArgumentError(f"json_array must be the text of a JSON list of objects, got {type(text).__name__}")
    listed = _parsed("json_array", text)
    if not isinstance(listed, list):
        raise ArgumentError(f"json_array must be a JSON list of objects, it is one {type(listed).__name__}")
    return [_item(f"json_array[{n}]", given, keys_mapping, ignore_keys) for n, given in enumerate(listed)]


def of_jsonl(file_path: Any, keys_mapping: KeysMapping, ignore_keys: IgnoreKeys) -> list[Json]:
    """The items of a file with one JSON object a line; empty lines are skipped.

    Raises:
        ArgumentError: a line cannot be read, and which.
        OSError: the file cannot be.
    """
    with Path(file_path).open(encoding="utf-8") as lines:
        numbered = [(f"{file_path}, line {n}", line.strip()) for n, line in enumerate(lines, start=1)]
    return [_item(where, _parsed(where, line), keys_mapping, ignore_keys) for where, line in numbered if line]


def of_dataframe(dataframe: pd.DataFrame, keys_mapping: KeysMapping, ignore_keys: IgnoreKeys) -> Iterator[Json]:
    """One item a row, its values as they are in the column."""
    ignored, names = set(ignore_keys or ()), dict(keys_mapping or {})
    columns = [(position, names.get(key, key)) for position, key in enumerate(dataframe.columns) if key not in ignored]
    # Rows as such would have the integers beside a column of floats as floats.
    for row in dataframe.itertuples(index=False, name=None):
        yield {key: row[position] for position, key in columns}


def _parsed(where: str, text: str | bytes | bytearray) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"{where} is not JSON: {error}. Nothing was changed.") from error


def _item(where: str, given: Any, keys_mapping: KeysMapping, ignore_keys: IgnoreKeys) -> Json:
    if not isinstance(given, dict):
        raise ArgumentError(f"{where} must be a JSON object, it is one {type(given).__name__}. Nothing was changed.")
    names = keys_mapping or {}
    return {names.get(key, key): value for key, value in given.items() if key not in (ignore_keys or ())}
