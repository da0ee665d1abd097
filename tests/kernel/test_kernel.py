"""The widget and the magic in a real kernel."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from opik_resume.base.records import REPLAYED, CellState
from opik_resume.stores import close_all, connect
from opik_resume.stores.protocol import Store
from tests.builders import numbers
from tests.experiments import unstarted
from tests.kernel.harness import Kernel
from tests.notebook.helpers import reading_of


def calls(folder: Path) -> Counter[int]:
    return Counter(int(line) for line in (folder / "calls").read_text().split())


def opened(kernel: Kernel, name: str, items: int, task: str = "answer", threads: int = 16) -> tuple[str, str]:
    """An experiment of which every run failed, on show in a browser; returns the widget's and its own id."""
    experiment_id = kernel.value(f"experiment({name!r}, {items})").strip("'")
    kernel.run(f"browse({task}, [equals], task_threads={threads})")
    widget = kernel.newest_widget()
    kernel.shake_hands(widget)
    return widget, experiment_id


def resume(kernel: Kernel, widget: str, experiment_id: str) -> None:
    plan = kernel.result(widget, "open", experiment=experiment_id)["plan"]
    assert plan["obstacle"] is None
    assert kernel.result(widget, "resume", experiment=experiment_id, plan=plan["id"]) == {}


def test_updates_from_the_background_arrive_in_order_and_complete(kernel: Kernel, store: Store) -> None:
    widget, experiment_id = opened(kernel, "many", 400)
    kernel.cells.clear()
    resume(kernel, widget, experiment_id)
    screen = kernel.ended(widget)
    reading = reading_of(store, experiment_id)
    assert reading.state == "complete"
    assert (screen.states & 0x7F).tolist() == reading.grid.states.tolist()
    assert (screen.states & REPLAYED).all()
    assert screen.progress["done"] == screen.progress["total"] == 400
    assert len(kernel.received[kernel.feed_of(widget)]) < 100
    assert [cell.text for cell in kernel.cells.values() if cell.text] == [], "something was printed into a cell"


def test_a_click_after_the_handshake_is_answered_while_a_cell_is_busy(kernel: Kernel, folder: Path) -> None:
    widget, experiment_id = opened(kernel, "clicks", 3)
    kernel.result(widget, "open", experiment=experiment_id)
    busy = kernel.start("print('busy'); gated({'n': 'now', 'reference': ''});")
    kernel.until(lambda: busy.text)
    assert kernel.result(widget, "hello") == {}
    cell = kernel.result(widget, "cell", experiment=experiment_id, cell=1)
    assert "is broken" in cell["error"]["traceback"]
    assert kernel.result(widget, "list")["total"] >= 1
    assert not busy.done
    (folder / "gates" / "now").touch()
    kernel.until(lambda: busy.done)


def test_other_cells_run_during_a_resume_and_it_goes_on_during_them(kernel: Kernel, folder: Path) -> None:
    widget, experiment_id = opened(kernel, "meanwhile", 4, "gated")
    resume(kernel, widget, experiment_id)
    kernel.until_running(widget, 4)
    assert kernel.value("6 * 7") == "42"
    busy = kernel.start("print('busy'); gated({'n': 'now', 'reference': ''});")
    kernel.until(lambda: busy.text)
    for item in range(4):
        (folder / "gates" / str(item)).touch()
    kernel.ended(widget)
    assert not busy.done
    (folder / "gates" / "now").touch()
    kernel.until(lambda: busy.done)


def test_a_second_browser_attaches_to_what_runs(kernel: Kernel, folder: Path) -> None:
    widget, experiment_id = opened(kernel, "again", 2, "gated")
    resume(kernel, widget, experiment_id)
    kernel.until_running(widget, 2)
    kernel.run("browse()")
    second = kernel.newest_widget()
    assert second != widget
    assert kernel.models[second]["selected"] == experiment_id
    kernel.until_running(second, 2)
    (folder / "gates" / "all").touch()
    assert kernel.ended(second).states.tolist() == [CellState.completed | REPLAYED] * 2


def test_a_second_and_a_third_view_still_stream_on_the_one_thread(kernel: Kernel, folder: Path) -> None:
    kernel.run("import threading; before = threading.active_count()")
    widget, experiment_id = opened(kernel, "thrice", 3, "gated")
    resume(kernel, widget, experiment_id)
    views = [widget]
    for _ in range(2):
        kernel.run("browse()")
        views.append(kernel.newest_widget())
        kernel.shake_hands(views[-1])
    for each in views:
        kernel.until_running(each, 3)
    threads = "[t.name for t in threading.enumerate() if t.name.startswith('opik-resume feed')]"
    assert kernel.value(threads) == "['opik-resume feeds']"
    (folder / "gates" / "all").touch()
    for each in views:
        assert kernel.ended(each).states.tolist() == [CellState.completed | REPLAYED] * 3


