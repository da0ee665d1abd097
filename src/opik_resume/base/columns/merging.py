"""Attempts that came later, in among columns that are there: only their items are looked at again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeAlias

from opik_resume.base.columns.attempts import AttemptColumns, Overlaid
from opik_resume.base.columns.ids import Ids
from opik_resume.base.numeric import np, npt
from opik_resume.base.records import Attempt

Flags: TypeAlias = "npt.NDArray[np.bool_]"


def merged(columns: AttemptColumns, fresh: Iterable[Attempt]) -> AttemptColumns:
    """The columns with these attempts too, in place of those of the same ids."""
    newer = {attempt.id: attempt for attempt in fresh}
    if not newer:
        return columns
    later = AttemptColumns.of(newer.values())
    near = np.flatnonzero(np.isin(columns.item, columns.item_ids.places(later.item_ids.texts)))
    ids = columns.source.ids(columns.row[near])
    replaced = near[[attempt_id in newer for attempt_id in ids]] if len(near) else near
    kept = np.ones(len(columns), dtype=np.bool_)
    kept[replaced] = False
    beside = _beside(columns, later)
    joined = _joined(columns, kept, beside)
    return _in_order(joined, dict(zip(near.tolist(), ids, strict=True)), kept, beside)


def _beside(columns: AttemptColumns, later: AttemptColumns) -> AttemptColumns:
    """The later ones with the rows that they have at the source of the others, else beside it."""
    objects = later.source.attempts(later.row)
    source = columns.source if isinstance(columns.source, Overlaid) else Overlaid(columns.source, ())
    there = source.rows([attempt.id for attempt in objects])
    unknown = [attempt for attempt, row in zip(objects, there, strict=True) if row is None]
    next_rows = iter(range(-1 - len(source.beside), -1 - len(source.beside) - len(unknown), -1))
    rows = np.array([next(next_rows) if row is None else row for row in there], dtype=np.int64)
    return replace(later, row=rows, source=Overlaid(source.source, [*source.beside, *unknown]))


def _joined(columns: AttemptColumns, kept: Flags, later: AttemptColumns) -> AttemptColumns:
    """Those that are kept, and then the later ones."""
    places = columns.item_ids.places(later.item_ids.texts)
    new = places < 0
    item_ids = (
        Ids(np.concatenate([columns.item_ids.texts, later.item_ids.texts[new]])) if new.any() else columns.item_ids
    )
    places[new] = np.arange(len(columns.item_ids), len(item_ids))

    def both(name: str, added: npt.NDArray[Any]) -> npt.NDArray[Any]:
        was = getattr(columns, name)
        return np.concatenate([was[kept], added.astype(was.dtype)])

    return replace(
        columns,
        item_ids=item_ids,
        item=both("item", places[later.item]),
        trial=both("trial", later.trial),
        state=both("state", later.state),
        seconds=both("seconds", later.seconds),
        began=both("began", later.began),
        cost=both("cost", later.cost),
        tokens=both("tokens", later.tokens),
        row=both("row", later.row),
        error=both("error", later.error + len(columns.error_types)),
        said=both("said", later.said + len(columns.metrics)),
        error_types=[*columns.error_types, *later.error_types],
        metrics=[*columns.metrics, *later.metrics],
        source=later.source,
    )


def _in_order(joined: AttemptColumns, ids: dict[int, str], kept: Flags, later: AttemptColumns) -> AttemptColumns:
    """By item, those of an item by id: the ids are known of all whose item has got another."""
    before = np.flatnonzero(kept)
    rank = np.zeros(len(joined), dtype=np.int64)
    at = np.flatnonzero(np.isin(before, np.fromiter(ids, np.int64, len(ids))))
    known = [ids[place] for place in before[at].tolist()] + later.source.ids(later.row)
    where = np.concatenate([at, np.arange(len(before), len(joined))])
    rank[where[sorted(range(len(known)), key=known.__getitem__)]] = np.arange(len(known))
    order = np.lexsort((rank, joined.item))
    names = ("item", "trial", "state", "seconds", "began", "cost", "tokens", "row", "error", "said")
    return replace(joined, **{name: getattr(joined, name)[order] for name in names})
