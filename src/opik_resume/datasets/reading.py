"""What a dataset and one version of it have in common: reading their items, as Opik's SDK does."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from opik_resume.base.records import Item, Json, VersionRecord
from opik_resume.datasets.filters import Filter, parse
from opik_resume.exceptions import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

    from opik_resume.stores.protocol import Store

THREADS = 8  # the SDK's default; ours are the store's business
CHUNK = 2000  # items: the SDK's default, and the most that it takes

_OPIKS = {
    "get_evaluators": "evaluators belong to its test suites",
    "get_execution_policy": "a policy for all items belongs to its test suites; an item has its own 'execution_policy'",
    "client": "datasets here belong to a store, which is .store",
}


class Readable(ABC):
    """Items to read: of a dataset as it is now, or of one version of it."""

    _store: Store

    @property
    @abstractmethod
    def name(self) -> str:
        """The dataset's name."""

    @abstractmethod
    def records(self) -> list[Item]:
        """Its items as records, newest id first, which is Opik's order."""

    @abstractmethod
    def get_version_info(self) -> VersionRecord | None:
        """What is known of the version: ``id``, ``version_name``, ``version_hash``, ``items_total``, ``tags``, …"""

    @property
    def store(self) -> Store:
        """Where it lives."""
        return self._store

    def get_items(
        self,
        nb_samples: int | None = None,
        filter_string: str | None = None,
        num_threads: int = THREADS,
        chunk_size: int = CHUNK,
    ) -> list[Json]:
        """Its items as dicts with their ``id``, newest first.

        Args:
            nb_samples: only the first that many of them.
            filter_string: only those that match, in Opik's filter language: ``data.category = "test"``,
                ``tags contains "x"``, ``created_at >= "2026-01-01T00:00:00Z"``.
            num_threads, chunk_size: taken for the SDK's sake; the store reads as fast as it can.
        """
        chunks = self.stream_items(chunk_size, num_threads, filter_string, nb_samples)
        return [item for chunk in chunks for item in chunk]

    def stream_items(
        self,
        chunk_size: int = CHUNK,
        num_threads: int = THREADS,
        filter_string: str | None = None,
        nb_samples: int | None = None,
    ) -> Iterator[list[Json]]:
        """Its items, chunk by chunk, all of one version: the one that is newest when the first is asked for.

        Args:
            chunk_size: how many items a chunk has; the last may have fewer, and none is empty.
            num_threads, filter_string, nb_samples: as for :meth:`get_items`.
        """
        _positive("chunk_size", chunk_size)
        if chunk_size > CHUNK:
            raise ArgumentError(f"chunk_size must not exceed {CHUNK}, got {chunk_size}")
        _positive("num_threads", num_threads)
        if nb_samples is not None:
            _positive("nb_samples", nb_samples)
        wanted = parse(filter_string, "filter_string") if filter_string is not None else Filter()
        return self._chunks(chunk_size, wanted, nb_samples)

    def _chunks(self, size: int, wanted: Filter, nb_samples: int | None) -> Iterator[list[Json]]:
        chosen = [item for item in self.records() if wanted.matches(item)][:nb_samples]
        for start in range(0, len(chosen), size):
            yield [item.content for item in chosen[start : start + size]]

    def to_json(self) -> str:
        """Its items as a JSON list of objects, each with its ``id``."""
        return json.dumps(self._contents(), indent=2)

    def to_pandas(self) -> pd.DataFrame:
        """One row an item: a column for each key of the data, and ``id``."""
        import pandas as pd

        return pd.DataFrame(self._contents())

    def _contents(self) -> Sequence[Json]:
        return [item.content for item in self.records()]

    if not TYPE_CHECKING:  # else any name would pass

        def __getattr__(self, name: str) -> Any:
            kind = type(self).__name__
            if name in _OPIKS:
                raise AttributeError(
                    f"{kind}.{name} is Opik's own, {_OPIKS[name]}. It is in opik.{kind}, which evaluate() takes as well."
                )
            raise AttributeError(f"{kind!r} object has no attribute {name!r}")


def _positive(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ArgumentError(f"{name} must be a positive integer, got {value!r}")


def checked_writing(num_threads: Any, deduplication: Any) -> None:
    """Raise ArgumentError for what the SDK refuses of the arguments of its ``insert``."""
    _positive("num_threads", num_threads)
    if not isinstance(deduplication, bool):
        raise ArgumentError(f"deduplication must be a bool, got {deduplication!r}")
