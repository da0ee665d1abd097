"""What task and metrics print: kept with the run, bounded and clean, and nobody else's output is touched."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import multiprocessing
import os
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from opik_resume import evaluate, evaluate_experiment, evaluate_resume, exceptions
from opik_resume.base.records import Attempt, Json
from opik_resume.base.text.excerpt import excerpt
from opik_resume.engine.capture import routing
from opik_resume.engine.capture.prints import ENDS, Prints
from opik_resume.engine.capture.routing import Capture
from opik_resume.experiment.reading import find_experiment, read_experiment
from opik_resume.metrics import Equals
from opik_resume.stores.protocol import Store
from tests.builders import attempt, numbers

PATIENCE = 20.0  # seconds: a time-out for a broken test, never a pace
WRITES = ("stdout", "stderr")


@pytest.fixture(autouse=True)
def everything_is_as_before() -> Iterator[None]:
    hooks = (logging.Logger.callHandlers, logging.StreamHandler.emit)
    yield
    assert routing.Router not in (type(sys.stdout), type(sys.stderr))
    assert (logging.Logger.callHandlers, logging.StreamHandler.emit) == hooks


class Cell(io.StringIO):
    """As what an ipykernel shows below a cell."""

    __module__ = "ipykernel.iostream"


def in_cell(monkeypatch: pytest.MonkeyPatch) -> Cell:
    cell = Cell()
    for name in WRITES:
        monkeypatch.setattr(sys, name, cell)
    return cell


def printed(work: Callable[[], Any]) -> str | None:
    """What is kept of what a piece of work prints."""

    def working(start: Attempt) -> Attempt:
        work()
        return start

    return Capture().of(working, attempt()).prints


def prints_of(store: Store, name: str) -> list[str | None]:
    """By trial and item, of the attempts that fill the cells."""
    read = read_experiment(find_experiment(name, store), store, heavy=True).grid
    return [one.prints if one is not None else None for one in read.attempts]


def saying(item: Json) -> Json:
    print("asked", item["n"])
    return {"output": str(item["n"])}


async def saying_later(item: Json) -> Json:
    print("asked", item["n"])
    await asyncio.sleep(0)
    await asyncio.to_thread(print, "from a thread of its own")
    return {"output": str(item["n"])}


@pytest.mark.parametrize("threads", [1, 4])
def test_each_run_keeps_its_own(store: Store, threads: int) -> None:
    evaluate(numbers(store, 6), saying, [Equals()], experiment_name="e", task_threads=threads, verbose=0)
    assert sorted(map(str, prints_of(store, "e"))) == [f"asked {n}\n" for n in range(6)]


@pytest.mark.parametrize("threads", [1, 4])
def test_coroutines_and_threads_with_their_context_count(store: Store, threads: int) -> None:
    evaluate(numbers(store, 6), saying_later, [Equals()], experiment_name="e", task_threads=threads, verbose=0)
    wanted = [f"asked {n}\nfrom a thread of its own\n" for n in range(6)]
    assert sorted(map(str, prints_of(store, "e"))) == wanted


class Talking(Equals):
    def score(self, *args: Any, **kwargs: Any) -> Any:
        print("scoring", file=sys.stderr)
        return super().score(*args, **kwargs)


def test_metrics_and_later_scorings_are_added(store: Store) -> None:
    evaluate(numbers(store, 1), saying, [Talking()], experiment_name="e", verbose=0)
    assert prints_of(store, "e") == ["asked 0\nscoring\n"]
    evaluate_experiment("e", [Talking(name="again")], verbose=0, store=store)
    assert prints_of(store, "e") == ["asked 0\nscoring\nscoring\n"]


def test_of_failing_runs_too(store: Store) -> None:
    def fail(item: Json) -> Json:
        print("before")
        raise ValueError("no")

    evaluate(numbers(store, 1), fail, experiment_name="e", verbose=0)
    assert prints_of(store, "e") == ["before\n"]
    evaluate_resume("e", saying, verbose=0, store=store)
    assert prints_of(store, "e") == ["asked 0\n"]


def test_of_a_run_that_is_interrupted(store: Store) -> None:
    def interrupt(item: Json) -> Json:
        print("before")
        raise KeyboardInterrupt

    with pytest.raises(exceptions.EvaluationInterrupted):
        evaluate(numbers(store, 1), interrupt, experiment_name="e", task_threads=1, verbose=0)
    assert prints_of(store, "e") == ["before\n"]


def test_a_silent_run_has_none_and_a_light_attempt_leaves_it_out(store: Store) -> None:
    evaluate(numbers(store, 1), lambda _: {"output": ""}, experiment_name="silent", verbose=0)
    assert prints_of(store, "silent") == [None]
    evaluate(numbers(store, 1, "others"), saying, experiment_name="loud", verbose=0)
    assert read_experiment(find_experiment("loud", store), store).grid.attempts[0].prints is None  # type: ignore[union-attr]


def test_outside_of_cells_it_is_shown_as_well(capsys: pytest.CaptureFixture[str], store: Store) -> None:
    evaluate(numbers(store, 2), saying, experiment_name="e", task_threads=1, verbose=0)
    assert sorted(capsys.readouterr().out.splitlines()) == ["asked 0", "asked 1"]


def test_where_nobody_reads_it_any_more_it_is_kept_all_the_same(monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

        def flush(self) -> None:
            self.write("")

    def task(item: Json) -> Json:
        print("asked", item["n"], flush=True)
        print("said", file=sys.stderr)
        return {"output": str(item["n"])}

    monkeypatch.setattr(sys, "stdout", Gone())
    monkeypatch.setattr(sys, "stderr", Gone())
    result = evaluate(numbers(store, 2), task, experiment_name="e", verbose=0)
    monkeypatch.undo()
    assert result.complete
    assert sorted(map(str, prints_of(store, "e"))) == ["asked 0\nsaid\n", "asked 1\nsaid\n"]


def test_in_a_cell_it_is_not_shown(monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    cell = in_cell(monkeypatch)
    evaluate(numbers(store, 2), saying, experiment_name="e", verbose=0)
    assert cell.getvalue() == ""
    assert (sys.stdout, sys.stderr) == (cell, cell)


def test_capture_false_leaves_everything_alone(monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    cell = in_cell(monkeypatch)
    streams: list[Any] = []

    def looking(item: Json) -> Json:
        streams.append(sys.stdout)
        return saying(item)

    data = numbers(store, 1)
    evaluate(data, looking, experiment_name="e", verbose=0, capture=False)
    evaluate(data, lambda _: 1 / 0, experiment_name="f", verbose=0, breaker=None)
    evaluate_resume("f", looking, verbose=0, store=store, capture=False)
    evaluate_experiment("e", [Talking()], verbose=0, store=store, capture=False)
    assert cell.getvalue().count("asked 0\n") == 2
    assert "scoring\n" in cell.getvalue()
    assert streams == [cell, cell]
    assert prints_of(store, "e") == prints_of(store, "f") == [None]


@pytest.mark.parametrize("wrong", [None, 1, "no"])
def test_capture_is_true_or_false(store: Store, wrong: Any) -> None:
    data = numbers(store, 1)
    with pytest.raises(exceptions.ArgumentError, match="capture must be True or False"):
        evaluate(data, saying, capture=wrong)


WARNING = """
import warnings
from opik_resume.engine.capture.routing import Capture
from tests.builders import attempt

