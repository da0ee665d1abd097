"""Names, fields and arguments of results, metrics, samplers and exceptions, compared with the pinned ``opik`` package.

What Opik has and we have not is listed here with the reason, and only that: a new name of Opik's fails the comparison.
"""

from __future__ import annotations

import dataclasses
import inspect
from types import ModuleType
from typing import Any

import pytest

import opik_resume
from opik_resume import evaluation, exceptions, metrics, samplers
from opik_resume.base import opiks
from opik_resume.evaluation import evaluation_result, test_result
from opik_resume.experiment.results import statistics, test_results
from tests import opik_peer

opik = opik_peer.opik

# Doors, by module: whoever asks for one is told where it is (opik_resume/base/opiks.py).
ABSENT_DOORS = {
    "opik": "tracing, clients, prompts, agents, test suites, simulation: nothing of them is interrupted and finished here",
    "opik.evaluation": "threads, optimisation trials and test suites have no resume state: the SDK cannot resume them either",
    "opik.evaluation.metrics": "all its metrics can be passed unchanged; ours are those that need nothing but Python",
}

ABSENT_EXCEPTIONS = {
    "OpikException": "the root of another tree: ours is OpikResumeError",
    "BaseLLMError": "raised by its chat models and judges, which raise it here, too",
    "EmptyLLMResponseError": "as BaseLLMError",
    "LLMJudgeParseError": "as BaseLLMError",
    "JSONParsingError": "as BaseLLMError",
    "EvaluationError": "raised by its test suites",
    "ConfigMismatch": "of agent configurations",
    "ConfigNotFound": "of agent configurations",
    "ConfigurationError": "of its client: ours says NotAuthorized or ArgumentError, and which setting from where",
    "ContextExtractorNotSet": "of its agentic judges",
    "DashboardValidationError": "of dashboards",
    "EnvironmentAlreadyExists": "of environments",
    "EnvironmentConfigurationError": "of environments",
    "EnvironmentNotFoundError": "of environments",
    "GuardrailPolicyError": "of guardrails",
    "GuardrailTrainingError": "of guardrails",
    "GuardrailValidationError": "of guardrails",
    "GuardrailValidationFailed": "of guardrails",
    "LocalRecordingAlreadyActive": "of its local recording of traces",
    "OpikCloudRequestsRateLimited": "ours waits as long as the server asks, then says ServerUnreachable",
    "PromptNotFoundError": "of the prompt library",
    "PromptPlaceholdersDontMatchFormatArguments": "of the prompt library",
    "PromptTemplateStructureMismatch": "of the prompt library",
    "SearchTimeoutError": "of searching traces",
    "ValidationError": "ours is ArgumentError",
}

# A slip of Opik's: the abstract method calls the list `data_item`, its own sampler `data_items`. It is called by position.
OTHER_ARGUMENTS = {("BaseDatasetSampler", "sample")}

THEIR_RESULTS: list[type] = [
    opik.evaluation.evaluation_result.EvaluationResult,
    opik.evaluation.evaluation_result.EvaluationResultOnDictItems,
    opik.evaluation.evaluation_result.EvaluationResultAggregatedScoresView,
    opik.evaluation.evaluation_result.EvaluationResultGroupByDatasetItemsView,
    opik.evaluation.evaluation_result.DatasetItemResults,
    opik.evaluation.test_result.TestResult,
    opik.evaluation.test_case.TestCase,
    opik.evaluation.score_statistics.ScoreStatistics,
]


def ours_of(theirs: type) -> Any:
    rooms = (evaluation_result, test_results, statistics)
    return next(getattr(room, theirs.__name__) for room in rooms if hasattr(room, theirs.__name__))


def public(thing: Any) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


def parameters(function: Any) -> list[tuple[str, Any, Any]]:
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


def methods(theirs: type) -> list[str]:
    return [name for name in sorted(public(theirs)) if inspect.isfunction(getattr(theirs, name))]


@pytest.mark.parametrize("theirs", THEIR_RESULTS, ids=lambda kind: kind.__name__)
def test_a_result_has_opiks_fields_in_opiks_order_and_its_methods(theirs: Any) -> None:
    ours = ours_of(theirs)
    fields, own = dataclasses.fields(theirs), dataclasses.fields(ours)
    assert [f.name for f in own[: len(fields)]] == [f.name for f in fields]
    for field, mine in zip(fields, own, strict=False):
        assert (mine.default, mine.default_factory) == (field.default, field.default_factory), field.name
    optional = own[len(fields) :]
    assert all(f.default is not dataclasses.MISSING or f.default_factory is not dataclasses.MISSING for f in optional)
    assert public(theirs) <= public(ours)
    for name in methods(theirs):
        assert parameters(getattr(ours, name)) == parameters(getattr(theirs, name)), name


