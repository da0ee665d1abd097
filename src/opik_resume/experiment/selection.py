"""Which items an experiment evaluates: chosen once by ``evaluate``, found again by every resume.

Filter, explicit ids, ``nb_samples`` and sampler apply one after the other, in that order, on the pinned version in
Opik's order (newest item first). What filter and ``nb_samples`` choose is found again from the resume state; what ids or
a sampler chose is kept as a list of ids.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from opik_resume.base.columns.ids import Ids, Numbers, Runs
from opik_resume.base.columns.items import Items
from opik_resume.base.metadata.resume_state import ResumeState
from opik_resume.base.numeric import np
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

    items: Items
    runs: Runs
    resolved_ids: tuple[str, ...] | None = None


def choose(
    items: Items | Sequence[Item],
    state: ResumeState,
    dataset_item_ids: Sequence[str] | None,
    dataset_sampler: Any,
    call: Callable[..., Any] = operator.call,
) -> Selection:
    """What ``evaluate`` was asked to evaluate, out of the items of the pinned version. ``call`` calls what is the user's.

    Ids that are not in the version are warned about and ignored, as in Opik. What is left may be nothing.

    Raises:
        FilterError: the filter cannot be read.
        ArgumentError: the ids are no list, or the sampler returned something else.
    """
    items = Items.of(items)
    chosen = _filtered(items, state.dataset_filter_string)
    if dataset_item_ids is not None:
        chosen = chosen.at(_places(chosen, _wanted_ids(dataset_item_ids, items)))
    chosen = chosen.at(slice(state.nb_samples))
    drawn: list[str] | None = None
    if dataset_sampler is not None:
        drawn = [item.id for item in call(draw, dataset_sampler, list(chosen.each()))]
    if drawn is None and dataset_item_ids is not None:
        drawn = list(chosen)
    return _drawn(chosen, state, drawn, drawn) if drawn is not None else _selection(chosen, state)


def find_again(items: Items | Sequence[Item], state: ResumeState, resolved_ids: Sequence[str] | None) -> Selection:
    """What the original evaluation chose, out of the items of the same version.

    The SDK keeps explicit ids as they were given, before filter and ``nb_samples``. Ids that were drawn after filter and
    ``nb_samples`` pass both once more. None means that there are none, an empty list that nothing was left.
    """
    chosen = _filtered(Items.of(items), state.dataset_filter_string)
    if resolved_ids is None:
        return _selection(chosen.at(slice(state.nb_samples)), state)
    chosen = chosen.at(_places(chosen, set(resolved_ids))).at(slice(state.nb_samples))
    return _drawn(chosen, state, [item_id for item_id in resolved_ids if item_id in chosen], resolved_ids)


def _places(items: Items, wanted: set[str]) -> Numbers:
    """Where those of these ids are, in the order of the items."""
    places = items.ids.places(Ids.of(wanted).texts)
    return np.sort(places[places >= 0])


def _selection(chosen: Items, state: ResumeState) -> Selection:
    return Selection(chosen, Runs(chosen.ids, _runs(chosen, state)))


def _runs(chosen: Items, state: ResumeState) -> Numbers:
    return np.where(chosen.own_runs > 0, chosen.own_runs, state.default_runs_per_item)


def _drawn(chosen: Items, state: ResumeState, drawn: Sequence[str], resolved_ids: Sequence[str]) -> Selection:
    """In the order in which they were drawn; one that was drawn twice is run twice as often."""
    times = Counter(drawn)
    those = chosen.at(chosen.ids.places(Ids.of(times).texts))
    counts = _runs(those, state) * np.fromiter(times.values(), np.int64, len(times))
    return Selection(those, Runs(those.ids, counts), tuple(resolved_ids))


def _filtered(items: Items, filter_string: str | None) -> Items:
    if filter_string is None:
        return items
    wanted = parse(filter_string)
    matching = np.fromiter((wanted.matches(item) for item in items.each()), np.bool_, len(items))
    return items.at(np.flatnonzero(matching))


def _wanted_ids(dataset_item_ids: Sequence[str], items: Items) -> set[str]:
    if isinstance(dataset_item_ids, str) or not isinstance(dataset_item_ids, Sequence):
        raise ArgumentError(f"dataset_item_ids must be a list of ids, got {type(dataset_item_ids).__name__}")
    if not dataset_item_ids:
        raise ArgumentError("dataset_item_ids is empty: leave it out to evaluate every item")
    wanted = {str(item_id).lower() for item_id in dataset_item_ids}
    unknown = sorted(item_id for item_id in wanted if item_id not in items)
    if unknown:
        logger.warning(
            "dataset_item_ids: %d of %d ids are not in this version of the dataset and are ignored: %s%s",
            len(unknown),
            len(wanted),
            ", ".join(unknown[:3]),
            ", …" if len(unknown) > 3 else "",
        )
    return wanted
