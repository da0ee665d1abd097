"""Which items an experiment evaluates: chosen once by ``evaluate``, found again by every resume.

Filter, explicit ids, ``nb_samples`` and sampler apply one after the other, in that order, on the pinned version in
Opik's order (newest item first). What filter and ``nb_samples`` choose is found again from the resume state; what ids or
a sampler chose is kept as a list of ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opik_resume.base.metadata.resume_state import ResumeState
from opik_resume.base.records import Item
from opik_resume.base.text import redaction
from opik_resume.datasets.filters import parse
from opik_resume.exceptions import ArgumentError
from opik_resume.samplers import draw

logger = redaction.logger("opik_resume")


@dataclass(frozen=True)
class Selection:
    """The items to evaluate, each once, and the number of runs each expects.

    ``resolved_ids`` are the ids as drawn, one drawn twice listed twice; None when the state alone finds the items again.
    """

    items: dict[str, Item]
    runs: dict[str, int]
    resolved_ids: tuple[str, ...] | None = None


def choose(
    items: Sequence[Item], state: ResumeState, dataset_item_ids: Sequence[str] | None, dataset_sampler: Any
) -> Selection:
    """What ``evaluate`` was asked to evaluate, out of the items of the pinned version.

    Ids that are not in the version are warned about and ignored, as in Opik. What is left may be nothing.

    Raises:
        FilterError: the filter cannot be read.
        ArgumentError: the ids are no list, or the sampler returned something else.
    """
    chosen = _filtered(items, state.dataset_filter_string)
    if dataset_item_ids is not None:
        wanted = _wanted_ids(dataset_item_ids, items)
        chosen = [item for item in chosen if item.id in wanted]
    chosen = chosen[: state.nb_samples]
    if dataset_sampler is not None:
        chosen = draw(dataset_sampler, chosen)
    resolved = dataset_item_ids is not None or dataset_sampler is not None
    return _selection(chosen, state, tuple(item.id for item in chosen) if resolved else None)


def find_again(items: Sequence[Item], state: ResumeState, resolved_ids: Sequence[str] | None) -> Selection:
    """What the original evaluation chose, out of the items of the same version.

    The SDK keeps explicit ids as they were given, before filter and ``nb_samples``. Ids that were drawn after filter and
    ``nb_samples`` pass both once more. None means that there are none, an empty list that nothing was left.
    """
    chosen = _filtered(items, state.dataset_filter_string)
    if resolved_ids is None:
        return _selection(chosen[: state.nb_samples], state, None)
    wanted = set(resolved_ids)
    by_id = {item.id: item for item in [item for item in chosen if item.id in wanted][: state.nb_samples]}
    return _selection([by_id[item_id] for item_id in resolved_ids if item_id in by_id], state, tuple(resolved_ids))


def _selection(chosen: Sequence[Item], state: ResumeState, resolved_ids: tuple[str, ...] | None) -> Selection:
    drawn = Counter(item.id for item in chosen)
    runs = {item.id: (item.runs_per_item or state.default_runs_per_item) * drawn[item.id] for item in chosen}
    return Selection({item.id: item for item in chosen}, runs, resolved_ids)


def _filtered(items: Sequence[Item], filter_string: str | None) -> list[Item]:
    if filter_string is None:
        return list(items)
    wanted = parse(filter_string)
    return [item for item in items if wanted.matches(item)]


def _wanted_ids(dataset_item_ids: Sequence[str], items: Sequence[Item]) -> set[str]:
    if isinstance(dataset_item_ids, str) or not isinstance(dataset_item_ids, Sequence):
        raise ArgumentError(f"dataset_item_ids must be a list of ids, got {type(dataset_item_ids).__name__}")
    if not dataset_item_ids:
        raise ArgumentError("dataset_item_ids is empty: leave it out to evaluate every item")
    wanted = {str(item_id).lower() for item_id in dataset_item_ids}
    unknown = sorted(wanted - {item.id for item in items})
    if unknown:
        logger.warning(
            "dataset_item_ids: %d of %d ids are not in this version of the dataset and are ignored: %s%s",
            len(unknown),
            len(wanted),
            ", ".join(unknown[:3]),
            ", …" if len(unknown) > 3 else "",
        )
    return wanted
