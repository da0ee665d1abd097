"""Our runs and the SDK's own, of the same evaluations on the same server, compared field by field.

What deliberately differs is listed in ``DIFFERENCES`` and ``OTHERWISE``, each with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.integrations import likeness
from tests.integrations.conftest import told
from tests.integrations.likeness import Json
from tests.opik_server import OpikServer

SCENARIOS = [
    "plain", "no metrics", "trials", "other name", "method", "callable object", "partial", "lambda", "coroutine", "failing",
    "silent", "nested", "tracked", "several", "raising", "needy", "needy, tolerated", "failed", "mapped", "mapping raises",
    "giving", "conversation", "by position", "awaited", "aggregated, needy", "looking at a tracked one", "looking at a gift",
    "functions", "wrapped", "aggregated", "looking", "span functions",
]  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OpikServer, Json, Json]]:
    """A server on which all of it was evaluated twice, and what the two programs said of the scores."""
    home = tmp_path_factory.mktemp("home")
    with OpikServer() as server:
        sdk, ours = (
            told(server, home, "alike.py", who, OPIK_PROJECT_NAME="alike", timeout=600) for who in ("sdk", "ours")
        )
        yield server, sdk, ours
    assert server.problems == []


def our_facts(sdk: Json, ours: Json) -> None:
    """Trial, attempt and what Opik has no place for are under a key of our own in the metadata of trace and experiment."""
    for row in (ours["experiment"], *(run["trace"] for run in ours["runs"])):
        assert row["metadata"].pop("opik_resume")
        if not row["metadata"]:
            row.pop("metadata")


def arguments_that_were_there(sdk: Json, ours: Json) -> None:
    """The SDK has a span ``…_arg_validation`` before each metric.

    Those that found all arguments repeat the input of the span that follows, and would double the spans of a run: we
    send those that failed.
    """

    def failed(span: Json) -> Json | None:
        return None if span["name"].endswith(likeness.SUFFIX) and "error_info" not in span else span

    sdk["runs"] = likeness.each_span(sdk["runs"], failed)


def words_for_missing_arguments(sdk: Json, ours: Json) -> None:
    """Our message names the metric, the keys that there are and the mapping; the kind of the error is the same."""

    def unworded(value: Any) -> Any:
        if isinstance(value, dict):
            if value.get("exception_type") == "ScoreMethodMissingArguments":
                assert value["message"]
                assert "Traceback (most recent call last)" in value["traceback"]
                return {"exception_type": value["exception_type"]}
            made = {key: unworded(inner) for key, inner in value.items()}
            metadata = made.get("metadata")
            info = metadata.get("error_info") if isinstance(metadata, dict) else None
            missing = info == {"exception_type": "ScoreMethodMissingArguments"}
            return made | {"reason": None} if missing else made
        return [unworded(inner) for inner in value] if isinstance(value, list) else value

    for side in (sdk, ours):
        side.update(unworded(side))


def context_for_agents(sdk: Json, ours: Json) -> None:
    """Beside a metric that looks at spans, the SDK hands ``trace_tool_context`` to every metric that takes any keyword.

    It is meant for the judges of its test suites, which stay Opik's alone.
    """

    def without(span: Json) -> Json:
        for value in (span.get("input") or {}).values():
            if isinstance(value, dict):
                value.pop("trace_tool_context", None)
        return span

    sdk["runs"] = likeness.each_span(sdk["runs"], without)


def spans_within_spans(sdk: Json, ours: Json) -> None:
    """The input of our own spans names the span of the task that metrics looked at; the SDK copies it, with all below it.

    It is in the same trace. Spans that the package makes have the copy here, too.
    """

    def named(span: Json) -> Json:
        given = span.get("input") or {}
        if isinstance(given.get("task_span"), dict):
            given["task_span"] = "the span of the task"
        return span

    for side in (sdk, ours):
        side["runs"] = likeness.each_span(side["runs"], named)


DIFFERENCES: list[Callable[[Json, Json], None]] = [
    our_facts, arguments_that_were_there, words_for_missing_arguments, context_for_agents, spans_within_spans,
]  # fmt: skip


def pair(server: OpikServer, name: str) -> tuple[Json, Json]:
    sdk, ours = (likeness.of_experiment(server, f"{who} {name}") for who in ("sdk", "ours"))
    for difference in DIFFERENCES:
        difference(sdk, ours)
    return sdk, ours


def needy(sdk: Json, ours: Json) -> None:
    """A missing argument is found before any metric is called, and paid for; the SDK finds it when it gets there."""
    (run,), (theirs,) = ours["runs"], sdk["runs"]
    assert [span["name"] for span in theirs["spans"][1]["spans"]] == ["before", "needy_arg_validation"]
    assert run["spans"][1]["spans"] == []
    theirs["spans"][1]["spans"] = []


def coroutine(sdk: Json, ours: Json) -> None:
    """The SDK does not await tasks: it fails. Ours is as one of a plain function."""
    (run,) = ours["runs"]
    assert sdk["runs"][0]["trace"]["error_info"]["exception_type"] == "AttributeError"
    assert run["trace"]["output"] == {"output": "1"}
    assert [(span["name"], sorted(span["input"])) for span in run["spans"]] == [
        ("coroutine", ["item"]),
        ("metrics_calculation", ["test_case_", "trial_id"]),
    ]
    sdk["runs"] = ours["runs"]


OTHERWISE: dict[str, Callable[[Json, Json], None]] = {"needy": needy, "coroutine": coroutine}


@pytest.mark.parametrize("name", SCENARIOS)
def test_field_by_field(name: str, both: tuple[OpikServer, Json, Json]) -> None:
    sdk, ours = pair(both[0], name)
    if name in OTHERWISE:
        OTHERWISE[name](sdk, ours)
    if ours["experiment"]["status"] == "running":  # ours is not complete, and says so; the SDK never does
        assert any("output" not in run["trace"] for run in ours["runs"])
        ours["experiment"]["status"] = "completed"
    assert ours["experiment"] == sdk["experiment"]
    assert len(ours["runs"]) == len(sdk["runs"])
    for run, theirs in zip(ours["runs"], sdk["runs"], strict=True):
        for key in ("trace", "link", "projects", "scores"):
            assert run[key] == theirs[key], key
        assert names(run["spans"]) == names(theirs["spans"])
        assert run["spans"] == theirs["spans"]


def names(spans: list[Json]) -> list[Any]:
    return [[span["name"], *names(span["spans"])] for span in spans]


@pytest.mark.parametrize("name", SCENARIOS)
def test_scores_are_the_sdks_own(name: str, both: tuple[OpikServer, Json, Json]) -> None:
    """Names, values, reasons, categories, metadata and failures; where the SDK raises, we return what there is."""
    _, sdk, ours = both
    if isinstance(sdk[name], str):
        kind = sdk[name].partition(":")[0]
        assert kind in {"ValueError", "ScoreMethodMissingArguments", "ZeroDivisionError", "AttributeError"}
        assert name == "coroutine" or ours[name] == []
        return
    read = {"ours": {"runs": ours[name]}, "sdk": {"runs": sdk[name]}}
    read = {who: likeness.bare(side) for who, side in read.items()}
    words_for_missing_arguments(read["sdk"], read["ours"])
    assert read["ours"] == read["sdk"]


def test_the_list_is_that_of_the_program(both: tuple[OpikServer, Json, Json]) -> None:
    assert list(both[1]) == list(both[2]) == SCENARIOS
