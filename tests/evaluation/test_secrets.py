"""Keys in what users' code raises reach neither file nor browser; users' data is theirs."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from opik_resume import connect, create_dataset, evaluate
from opik_resume.base.records import Json, ScoreResult
from opik_resume.metrics import BaseMetric
from opik_resume.stores import close_all

KEY = "sk-0123456789abcdef"


def task(item: Json) -> Json:
    if item["n"] == 0:
        raise ConnectionError(f"401: {{'Authorization': 'Bearer {KEY}'}}")
    return {"output": item["n"]}


class Judge(BaseMetric):
    def score(self, output: int, **ignored: Any) -> ScoreResult:
        if output == 1:
            raise PermissionError(f"the judge refuses {KEY}")
        return ScoreResult(self.name, 1.0, reason="fine")


def failing(test_results: Any) -> ScoreResult:
    raise ValueError(f"no sum with {KEY}")


def test_no_exception_brings_a_key_to_file_log_or_tables(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("JUDGE_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    connect(tmp_path / "x.sqlite3")
    dataset = create_dataset("d")
    dataset.insert({"n": n} for n in range(3))
    result = evaluate(dataset, task, [Judge("j")], experiment_scoring_functions=[failing], experiment_name="e")
    whole = evaluate(dataset, lambda item: {"output": 2}, experiment_scoring_functions=[failing], experiment_name="w")
    assert whole.complete
    told = capsys.readouterr()
    close_all()
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("x.sqlite3*"))
    shown = "".join([*result.failures.to_numpy().ravel().astype(str), caplog.text, told.out, told.err, str(result)])
    assert KEY.encode() not in kept
    assert KEY not in shown
    assert shown.count("[JUDGE_API_KEY redacted]") >= 3  # a message, its traceback, and the line about the sum
    assert "[redacted]" in shown
    assert "no sum with [JUDGE_API_KEY redacted]" in caplog.text


class Reasoning(BaseMetric):
    def score(self, output: str, **ignored: Any) -> ScoreResult:
        return ScoreResult(self.name, 1.0, reason=f"quotes {KEY}", metadata={"header": f"Authorization: Bearer {KEY}"})


def test_items_outputs_scores_and_reasons_are_never_altered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_API_KEY", KEY)
    connect(tmp_path / "x.sqlite3")
    dataset = create_dataset("d")
    dataset.insert([{"text": f"my key is {KEY}"}])
    result = evaluate(dataset, lambda item: {"output": item["text"]}, [Reasoning("r")], experiment_name="e", verbose=0)
    (run,) = result.test_results
    assert run.test_case.task_output == {"output": f"my key is {KEY}"}
    assert run.test_case.dataset_item_content == {"text": f"my key is {KEY}", "id": run.test_case.dataset_item_id}
    (score,) = run.score_results
    assert (score.reason, score.metadata) == (f"quotes {KEY}", {"header": f"Authorization: Bearer {KEY}"})
    close_all()
