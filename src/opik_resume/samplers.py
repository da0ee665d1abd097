"""Samplers choose some of a dataset's items: Opik's two classes, and a view that lets Opik's own samplers work here."""

from __future__ import annotations

import abc
import random
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

from opik_resume.base.records import Item, Json
from opik_resume.exceptions import ArgumentError

# The other fields of Opik's dataset item, as they are on an item that ``insert`` made.
_UNSET = {"source": "sdk", "trace_id": None, "span_id": None, "description": None, "evaluators": None}


class DatasetItem:
    """What a sampler is given: an item with the attributes of ``opik``'s ``DatasetItem``, read-only.

    ``id``, ``get_content()`` and ``execution_policy``; the keys of the data are attributes as well.
    """

    __slots__ = ("_item",)

    def __init__(self, item: Item) -> None:
        self._item = item

    @property
    def id(self) -> str:
        """Its id."""
        return self._item.id

    @property
    def execution_policy(self) -> SimpleNamespace | None:
        """Its own policy, with ``runs_per_item``; None when it has none."""
        runs = self._item.runs_per_item
        return None if runs is None else SimpleNamespace(runs_per_item=runs, pass_threshold=None)

    @property
    def model_extra(self) -> Json:
        """Its data, by the name that pydantic gives it in Opik."""
        return dict(self._item.data)

    def get_content(self, include_id: bool = False) -> Json:
        """Its data, with its ``id`` if asked for."""
        return self._item.content if include_id else dict(self._item.data)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked for by copy and pickle, before there is an item
            raise AttributeError(name)
        known = {**_UNSET, **self._item.data}
        if name not in known:
            raise AttributeError(f"item {self.id} has no {name!r}; its data has {', '.join(self._item.data)}")
        return known[name]

    def __repr__(self) -> str:
        return f"DatasetItem({self._item.content!r})"


class BaseDatasetSampler(abc.ABC):
    """Base class for samplers of your own; any object with such a ``sample`` will do."""

    @abc.abstractmethod
    def sample(self, data_items: list[Any]) -> list[Any]:
        """Return some of the items, in the order to evaluate them. One returned twice is evaluated twice."""


class RandomDatasetSampler(BaseDatasetSampler):
    """Draws at random, without replacement; the same items for the same seed as in Opik.

    Args:
        max_samples: how many at most.
        shuffle: whether to shuffle once more what was drawn.
        seed: for the random numbers; None draws differently each time.

    Raises:
        ArgumentError: ``max_samples`` is not a whole number of 0 or more.
    """

    def __init__(self, max_samples: int, shuffle: bool = True, seed: int | None = None) -> None:
        self.max_samples = _whole("max_samples", max_samples)
        self.shuffle = shuffle
        self.seed = seed

    def sample(self, data_items: list[Any]) -> list[Any]:
        """Draw from the items. Every call with a seed draws the same."""
        generator = random.Random(self.seed)
        drawn = generator.sample(data_items, min(len(data_items), self.max_samples))
        if self.shuffle:  # drawn in random order already; shuffled again because Opik does, so that seeds agree
            generator.shuffle(drawn)
        return drawn


def _whole(name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ArgumentError(f"{name} must be a whole number of 0 or more, got {value!r}")
    return value


def draw(sampler: Any, items: Sequence[Item]) -> list[Item]:
    """What the sampler chooses of the items, in its order; an item drawn twice is there twice.

    Args:
        sampler: ours, ``opik``'s, or anything with ``sample(items)``. It is given :class:`DatasetItem` views.
        items: what to choose from.

    Raises:
        ArgumentError: it is no sampler, or returned something else than items that it was given.
        Exception: whatever ``sample`` raised.
    """
    if isinstance(sampler, type):
        raise ArgumentError(f"dataset_sampler is the class {sampler.__name__}: pass an instance")
    if not callable(getattr(sampler, "sample", None)):
        raise ArgumentError(f"dataset_sampler must have a method sample(items), {type(sampler).__name__} has not")
    drawn = sampler.sample([DatasetItem(item) for item in items])
    if not isinstance(drawn, Iterable) or isinstance(drawn, (str, dict)):
        raise ArgumentError(f"dataset_sampler.sample() must return a list of items, got {type(drawn).__name__}")
    by_id = {item.id: item for item in items}
    ids = [getattr(item, "id", None) for item in drawn]
    if not all(isinstance(item_id, str) and item_id in by_id for item_id in ids):
        raise ArgumentError("dataset_sampler.sample() must return only items that it was given")
    return [by_id[item_id] for item_id in ids if item_id is not None]
