"""What a cell shows of a run: the live grid, of a first ``evaluate`` too; hardly anything where nobody looks."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from opik_resume.base.records import REPLAYED, CellState
from tests.kernel.conftest import started
from tests.kernel.harness import Kernel

WIDGET = "application/vnd.jupyter.widget-view+json"
PREPARE = """
import asyncio, pathlib, sys, time
from opik_resume import aevaluate, create_dataset, evaluate, evaluate_experiment, evaluate_resume
from opik_resume.metrics import Equals
from opik_resume.notebook.widget import bundle
bundle.STATIC = pathlib.Path({static!r})
gates, equals, broken = pathlib.Path({gates!r}), Equals(name="equals"), False

def gated(item):
    while not (gates / str(item["n"])).exists() and not (gates / "all").exists():
        time.sleep(0.005)
    if broken and item["n"] == 5:
        raise ValueError("item 5 is broken")
    return {{"output": item["reference"]}}

async def awaited(item):
    while not (gates / "all").exists():
        await asyncio.sleep(0.005)
    return {{"output": item["reference"]}}

made = create_dataset("numbers")
made.insert([{{"n": n, "reference": str(n)}} for n in range(12)])
"""


def prepared(folder: Path) -> str:
    return PREPARE.format(static=str(folder / "static"), gates=str(folder / "gates"))


@pytest.fixture(scope="module")
def shown(folder: Path) -> Iterator[Kernel]:
    """A kernel of a notebook that is open somewhere."""
    with started(folder, JPY_SESSION_NAME="somewhere.ipynb") as kernel:
        kernel.open_subshell()
        kernel.run(prepared(folder))
        yield kernel


def test_the_grid_of_a_first_evaluate_lives_while_its_cell_blocks(shown: Kernel, folder: Path) -> None:
    assert shown.value("'anywidget' in sys.modules") == "False", "no widget before there is something to show"
    cell = shown.start(
        "broken = True; first = evaluate(made, gated, [equals], experiment_name='first', task_threads=3)"
    )
    model = grid_of(shown, cell)
    assert "first: 0 of 12 done" in cell.displayed[0]["text/plain"]
    assert shown.models[model]["mode"] == "run"
    shown.until_running(model, 3)
    (folder / "gates" / "11").touch()  # the newest item comes first
    shown.until(lambda: (shown.screen(model).states == CellState.completed).sum() == 1)
    assert shown.screen(model).progress["own"] is False, "■ of the cell is its stop, and the button says so"
    assert not cell.done
    (folder / "gates" / "all").touch()
    shown.until(lambda: cell.done)
    states = shown.ended(model).states.tolist()
    assert states.count(CellState.completed) == 11
    assert states.count(CellState.task_failed) == 1, "nothing of a first evaluation counts as replayed"
    assert cell.text.startswith("first: 11 of 12 runs complete (1 task_failed)"), "the warning alone, no bar"


def test_a_resume_and_new_metrics_are_shown_as_well(shown: Kernel, folder: Path) -> None:
    (folder / "gates" / "all").touch()
    cell = shown.run("broken = False; first = evaluate_resume('first', gated, [equals])")
    states = shown.ended(grid_of(shown, cell)).states.tolist()
    assert states.count(CellState.completed | REPLAYED) == 1
    grid_of(shown, shown.run("first = evaluate_experiment('first', [Equals(name='again')])"))
    whole = shown.run("first = evaluate_resume('first', gated, [equals])")
    assert whole.displayed == [], "there is nothing to run, and nothing to see"


def test_an_awaited_evaluation_shows_its_grid_in_its_own_cell(shown: Kernel, folder: Path) -> None:
    cell = shown.start("slow = await aevaluate(made, awaited, [equals], experiment_name='slow', task_threads=3)")
    model = grid_of(shown, cell)
    shown.until_running(model, 3)
    (folder / "gates" / "all").touch()
    shown.until(lambda: cell.done)
    assert not cell.error, cell.error
    assert set(shown.ended(model).states.tolist()) == {CellState.completed}


def test_an_interrupt_stops_what_the_grid_shows(shown: Kernel, folder: Path) -> None:
    cell = shown.start("evaluate(made, gated, [equals], experiment_name='cut', task_threads=3)")
    model = grid_of(shown, cell)
    shown.until_running(model, 3)
    shown.manager.interrupt_kernel()
    shown.until(lambda: cell.done)
    assert cell.error["ename"] == "EvaluationInterrupted"
    (folder / "gates" / "all").touch()
    shown.ended(model, "stopped")


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("verbose=0", ""),
        ("display=None", ""),
        ("display='lines'", "e: 12 of 12 runs, in "),
        ("display='bar'", "e: 100%"),
    ],
)
def test_one_says_how_it_is_shown(shown: Kernel, folder: Path, how: str, text: str) -> None:
    (folder / "gates" / "all").touch()
    cell = shown.run(f"broken = False; quiet = evaluate(made, gated, [equals], experiment_name='e', {how})")
    assert cell.displayed == []
    assert (text in cell.text) if text else "12" not in cell.text


def test_without_a_front_end_it_says_so_and_draws_a_bar(shown: Kernel, folder: Path) -> None:
    (folder / "gates" / "all").touch()
    cell = shown.run(
        "there, bundle.STATIC = bundle.STATIC, pathlib.Path('nowhere')\n"
        "try: plain = evaluate(made, gated, [equals], experiment_name='plain')\n"
        "finally: bundle.STATIC = there"
    )
    assert cell.displayed == []
    assert "The live grid cannot be shown, a bar is: " in cell.text
    assert "plain: 100%" in cell.text


def test_a_notebook_that_is_only_executed_has_few_outputs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "gates" / "all").touch()
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setenv("OPIK_RESUME_DB", str(folder / "executed.db"))
    begin = """