def test_stop_stops(kernel: Kernel, folder: Path, store: Store) -> None:
    widget, experiment_id = opened(kernel, "stopped", 30, "gated", threads=2)
    resume(kernel, widget, experiment_id)
    kernel.until_running(widget, 2)
    assert kernel.result(widget, "stop", experiment=experiment_id) == {}
    (folder / "gates" / "all").touch()
    screen = kernel.ended(widget, "stopped")
    assert calls(folder).total() == 2
    assert (screen.progress["done"], screen.progress["abandoned"]) == (2, 0)
    assert reading_of(store, experiment_id).grid.done == 2


def test_an_interrupt_of_another_cell_does_not_touch_a_background_run(kernel: Kernel, folder: Path) -> None:
    widget, experiment_id = opened(kernel, "untouched", 6, "gated", threads=2)
    resume(kernel, widget, experiment_id)
    kernel.until_running(widget, 2)
    busy = kernel.start("print('busy'); gated({'n': 'never', 'reference': ''});")
    kernel.until(lambda: busy.text)
    kernel.manager.interrupt_kernel()
    kernel.until(lambda: busy.done)
    assert busy.error["ename"] == "KeyboardInterrupt"
    (folder / "gates" / "all").touch()
    assert kernel.ended(widget).states.tolist() == [CellState.completed | REPLAYED] * 6


def test_a_task_that_was_fixed_since_is_called(kernel: Kernel, store: Store) -> None:
    kernel.run("def fixable(item): raise ValueError('not yet')")
    widget, experiment_id = opened(kernel, "fixed", 3, "fixable")
    plan = kernel.result(widget, "open", experiment=experiment_id)["plan"]
    kernel.run("def fixable(item): return {'output': item['reference']}")
    kernel.result(widget, "resume", experiment=experiment_id, plan=plan["id"])
    kernel.ended(widget)
    assert reading_of(store, experiment_id).state == "complete"


def test_the_magic_updates_live_and_stops_on_interrupt(kernel: Kernel, folder: Path, store: Store) -> None:
    experiment_id = kernel.value("experiment('with spaces', 20)").strip("'")
    cell = kernel.start("%opik_resume 'with spaces' --task gated --metrics equals --threads 4")
    kernel.until(lambda: cell.displayed)
    widget = kernel.newest_widget()
    assert kernel.models[widget]["mode"] == "run"
    kernel.until_running(widget, 4)
    running = calls(folder)
    for item in running:
        (folder / "gates" / str(item)).touch()
    kernel.until(lambda: (kernel.screen(widget).states == (CellState.completed | REPLAYED)).sum() == 4)
    assert kernel.screen(widget).progress["own"] is False
    kernel.until_running(widget, 4)
    assert not cell.done
    kernel.manager.interrupt_kernel()
    kernel.until(lambda: cell.done)
    assert cell.error["ename"] == "EvaluationInterrupted"
    assert len(cell.error["traceback"]) == 1
    assert kernel.value("import sys; len(sys.last_value.result.test_results)") == "4"
    (folder / "gates" / "all").touch()
    kernel.ended(widget, "stopped")
    assert calls(folder).total() == 8
    assert reading_of(store, experiment_id).grid.done == 8

    assert "20 of 20 runs complete" in kernel.value("%opik_resume 'with spaces' -t gated -m equals")
    assert set(calls(folder).values()) == {1}, "a complete run was called again"


def test_the_magic_leaves_a_running_resume_alone(kernel: Kernel, folder: Path) -> None:
    widget, experiment_id = opened(kernel, "taken", 2, "gated")
    resume(kernel, widget, experiment_id)
    kernel.until_running(widget, 2)
    cell = kernel.start("%opik_resume taken --task answer")
    kernel.until(lambda: cell.done)
    assert cell.error["ename"] == "ExperimentBusy"
    assert cell.displayed == []
    (folder / "gates" / "all").touch()
    kernel.ended(widget)
    assert calls(folder).total() == 2


LOUD = """
import logging, sys, warnings
if not logging.getLogger().handlers: logging.getLogger().addHandler(logging.StreamHandler())
def loud(item):
    print("printed", item["n"])
    print("to stderr", file=sys.stderr)
    warnings.warn("odd")
    logging.getLogger("theirs").warning("slow")
    return {"output": item["reference"]}
"""


@pytest.mark.parametrize("threads", [1, 4])
def test_what_tasks_print_is_kept_and_not_sprayed_over_cells(kernel: Kernel, store: Store, threads: int) -> None:
    kernel.run(LOUD)
    name = f"loud at {threads}"
    cell = kernel.run(f"made = experiment({name!r}, 3, loud, task_threads={threads}); print('mine')")
    assert cell.text == "mine\n"
    reading = reading_of(store, kernel.value("made").strip("'"))
    printed = sorted(str(store.attempt(one.id).prints) for one in reading.grid.attempts if one is not None)
    for n, text in enumerate(printed):
        assert text.startswith(f"printed {n}\nto stderr\n")
        assert text.endswith("\nWARNING theirs: slow\n")
    assert "UserWarning: odd" in "".join(printed), "Python says it once"
    assert kernel.run("print('as ever')").text == "as ever\n"


