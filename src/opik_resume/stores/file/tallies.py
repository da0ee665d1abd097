"""The cells of many experiments counted at once, by SQL alone, exactly as their grids count them."""

from __future__ import annotations

from collections.abc import Sequence

from opik_resume.base.records import CellState
from opik_resume.base.states import DONE, FAILED
from opik_resume.base.tallies import Expectation, Tally
from opik_resume.stores.file.columns import STATE
from opik_resume.stores.file.database import Database, placeholders
from opik_resume.stores.file.items import NEWEST_FIRST, number_of

_AT_ONCE = 100  # experiments of one query


def _listed(states: Sequence[CellState]) -> str:
    return ", ".join(f"{state:d}" for state in states)


# Of the attempts that state a trial a complete one fills its cell, else the newest: "~" comes after every id. A column
# beside max() is of the row that has it.
_COUNTED = f"""
WITH wanted (experiment_id, dataset_id, number, runs, oldest) AS (VALUES {{values}}),
tried AS (
    SELECT experiment_id, item_id, trial, id, complete, {STATE} AS state FROM attempts
    WHERE experiment_id IN (SELECT experiment_id FROM wanted)
    UNION ALL
    SELECT experiment_id, item_id, trial, id, 0, {CellState.interrupted:d} FROM starts
    WHERE experiment_id IN (SELECT experiment_id FROM wanted)
    AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.id = starts.id)
),
filled AS (
    SELECT experiment_id, item_id, trial, state, max(CASE WHEN complete THEN '~' ELSE id END)
    FROM tried GROUP BY experiment_id, item_id, trial
)
SELECT w.experiment_id, coalesce(sum(f.state IN ({_listed(DONE)})), 0), coalesce(sum(f.state IN ({_listed(FAILED)})), 0)
FROM wanted w
CROSS JOIN filled f ON f.experiment_id = w.experiment_id AND +f.item_id >= +w.oldest
CROSS JOIN dataset_items i ON i.dataset_id = w.dataset_id AND i.id = f.item_id
    AND i.added_in <= w.number AND (i.removed_in IS NULL OR i.removed_in > w.number)
    AND f.trial >= 0 AND f.trial < coalesce(nullif(i.runs_per_item, 0), w.runs)
GROUP BY w.experiment_id"""
_FOREIGN = """
SELECT experiment_id FROM attempts WHERE experiment_id IN {ids} AND trial IS NULL
UNION SELECT experiment_id FROM starts WHERE experiment_id IN {ids} AND trial IS NULL"""


def tallies(database: Database, wanted: Sequence[Expectation]) -> dict[str, Tally]:
    """As :meth:`~opik_resume.stores.protocol.ExperimentStore.tallies`.

    Left out are those that have attempts which state no trial: which cells they fill takes more than counting.
    """
    counted: dict[str, Tally] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        counted |= _some(database, wanted[start : start + _AT_ONCE])
    return counted


def _some(database: Database, wanted: Sequence[Expectation]) -> dict[str, Tally]:
    ids = [each.experiment_id for each in wanted]
    places = placeholders(1, len(ids))
    foreign = {row[0] for row in database.read(_FOREIGN.replace("{ids}", places), (*ids, *ids))}
    expected = {each: _expected(database, each) for each in wanted}
    values = [
        (each.experiment_id, each.dataset_id, number_of(each.version_name), each.runs_per_item, expected[each][1])
        for each in wanted
    ]
    query = _COUNTED.replace("{values}", placeholders(len(values), 5))
    rows = database.read(query, [value for row in values for value in row])
    found = {experiment_id: (done, failed) for experiment_id, done, failed in rows}
    return {
        each.experiment_id: Tally(*found.get(each.experiment_id, (0, 0)), expected[each][0])
        for each in wanted
        if each.experiment_id not in foreign
    }


def _expected(database: Database, wanted: Expectation) -> tuple[int, str]:
    """How many cells it has, and the oldest of its items."""
    chosen = f"SELECT id, coalesce(nullif(runs_per_item, 0), ?3) AS runs {NEWEST_FIRST} LIMIT ?4"
    limit = -1 if wanted.nb_samples is None else wanted.nb_samples
    parameters = (wanted.dataset_id, number_of(wanted.version_name), wanted.runs_per_item, limit)
    query = f"SELECT coalesce(sum(runs), 0), coalesce(min(id), '') FROM ({chosen})"
    ((cells, oldest),) = database.read(query, parameters)
    return cells, oldest
