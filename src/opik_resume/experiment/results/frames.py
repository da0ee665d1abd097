"""Results as a table: one row a run. Of those that are not made yet each JSON text is decoded, and nothing else made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from opik_resume.base.columns.scores import ScoreColumns
from opik_resume.base.numeric import np, npt
from opik_resume.base.records import Json
from opik_resume.experiment.results.result_list import TestResults, unmade
from opik_resume.experiment.results.test_results import TestResult

if TYPE_CHECKING:
    import pandas as pd

_SECTIONS = ("item", "output", "score")  # in the order of their columns


def frame_of(results: Sequence[TestResult]) -> pd.DataFrame:
    """The table: ``item_id``, ``position``, ``trial``, ``item.*``, ``output.*`` and ``score.*``, each where it first occurs.

    And ``version``, when they are of several, and ``cost``, in US dollars, where that of any is known. ``position``, of the
    item in the experiment's order, is left out when that of none is known.
    """
    import pandas as pd

    there = unmade(results)
    frame = pd.DataFrame([_flat(result) for result in results]) if not there else _of_columns(there)
    versions = list(there.versions()) if there else [result.version for result in results]
    if len(set(versions)) > 1:
        frame.insert(_after_trial(frame), "version", np.array(versions, dtype=object))
    costs = there.costs() if there else np.array([result.cost for result in results], dtype=np.float64)
    if not np.isnan(costs).all():
        frame.insert(_after_trial(frame), "cost", costs)
    return frame


def _after_trial(frame: pd.DataFrame) -> int:
    return list(frame.columns).index("trial") + 1


def _flat(result: TestResult) -> Json:
    case = result.test_case
    position = {} if result.position is None else {"position": result.position}
    row: Json = {"item_id": case.dataset_item_id, **position, "trial": result.trial_id}
    row.update({f"item.{key}": value for key, value in case.dataset_item_content.items() if key != "id"})
    row.update({f"output.{key}": value for key, value in case.task_output.items()})
    good_last = sorted(result.score_results, key=lambda score: not score.scoring_failed)
    row.update({f"score.{s.name}": None if s.scoring_failed else s.value for s in good_last})
    return row


def _of_columns(results: TestResults) -> pd.DataFrame:
    """The same of columns."""
    import pandas as pd

    ids, positions, trials = results.keys()
    table = _Table(len(results))
    table.take("item", results.contents())
    table.take("output", results.outputs())
    table.take_scores(results.scores)
    keys = {"item_id": np.array(list(ids), dtype=object), "position": positions, "trial": trials}
    # As pandas makes it of rows: each column is of objects, from which its type is inferred.
    return pd.DataFrame({**keys, **table.columns()}).infer_objects()


class _Table:
    """Columns of so many rows, each made when it first occurs; what a row does not have is NaN."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._columns: dict[tuple[str, str], npt.NDArray[np.object_]] = {}
        self._first: dict[tuple[str, str], tuple[int, int, int]] = {}  # row, section, and place in that row

    def columns(self) -> dict[str, npt.NDArray[np.object_]]:
        """By name, in the order in which rows name them."""
        ordered = sorted(self._columns, key=self._first.__getitem__)
        return {".".join(key): self._columns[key] for key in ordered}

    def take(self, section: str, rows: Iterable[Json]) -> None:
        """What each row has of a section. The id of an item has a column of its own."""
        columns: dict[str, npt.NDArray[np.object_]] = {}
        for number, row in enumerate(rows):
            for name, value in row.items():
                if name not in columns:
                    columns[name] = self._made(section, name, number, len(columns))
                columns[name][number] = value
        if section == "item" and "id" in columns:
            del self._columns[section, "id"]

    def take_scores(self, scores: ScoreColumns) -> None:
        """Each run's by name: of several the last that did not fail."""
        order = np.lexsort((~scores.failed, scores.run))
        names, runs = scores.name[order], scores.run[order]
        values: npt.NDArray[Any] = scores.value[order].astype(object)
        values[scores.failed[order]] = None
        for place, name in enumerate(scores.names):
            (its,) = np.nonzero(names == place)
            column = self._made("score", name, int(runs[its[0]]), int(its[0]))
            column[runs[its]] = values[its]

    def _made(self, section: str, name: str, row: int, place: int) -> npt.NDArray[np.object_]:
        self._first[section, name] = row, _SECTIONS.index(section), place
        self._columns[section, name] = column = np.full(self._rows, np.nan, dtype=object)
        return column