def work(start):
    warnings.warn("that is odd")
    return start

print("kept:", Capture().of(work, attempt()).prints)
"""


def test_warnings_are_kept_with_the_run_and_shown_in_a_script() -> None:
    """In a process of its own: pytest takes warnings away."""
    ended = subprocess.run([sys.executable, "-c", WARNING], capture_output=True, text=True, check=True)
    assert "UserWarning: that is odd" in ended.stderr
    assert "UserWarning: that is odd" in ended.stdout


def log(message: str = "slow: %s", *args: Any) -> None:
    logging.getLogger("theirs").warning(message, *(args or ("it",)))


def test_logging_is_kept_once_and_handlers_get_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    cell, file, told = in_cell(monkeypatch), io.StringIO(), list[logging.LogRecord]()

    class Telling(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record)

    handlers = [logging.StreamHandler(cell), logging.StreamHandler(file), Telling()]
    theirs = logging.getLogger("theirs")
    monkeypatch.setattr(theirs, "handlers", handlers)
    monkeypatch.setattr(theirs, "propagate", False)
    assert printed(log) == "WARNING theirs: slow: it\n"
    assert file.getvalue() == "slow: it\n"
    assert len(told) == 1
    assert cell.getvalue() == "", "its handler was made before the run"
    log()
    assert cell.getvalue() == "slow: it\n", "outside of a run it goes where it always went"


@pytest.mark.parametrize("cell", [True, False])
def test_logging_without_any_handler(monkeypatch: pytest.MonkeyPatch, cell: bool) -> None:
    shown = in_cell(monkeypatch) if cell else io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(logging.getLogger("theirs"), "propagate", False)
    monkeypatch.setattr(logging.getLogger("theirs"), "handlers", [])
    assert printed(log) == "WARNING theirs: slow: it\n"
    assert shown.getvalue() == ("" if cell else "slow: it\n")


def test_a_log_line_that_does_not_fit_its_arguments_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    assert printed(lambda: log("%d%d", "x")) == "WARNING theirs: %d%d\n"


def test_a_log_line_has_its_traceback() -> None:
    def fail() -> None:
        try:
            raise ValueError("why")
        except ValueError:
            logging.getLogger("theirs").exception("it broke")

    kept = printed(fail)
    assert kept is not None
    assert kept.startswith("ERROR theirs: it broke\nTraceback")
    assert kept.endswith("ValueError: why\n")


def test_other_threads_pass_untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = in_cell(monkeypatch)

    def work() -> None:
        other = threading.Thread(target=lambda: print("somebody else"))
        other.start()
        other.join()
        print("mine")

    assert printed(work) == "mine\n"
    assert cell.getvalue() == "somebody else\n"


def test_a_run_within_a_run_keeps_its_own() -> None:
    inner: list[str | None] = []

    def work() -> None:
        print("outer")
        context = threading.Thread(target=lambda: inner.append(printed(lambda: print("inner"))))
        context.start()
        context.join()
        print("outer again")

    assert printed(work) == "outer\nouter again\n"
    assert inner == ["inner\n"]


def test_an_evaluation_within_a_task(store: Store) -> None:
    data = numbers(store, 1)

    def outer(item: Json) -> Json:
        print("outer")
        evaluate(data, saying, experiment_name="inner", verbose=0)
        print("outer again")
        return item

    evaluate(data, outer, experiment_name="outer", verbose=0)
    assert prints_of(store, "inner") == ["asked 0\n"]
    assert prints_of(store, "outer") == ["outer\nouter again\n"]


def test_a_stream_that_somebody_put_there_stays() -> None:
    theirs, before = io.StringIO(), sys.stdout

    def work() -> None:
        sys.stdout = theirs
        print("to theirs")

    try:
        assert printed(work) is None, "they took it"
        assert sys.stdout is theirs
        assert printed(lambda: print("kept")) == "kept\n"
        assert sys.stdout is theirs
        assert theirs.getvalue() == "to theirs\nkept\n"
    finally:
        sys.stdout = before


def test_redirecting_within_a_task_works() -> None:
    theirs = io.StringIO()

    def work() -> None:
        with contextlib.redirect_stdout(theirs):
            print("to theirs")
        print("mine")

    assert printed(work) == "mine\n"
    assert theirs.getvalue() == "to theirs\n"


class Wrapper:
    """As colorama has it: what is written goes to the stream that was there."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> Any:
        return self.stream.write(text)

    def flush(self) -> None:
        self.stream.flush()


