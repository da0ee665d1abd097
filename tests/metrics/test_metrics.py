"""The metrics: their scores, as the ``opik`` package gives them, and what they refuse."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from typing import Any

import pytest

from opik_resume import metrics
from opik_resume.exceptions import ArgumentError
from opik_resume.metrics import (
    BaseMetric,
    Contains,
    Equals,
    IsJson,
    LevenshteinRatio,
    MetricComputationError,
    RegexMatch,
    ScoreResult,
    SpearmanRanking,
)

ANCHORED, LOOSE = RegexMatch("^abc"), RegexMatch(re.compile("b+", re.IGNORECASE))
RATIO, CASED_RATIO = LevenshteinRatio(), LevenshteinRatio(case_sensitive=True)

# A metric, its arguments, and the value that opik 2.2.122 gives.
SCORED: list[tuple[BaseMetric, tuple[Any, ...], float]] = [
    (Equals(), ("Paris", "paris"), 1.0),
    (Equals(case_sensitive=True), ("Paris", "paris"), 0.0),
    (Equals(), (4, "4"), 1.0),
    (Equals(), (True, "TRUE"), 1.0),
    (Contains(), ("in Paris", "PARIS"), 1.0),
    (Contains(case_sensitive=True), ("in Paris", "PARIS"), 0.0),
    (Contains(reference="Rome"), ("in Paris",), 0.0),
    (Contains(reference="Rome"), ("in Paris", "Paris"), 1.0),
    (ANCHORED, ("abc",), 1.0),
    (ANCHORED, ("ABC",), 0.0),
    (ANCHORED, ("xxabc",), 0.0),
    (ANCHORED, ("",), 0.0),
    (LOOSE, ("a BBB",), 1.0),
    (IsJson(), ('{"a": 1}',), 1.0),
    (IsJson(), ("null",), 1.0),
    (IsJson(), (b"{}",), 1.0),
    (IsJson(), ("1e999",), 1.0),
    (IsJson(), ("[NaN]",), 0.0),
    (IsJson(), ("-Infinity",), 0.0),
    (IsJson(), ("{a: 1}",), 0.0),
    (IsJson(), ("[1,]",), 0.0),
    (IsJson(), ("01",), 0.0),
    (IsJson(), ("\ufeff1",), 0.0),
    (IsJson(), ("",), 0.0),
    (IsJson(), (None,), 0.0),
    (IsJson(), (5,), 0.0),
    (IsJson(), ("[" * 100_000,), 0.0),
    (RATIO, ("Hello, World!", "hello, world"), 0.96),
    (RATIO, ("kitten", "sitting"), 0.6153846153846154),
    (RATIO, ("ab", "ba"), 0.5),
    (RATIO, ("日本語", "日本"), 0.8),
    (RATIO, ("", ""), 1.0),
    (RATIO, ("a", ""), 0.0),
    (CASED_RATIO, ("ABC", "abc"), 0.0),
    (SpearmanRanking(), (["b", "a", "c"], ["a", "b", "c"]), 0.75),
    (SpearmanRanking(), (["c", "b", "a"], ["a", "b", "c"]), 0.0),
    (SpearmanRanking(), ([1], [1]), 1.0),
    (SpearmanRanking(), ("abcd", "badc"), 0.8),
]

REFUSED: list[tuple[BaseMetric, tuple[Any, ...], str]] = [
    (Equals(), (None, "a"), "output and reference must not be None, got None and 'a'"),
    (Equals(), ("a", None), "must not be None"),
    (Contains(), ("a", 5), "reference must be a non-empty string, got 5"),
    (Contains(), ("a",), "reference must be a non-empty string, got None"),
    (Contains(reference=""), ("a",), "reference must be a non-empty string, got ''"),
    (Contains(), (5, "a"), "output must be a string, got int"),
    (ANCHORED, (None,), "regex_match_metric: output must be a string, got NoneType"),
    (ANCHORED, (b"abc",), "output must be a string, got bytes"),
    (RATIO, (None, "a"), "output must be a string, got NoneType"),
    (RATIO, ("a", 1), "reference must be a string, got int"),
    (SpearmanRanking(), ([], []), "they rank 0 and 0"),
    (SpearmanRanking(), ([1], [1, 2]), "they rank 1 and 2"),
    (SpearmanRanking(), ([1, 1], [1, 1]), "each once"),
    (SpearmanRanking(), ([1, 2], [1, 2, 2]), "they rank 2 and 3"),
    (SpearmanRanking(), ([1, 2, 2], [1, 2, 3]), "each once"),
    (SpearmanRanking(), ([1, 2], [1, 3]), "the same things"),
]


@pytest.mark.parametrize(("metric", "arguments", "value"), SCORED)
def test_scores(metric: BaseMetric, arguments: tuple[Any, ...], value: float) -> None:
    score = metric.score(*arguments, question="an argument that is not asked for")
    assert isinstance(score, ScoreResult)
    assert (score.name, score.scoring_failed) == (metric.name, False)
    assert score.value == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(("metric", "arguments", "message"), REFUSED)
def test_what_cannot_be_scored_is_refused(metric: BaseMetric, arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        metric.score(*arguments)
    assert str(caught.value).startswith(f"{metric.name}: ")


def test_spearman_tells_rho() -> None:
    score = SpearmanRanking().score(output=["b", "a", "c"], reference=["a", "b", "c"])
    assert (score.metadata, score.reason) == ({"rho": 0.5}, "Spearman correlation (normalized): 0.7500")


@pytest.mark.parametrize("regex", ["(", 5, None, ["a"]])
def test_a_regex_that_is_none_is_refused_at_once(regex: Any) -> None:
    with pytest.raises(ArgumentError, match="regex must be a regular expression, got"):
        RegexMatch(regex)


def test_without_rapidfuzz_it_is_said_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidfuzz.distance", None)
    with pytest.raises(ImportError, match="needs the package rapidfuzz: pip install rapidfuzz"):
        LevenshteinRatio()


def test_importing_the_metrics_is_light() -> None:
    heavy = {"asyncio", "numpy", "pandas", "rapidfuzz"}
    code = f"import sys, opik_resume.metrics; print(*sorted({heavy!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


def test_everything_named_is_there() -> None:
    assert all(hasattr(metrics, name) for name in metrics.__all__)


class Length(BaseMetric):
    """A metric of a user's own, without a name."""

    def score(self, output: str, **ignored_kwargs: Any) -> ScoreResult:
        return ScoreResult(self.name, float(len(output)), reason=threading.current_thread().name)


class AwaitedLength(BaseMetric):
    """A metric whose score must be awaited."""

    async def score(self, output: str, **ignored_kwargs: Any) -> ScoreResult:  # type: ignore[override]
        return ScoreResult(self.name, float(len(output)))


def test_a_metric_is_named_after_its_class_unless_told() -> None:
    assert (Length().name, Length(name="size").name, Equals(name="same").name) == ("Length", "size", "same")


def test_a_project_name_needs_tracking() -> None:
    assert Length(project_name="p").project_name == "p"
    with pytest.raises(ArgumentError, match="project_name can only be set when track is True"):
        Equals(track=False, project_name="p")


def test_ascore_is_score_in_a_thread() -> None:
    score = asyncio.run(Length().ascore(output="four"))
    assert isinstance(score, ScoreResult)
    assert score.value == 4.0
    assert score.reason != threading.current_thread().name


def test_ascore_of_a_score_that_is_awaited() -> None:
    assert asyncio.run(AwaitedLength().ascore("four")) == ScoreResult("AwaitedLength", 4.0)


def test_ascore_raises_what_score_raises() -> None:
    with pytest.raises(MetricComputationError):
        asyncio.run(Equals().ascore(None, "a"))