many = create_dataset("many")
many.insert([{"n": n, "reference": str(n)} for n in range(800)])

def slow(item):
    time.sleep(0.02)
    return gated(item)

done = evaluate(many, slow, [equals], experiment_name="many", max_runs=400, task_threads=4)
"""
    often = "from opik_resume.lifecycle.display import lines\nlines.EVERY_SECONDS = 0.2"
    finish = "%load_ext opik_resume\nrest = %opik_resume many --task slow --metrics equals --threads 4"
    notebook = nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})  # type: ignore[no-untyped-call]
    notebook.cells = [code_cell(source) for source in (prepared(folder) + often, begin, finish)]
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    first, rest = (outputs(notebook, place) for place in (1, 2))
    assert {one["output_type"] for one in first} == {"stream"}
    said = [one["text"] for one in first if " of 800 runs" in one["text"]]
    assert 2 <= len(said) < 30, "a line now and then, whatever the number of runs"
    assert "runs/s" in said[0]
    assert said[0].endswith(" left\n")
    assert WIDGET in rest[0]["data"]
    assert {one["output_type"] for one in rest[1:]} == {"stream"}
    assert "many: 400 of 400 runs, in " in rest[-1]["text"]


def code_cell(source: str) -> Any:
    return nbformat.from_dict(  # type: ignore[no-untyped-call]
        {
            "cell_type": "code",
            "id": uuid.uuid4().hex,
            "source": source,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
    )


def outputs(notebook: Any, place: int) -> list[dict[str, Any]]:
    """What a cell has put out, without its value."""
    return [one for one in notebook["cells"][place]["outputs"] if one["output_type"] != "execute_result"]


def grid_of(kernel: Kernel, cell: Any) -> str:
    """The model of the one widget that a cell shows."""
    kernel.until(lambda: cell.displayed or cell.done)
    assert not cell.error, cell.error
    (shown,) = cell.displayed
    return str(shown[WIDGET]["model_id"])