def test_an_error_names_the_cell_it_comes_from_and_its_item_comes_into_the_notebook(kernel: Kernel) -> None:
    kernel.run("def fails_here(item):\n    raise LookupError('here')")
    number = int(kernel.value("len(In) - 2"))
    widget, experiment_id = opened(kernel, "named", 2, "answer")
    kernel.run("%opik_resume named -t fails_here -m equals")
    kernel.shake_hands(widget)
    cell = kernel.result(widget, "cell", experiment=experiment_id, cell=1)
    assert cell["error"]["stack"][-1]["frames"][-1] == {
        "place": f"cell [{number}], line 2",
        "name": "fails_here",
        "code": "raise LookupError('here')\n",
    }
    assert cell["attempts"] == 2
    assert kernel.result(widget, "keep", experiment=experiment_id, cell=1) == {"name": "item_1"}
    assert kernel.value("item_1['n'], sorted(item_1)") == "(0, ['id', 'n', 'reference'])"


def test_no_capture_shows_it(kernel: Kernel) -> None:
    kernel.run(LOUD)
    kernel.run("experiment('said', 2); experiment('kept', 2)")
    assert "printed" in kernel.run("%opik_resume said -t loud -m equals --no-capture").text
    assert "printed" not in kernel.run("%opik_resume kept -t loud -m equals").text


def test_the_magic_uses_what_evaluate_used(kernel: Kernel) -> None:
    kernel.run("experiment('remembered', 2)\ndef broken(item): return {'output': item['reference']}")
    assert "2 of 2 runs complete" in kernel.value("%opik_resume remembered")
    kernel.run("def broken(item): raise ValueError(f\"item {item['n']} is broken\")")


@pytest.fixture(scope="module")
def yesterday(kernel: Kernel, folder: Path) -> None:
    """An experiment as after a restart: the kernel does not know what it was evaluated with."""
    store = connect(folder / "store.db")
    for name in ("yesterday", "one of yesterday"):
        unstarted(store, name, numbers(store, 1, f"of {name}"))
    close_all()


@pytest.mark.usefixtures("yesterday")
@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("yesterdy --task answer", "There is no experiment 'yesterdy' in local store. Did you mean 'yesterday' or "),
        ("yesterday --task anwser", "There is no task 'anwser' in this notebook. Did you mean 'answer' or "),
        ("yesterday -t answer -m equal", "There is no metric 'equal' in this notebook. Did you mean 'equals'?"),
        ("yesterday -t answer -m Equals", "Equals is a class: pass an instance, Equals()."),
        ("yesterday -t calls", "calls is of type PosixPath and cannot be called"),
        ("yesterday --threads many", "UsageError: argument --threads: invalid int value: 'many'"),
        ("yesterday --threads 0", "--threads must be a whole number of 1 or more"),
        ("yesterday --nonsense", "UsageError: unrecognized arguments: --nonsense"),
        ("one of yesterday", 'UsageError: quote the name: %opik_resume "one of yesterday"'),
        ("one of yesterday -t answer", 'UsageError: quote the name: %opik_resume "one of yesterday" -t answer'),
        ("one of yesterday --nonsense", 'UsageError: quote the name: %opik_resume "one of yesterday" --nonsense'),
        ("one of tomorrow", "UsageError: unrecognized arguments: of tomorrow"),
        ("yesterday", "UsageError: give the task: %opik_resume yesterday --task my_task --metrics my_metric"),
    ],
)
def test_a_mistake_is_one_clear_sentence_and_changes_nothing(
    kernel: Kernel, line: str, seen: str, folder: Path
) -> None:
    widgets = len(kernel.models)
    said = kernel.fails(f"%opik_resume {line}")
    assert seen in said
    assert len(said.strip().splitlines()) <= 2
    assert len(kernel.models) == widgets
    assert calls(folder).total() == 0


def test_the_magic_alone_shows_the_browser(kernel: Kernel) -> None:
    shown, picture = kernel.run("%opik_resume").displayed
    model = shown["application/vnd.jupyter.widget-view+json"]["model_id"]
    assert model == kernel.newest_widget()
    assert kernel.models[model]["mode"] == "browser"
    assert "local store" in shown["text/plain"]
    assert "<table" in picture["text/html"]


def test_the_magic_has_help(kernel: Kernel) -> None:
    kernel.client.execute("%opik_resume?")
    while True:
        reply = kernel.client.get_shell_msg(timeout=10)["content"]
        pages = [payload["data"]["text/plain"] for payload in reply.get("payload", []) if payload["source"] == "page"]
        if pages:
            break
    for words in ("--task", "--metrics", "--threads", "%opik_resume my-experiment", "EvaluationInterrupted"):
        assert words in pages[0]


def test_the_extension_unloads(kernel: Kernel) -> None:
    kernel.run("%unload_ext opik_resume")
    assert "not found" in kernel.fails("%opik_resume")
    kernel.run("%load_ext opik_resume")
    assert kernel.run("%opik_resume").displayed
