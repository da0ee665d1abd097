"""One server, one home, and the programs that share them; what the server has is read from its tables, by no client.

It behaves as a real one does that is busy: its views appear and lag by themselves, in less than a second instead of a minute, an
experiment that exists is missed by us while its first view appears, and there is one whose project was deleted.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tests.interchange.cases import DATASET, ITEMS, METRICS, OWN_POLICY, Case, data
from tests.interchange.playing import Notes
from tests.opik_server import OpikServer, sdk
from tests.opik_server.api import Api
from tests.opik_server.faulty.faults import DropBefore, Status, batch_of, to
from tests.opik_server.serving.wire import Request
from tests.opik_server.tables.ids import new_id
from tests.waiting import until

FOLDER = Path(__file__).parent
PATIENCE = 60.0
LAG = 0.4  # seconds by which views lag; on a real server 65
MISSES = 1  # times that we are told that an experiment is not there which is: the next look comes after the race
READING = {"resume", "halt", "turn"}  # doors whose programs read what there is
DELETED = "of a deleted project"


class Run(NamedTuple):
    """A complete run: its item's number and what its task returned."""

    n: int
    output: Any


@dataclass
class World:
    server: OpikServer
    home: Path
    started: list[subprocess.Popen[str]] = field(default_factory=list)
    too_early: bool = False  # the SDK does not wait for the views

    def __post_init__(self) -> None:
        items = [_item(n) for n in range(ITEMS)]
        self.numbers = {str(item["id"]): n for n, item in enumerate(items)}
        with Api(self.server.url) as api:
            api.ok("POST", "/datasets", {"name": DATASET})
        self._insert(items)
        self._delete_a_project()
        views = self.server.aggregates
        views.misses, views.missed_by = MISSES, _is_ours
        views.lag(LAG)

    def change_the_dataset(self) -> None:
        """A new item, and some are gone: what was evaluated before is to be resumed as it was."""
        self._insert([_item(ITEMS + 1)])
        gone = [id_ for id_, n in self.numbers.items() if n in (3, 7)]
        with Api(self.server.url) as api:
            api.ok("POST", "/datasets/items/delete", {"item_ids": gone, "batch_group_id": new_id()})

    def _delete_a_project(self) -> None:
        """It leaves an experiment behind."""
        with Api(self.server.url) as api:
            api.dataset("elsewhere", count=1)
            id_ = api.experiment("elsewhere", name=DELETED)
            api.run(id_, new_id())
            api.ok("DELETE", f"/projects/{api.ok('GET', f'/experiments/{id_}')['project_id']}")

    def _insert(self, items: list[dict[str, Any]]) -> None:
        with Api(self.server.url) as api:
            api.ok("PUT", "/datasets/items", {"dataset_name": DATASET, "batch_group_id": new_id(), "items": items})

    # Programs

    def start(self, program: str, door: str, *which: str) -> subprocess.Popen[str]:
        """``program`` is ``sdk`` or ``us``.

        The SDK believes the views, and runs again what they do not show yet: it begins when they are right, and ends
        before they change, as its turns are shorter than a minute.
        """
        if program == "sdk" and door in READING:
            if not self.too_early:
                self.settle()
            self.server.aggregates.frozen = True
        script = str(FOLDER / f"by_{program}.py")
        arguments = (script, door, str(self.home / f"{program}.txt"), *which)
        process = sdk.start(self.server.url, self.home, *arguments, OPIK_RESUME_DB=str(self.database))
        self.started.append(process)
        return process

    def play(self, program: str, door: str, *which: str) -> dict[str, Any]:
        """What it told of each evaluation, by name, once it ended well."""
        process = self.start(program, door, *which)
        said, _ = process.communicate(timeout=300)
        self.server.aggregates.frozen = False
        assert process.returncode == 0, said
        return dict(json.loads(line) for line in said.splitlines() if line.startswith("["))

    @property
    def database(self) -> Path:
        return self.home / "ours.sqlite3"

    def notes(self, program: str) -> Notes:
        return Notes(self.home / f"{program}.txt")

    def noted(self, program: str, word: str, evaluation: str) -> Counter[int]:
        return self.notes(program).numbers(word, evaluation)

    def all_wait(self, program: str, evaluation: str, threads: int) -> bool:
        """Whether every thread of an evaluation is on a run that waits for the end."""
        return self.noted(program, "waiting", evaluation).total() == threads

    def end(self) -> None:
        for process in self.started:
            with suppress(ProcessLookupError):
                process.kill()
            process.communicate()

    # The server

    def settle(self) -> None:
        """Wait until the views show all that was written."""
        self.server.aggregates.frozen = False
        until(lambda: self.server.aggregates.settled)

    @contextmanager
    def taking_no_trace(self) -> Iterator[None]:
        """The server is there, but within it nothing arrives as complete."""
        refusal = self.server.faults.add(Status(503), to("POST", "/traces/batch"), times=None)
        yield
        self.server.faults.remove(refusal)

    @contextmanager
    def losing_links(self, name: str) -> Iterator[None]:
        """Within it no link of a run to the experiment of that name, which may be still to come, gets through."""

        def is_lost(request: Request) -> bool:
            known = self.server.state.experiments
            rows = batch_of(request) if request.path.endswith("/experiments/items") else ()
            return any(known[row["experiment_id"]]["name"] == name for row in rows)

        lost = self.server.faults.add(DropBefore(), is_lost, times=None)
        yield
        self.server.faults.remove(lost)

    def experiment(self, name: str) -> str:
        """The id of the experiment of that name."""
        (found,) = [id_ for id_, row in list(self.server.state.experiments.items()) if row["name"] == name]
        return found

    def linked(self, name: str) -> list[tuple[int, dict[str, Any] | None]]:
        """Every run of the experiment of that name: its item's number, and its trace if it is there."""
        state = self.server.state
        links = [state.experiment_items[id_] for id_ in list(state.items_of_experiment[self.experiment(name)])]
        assert len({link["trace_id"] for link in links}) == len(links), "a run is linked once"
        return [(self.numbers[link["dataset_item_id"]], state.traces.get(link["trace_id"])) for link in links]

    def complete(self, name: str) -> dict[str, Run]:
        """The complete runs, by their traces' ids."""
        there = [(n, trace) for n, trace in self.linked(name) if trace is not None]
        return {trace["id"]: Run(n, trace["output"]) for n, trace in there if trace.get("output") is not None}

    def unlinked(self) -> int:
        """How many complete traces belong to no experiment."""
        state = self.server.state
        return sum("output" in trace and not state.items_of_trace.get(id_) for id_, trace in list(state.traces.items()))

    def returned(self, trace_id: str) -> Any:
        """What the task of a run returned: it is in the run's root span, complete or not."""
        state = self.server.state
        spans = [state.spans[id_] for id_ in state.spans_of_trace[trace_id]]
        (root,) = [s for s in spans if s.get("parent_span_id") is None and s["name"] != "metrics_calculation"]
        return root["output"]

    def is_whole(self, case: Case, before: dict[str, Run]) -> bool:
        """Whether each run is complete as often as it was wanted, and those that were so before are as they were."""
        after = self.complete(case.name)
        assert before.items() <= after.items(), "every complete run is kept"
        return Counter(run.n for run in after.values()) == case.wanted

    def has_all_scores(self, case: Case) -> bool:
        return all(self.server.state.scores[id_].keys() == set(METRICS) for id_ in self.complete(case.name))


def _is_ours(request: Request) -> bool:
    """Whether it is we who ask. The SDK takes the first 404 for the truth, and dies of it."""
    return request.headers.get("user-agent", "").startswith("opik-resume")


def _item(n: int) -> dict[str, Any]:
    item: dict[str, Any] = {"id": new_id(), "source": "sdk", "data": data(n)}
    if n in OWN_POLICY:
        item["execution_policy"] = {"runs_per_item": OWN_POLICY[n], "pass_threshold": 1}
    return item


def missing(wanted: Counter[int], complete: dict[str, Run]) -> Counter[int]:
    """The runs that are still to be done, by item."""
    return wanted - Counter(run.n for run in complete.values())
