"""How metrics are called, and what becomes of those that fail."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from opik_resume.base.records import Item, ScoreResult
from opik_resume.base.text.tracebacks import error_info
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
    assert (result.scoring_failed, result.value, result.reason) == (True, 0.0, "bad")
    assert result.metadata is not None
    assert result.metadata["error_info"]["exception_type"] == "ValueError"
    assert "in score" in result.metadata["error_info"]["traceback"]


@pytest.mark.parametrize("value", ["text", None, object(), {}, b"1", 1 + 2j, ScoreResult("own", None), 10**400])  # type: ignore[arg-type]
def test_what_is_no_number_fails_the_metric_only(value: Any) -> None:
    (result,) = score(Recorder(value))
    assert (result.name, result.scoring_failed) == ("recorder", True)
    assert result.reason is not None


class Unreadable:
    name = "bad"

    @property
    def value(self) -> float:
        raise ZeroDivisionError("no value today")


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (ScoreResult("b", None), "score 2 of 3: 'b' has the value None, which is no number"),  # type: ignore[arg-type]
        (ScoreResult("b", "high"), "score 2 of 3: 'b' has the value 'high', which is no number"),  # type: ignore[arg-type]
        ("text", "score 2 of 3: 'text' is no score: return a ScoreResult or a number"),
        (Unreadable(), "score 2 of 3: no value today"),
    ],
)
def test_one_unusable_score_leaves_the_others(bad: Any, says: str) -> None:
    first, failed, last = score(Recorder([ScoreResult("a", 0.5), bad, ScoreResult("c", 1)]))
    assert (first, last) == (ScoreResult("a", 0.5), ScoreResult("c", 1.0))
    assert (failed.name, failed.scoring_failed) == ("recorder", True)  # the metric's name: a resume scores it again
    assert says in str(failed.reason)
    assert failed.metadata is not None
    assert says in failed.metadata["error_info"]["message"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), np.float32("nan"), Decimal("nan")])
def test_nan_and_infinity_are_scores(value: Any) -> None:
    for returned in (value, ScoreResult("recorder", value), [ScoreResult("recorder", value)]):
        (result,) = score(Recorder(returned))
        assert (result.scoring_failed, repr(result.value)) == (False, repr(float(value)))


@pytest.mark.parametrize("number", [np.float32(0.5), np.float64(0.5), Decimal("0.5"), Fraction(1, 2), np.array(0.5)])
def test_any_kind_of_number_is_a_score(number: Any) -> None:
    assert (
        score(Recorder(number)) == score(Recorder(ScoreResult("recorder", number))) == (ScoreResult("recorder", 0.5),)
    )
    assert type(score(Recorder(number))[0].value) is float


def test_what_stands_beside_a_score_is_kept_as_json() -> None:
    given = ScoreResult("s", 1, reason=Decimal("1.5"), category_name=Fraction(1, 2), metadata={"a": {1}, "b": object})  # type: ignore[arg-type]
    (result,) = score(Recorder(given))
    assert (result.reason, result.category_name) == ("1.5", "1/2")
    assert result.metadata == {"a": [1], "b": "<repr> <class 'object'>"}
    (result,) = score(Recorder(ScoreResult("\ud800", 1, "\ud801", "\ud802", {"\ud803": "\ud804"})))
    assert result == ScoreResult("\\ud800", 1.0, "\\ud801", "\\ud802", {"\\ud803": "\\ud804"})


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


class Needy(BaseMetric):
    def score(self, context: str) -> ScoreResult:
        return ScoreResult(self.name, float(len(context)))


@pytest.mark.parametrize("key", ["contxt", "referenc"])
def test_a_mapping_that_matches_nothing_is_named_with_what_there_is(key: str) -> None:
    mapping = {"context": key, "other": "reference", "more": lambda keys: keys["output"]}
    with pytest.raises(ScoreMethodMissingArguments) as caught:
        score(Needy(), mapping=mapping)
    said = str(caught.value)
    assert f"scoring_key_mapping says to take 'context' from {key!r}, which is not there either" in said
    assert "'output', 'question', 'reference'" in said
    assert "name the key to use" not in said, "it was named"


def test_a_mapping_of_something_else_is_not_to_blame() -> None:
    with pytest.raises(ScoreMethodMissingArguments, match="name the key to use in scoring_key_mapping"):
        score(Needy(), mapping={"unused": "nowhere"})


@pytest.mark.parametrize("value", [None, "high", [1.0], {}])
def test_a_score_without_a_number_says_what_to_return(value: Any) -> None:
    (failed,) = score(Recorder(ScoreResult("judge", value)))
    assert failed.scoring_failed
    assert failed.reason is not None
    assert f"the value {value!r}" in failed.reason
    assert "return a number" in failed.reason
    assert "scoring_failed=True" in failed.reason


def test_a_score_that_says_that_it_failed_needs_no_number() -> None:
    failed = ScoreResult("judge", None, "no answer", scoring_failed=True)  # type: ignore[arg-type]
    assert score(Recorder(failed)) == (ScoreResult("judge", 0.0, "no answer", scoring_failed=True),)
