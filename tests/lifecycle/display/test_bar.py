"""The progress line says how long a run backs off, on a fake clock."""

from __future__ import annotations

import pytest

from opik_resume.base.records import CellKey
from opik_resume.engine.events import RunFinished, RunStarted, TriedAgain, Waiting
from opik_resume.lifecycle.display.watching import progress_of
from opik_resume.lifecycle.progress import Backoffs
from tests.builders import complete, failed

A, B = CellKey("a", 0), CellKey("b", 0)


def test_the_longest_wait_is_said_until_nobody_waits() -> None:
    backoffs = Backoffs()
    assert not backoffs.take(RunStarted(A), 0.0)
    assert backoffs.take(Waiting(A, 12.0, "RateLimitError"), 0.0)
    assert backoffs.take(Waiting(B, 4.0, "RateLimitError"), 1.0)
    assert (backoffs.said(1.5), len(backoffs)) == ("backing off 11 s", 2)
    assert backoffs.take(TriedAgain(A, 2), 12.0)
    assert backoffs.said(12.0) == "backing off 1 s"  # never "0 s" or less
    assert backoffs.take(RunFinished(B, failed("b")), 12.0)
    assert not len(backoffs)
    assert not backoffs.take(RunFinished(A, complete("a")), 13.0)


def test_the_line_says_it(capsys: pytest.CaptureFixture[str]) -> None:
    bar = progress_of("e", 2, "bar")
    bar(RunFinished(B, failed("b")))
    bar(Waiting(A, 12.0, "RateLimitError"))
    bar.tick()
    waiting = capsys.readouterr().err
    bar(TriedAgain(A, 2))
    bar.tick()
    again = capsys.readouterr().err
    bar.close()
    assert "1/2" in waiting
    assert "1 failed, backing off 12 s" in waiting
    assert "1 failed" in again
    assert "backing off" not in again
