"""Whatever happens to an experiment, in whatever order: after each step a plan is what a model of ten lines says.

The model counts, for each item, what its runs came to: those that returned are paid for and never called again, and those
that were not scored want only that. ``STATE_MACHINE_EXAMPLES=500`` and ``STATE_MACHINE_STEPS=30`` play for long.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from opik_resume import aevaluate_resume, evaluate, evaluate_resume, plan_resume
from opik_resume.engine.retrying import policy
from opik_resume.exceptions import ArgumentError, ExperimentBusy, StoreError
from opik_resume.lifecycle.rounds import rule as rounds
from opik_resume.stores.local import LocalStore
from tests.builders import numbers
from tests.campaigns.acting import Act, Judge, Task
from tests.waiting import until

ITEMS, TRIALS = 4, 2
CHILDREN = 2  # of an example: each takes a second
FULL_SECONDS = 0.05
SOME = st.frozensets(st.integers(0, ITEMS - 1), max_size=2)
CALL = st.integers(1, 4)
STEP = st.sampled_from([0.0, -3600.0, -1.5, 1.5, 3600.0])


MAIN = threading.main_thread().ident or 0  # a signal to the process may be heard of once all is over


class Model:
    """What is known of an experiment from outside: which calls returned, and which judgements were made."""

    def __init__(self, ledger: Path) -> None:
        self.told = Counter(ledger.read_text().splitlines())

    def plan(self) -> Counter[tuple[int, str]]:
        returned = {n: self.told[f"returned {n}"] for n in range(ITEMS)}
        assert all(count <= TRIALS for count in returned.values()), f"paid twice: {returned}"
        run = {(n, "run"): TRIALS - returned[n] for n in returned}
        score = {(n, "score"): returned[n] - self.told[f"scored {n}"] for n in returned}
        return +Counter(run | score)


class Experiment(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="machine-")
        self.database = Path(self._folder.name) / "store.sqlite3"
        self.ledger = Path(self._folder.name) / "ledger"
        self.ledger.touch()
        self.store = LocalStore(self.database)
        self.dataset = numbers(self.store, ITEMS)
        self.items = {item["id"]: item["n"] for item in self.dataset.get_items()}
        self.children: list[subprocess.Popen[str]] = []
        self._create_time = psutil.Process.create_time

    def teardown(self) -> None:
        psutil.Process.create_time = self._create_time  # type: ignore[method-assign]
        for child in self.children:
            child.kill()
            child.communicate()
        self.store.close()
        self._folder.cleanup()

    # What is always so

    @invariant()
    def the_plan_is_what_the_model_says(self) -> None:
        if self.store.named("e"):
            planned = Counter((self.items[c.key.item_id], c.action) for c in plan_resume("e", store=self.store).cells)
            assert planned == Model(self.ledger).plan()

    # What users do, and what befalls them

    @initialize(failing=SOME, unjudged=SOME)
    def evaluate(self, failing: frozenset[int], unjudged: frozenset[int]) -> None:
        options: dict[str, Any] = {"experiment_name": "e", "trial_count": TRIALS}
        self._play(partial(evaluate, self.dataset, **options), failing, unjudged)

    @rule(failing=SOME, unjudged=SOME)
    def resume(self, failing: frozenset[int], unjudged: frozenset[int]) -> None:
        self._play(self._resume, failing, unjudged)

    @rule()
    def repair(self) -> None:
        """Nothing fails: it is complete, whatever happened before."""
        self._play(self._resume)
        assert not plan_resume("e", store=self.store).cells

    @rule(late=SOME, judged_late=SOME)
    def retry(self, late: frozenset[int], judged_late: frozenset[int]) -> None:
        """What comes too late is called again within its run; a score is not."""
        self._play(partial(self._resume, retries=1), late=late, judged_late=judged_late)
        assert all(cell.action == "score" for cell in plan_resume("e", store=self.store).cells)

    @rule(late=SOME, judged_late=SOME)
    def until_complete(self, late: frozenset[int], judged_late: frozenset[int]) -> None:
        """Rounds come to an end, and then nothing is missing."""
        self._play(partial(self._resume, until_complete=True), late=late, judged_late=judged_late)
        assert not plan_resume("e", store=self.store).cells

    @rule(most=st.integers(1, 8), failing=SOME, late=SOME)
    def stop_by_a_rule(self, most: int, failing: frozenset[int], late: frozenset[int]) -> None:
        """It counts all rounds."""
        before = self._told("called")
        self._play(partial(self._resume, max_runs=most, until_complete=True), failing, late=late)
        assert (self._told("called") - before).total() <= most

    @rule(items=SOME, unjudged=SOME)
    def only_some(self, items: frozenset[int], unjudged: frozenset[int]) -> None:
        before = self._told("called")
        chosen = [id_ for id_, n in self.items.items() if n in items]
        with suppress(ArgumentError):  # nothing of that is missing
            self._play(partial(self._resume, only={"items": chosen}), unjudged=unjudged)
        assert set(self._told("called") - before) <= items

    @rule(failing=SOME, unjudged=SOME)
    def elsewhere(self, failing: frozenset[int], unjudged: frozenset[int]) -> None:
        with ThreadPoolExecutor(2) as executor:
            self._play(partial(self._resume, executor=executor), failing, unjudged)

    @rule(failing=SOME, unjudged=SOME)
    def awaited(self, failing: frozenset[int], unjudged: frozenset[int]) -> None:
        def door(task: Task, metrics: Any, **options: Any) -> None:
            asyncio.run(aevaluate_resume("e", task.awaited, metrics, store=self.store, **options))

        self._play(door, failing, unjudged)

    @rule(at=CALL)
    def stop(self, at: int) -> None:
        try:
            self._play(self._resume, acts={at: lambda item: signal.pthread_kill(MAIN, signal.SIGINT)})
        except KeyboardInterrupt:
            experiment = self.store.named("e")[0].id
            until(lambda: self.store.leases.holder(experiment) is None)  # what was on its way is recorded

    @rule(at=CALL)
    def full_disk(self, at: int) -> None:
        """It may be said, once everything has been tried; it must not cost a run."""
        filled: list[threading.Timer] = []
        with suppress(StoreError):
            self._play(self._resume, acts={at: lambda item: filled.append(self._fill())})
        for timer in filled:
            timer.join()

    @rule(insert=st.booleans())
    def edit_the_dataset(self, insert: bool) -> None:
        if insert:
            self.dataset.insert([{"n": 100, "more": os.urandom(4).hex()}])
        else:
            newest, *_ = self.dataset.get_items()
            self.dataset.update([{**newest, "reference": os.urandom(4).hex()}])

    @rule(seconds=STEP)
    def step_the_clock(self, seconds: float) -> None:
        """When processes have started is derived from the time of day."""
        real = self._create_time
        psutil.Process.create_time = lambda self: real(self) + seconds  # type: ignore[method-assign]

    @precondition(lambda self: len(self.children) < CHILDREN)
    @rule(at=CALL)
    def kill(self, at: int) -> None:
        self._child("kill", at).communicate()

    @precondition(lambda self: len(self.children) < CHILDREN)
    @rule(at=CALL, seconds=STEP)
    def a_second_process(self, at: int, seconds: float) -> None:
        """While it runs the experiment the clock is stepped here: it is alive all the same."""
        child = self._child("hold", at)
        until(lambda: "holding" in self.ledger.read_text() or child.poll() is not None)
        if child.poll() is None:
            self.step_the_clock(seconds)
            with pytest.raises(ExperimentBusy):
                self._play(self._resume)
        gate = Path(f"{self.ledger}.gate")
        gate.touch()
        _, err = child.communicate()
        gate.unlink()
        assert child.returncode == 0, err
        assert not plan_resume("e", store=self.store).cells

    # How

    def _play(
        self,
        door: Callable[..., Any],
        failing: frozenset[int] = frozenset(),
        unjudged: frozenset[int] = frozenset(),
        acts: dict[int, Act] | None = None,
        late: frozenset[int] = frozenset(),
        judged_late: frozenset[int] = frozenset(),
    ) -> None:
        task, judge = Task(self.ledger, acts, failing, late), Judge(self.ledger, unjudged, judged_late)
        door(task, [judge], task_threads=2, verbose=0)

    def _told(self, word: str) -> Counter[int]:
        lines = (line.split() for line in self.ledger.read_text().splitlines())
        return Counter(int(number) for said, number in lines if said == word)

    def _resume(self, *given: Any, **more: Any) -> None:
        evaluate_resume("e", *given, store=self.store, **more)

    def _child(self, mode: str, at: int) -> subprocess.Popen[str]:
        without = [line for line in self.ledger.read_text().splitlines() if not line.startswith("holding")]
        self.ledger.write_text("".join(f"{line}\n" for line in without))
        command = [sys.executable, "-m", "tests.campaigns.player", str(self.database), str(self.ledger), mode, str(at)]
        self.children.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return self.children[-1]

    def _fill(self) -> threading.Timer:
        """For a moment no file of this process may grow beyond what the write-ahead log has now."""
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = Path(f"{self.database}-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        timer = threading.Timer(FULL_SECONDS, resource.setrlimit, (resource.RLIMIT_FSIZE, limits))
        timer.start()
        return timer


def test_complete_is_never_run_again_and_what_was_paid_for_is_never_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "FIRST_SECONDS", 0.001)
    monkeypatch.setattr(rounds, "FIRST_SECONDS", 0.001)
    examples = int(os.environ.get("STATE_MACHINE_EXAMPLES", "20"))
    steps = int(os.environ.get("STATE_MACHINE_STEPS", "8"))
    run_state_machine_as_test(
        Experiment,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            phases=[Phase.reuse, Phase.generate],  # to make an example smaller takes hundreds more
        ),
    )
