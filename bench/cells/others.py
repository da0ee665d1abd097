"""What one could do without the package: pandas over the same tables, and the grid as a plain HTML table."""

from __future__ import annotations

import importlib
import sqlite3
from contextlib import closing
from typing import Any

from bench.cells.ours import TRIALS
from bench.subjects import processor_seconds

_ATTEMPTS = """
SELECT a.item_id, a.trial, a.id, a.complete, a.returned, a.error_type FROM attempts a
JOIN experiments e ON e.id = a.experiment_id WHERE e.name = 'e'"""
_ITEMS = """
SELECT i.id AS item_id FROM dataset_items i JOIN experiments e ON e.dataset_id = i.dataset_id WHERE e.name = 'e'"""


def pandas_plan(path: str, cells: int) -> float:
    """Which cells are lacking: one row a cell, its complete attempt or else its newest."""
    importlib.import_module("pandas")
    missing: list[Any] = []

    def work() -> None:
        states = _states(path)
        missing.append(states[~states["complete"].fillna(0).astype(bool)])

    seconds = processor_seconds(work)
    assert len(missing[0]) == cells // 10
    return seconds


def html_table(path: str, _cells: int) -> float:
    """The grid as a notebook would show a data frame without a limit; the browser's part is in ``bench.frontend``."""
    importlib.import_module("pandas")
    states = _states(path)
    texts: list[str] = []

    def work() -> None:
        table = states.assign(state=states["complete"].map({1: "completed", 0: "task_failed"}).fillna("never_run"))
        texts.append(table.pivot_table(index="item_id", columns="trial", values="state", aggfunc="first").to_html())

    seconds = processor_seconds(work)
    assert "completed" in texts[0]
    return seconds


def _states(path: str) -> Any:
    import pandas as pd

    with closing(sqlite3.connect(path)) as db:
        attempts, items = pd.read_sql_query(_ATTEMPTS, db), pd.read_sql_query(_ITEMS, db)
    filled = attempts.sort_values(["complete", "id"]).drop_duplicates(["item_id", "trial"], keep="last")
    every = items.merge(pd.DataFrame({"trial": range(TRIALS)}), how="cross")
    return every.merge(filled, on=["item_id", "trial"], how="left")


SUBJECTS = {"pandas plan": pandas_plan, "html": html_table}
