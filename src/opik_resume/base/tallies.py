"""How many cells of an experiment are done and failed, counted without reading them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expectation:
    """Which cells an experiment has: of the newest ``nb_samples`` items of a dataset version (None: of all).

    ``runs_per_item`` is of items without an ``execution_policy`` of their own.
    """

    experiment_id: str
    dataset_id: str
    version_name: str
    runs_per_item: int
    nb_samples: int | None


@dataclass(frozen=True, slots=True)
class Tally:
    """What the grid of an experiment counts."""

    done: int
    failed: int
    expected: int
