"""How metrics are called, and what becomes of those that fail."""

from __future__ import annotations

from typing import Any

import pytest

from opik_resume.base.records import Item, ScoreResult
from opik_resume.base.tracebacks import error_info
from opik_resume.exceptions import ScoreMethodMissingArguments
from opik_resume.metrics import BaseMetric, Contains, Equals
from opik_resume.metrics.scoring import score_output

ITEM = Item("id-1", {"question": "?", "reference": "a"})


def score(metric: Any, output: dict[str, Any] | None = None, mapping: Any = None) -> tuple[ScoreResult, ...]:
    return score_output([metric], ITEM, output or {"output": "a"}, mapping, lambda score, **inputs: score(**inputs))


class Recorder(BaseMetric):
    """A metric that returns whatever it is told to."""

    def __init__(self, returns: Any = 1.0) -> None:
        super().__init__("recorder")
        self.returns = returns
        self.seen: dict[str, Any] = {}

    def score(self, **kwargs: Any) -> Any:
        self.seen = kwargs
        if isinstance(self.returns, Exception):
            raise self.returns
        return self.returns


def test_the_output_wins_over_the_item_and_the_id_is_offered() -> None:
    metric = Recorder()
    score(metric, {"question": "from the output"})
    assert metric.seen == {"question": "from the output", "reference": "a", "id": "id-1"}


def test_only_declared_arguments_are_passed() -> None:
    class Strict(BaseMetric):
        def score(self, output: str) -> ScoreResult:
            return ScoreResult(self.name, float(len(output)))

    assert score(Strict()) == (ScoreResult("Strict", 1.0),)


def test_keys_are_mapped_by_name_and_by_callable() -> None:
    metric = Recorder()
    score(metric, mapping={"wanted": "reference", "both": lambda keys: keys["question"] + keys["output"]})
    assert (metric.seen["wanted"], metric.seen["both"]) == ("a", "?a")


def test_a_missing_argument_is_an_error_of_scoring_and_lists_what_there_is() -> None:
    class Needy(BaseMetric):
        def score(self, context: str) -> ScoreResult:
            raise AssertionError("never called")

    with pytest.raises(ScoreMethodMissingArguments, match=r"'Needy' needs 'context'.*'output', 'question'"):
        score(Needy())


def test_a_raising_mapping_is_an_error_of_scoring() -> None:
    with pytest.raises(ZeroDivisionError):
        score(Recorder(), mapping={"x": lambda keys: 1 / 0})


def test_a_metric_that_raises_is_a_failed_score_with_its_traceback() -> None:
    (result,) = score(Recorder(ValueError("bad")))
    assert (result.scoring_failed, result.value, result.reason) == (True, 0.0, "ValueError: bad")
    assert result.metadata is not None
    assert result.metadata["error_info"]["exception_type"] == "ValueError"
    assert "in score" in result.metadata["error_info"]["traceback"]


@pytest.mark.parametrize("value", ["text", None, object(), float("nan"), float("inf")])
def test_what_is_no_score_fails_the_metric_only(value: Any) -> None:
    (result,) = score(Recorder(value))
    assert result.scoring_failed


def test_lists_numbers_and_foreign_score_objects_are_taken() -> None:
    class Foreign:
        name, value, reason, category_name, metadata, scoring_failed = "theirs", 0.5, "why", "c", {"k": 1}, False

    assert score(Recorder([ScoreResult("one", 1), ScoreResult("two", 0)])) == (
        ScoreResult("one", 1.0),
        ScoreResult("two", 0.0),
    )
    assert score(Recorder(True)) == (ScoreResult("recorder", 1.0),)
    assert score(Recorder(Foreign())) == (ScoreResult("theirs", 0.5, "why", "c", {"k": 1}),)


def test_the_traceback_begins_in_the_users_code() -> None:
    (result,) = score(Recorder(ValueError("bad")))
    assert result.metadata is not None
    assert "opik_resume/metrics/" not in result.metadata["error_info"]["traceback"]


def test_an_exception_that_cannot_be_shown_is_recorded_all_the_same() -> None:
    class Unshowable(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert error_info(Unshowable()).message == "<the exception cannot be shown: RuntimeError>"


@pytest.mark.parametrize(
    ("metric", "output", "reference", "value"),
    [
        (Equals(), "Paris", "paris", 1.0),
        (Equals(case_sensitive=True), "Paris", "paris", 0.0),
        (Equals(), 4, "4", 1.0),
        (Contains(), "in Paris", "PARIS", 1.0),
        (Contains(case_sensitive=True), "in Paris", "PARIS", 0.0),
        (Contains(reference="Rome"), "in Paris", None, 0.0),
    ],
)
def test_equals_and_contains(metric: Any, output: Any, reference: Any, value: float) -> None:
    assert metric.score(output=output, reference=reference).value == value


@pytest.mark.parametrize(("metric", "reference"), [(Equals(), None), (Contains(), None), (Contains(), "")])
def test_equals_and_contains_refuse_a_missing_reference(metric: Any, reference: Any) -> None:
    with pytest.raises(ValueError, match="reference"):
        metric.score(output="x", reference=reference)
