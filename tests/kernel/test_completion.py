"""Tab, as a notebook asks for it."""

from __future__ import annotations

import pytest

from tests.kernel.harness import Kernel

DEFINED = """
from opik_resume.metrics import Contains
judge = Contains(name="judge_of_form")
also_judge = judge
_hidden = Contains(name="hidden")
def annotate(item): return {}
def two(item, other): return {}
"""


@pytest.fixture(scope="module", autouse=True)
def experiments(kernel: Kernel) -> None:
    for name in ("alpha", "alpha two", 'with "quotes"'):
        kernel.run(f"experiment({name!r}, 1)")
    kernel.run(DEFINED)


def offered(kernel: Kernel, line: str) -> list[str]:
    return list(kernel.complete(line))


def test_names_of_experiments_the_newest_first(kernel: Kernel) -> None:
    assert offered(kernel, "%opik_resume |") == ["'with \"quotes\"'", '"alpha two"', "alpha"]
    assert offered(kernel, "%opik_resume AL|") == ['"alpha two"', "alpha"]


@pytest.mark.parametrize("start", ["%opik_resume", "%%opik_resume", "result = %opik_resume", "  %opik_resume"])
def test_wherever_the_magic_may_stand(kernel: Kernel, start: str) -> None:
    assert offered(kernel, f"{start} alpha|") == ['"alpha two"', "alpha"]


def test_a_quote_that_is_open_takes_the_spaces_with_it(kernel: Kernel) -> None:
    assert kernel.complete('%opik_resume "alpha t|') == {'"alpha two"': '%opik_resume "alpha two"'}
    assert kernel.complete("%opik_resume 'alpha t|") == {"'alpha two'": "%opik_resume 'alpha two'"}


def test_a_quote_that_the_editor_closed_is_not_closed_again(kernel: Kernel) -> None:
    assert list(kernel.complete('%opik_resume "alpha t|"').values()) == ['%opik_resume "alpha two"']


def test_ids_for_who_begins_one(kernel: Kernel) -> None:
    id_ = kernel.value("from opik_resume import experiments; experiments().id[0]").strip("'")
    assert offered(kernel, f"%opik_resume {id_[:30]}|") == [id_]


def test_options_that_are_not_there_yet(kernel: Kernel) -> None:
    options = [
        "--breaker", "--cost", "--max-consecutive-failures", "--max-cost", "--max-failures", "--max-runs", "--max-seconds", "--max-wait",
        "--metrics", "--no-adaptive", "--no-capture", "--only", "--retries", "--reuse-outputs", "--settle", "--task", "--threads", "--timeout", "--until-complete",
    ]  # fmt: skip
    assert offered(kernel, "%opik_resume alpha |") == options
    rest = [option for option in options if option != "--task"]
    assert offered(kernel, "%opik_resume alpha --task annotate --|") == rest
    assert offered(kernel, "%opik_resume alpha --breaker |") == ["off", "10", "50"]
    assert offered(kernel, "%opik_resume alpha --max-runs 1|") == ["1", "10", "100"]
    assert offered(kernel, '%opik_resume "alpha two" --t|') == ["--task", "--threads", "--timeout"]
    assert offered(kernel, "%opik_resume --task annotate |")[-1] == "alpha"


def test_tasks_are_what_one_item_can_be_given_to(kernel: Kernel) -> None:
    tasks = offered(kernel, "%opik_resume alpha --task |")
    assert {"annotate", "answer"} <= set(tasks)
    assert not {"two", "Contains", "evaluate", "browse", "judge", "exit", "get_ipython"} & set(tasks)
    assert offered(kernel, "%opik_resume alpha --task=anno|") == ["annotate"]


def test_metrics_one_after_the_other(kernel: Kernel) -> None:
    assert offered(kernel, "%opik_resume alpha --metrics |") == ["equals", "judge", "judge_of_form"]
    assert kernel.complete("%opik_resume alpha -m equals,ju|") == {
        "judge": "%opik_resume alpha -m equals,judge",
        "judge_of_form": "%opik_resume alpha -m equals,judge_of_form",
    }


def test_other_lines_are_left_alone(kernel: Kernel) -> None:
    assert offered(kernel, "%opik_resume alpha --threads 1|") == ["1", "16"]
    assert "annotate" in offered(kernel, "anno|")
    assert "%opik_resume" in offered(kernel, "%opik_r|")


def test_it_goes_with_the_extension(kernel: Kernel) -> None:
    kernel.run("%unload_ext opik_resume")
    assert "alpha" not in offered(kernel, "%opik_resume al|")
    kernel.run("%load_ext opik_resume\n%reload_ext opik_resume")
    assert offered(kernel, "%opik_resume al|") == ['"alpha two"', "alpha"]
