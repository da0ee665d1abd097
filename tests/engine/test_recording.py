"""What workers bring is durable before it is told, in groups, and one that cannot be kept harms no other."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from opik_resume.base.records import Attempt, CellKey
from opik_resume.engine.claims.stopping import RunningCell
from opik_resume.engine.recording.recorder import QUICK_SECONDS, Recorder
from opik_resume.engine.recording.salvage import Salvage
from tests.builders import complete
from tests.waiting import until

PATIENCE = 20.0


class Disk:
    """Records what it is given: the first time not before it is released, and nothing of the item "bad"."""

    def __init__(self, folder: Path) -> None:
        self.groups: list[list[str]] = []
        self.busy, self.released = threading.Event(), threading.Event()
        self.told: list[str] = []
        self.recorder = Recorder(
            self.record,
            lambda ended: self.told.append(ended.attempt.item_id),
            lambda ended, e: self.told.append(str(e)),
            lambda event: self.told.append(type(event).__name__),
            Salvage(folder, "run"),
        )
        self.recorder.start()

    def record(self, attempts: Sequence[Attempt]) -> None:
        self.busy.set()
        assert self.released.wait(PATIENCE)
        self.groups.append([attempt.item_id for attempt in attempts])
        if any(attempt.item_id == "bad" for attempt in attempts):
            raise OSError("no room for bad")

    def bring(self, item_id: str, took: float = 0.0) -> None:
        self.recorder.bring(RunningCell("e", CellKey(item_id, 0)), complete(item_id), took)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def test_what_comes_meanwhile_is_recorded_together(disk: Disk) -> None:
    disk.bring("a")
    assert disk.busy.wait(PATIENCE)
    for item_id in ("b", "c", "d"):
        disk.bring(item_id)
    assert disk.told == [], "nothing is told before it is durable"
    disk.recorder.close()
    disk.released.set()
    assert disk.recorder.done.wait(PATIENCE)
    assert (disk.groups, disk.told) == ([["a"], ["b", "c", "d"]], ["a", "b", "c", "d"])


def test_one_that_cannot_be_kept_harms_no_other(disk: Disk) -> None:
    disk.bring("a")
    assert disk.busy.wait(PATIENCE)
    for item_id in ("b", "bad", "c"):
        disk.bring(item_id)
    disk.recorder.close()
    disk.released.set()
    assert disk.recorder.done.wait(PATIENCE)
    assert disk.groups == [["a"], ["b", "bad", "c"], ["b"], ["bad"], ["c"]]
    assert disk.told == ["a", "b", "no room for bad", "c"]


def test_who_brings_something_that_took_its_time_waits_until_it_is_durable(disk: Disk) -> None:
    worker = threading.Thread(target=disk.bring, args=("a", 2 * QUICK_SECONDS))
    worker.start()
    assert disk.busy.wait(PATIENCE)
    assert worker.is_alive()
    disk.released.set()
    worker.join(PATIENCE)
    assert (worker.is_alive(), disk.told) == (False, ["a"])
    disk.recorder.close()


def test_only_what_is_not_durable_counts_as_unrecorded(disk: Disk) -> None:
    disk.bring("a")
    assert disk.busy.wait(PATIENCE)
    disk.bring("bad")
    assert [attempt.item_id for attempt in disk.recorder.unrecorded] == ["a", "bad"]
    disk.released.set()
    until(lambda: [attempt.item_id for attempt in disk.recorder.unrecorded] == ["bad"])
    disk.recorder.close()
    assert disk.recorder.done.wait(PATIENCE)
    assert [attempt.item_id for attempt in disk.recorder.unrecorded] == ["bad"]
