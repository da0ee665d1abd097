"""Our metrics beside the ``opik`` package's: the same constructors, the same scores, the same refusals."""

from __future__ import annotations

import asyncio
import inspect
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume import metrics
from tests import opik_peer
from tests.metrics.test_metrics import REFUSED, SCORED

NAMES = ("Contains", "Equals", "IsJson", "LevenshteinRatio", "RegexMatch", "SpearmanRanking")
FIELDS = ("name", "value", "reason", "category_name", "metadata", "scoring_failed")

TEXTS = st.text() | st.text("abAB", max_size=6) | st.sampled_from(["İ", "ß", "ẞ", "\ud800"])
VALUES = TEXTS | st.none() | st.integers() | st.booleans() | st.binary() | st.lists(st.integers())
REGEXES = st.sampled_from(["a", "^a.*b$", "[aB]{2,}", r"\d", "(?i)ab", ""])
RANKED = st.lists(st.integers(0, 5), max_size=6, unique=True)
RANKINGS = st.tuples(RANKED, RANKED) | RANKED.flatmap(
    lambda things: st.tuples(st.just(things), st.permutations(things))
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)
)
JSON_TEXTS = JSON.map(json.dumps) | JSON.map(json.dumps).map(lambda text: text[:-1])


def outcome(metric: Any, *arguments: Any) -> Any:
    """The fields of the score, or the name of the exception's type."""
    try:
        score = metric.score(*arguments, question="an argument that is not asked for")
    except Exception as error:
        return type(error).__name__
    return [getattr(score, field) for field in FIELDS]


def assert_same(name: str, arguments: tuple[Any, ...], **options: Any) -> None:
    ours, theirs = (getattr(package, name)(**options) for package in (metrics, opik_peer.metrics))
    assert outcome(ours, *arguments) == outcome(theirs, *arguments)


def described(function: Any) -> list[tuple[str, Any, Any]]:
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


@pytest.mark.parametrize("name", [*NAMES, "BaseMetric"])
@pytest.mark.parametrize("method", ["__init__", "score", "ascore"])
def test_the_signatures_are_opiks(name: str, method: str) -> None:
    ours, theirs = (getattr(getattr(package, name), method) for package in (metrics, opik_peer.metrics))
    assert described(ours) == described(theirs)


@pytest.mark.parametrize(("metric", "arguments", "value"), SCORED)
def test_the_table_of_scores_is_opiks(metric: Any, arguments: tuple[Any, ...], value: float) -> None:
    assert outcome(_their(metric), *arguments)[1] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(("metric", "arguments", "message"), REFUSED)
def test_what_is_refused_is_refused_by_opik(metric: Any, arguments: tuple[Any, ...], message: str) -> None:
    assert outcome(_their(metric), *arguments) == outcome(metric, *arguments)
    assert outcome(metric, *arguments) in ("MetricComputationError", "ValueError")


def _their(metric: Any) -> Any:
    """Opik's metric with the options of ours."""
    options = {"_case_sensitive": "case_sensitive", "_reference": "reference", "_pattern": "regex"}
    given = {option: getattr(metric, name) for name, option in options.items() if hasattr(metric, name)}
    return getattr(opik_peer.metrics, type(metric).__name__)(**given)


@given(VALUES, VALUES, st.booleans(), st.sampled_from(["Equals", "Contains", "LevenshteinRatio"]))
def test_comparisons_of_texts(output: Any, reference: Any, case_sensitive: bool, name: str) -> None:
    assert_same(name, (output, reference), case_sensitive=case_sensitive)


@given(VALUES, st.none() | TEXTS, st.none() | TEXTS)
def test_contains_with_a_reference_of_its_own(output: Any, reference: Any, default: Any) -> None:
    assert_same("Contains", (output, reference), reference=default)


@given(REGEXES, VALUES)
def test_regex_match(regex: str, output: Any) -> None:
    assert_same("RegexMatch", (output,), regex=regex)


@given(VALUES | JSON_TEXTS)
def test_is_json(output: Any) -> None:
    assert_same("IsJson", (output,))


@given(RANKINGS | st.tuples(st.lists(st.integers(0, 2), max_size=4), st.lists(st.integers(0, 2), max_size=4)))
def test_spearman_ranking(rankings: tuple[Any, Any]) -> None:
    assert_same("SpearmanRanking", rankings)


def test_ascore_is_opiks() -> None:
    ours, theirs = (asyncio.run(package.Equals().ascore("a", "A")) for package in (metrics, opik_peer.metrics))
    assert [getattr(ours, field) for field in FIELDS] == [getattr(theirs, field) for field in FIELDS]
