"""Half of a surrogate pair, wherever a user's text may hold one, is in no record: tables, files and servers refuse it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from opik_resume import connect, create_dataset, evaluate, evaluate_resume, experiments, get_dataset
from opik_resume.base.records import Json, ScoreResult
from opik_resume.metrics import BaseMetric
from opik_resume.stores import close_all
from opik_resume.stores.protocol import Store
from tests.opik_server import OpikServer

HALF = "\ud83d"
CLEAN = "\\ud83d"


@pytest.fixture(params=["file", "server"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with ExitStack() as opened:
        target = tmp_path / "x.sqlite3" if request.param == "file" else opened.enter_context(OpikServer()).url
        yield connect(target)
        close_all()


def texts(value: Any) -> Iterator[str]:
    """Every text within a value."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        yield from texts([getattr(value, field.name) for field in fields(value)])
    elif isinstance(value, dict):
        yield from texts([*value, *value.values()])
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from texts(inner)


class Odd(BaseMetric):
    def score(self, output: str, **ignored: Any) -> list[ScoreResult]:
        if "9" in output:
            raise ValueError(f"judge {HALF}")
        return [ScoreResult(f"s{HALF}", 1.0, f"reason {HALF}", f"category {HALF}", {f"k{HALF}": HALF})]


def task(item: Json) -> Json:
    if item["n"] == 0:
        raise ValueError(f"no answer {HALF}")
    return {"output": f"{item['n']} {HALF}", f"k{HALF}": [HALF, {HALF: HALF}], "object": {HALF}}


task.__name__ = f"task {HALF}"


def test_it_is_in_no_table_no_record_and_no_log(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    dataset = create_dataset(f"data {HALF}", f"about {HALF}")
    dataset.insert({"n": n, f"k{HALF}": [f"v {HALF}"], "set": {HALF}} for n in (0, 1, 9))
    options: Json = {
        "experiment_config": {f"k{HALF}": {HALF: [HALF]}},
        "experiment_tags": [f"tag {HALF}"],
        "dataset_filter_string": f'data."k{HALF}" != "{HALF}"',
        "experiment_name": f"e {HALF}",
        "verbose": 0,
    }
    result = evaluate(dataset, task, [Odd(f"metric {HALF}")], **options)
    resumed = evaluate_resume(f"e {HALF}", task, [Odd(f"metric {HALF}")], verbose=0)
    assert result.experiment_id == resumed.experiment_id
    experiment = store.get(result.experiment_id)
    frames = [
        experiments(), experiments(search=HALF), result.to_pandas(), result.failures, resumed.to_pandas(), dataset.to_pandas(),
        get_dataset(f"data {HALF}").to_pandas(),
    ]  # fmt: skip
    found = list(texts([[list(frame.columns), frame.to_numpy().tolist()] for frame in frames]))
    found += texts([experiment, store.attempts(experiment.id, heavy=True), result.test_results, str(result)])
    found += texts(caplog.messages)
    assert not any("not given" in message for message in caplog.messages), "a metric is known by the name that is kept"
    for text in found:
        text.encode("utf-8")
    for shown in ("data", "e", "tag", "no answer", "judge", "reason", "task", "metric", "v"):
        assert any(f"{shown} {CLEAN}" in text for text in found), shown
    assert len(result.test_results) == 2
    assert len(experiments(search=HALF)) == 1


def test_a_file_of_old_that_holds_halves_as_escapes_is_read_as_clean_text(tmp_path: Path) -> None:
    connect(tmp_path / "old.sqlite3")
    dataset = create_dataset("d")
    dataset.insert([{"n": 1}])
    result = evaluate(dataset, task, [Odd("m")], experiment_name="e", verbose=0)
    close_all()
    old = json.dumps({"output": HALF, HALF: "whole 😀"})
    with closing(sqlite3.connect(tmp_path / "old.sqlite3")) as db:
        db.execute("UPDATE attempts SET task_output = ?", (old,))
        db.execute("UPDATE dataset_items SET data = ?", (old,))
        db.execute("UPDATE experiments SET tags = ?", (json.dumps([HALF]),))
        db.commit()
    store = connect(tmp_path / "old.sqlite3")
    wanted = {"output": CLEAN, CLEAN: "whole 😀"}
    assert [a.task_output for a in store.attempts(result.experiment_id, heavy=True)] == [wanted]
    assert [item.data for item in store.items(dataset.id, "v1")] == [wanted]
    assert store.get(result.experiment_id).tags == (CLEAN,)
    close_all()