def test_test_result_is_where_users_look_for_it() -> None:
    assert test_result.TestResult is test_results.TestResult
    assert test_result.TestResult.__name__ == opik.evaluation.test_result.TestResult.__name__


SHARED = [
    (ours, theirs, name)
    for ours, theirs in ((metrics, opik_peer.metrics), (samplers, opik_peer.samplers))
    for name in sorted(public(ours) & public(theirs))
    if inspect.isclass(getattr(theirs, name)) and not issubclass(getattr(theirs, name), Exception)
]


@pytest.mark.parametrize(("ours", "theirs", "name"), SHARED, ids=lambda value: value if isinstance(value, str) else "")
def test_a_metric_or_sampler_has_opiks_methods_with_opiks_arguments(
    ours: ModuleType, theirs: ModuleType, name: str
) -> None:
    mine, other = getattr(ours, name), getattr(theirs, name)
    assert public(other) <= public(mine)
    assert parameters(mine.__init__) == parameters(other.__init__)
    for method in methods(other):
        if (name, method) not in OTHER_ARGUMENTS:
            assert parameters(getattr(mine, method)) == parameters(getattr(other, method)), method


def test_enough_is_compared() -> None:
    assert {"BaseMetric", "Contains", "Equals", "IsJson", "LevenshteinRatio", "RegexMatch", "SpearmanRanking"} <= {
        name for *_, name in SHARED
    }
    assert {"BaseDatasetSampler", "RandomDatasetSampler"} <= {name for *_, name in SHARED}


def test_a_metric_has_opiks_attributes() -> None:
    for name, arguments in (("Equals", {}), ("RegexMatch", {"regex": "a"})):
        mine, other = (getattr(module, name)(**arguments) for module in (metrics, opik_peer.metrics))
        assert {attribute for attribute in vars(other) if not attribute.startswith("_")} <= public(mine)
        assert (mine.name, mine.track) == (other.name, other.track)


def their_exceptions() -> dict[str, type]:
    from opik import exceptions as theirs

    own = {name: kind for name, kind in vars(theirs).items() if inspect.isclass(kind) and issubclass(kind, Exception)}
    return {name: kind for name, kind in own.items() if kind.__module__.startswith("opik")}


def test_an_exception_of_opiks_is_here_or_it_is_said_why_not() -> None:
    absent = {name for name in their_exceptions() if not hasattr(exceptions, name)}
    assert absent == set(ABSENT_EXCEPTIONS)


def test_exceptions_are_related_as_opiks_are() -> None:
    theirs = {name: kind for name, kind in their_exceptions().items() if hasattr(exceptions, name)}
    assert len(theirs) >= 9
    for name, kind in theirs.items():
        for other, parent in theirs.items():
            if issubclass(kind, parent):
                assert issubclass(getattr(exceptions, name), getattr(exceptions, other)), (name, other)
        for builtin in (ValueError, TypeError, KeyError, LookupError, RuntimeError):
            if issubclass(kind, builtin):
                assert issubclass(getattr(exceptions, name), builtin), name


DOORS = [
    (opik_resume, opik, opiks.of_top),
    (evaluation, opik.evaluation, opiks.of_evaluation),
    (metrics, opik_peer.metrics, opiks.of_metrics),
]


@pytest.mark.parametrize(("ours", "theirs", "sentence"), DOORS, ids=list(ABSENT_DOORS))
def test_every_public_name_is_here_or_says_where_it_is(ours: ModuleType, theirs: ModuleType, sentence: Any) -> None:
    absent = [name for name in theirs.__all__ if not hasattr(ours, name)]
    assert absent
    assert [name for name in absent if sentence(name) is None] == []


@pytest.mark.parametrize(("ours", "theirs", "sentence"), DOORS[:2], ids=list(ABSENT_DOORS)[:2])
def test_and_what_is_here_is_not_said_to_be_elsewhere(ours: ModuleType, theirs: ModuleType, sentence: Any) -> None:
    assert [name for name in dir(ours) if sentence(name) is not None] == []
