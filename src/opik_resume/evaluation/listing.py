"""Every experiment of a store as a table, each read exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from opik_resume.base.process.doors import door
from opik_resume.base.records import Experiment
from opik_resume.base.text import redaction
from opik_resume.base.text.jsontext import clean
from opik_resume.exceptions import ArgumentError
from opik_resume.experiment.reading import UNREAD, why_unread
from opik_resume.lifecycle.conclude import read_and_finish
from opik_resume.lifecycle.progress import steps_bar
from opik_resume.stores.connections import default_store
from opik_resume.stores.protocol import SORTS

if TYPE_CHECKING:
    import pandas as pd

    from opik_resume.stores.protocol import Store

COLUMNS = [
    "id", "name", "dataset", "version", "done", "expected", "failed", "state", "created_at", "updated_at", "reason",
]  # fmt: skip
_COUNTS = ("done", "expected", "failed")
_PAGE = 500
_AT_ONCE = 8  # experiments of a server read at a time: its answers take their time

logger = redaction.logger("opik_resume")


@door
def experiments(
    *,
    search: str = "",
    sort: str = "-created_at",
    limit: int | None = None,
    verbose: int = 1,
    store: Store | None = None,
) -> pd.DataFrame:
    """The experiments of a store, exactly as they stand.

    Args:
        search: only those whose name contains this (on the embedded store, or whose dataset's name does).
        sort: ``created_at``, ``updated_at`` or ``name``; with a minus the last comes first.
        limit: at most so many, the first of that order. Reading one takes several requests to a server.
        verbose: 0 draws no progress bar; 1 draws one in a terminal, of a server that takes its time.
        store: where to look; the default store when left out.

    Returns:
        One row an experiment: ``id``, ``name``, ``dataset``, ``version``, ``done``, ``expected`` and ``failed`` cells,
        ``state`` (see ``Reading.state``), ``created_at``, ``updated_at`` (UTC), ``reason``. Of one that is
        ``not_resumable`` nobody can tell how many runs it should have: ``expected`` is then a guess, and ``reason`` says
        why. One that cannot be read is ``unread`` for the ``reason`` given there: nobody knows its ``done`` and ``failed``.
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
    rows = _read(listed, where, shown=verbose > 0)
    # In the corner of the table, for people; in attrs, for programs.
    frame = pd.DataFrame(rows, columns=pd.Index(COLUMNS, name=where.label))
    frame = frame.astype(dict.fromkeys(_COUNTS, "Int64"))  # of what is unread they are not known
    frame.attrs["store"] = where.label
    return frame


def _every(store: Store, search: str, sort: str, limit: int | None) -> Iterator[Experiment]:
    offset, total = 0, 1
    while offset < (total if limit is None else min(total, limit)):
        page, total = store.find(search, offset, _PAGE, sort)
        yield from page
        offset += _PAGE


def _read(listed: Sequence[Experiment], store: Store, *, shown: bool) -> list[tuple[object, ...]]:
    """A row for each. A local file is read by one thread: it takes the time of a core."""
    rows = []
    with (
        ThreadPoolExecutor(_AT_ONCE if store.remote else 1, thread_name_prefix="opik-resume-reading") as pool,
        steps_bar(f"Reading {store.label}", len(listed), "experiment", shown=shown) as step,
    ):
        for row in pool.map(lambda experiment: _row(experiment, store), listed):
            rows.append(row)
            step()
    return rows


def _row(experiment: Experiment, store: Store) -> tuple[object, ...]:
    """One that cannot be read, whyever, must not take the others with it."""
    try:
        idle = experiment.problem is None and store.leases.holder(experiment.id) is None
        whole = store.complete(experiment.id) if idle else None
        if whole is not None:
            return _told(experiment, whole, whole, 0, "complete", None)
        reading = read_and_finish(experiment, store)
    except Exception as error:
        logger.info("Experiment %s could not be read", experiment.id, exc_info=True)
        return _told(experiment, None, experiment.expected, None, UNREAD, why_unread(error))
    grid, reason = reading.grid, str(reading.obstacle) if reading.obstacle is not None else None
    return _told(reading.experiment, grid.done, len(grid), grid.failed, reading.state, reason)


def _told(
    experiment: Experiment, done: int | None, expected: int, failed: int | None, state: str, reason: str | None
) -> tuple[object, ...]:
    return (
        experiment.id,
        experiment.name,
        experiment.dataset_name,
        experiment.version_name,
        done,
        expected,
        failed,
        state,
        experiment.created_at,
        experiment.updated_at,
        reason,
    )
