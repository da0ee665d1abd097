"""Every experiment of a store as a table, each read exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from opik_resume.base.process.doors import door
from opik_resume.base.records import Experiment
from opik_resume.base.tallies import Tally
from opik_resume.base.text.jsontext import clean
from opik_resume.exceptions import ArgumentError
from opik_resume.experiment.reading import expectation_of, state_named
from opik_resume.lifecycle.conclude import read_and_finish
from opik_resume.stores.connections import default_store
from opik_resume.stores.protocol import SORTS

if TYPE_CHECKING:
    import pandas as pd

    from opik_resume.stores.protocol import Store

COLUMNS = [
    "id", "name", "dataset", "version", "done", "expected", "failed", "state", "created_at", "updated_at",
]  # fmt: skip
_PAGE = 500
_AT_ONCE = 4  # experiments read at a time: a server's answers take their time


@door
def experiments(
    *, search: str = "", sort: str = "-created_at", limit: int | None = None, store: Store | None = None
) -> pd.DataFrame:
    """The experiments of a store, exactly as they stand.

    Args:
        search: only those whose name contains this (on the embedded store, or whose dataset's name does).
        sort: ``created_at``, ``updated_at`` or ``name``; with a minus the last comes first.
        limit: at most so many, the first of that order. Reading one takes several requests to a server.
        store: where to look; the default store when left out.

    Returns:
        One row an experiment: ``id``, ``name``, ``dataset``, ``version``, ``done``, ``expected`` and ``failed`` cells,
        ``state`` (see ``Reading.state``), ``created_at``, ``updated_at`` (UTC). Of one that is ``not_resumable`` nobody
        can tell how many runs it should have: ``expected`` is then a guess.
        The store that was read is named in ``.attrs["store"]`` and in the corner of the table.

    Raises:
        ArgumentError: there is no such order.
        ServerError: the server cannot be asked.
    """
    import pandas as pd

    if sort not in SORTS:
        raise ArgumentError(f"sort must be one of {', '.join(SORTS)}, got {sort!r}")
    where = store or default_store()
    # What is added meanwhile shifts the pages: the same one may come twice.
    listed = list({experiment.id: experiment for experiment in _every(where, clean(search), sort, limit)}.values())[
        :limit
    ]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="opik-resume-reading") as pool:
        rows = list(pool.map(partial(_row, where, _tallies(listed, where)), listed))
    # In the corner of the table, for people; in attrs, for programs.
    frame = pd.DataFrame(rows, columns=pd.Index(COLUMNS, name=where.label))
    frame.attrs["store"] = where.label
    return frame


def _every(store: Store, search: str, sort: str, limit: int | None) -> Iterator[Experiment]:
    offset, total = 0, 1
    while offset < (total if limit is None else min(total, limit)):
        page, total = store.find(search, offset, _PAGE, sort)
        yield from page
        offset += _PAGE


def _tallies(listed: Sequence[Experiment], store: Store) -> dict[str, Tally]:
    """What the store can count without reading cells, by experiment id."""
    wanted = [expectation for experiment in listed if (expectation := expectation_of(experiment)) is not None]
    return store.tallies(wanted)


def _row(store: Store, tallies: Mapping[str, Tally], experiment: Experiment) -> tuple[object, ...]:
    tally, state = tallies.get(experiment.id), ""
    if tally is not None:
        holder = store.leases.holder(experiment.id)
        whole = 0 < tally.expected == tally.done
        state = state_named(experiment, holder, whole=whole)
        unfinished = whole and holder is None and experiment.status == "running"
    if tally is None or unfinished:
        reading = read_and_finish(experiment, store)
        experiment, grid, state = reading.experiment, reading.grid, reading.state
        tally = Tally(grid.done, grid.failed, len(grid))
    return (
        experiment.id,
        experiment.name,
        experiment.dataset_name,
        experiment.version_name,
        tally.done,
        tally.expected,
        tally.failed,
        state,
        experiment.created_at,
        experiment.updated_at,
    )
