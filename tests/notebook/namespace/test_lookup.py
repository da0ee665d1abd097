"""Names → the user's task and metrics."""

from __future__ import annotations

from typing import Any

import pytest

from opik_resume.exceptions import ArgumentError, NameNotFound
from opik_resume.metrics import Contains, Equals
from opik_resume.notebook.namespace.lookup import find_metrics, find_task, redefined


def answer(item: dict[str, Any]) -> dict[str, Any]:
    return item


def defined_in(module: str) -> Any:
    namespace: dict[str, Any] = {"__name__": module}
    exec("def answer(item): return {'again': True}", namespace)
    return namespace["answer"]


def test_a_task_is_found_by_name() -> None:
    assert find_task("answer", {"answer": answer}) is answer


def test_a_misspelt_task_names_what_is_near() -> None:
    with pytest.raises(NameNotFound, match=r"no task 'anwser' in this notebook\. Did you mean 'answer'\?"):
        find_task("anwser", {"answer": answer, "Answer": Equals, "_answer": answer, "answers": [1]})


def test_a_task_must_be_callable_and_no_class() -> None:
    with pytest.raises(ArgumentError, match="f is of type int and cannot be called"):
        find_task("f", {"f": 3})
    with pytest.raises(ArgumentError, match="Equals is a class"):
        find_task("Equals", {"Equals": Equals})


def test_metrics_are_found_by_variable_then_by_name() -> None:
    strict, loose = Equals(name="strict"), Contains(name="loose")
    namespace = {"first": strict, "second": loose, "loose": strict}
    assert find_metrics(["first", "strict", "loose"], namespace) == [strict, strict, strict]
    assert find_metrics(["loose"], {"second": loose}) == [loose]


def test_a_class_is_refused_with_the_remedy() -> None:
    with pytest.raises(ArgumentError, match=r"^Equals is a class: pass an instance, Equals\(\)\.$"):
        find_metrics(["Equals"], {"Equals": Equals})


def test_what_is_no_metric_is_refused() -> None:
    with pytest.raises(ArgumentError, match="answer is of type function and not a metric"):
        find_metrics(["answer"], {"answer": answer})


def test_a_misspelt_metric_names_variables_and_names_that_are_near() -> None:
    with pytest.raises(NameNotFound, match="'judge_one' or 'judge_two'"):
        find_metrics(["judge_on"], {"judge_one": Equals(), "x": Equals(name="judge_two"), "_judge": Equals()})


def test_a_redefined_task_wins() -> None:
    again = defined_in("__main__")
    assert redefined(answer, {"answer": again}) is again
    reloaded = defined_in(__name__)
    assert redefined(answer, {"answer": reloaded}) is reloaded


@pytest.mark.parametrize(
    "now",
    [{}, {"answer": answer}, {"answer": 3}, {"answer": Equals}, {"answer": defined_in("somewhere.else")}],
    ids=["gone", "the same", "no function", "a class", "from elsewhere"],
)
def test_anything_else_under_the_name_changes_nothing(now: dict[str, Any]) -> None:
    assert redefined(answer, now) is None


def test_a_function_without_a_name_of_its_own_is_never_replaced() -> None:
    def answer(item: dict[str, Any]) -> dict[str, Any]:
        return item

    again = defined_in("__main__")
    assert redefined(answer, {"answer": again}) is None
    assert redefined(object(), {"answer": again}) is None  # type: ignore[arg-type]
