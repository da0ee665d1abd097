"""What is asked while one looks at a grid: scales, orders, a hovered cell, a search."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from opik_resume import evaluate
from opik_resume.base.records import Attempt, ErrorInfo, ScoreResult, utc_now
from opik_resume.experiment.grid import Grid
from opik_resume.experiment.results.error_bars import mean_of
from opik_resume.notebook.widget.looking.planes import MISSING, Planes
from opik_resume.notebook.widget.looking.sight import first_line
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.notebook.helpers import View

Views = Callable[..., View]


class Share:
    name = "share"

    def score(self, n: int, **_: Any) -> ScoreResult:
        if n == 4:
            raise ValueError("no share")
        return ScoreResult("share", n / 10)


def task(item: dict[str, Any]) -> dict[str, Any]:
    if item["n"] == 5:
        raise TimeoutError("late")
    return {"output": item["reference"]}


@pytest.fixture
def experiment_id(store: Store) -> str:
    return evaluate(numbers(store, 6), task, [Share()], verbose=0, store=store).experiment_id


def steps(view: View, experiment_id: str, by: str) -> tuple[dict[str, Any], list[int]]:
    reply = view.ask("plane", experiment=experiment_id, by=by)
    assert reply.content["ok"], reply
    return reply.content["result"], list(reply.buffers[0])


def test_a_score_is_a_plane_with_its_mean_and_what_is_missing_has_no_value(view: Views, experiment_id: str) -> None:
    shown = view()
    (scale,) = shown.result("scales", experiment=experiment_id)["scales"]
    assert (scale["by"], scale["name"], scale["n"]) == ("score:share", "share", 4)
    assert scale["mean"] == pytest.approx(0.15)
    assert scale["error"] == pytest.approx(np.std([0, 0.1, 0.2, 0.3], ddof=1) / 2)
    result, found = steps(shown, experiment_id, "score:share")
    assert (result["low"], result["high"], result["worst"]) == (0.0, 1.0, "low")
    by_number = {shown.result("cell", experiment=experiment_id, cell=n)["item"]["n"]: found[n] for n in range(6)}
    assert by_number == {0: 0, 1: 25, 2: 51, 3: 76, 4: MISSING, 5: MISSING}


def test_durations_and_attempts_are_planes_of_what_was_run(store: Store, view: Views, experiment_id: str) -> None:
    shown = view()
    assert steps(shown, experiment_id, "attempts")[0] | {"by": ""} == {
        "by": "", "low": 1.0, "high": 1.0, "worst": "high", "mean": 1.0, "error": 0.0, "n": 6,
    }  # fmt: skip
    result, found = steps(shown, experiment_id, "duration")
    assert result["worst"] == "high"
    assert MISSING not in found
    assert max(found) == MISSING - 1


def test_attempts_are_those_that_a_look_at_the_cell_counts() -> None:
    now = utc_now()

    def attempt(id_: str, trial: int | None, **fields: Any) -> Attempt:
        return Attempt(id_, "e", "i", trial, now, ended_at=now, **fields)

    attempts = [attempt("1", 0), attempt("2", 0), attempt("3", None, complete=True), attempt("4", 0, complete=True)]
    grid = Grid({"i": 3}, attempts)
    values = Planes.of(grid).values("attempts").tolist()
    assert values[:2] == [len(grid.tries(cell)) for cell in range(2)] == [3, 1]
    assert math.isnan(values[2])


def made(item_id: str, trial: int, **fields: Any) -> Attempt:
    now = utc_now()
    return Attempt(f"{item_id}-{trial}", "e", item_id, trial, now, ended_at=now, **fields)


def scored(item_id: str, trial: int, *values: float) -> Attempt:
    scores = tuple(ScoreResult(name, value) for name, value in zip(("share", "tone"), values, strict=False))
    return made(item_id, trial, complete=True, scores=scores)


def plane(planes: Planes, by: str) -> tuple[dict[str, Any], list[int]]:
    result, (found,) = planes.plane(by)
    assert result is not None
    return result, list(found)


def of_items(planes: Planes, by: str) -> list[float | None]:
    """What every trial of an item has: the same."""
    found = [set(part.tolist()) for part in np.split(planes.values(by), planes.grid.offsets[1:-1])]
    return [None if any(math.isnan(value) for value in part) else next(iter(part)) for part in found if part]


def test_trials_that_differ_disagree_by_what_lies_between_them() -> None:
    attempts = [
        *(scored("a", trial, value, 0.5) for trial, value in enumerate((0.25, 1.0, 0.5))),
        scored("b", 0, 0.75), scored("b", 1, 0.75),  # the third was never run, and there is no tone
        scored("c", 0, 0.1), made("c", 1),  # one value disagrees with nothing
        made("d", 0), made("d", 1), made("d", 2, complete=True, scores=(ScoreResult("share", math.nan),)),
        scored("e", 0, -2.0), scored("e", 1, 3.0),
    ]  # fmt: skip
    planes = Planes.of(Grid({"a": 3, "b": 3, "c": 2, "d": 3, "none": 0, "e": 2, "f": 2}, attempts))
    assert of_items(planes, "disagreement:score:share") == [0.75, 0.0, None, None, 5.0, None]
    assert of_items(planes, "disagreement:score:tone") == [0.0, None, None, None, None, None]
    result, steps = plane(planes, "disagreement:score:share")
    assert result == {
        "by": "disagreement:score:share", "low": 0.0, "high": 5.0, "worst": "high",
        "mean": pytest.approx(5.75 / 3), "error": pytest.approx(np.std([0.75, 0, 5], ddof=1) / math.sqrt(3)), "n": 3,
    }  # fmt: skip
    none = MISSING
    assert steps == [*[38] * 3, *[0] * 3, none, none, none, none, none, 254, 254, none, none]
    order = np.frombuffer(planes.order("disagreement:score:share")[1][0], dtype="<u4").tolist()
    assert order == [5, 0, 1, 2, 3, 4, 6]


def test_scores_of_any_size_lie_along_a_scale(recwarn: pytest.WarningsRecorder) -> None:
    most = float(np.finfo(np.float64).max)
    values = (-most, 0.0, most)
    planes = Planes.of(Grid({"a": 3}, [scored("a", trial, value) for trial, value in enumerate(values)]))
    result, steps = plane(planes, "score:share")
    assert (result["low"], result["high"], steps) == (-most, most, [0, 127, 254])
    result, steps = plane(planes, "disagreement:score:share")
    assert (result["high"], steps) == (most, [254] * 3), "as far apart as can be said"
    assert [(each["mean"], each["error"]) for each in planes.scales()["scales"]] == [(0.0, None)], "no error is known"
    assert not recwarn.list


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ((0.4, 0.6), (0, 1)), ((0, 0.01), (0, 1)), ((0, 0), (0, 1)), ((1, 1), (0, 1)),
        ((2e-6, 9e-6), (0, 9e-6)), ((-0.5, 0.5), (-0.5, 0.5)), ((3, 90), (3, 90)),
    ],
)  # fmt: skip
def test_the_ends_of_a_scale_are_told_apart(values: tuple[float, float], ends: tuple[float, float]) -> None:
    planes = Planes.of(Grid({"a": 2}, [scored("a", trial, float(value)) for trial, value in enumerate(values)]))
    result, _ = plane(planes, "score:share")
    assert (result["low"], result["high"]) == ends, "a share is one of all, but not one in thousands"


def test_the_error_of_a_mean_is_that_of_the_result() -> None:
    values = {"a": (0.2, 0.25, 0.2), "b": (0.9, 1.0, 0.95), "c": (0.5, 0.4)}
    attempts = [scored(item, trial, value) for item, each in values.items() for trial, value in enumerate(each)]
    planes = Planes.of(Grid({item: len(each) for item, each in values.items()}, attempts))
    every = np.array([value for each in values.values() for value in each])
    (scale,) = planes.scales()["scales"]
    of = mean_of(every, np.array([0, 0, 0, 1, 1, 1, 2, 2]))
    assert (scale["mean"], scale["error"], scale["n"]) == (of.mean, of.error, 8)
    assert of.error is not None
    assert of.error > 1.5 * every.std(ddof=1) / math.sqrt(8), "runs of an item are not so many items"
    assert plane(planes, "score:share")[0]["error"] == of.error
    assert planes.scales(np.arange(3))["scales"][0]["error"] is None, "an item says nothing of others"


def test_a_huge_score_leaves_the_means_of_other_items_as_they_are() -> None:
    attempts = [scored(item, 0, value) for item, value in (("a", 1e300), ("b", 3.0), ("c", 1.0), ("d", 2.0))]
    _, (order,) = Planes.of(Grid(dict.fromkeys("abcd", 1), attempts)).order("score:share")
    assert np.frombuffer(order, dtype="<u4").tolist() == [2, 3, 1, 0]


def test_without_scores_trials_disagree_where_some_failed_and_others_did_not() -> None:
    failed = {"error": ErrorInfo("TimeoutError", "late", "")}
    attempts = [
        made("a", 0, complete=True), made("a", 1, **failed), made("b", 0, **failed), made("b", 1, **failed),
        made("c", 0, complete=True), made("c", 1),  # interrupted
    ]  # fmt: skip
    planes = Planes.of(Grid({"a": 3, "b": 2, "c": 2}, attempts))
    assert of_items(planes, "disagreement") == [1.0, 0.0, None]
    assert plane(planes, "disagreement")[0]["n"] == 2


def test_where_nothing_disagrees_there_is_no_colour_of_much(view: Views, experiment_id: str) -> None:
    planes = Planes.of(Grid({"a": 2, "b": 2}, [scored("a", 0, 0.5), scored("a", 1, 0.5)]))
    result, steps = plane(planes, "disagreement:score:share")
    assert (result["low"], result["high"], steps) == (0.0, 1.0, [0, 0, MISSING, MISSING])
    assert "disagreement" not in view().result("scales", experiment=experiment_id)["measures"]  # one trial each
    for grid in (Grid({}, []), Grid({"a": 0}, [])):
        assert plane(Planes.of(grid), "disagreement")[1] == []
        assert "disagreement" not in Planes.of(grid).measures()


def test_cost_and_tokens_are_shown_where_somebody_knows_them() -> None:
    attempts = [
        made("a", 0, complete=True, cost=0.001, tokens=100), made("a", 1, cost=1.0), made("b", 0, complete=True),
        made("b", 1, complete=True, cost=0.0),
    ]  # fmt: skip
    planes = Planes.of(Grid({"a": 2, "b": 3}, attempts))
    assert planes.measures() == ["duration", "attempts", "cost", "tokens", "disagreement"]
    result, steps = plane(planes, "cost")
    assert (result["low"], result["high"], result["worst"], result["n"]) == (0.0, 1.0, "high", 3)
    assert steps == [127, 254, MISSING, 0, MISSING]  # logarithmic, down to a millionth of the highest
    assert plane(planes, "tokens")[1] == [0, *[MISSING] * 4]
    order = np.frombuffer(planes.order("cost")[1][0], dtype="<u4").tolist()
    assert order == [0, 1]
    unknown = Planes.of(Grid({"a": 1}, [made("a", 0, complete=True)]))
    assert unknown.measures() == ["duration", "attempts"]


def test_what_a_run_cost_is_among_its_facts_and_its_colours(store: Store, view: Views) -> None:
    def cost(item: dict[str, Any], _output: Any) -> float:
        return float(item["n"])

    made = evaluate(
        numbers(store, 3), lambda item: {"output": item["reference"]}, [], verbose=0, cost=cost, store=store
    )
    shown = view()
    assert "cost" in shown.result("scales", experiment=made.experiment_id)["measures"]
    costs = [shown.result("facts", experiment=made.experiment_id, cell=n)["cost"] for n in range(3)]
    assert sorted(costs) == [0.0, 1.0, 2.0]
    _, found = steps(shown, made.experiment_id, "cost")
    assert [found[n] for n in np.argsort(costs)] == [0, 241, 254]


@pytest.mark.parametrize(
    ("by", "first"), [("score:share", [0, 1, 2, 3, 4, 5]), ("failures", [5, 4]), ("duration", None)]
)
def test_items_are_ordered_the_worst_first(view: Views, experiment_id: str, by: str, first: list[int] | None) -> None:
    shown = view()
    reply = shown.ask("order", experiment=experiment_id, by=by)
    order = np.frombuffer(reply.buffers[0], dtype="<u4").tolist()
    assert sorted(order) == list(range(6))
    told = [shown.result("cell", experiment=experiment_id, cell=n)["item"]["n"] for n in order]
    if by == "failures":
        assert sorted(told[:2]) == [4, 5]
    elif first:
        assert told[:4] == first[:4]
        assert sorted(told[4:]) == [4, 5]


def test_what_there_is_not_is_refused(view: Views, experiment_id: str) -> None:
    for method in ("plane", "order"):
        for by, named in [("score:<b>", "score:<b>"), ("disagreement:score:<b>", "score:<b>"), ("disagreements",) * 2]:
            refusal = view().refusal(method, experiment=experiment_id, by=by)
            assert f"nothing to show by {named!r}" in refusal["message"]


def test_facts_of_a_cell_are_light(view: Views, experiment_id: str) -> None:
    shown = view()
    facts = [shown.result("facts", experiment=experiment_id, cell=n) for n in range(6)]
    failed = next(each for each in facts if each["state"] == "task_failed")
    assert (failed["error"], failed["scores"], failed["item"]) == ("TimeoutError", [], "5")
    assert failed["seconds"] >= 0
    assert sorted(each["scores"][0]["value"] for each in facts if each["state"] == "completed") == [0.0, 0.1, 0.2, 0.3]
    assert set(failed) == {"cell", "state", "item", "error", "scores", "seconds", "cost", "tokens"}
    assert (failed["cost"], failed["tokens"]) == (None, None)
    assert "no cell 6" in shown.refusal("facts", experiment=experiment_id, cell=6)["message"]


def test_items_are_found_by_their_text_and_id(view: Views, experiment_id: str) -> None:
    shown = view()

    def found(text: str) -> list[int]:
        reply = shown.ask("find", experiment=experiment_id, text=text)
        assert reply.content["result"]["total"] == len(reply.buffers[0]) // 4
        return [int(place) for place in np.frombuffer(reply.buffers[0], dtype="<u4")]

    cell = shown.result("cell", experiment=experiment_id, cell=2)
    assert found(cell["item_id"].upper()) == [2]
    assert 2 in found(cell["item"]["reference"])
    assert found("reference") == []  # a key, not a text
    assert found("  ") == []


def test_an_item_is_found_by_the_number_that_the_screen_shows(view: Views, experiment_id: str) -> None:
    shown = view()

    def found(text: str) -> list[int]:
        return [
            int(place)
            for place in np.frombuffer(shown.ask("find", experiment=experiment_id, text=text).buffers[0], dtype="<u4")
        ]

    for number in range(6):
        elsewhere = [place for place in found(f"{number}") if place != number]
        assert found(f"{number}") == [number, *elsewhere]  # before those that have it in their texts
        assert found(f"item {number}") == found(f" Item {number} · trial 1") == [number]
    assert found("item 0,005") == [5]
    assert found("item 6") == found("item 99999999999999999999") == found(",") == []


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({}, ""),
        ({"category": "a", "Prompt": "first\nsecond"}, "first"),
        ({"category": "a"}, "a"),
        ({"n": 1}, '{"n": 1}'),
        ({"input": "x" * 300}, "x" * 119 + "…"),
    ],
)
def test_the_first_line_of_an_item(data: dict[str, Any], line: str) -> None:
    assert first_line(data) == line