def test_a_stream_around_ours_prints_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = in_cell(monkeypatch)

    def wrap() -> None:
        sys.stdout = Wrapper(sys.stdout)

    printed(wrap)
    assert printed(lambda: print("once")) == "once\n"
    assert cell.getvalue() == ""
    print("outside")
    assert cell.getvalue() == "outside\n"


def test_a_hook_around_ours_stays_and_nothing_calls_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    below = logging.Logger.callHandlers

    def wrap() -> None:
        ours = logging.Logger.callHandlers

        def theirs(self: logging.Logger, record: logging.LogRecord) -> None:
            seen.append(record.getMessage())
            ours(self, record)

        logging.Logger.callHandlers = theirs  # type: ignore[method-assign]

    try:
        printed(wrap)
        assert printed(log) == "WARNING theirs: slow: it\n"
        assert seen == ["slow: it"]
        log()
        assert seen == ["slow: it"] * 2
    finally:
        logging.Logger.callHandlers = below  # type: ignore[method-assign]
    assert printed(log) == "WARNING theirs: slow: it\n", "and when theirs is gone, ours comes back"


def test_what_streams_can_do_they_can() -> None:
    def work() -> None:
        assert sys.stdout.isatty() is False
        assert sys.stdout.encoding == before.encoding
        sys.stdout.flush()
        sys.stdout.writelines(["a", "b"])
        with pytest.raises(TypeError):
            sys.stdout.write(1)  # type: ignore[arg-type]

    before = sys.stdout
    assert printed(work) == "ab"


