"""``%%opik_resume``: the cell defines task and metrics, then resumes with them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opik_resume.stores.protocol import Store
from tests.kernel.harness import Kernel
from tests.kernel.test_kernel import calls
from tests.notebook.helpers import reading_of

BODY = """
def mend(item):
    return answer(item)
"""


@pytest.fixture(autouse=True)
def forgotten(kernel: Kernel) -> None:
    """As after a restart: nothing is known of what was evaluated."""
    kernel.run("from opik_resume.lifecycle import registry; registry._used.clear()")
    kernel.run("for name in ('mend', 'help_it', 'judge'): globals().pop(name, None)")


def unfinished(kernel: Kernel, name: str, items: int = 2, metrics: str = "") -> str:
    made = kernel.value(f"experiment({name!r}, {items})").strip("'")
    kernel.run("registry._used.clear()")
    return made


def test_it_resumes_with_what_the_cell_defines(kernel: Kernel, folder: Path, store: Store) -> None:
    experiment_id = unfinished(kernel, "defined")
    shown = kernel.run(f"%%opik_resume defined --threads 1\nfrom opik_resume.metrics import Contains\n{BODY}\n"
                       "judge = Contains(name='judge')\n")  # fmt: skip
    assert "2 of 2 runs complete" in shown.result["text/plain"]
    assert calls(folder).total() == 2
    scores = {
        score.name for attempt in reading_of(store, experiment_id).grid.attempts if attempt for score in attempt.scores
    }
    assert scores == {"judge"}
    assert kernel.value("mend.__name__, judge.name") == "('mend', 'judge')", "they stay in the notebook"


def test_options_win_over_the_cell(kernel: Kernel, store: Store) -> None:
    experiment_id = unfinished(kernel, "optional")
    kernel.run(
        f"%%opik_resume optional -t mend -m equals\n{BODY}\ndef help_it(item): return {{}}\njudge = Equals(name='judge')"
    )
    (first, _) = reading_of(store, experiment_id).grid.attempts
    assert first is not None
    assert [score.name for score in first.scores] == ["equals"]


def test_two_tasks_are_one_too_many(kernel: Kernel, folder: Path) -> None:
    unfinished(kernel, "ambiguous")
    said = kernel.fails(f"%%opik_resume ambiguous -m equals\n{BODY}\ndef help_it(item): return {{}}")
    assert "UsageError: which is the task: mend or help_it? Say --task mend" in said
    assert calls(folder).total() == 0


def test_a_cell_without_a_task_needs_one_to_be_the_only_one(kernel: Kernel) -> None:
    unfinished(kernel, "bare")
    said = kernel.fails("%%opik_resume bare -m equals\nlimit = 7")
    assert "which is the task: broken or answer or gated" in said
    assert kernel.value("limit") == "7"


def test_what_evaluate_used_is_used_again(kernel: Kernel) -> None:
    kernel.run("experiment('again', 2)")
    shown = kernel.run("%%opik_resume again\ndef broken(item): return {'output': item['reference']}")
    assert "2 of 2 runs complete" in shown.result["text/plain"]
    kernel.run("def broken(item): raise ValueError(f\"item {item['n']} is broken\")")


def test_an_exception_in_the_body_stops_before_anything_is_resumed(kernel: Kernel, folder: Path, store: Store) -> None:
    experiment_id = unfinished(kernel, "raising")
    widgets = len(kernel.models)
    cell = kernel.start(f"%%opik_resume raising -m equals\n{BODY}\n1 / 0\n")
    kernel.until(lambda: cell.done)
    assert cell.error["ename"] == "ZeroDivisionError"
    told = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(cell.error["traceback"]))
    assert "1 / 0" in told
    assert "cellbody.py" not in told
    assert "magics.py" not in told
    assert (len(kernel.models), calls(folder).total()) == (widgets, 0)
    assert reading_of(store, experiment_id).grid.done == 0
    assert "SyntaxError" in kernel.fails("%%opik_resume raising\ndef mend(item) return 1")


def test_a_misspelt_experiment_is_told_before_the_body_runs(kernel: Kernel) -> None:
    unfinished(kernel, "spelling")
    assert "Did you mean 'spelling'" in kernel.fails("%%opik_resume speling\nran = True")
    assert kernel.value("'ran' in globals()") == "False"
    assert "name the experiment: %%opik_resume my-experiment" in kernel.fails("%%opik_resume\nran = True")


def test_an_interrupt_stops_the_body_and_the_resume(kernel: Kernel, folder: Path, store: Store) -> None:
    experiment_id = unfinished(kernel, "interrupted", 20)
    body = kernel.start(
        "%%opik_resume interrupted -t gated -m equals\nprint('in'); gated({'n': 'body', 'reference': ''})"
    )
    kernel.until(lambda: body.text)
    kernel.manager.interrupt_kernel()
    kernel.until(lambda: body.done)
    assert body.error["ename"] == "KeyboardInterrupt"
    (folder / "calls").write_text("")
    cell = kernel.start("%%opik_resume interrupted -t gated -m equals --threads 2\nprint('again')")
    kernel.until(lambda: cell.displayed)
    widget = kernel.newest_widget()
    kernel.until_running(widget, 2)
    kernel.manager.interrupt_kernel()
    kernel.until(lambda: cell.done)
    assert cell.error["ename"] == "EvaluationInterrupted"
    (folder / "gates" / "all").touch()
    kernel.ended(widget, "stopped")
    assert reading_of(store, experiment_id).grid.done == 2


def test_outputs_are_used_again_when_asked(kernel: Kernel, folder: Path, store: Store) -> None:
    kernel.run("class Needy:\n    name = 'needy'\n    def score(self, output, missing): return 1.0\nneedy = Needy()")
    kernel.run("data = create_dataset('needy'); data.insert([{'n': 1, 'reference': '1'}])")
    experiment_id = kernel.value(
        "evaluate(data, answer, [needy], experiment_name='needy', verbose=0).experiment_id"
    ).strip("'")
    (attempt,) = reading_of(store, experiment_id).grid.attempts
    assert attempt is not None
    assert (attempt.returned, attempt.complete) == (True, False)
    (folder / "calls").write_text("")
    body = "class Needy:\n    name = 'needy'\n    def score(self, output, **ignored): return 1.0\nneedy = Needy()"
    shown = kernel.run(f"%%opik_resume needy --task answer --reuse-outputs\n{body}")
    assert "1 of 1 runs complete" in shown.result["text/plain"]
    assert calls(folder).total() == 0, "the task was called again"


def test_remembered_names_are_suggested_and_never_called_unasked(kernel: Kernel, folder: Path) -> None:
    kernel.run("data = create_dataset('yes'); data.insert([{'n': 1, 'reference': '1'}])")
    kernel.run("evaluate(data, broken, [equals], experiment_name='of yesterday', verbose=0); registry._used.clear()")
    line = "%opik_resume 'of yesterday' --task broken --metrics equals"
    assert f"give the task: {line}" in kernel.fails("%opik_resume 'of yesterday'")
    assert f'give the metrics too: {line} (or --metrics "" for none)' in kernel.fails(
        "%opik_resume 'of yesterday' --task broken"
    )
    assert calls(folder).total() == 0
    assert "1 of 1 runs complete" in kernel.value("%opik_resume 'of yesterday' -t answer --metrics \"\"")


def test_what_is_missing_at_the_end_is_one_line(kernel: Kernel) -> None:
    unfinished(kernel, "still broken")
    cell = kernel.run("result = %opik_resume 'still broken' -t broken -m equals")
    (line,) = cell.text.strip().splitlines()
    assert line.startswith("still broken: 0 of 2 runs complete (2 task_failed). See result.failures")


def test_settle_is_an_option_that_changes_nothing_here(kernel: Kernel, folder: Path) -> None:
    unfinished(kernel, "settled")
    shown = kernel.run(f"%%opik_resume settled -t mend -m equals --settle\n{BODY}")
    assert "2 of 2 runs complete" in shown.result["text/plain"]
    assert calls(folder).total() == 2
