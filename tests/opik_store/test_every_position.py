"""Each fault at each request of a user's morning: nothing is lost, nothing doubled, nothing paid twice.

Every so manieth request meets the fault, first with the first, then with the second and so on, until each has met it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from opik_resume import evaluation, running
from opik_resume.stores.opik import client, delivery
from opik_resume.stores.sqlite import Database
from tests.opik_server import OpikServer, proxy
from tests.opik_server.proxy import Proxy, Strike, after, answered
from tests.opik_store.makers import until
from tests.opik_store.story import CALLS, Story

UNNOTICED: dict[str, Strike] = {  # what a client must get over by itself
    "500": answered(500),
    "502 after the work": after(answered(502)),
    "503": answered(503),
    "429 with reset": answered(429, {"RateLimit-Reset": "0"}),
    "429 with retry-after": answered(429, {"Retry-After": "0"}),
    "429": answered(429),
    "dropped before": proxy.dropped,
    "reset before": proxy.reset,
    "dropped after": after(proxy.dropped),
    "reset after": after(proxy.reset),
    "cut": proxy.cut,
    "garbage": proxy.garbage,
    "garbage after": after(proxy.garbage),
}
HEARD: dict[str, Strike] = {  # what a user may have to hear of: the cell is run again
    "401": answered(401),
    "hotel network": proxy.portal(),
    "silent": proxy.silent,
    "silent after": after(proxy.silent),
    "late": proxy.late,
    "gone": proxy.gone,
}
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\?.*")
GAP = 3  # requests between two faults


class Turns:
    """Chooses requests to strike: each that the story makes, once.

    A request is known by its kind and by the how manieth of its kind it is, which faults before it change little.
    """

    def __init__(self, requests: Sequence[str]) -> None:
        self.kinds = set(map(kind, requests))
        self.struck: set[tuple[str, int]] = set()
        self.strikes = 0  # of this story
        self._most = Counter(map(kind, requests))
        self._latest = -GAP
        self._seen: Counter[str] = Counter()

    def restart(self) -> None:
        self.strikes, self._latest = 0, -GAP
        self._seen.clear()

    def __call__(self, number: int, request: str) -> bool:
        which = kind(request)
        self._seen[which] += 1
        turn = (which, self._seen[which])
        if turn in self.struck or self._seen[which] > self._most[which] or number - self._latest <= GAP:
            return False
        self.struck.add(turn)
        self.strikes += 1
        self._latest = number
        return True


def kind(request: str) -> str:
    """A request without ids and query."""
    return ID.sub("…", request)


@pytest.fixture(autouse=True)
def quicker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_WAIT", 0.002)
    monkeypatch.setattr(delivery, "FIRST_PAUSE", 0.002)
    monkeypatch.setattr(delivery, "LONGEST_PAUSE", 0.01)
    monkeypatch.setattr(delivery, "BUSY_PAUSE", 0.01)
    monkeypatch.setenv("OPIK_CHECK_TLS_CERTIFICATE", "false")  # the certificates are not used, and take long to read


class World:
    """A server, a proxy before it, and somebody who works with them."""

    def __init__(self, path: Path, server: OpikServer, between: Proxy) -> None:
        self.server = server
        self.between = between
        self.path = path
        self.story = Story(between.url, path, between.go_up)

    def assert_well(self, expected: dict[str, Any]) -> None:
        """After a last look without faults all is as it would be had there been none."""
        self.between.stop_striking()
        self.between.go_up()
        self.story.finish()
        assert dict(self.story.task.calls) == CALLS
        assert picture(self.server) == expected
        assert self.server.problems == []
        until(lambda: not kept(self.path))


@contextmanager
def world(path: Path) -> Iterator[World]:
    with OpikServer(check=False) as server, Proxy(server.url) as between:
        yield World(path, server, between)


def kept(path: Path) -> int:
    database = Database(path)
    try:
        return sum(database.read(f"SELECT count(*) FROM {table}")[0][0] for table in ("journal", "journal_starts"))
    finally:
        database.close()


def picture(server: OpikServer) -> dict[str, Any]:
    """What the server has, without what differs from telling to telling: ids and times."""
    state = server.state
    (dataset,) = state.datasets.values()
    return {
        "versions": [sorted(item["data"]["n"] for item in version.items.values()) for version in dataset.versions],
        "experiments": [(row["name"], row["status"]) for row in state.experiments.values()],
        "runs": sorted(run(server, link) for link in state.experiment_items.values()),
        "traces": len(state.traces),
        "spans": len(state.spans),
    }


def run(server: OpikServer, link: dict[str, Any]) -> tuple[Any, ...]:
    """Which cell, what came of it, with which scores and spans."""
    state = server.state
    trace = state.traces[link["trace_id"]]
    scores = sorted(
        (score["name"], score["value"], score.get("reason")) for score in state.scores[trace["id"]].values()
    )
    spans = sorted(state.spans[span]["name"] for span in state.spans_of_trace[trace["id"]])
    error = str(trace.get("error_info", {}).get("message"))
    return (
        trace["input"]["n"],
        trace["metadata"]["opik_resume"]["trial"],
        str(trace.get("output")),
        error,
        scores,
        spans,
    )


@cache  # rather than a fixture of the module, which would see the configuration of whoever runs the tests
def faultless() -> tuple[dict[str, Any], list[str]]:
    """What the server has in the end, and what it was asked."""
    with TemporaryDirectory() as folder, world(Path(folder) / "local.sqlite3") as w:
        w.story.tell()
        return picture(w.server), w.between.requests


def test_the_story_without_faults() -> None:
    expected, requests = faultless()
    assert expected["versions"] == [[0, 1], [0, 1, 2]]
    assert expected["experiments"] == [("story", "completed")]
    outcomes = [(n, trial, output) for n, trial, output, *_ in expected["runs"]]
    failed = [(1, 0, "None")] * 2
    assert sorted(outcomes) == sorted([(n, t, str({"output": str(n)})) for n in range(3) for t in range(2)] + failed)
    assert (expected["traces"], expected["spans"]) == (8, 6 * 4 + 2)
    assert len(requests) > 60


def strike_every_request(strike: Strike, folder: Path) -> Iterator[World]:
    """The same story until each of its requests has met the fault, so that the last one is told without any."""
    expected, requests = faultless()
    turns = Turns(requests)
    for number in count():
        turns.restart()
        with world(folder / f"{number}.sqlite3") as w:
            w.between.strike(strike, turns)
            w.story.tell()
            w.assert_well(expected)
            yield w
        if not turns.strikes:
            break
    assert {which for which, _ in turns.struck} == turns.kinds


@pytest.mark.parametrize("fault", UNNOTICED)
def test_a_passing_fault_at_every_request_is_not_even_noticed(fault: str, tmp_path: Path) -> None:
    for w in strike_every_request(UNNOTICED[fault], tmp_path):
        assert w.story.errors == []


@pytest.mark.parametrize("fault", HEARD)
def test_a_fault_at_every_request_that_must_be_said_loses_nothing_all_the_same(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 0.05)
    if fault == "gone":
        monkeypatch.setattr(running, "DELIVERY_SECONDS", 0.05)
        monkeypatch.setattr(evaluation, "FIRST_DELIVERY_SECONDS", 0.05)
    for _ in strike_every_request(HEARD[fault], tmp_path):
        pass
