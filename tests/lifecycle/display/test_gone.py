"""Nobody reads any more what is shown: the runs go on."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable

import pytest
from tqdm import tqdm

from opik_resume import evaluate
from opik_resume.base.records import CellKey
from opik_resume.engine.claims import stopping
from opik_resume.engine.claims.stopping import RunningCell
from opik_resume.lifecycle.display.choosing import Display
from opik_resume.metrics import Equals
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask, numbers


class Gone(io.StringIO):
    """A pipe without its reader."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")

    def flush(self) -> None:
        self.write("")


class OfSomebody:
    """A logger's, which raises what it likes, and knows less than it should."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        raise RuntimeError("the log is full")

    def flush(self) -> None:
        self.write("")

    def isatty(self) -> bool:
        return bool(self.write(""))

    fileno = isatty


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("gone", [Gone, OfSomebody, closed, lambda: None])
@pytest.mark.parametrize("display", ["bar", "lines", "auto"])
def test_an_evaluation_is_not_ended_by_its_display(
    display: Display, gone: Callable[[], object], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", gone())
        patch.setattr(sys, "stdout", gone())
        result = evaluate(numbers(store, 4), CountingTask(), [Equals()], verbose=2, display=display, store=store)
    assert result.complete
    drawn = threading.Thread(target=lambda: tqdm(range(1), file=io.StringIO()).close(), daemon=True)
    drawn.start()
    drawn.join(10)
    assert not drawn.is_alive(), "tqdm keeps its lock when a stream raises"


def test_what_is_paid_for_is_waited_for_at_exit_though_nobody_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = RunningCell("e", CellKey("a", 0))
    assert stopping.claim(cell)
    waited = threading.Event()

    def waiting() -> None:
        stopping._wait_for_running()
        waited.set()

    monkeypatch.setattr(sys, "stderr", Gone())
    thread = threading.Thread(target=waiting, daemon=True)
    thread.start()
    thread.join(0.5)
    still = thread.is_alive()
    stopping.leave(cell)
    assert waited.wait(10)
    assert still