def test_a_child_prints_where_its_parent_would(monkeypatch: pytest.MonkeyPatch) -> None:
    cell, (reading, writing) = in_cell(monkeypatch), os.pipe()

    def child() -> None:
        print("of the child")
        os.write(writing, f"{type(sys.stdout).__name__} {cell.getvalue()}".encode())

    def work() -> None:
        process = multiprocessing.get_context("fork").Process(target=child)
        process.start()
        process.join(PATIENCE)
        print("of the parent")

    assert printed(work) == "of the parent\n"
    assert os.read(reading, 100) == b"Cell of the child\n"
    os.close(reading)
    os.close(writing)


def test_no_secrets_and_no_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THEIR_API_KEY", "sk-0123456789abcdef")
    out = types.SimpleNamespace(write=lambda _: None, flush=lambda: None)
    monkeypatch.setattr(sys, "stdout", out)
    kept = printed(lambda: print("Authorization: Bearer sk-0123456789abcdef \ud83d"))
    assert kept is not None
    assert "sk-0123" not in kept
    assert "\\ud83d" in kept


def test_a_secret_at_the_cut_is_not_shown_in_half(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "sk-" + "0123456789" * 9
    monkeypatch.setenv("THEIR_API_KEY", secret)
    prints = Prints()
    for _ in range(2000):
        prints.write(f"{secret}\n")
    assert "0123" not in str(prints.text())


@pytest.mark.parametrize("size", [1, 7, 500, 100_000])
def test_long_texts_keep_both_ends(size: int) -> None:
    text = "".join(f"line {n}\n" for n in range(20_000))
    prints = Prints()
    for start in range(0, len(text), size):
        prints.write(text[start : start + size])
    kept = str(prints.text())
    left_out = len(text) - 2 * ENDS
    assert kept == f"{text[:ENDS]}\n… {left_out:,} characters left out …\n{text[-ENDS:]}"
    assert excerpt(kept, 100) == f"{text[:100]}\n… {len(text) - 200:,} characters left out …\n{text[-100:]}"


@pytest.mark.parametrize("length", [0, 1, 2 * ENDS, 2 * ENDS + 1, 4 * ENDS, 4 * ENDS + 1])
def test_short_texts_are_whole(length: int) -> None:
    prints = Prints()
    prints.write("x" * length)
    kept = prints.text()
    assert kept == (None if not length else excerpt("x" * length, ENDS))


def test_a_bar_that_overwrites_itself_is_its_last_state() -> None:
    prints = Prints()
    for percent in range(101):
        prints.write(f"\r{percent} %")
    prints.write("\ndone\r\n")
    assert prints.text() == "100 %\ndone\n"
