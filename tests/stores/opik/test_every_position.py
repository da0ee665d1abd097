"""Each fault at each request of a user's stories: nothing is lost, nothing doubled, nothing paid twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest

from opik_resume.stores.opik.rest import client
from tests.opik_server.faulty import proxy
from tests.opik_server.faulty.proxy import Strike, after, answered
from tests.stores.opik.story import Morning, Pushed, Story
from tests.stores.opik.world import World, faultless, world

pytestmark = pytest.mark.usefixtures("quicker")

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
BOTH = [Morning, Pushed]
MANY: list[tuple[str, type[Story]]] = [(fault, Morning) for fault in UNNOTICED] + [
    (fault, Pushed) for fault in ("502 after the work", "reset before", "cut")
]
FEW: list[tuple[str, type[Story]]] = [(fault, Morning) for fault in HEARD] + [
    (fault, Pushed) for fault in ("401", "late", "gone")
]
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\?.*")
GAP = 3  # requests between two faults


class Turns:
    """Chooses requests to strike: each that the story makes, once.

    A request is known by its kind and by the how manieth of its kind it is, which faults before it change little.
    """

    def __init__(self, requests: Sequence[str]) -> None:
        self.kinds = set(map(kind_of, requests))
        self.struck: set[tuple[str, int]] = set()
        self.strikes = 0  # of this telling
        self._most = Counter(map(kind_of, requests))
        self._latest = -GAP
        self._seen: Counter[str] = Counter()

    def restart(self) -> None:
        self.strikes, self._latest = 0, -GAP
        self._seen.clear()

    def __call__(self, number: int, request: str) -> bool:
        kind = kind_of(request)
        self._seen[kind] += 1
        turn = (kind, self._seen[kind])
        if turn in self.struck or self._seen[kind] > self._most[kind] or number - self._latest <= GAP:
            return False
        self.struck.add(turn)
        self.strikes += 1
        self._latest = number
        return True


def kind_of(request: str) -> str:
    """A request without ids and query."""
    return ID.sub("…", request)


def strike_every_request(story: type[Story], strike: Strike, folder: Path) -> Iterator[World[Story]]:
    """The same story until each of its requests has met the fault, so that the last one is told without any."""
    expected, requests = faultless(story)
    turns = Turns(requests)
    for number in count():
        turns.restart()
        with world(story, folder / f"{number}.sqlite3") as w:
            w.between.strike(strike, turns)
            w.story.tell()
            w.assert_well(expected)
            yield w
        if not turns.strikes:
            break
    assert {kind for kind, _ in turns.struck} == turns.kinds


@pytest.mark.parametrize("story", BOTH)
def test_the_stories_without_faults(story: type[Story]) -> None:
    expected, requests = faultless(story)
    assert len(expected["versions"]) == (2 if story is Morning else 3)
    assert expected["experiments"] == [("story", "completed")]
    outcomes = [(n, trial, output) for n, trial, output, *_ in expected["runs"]]
    failed = [(1, 0, "None")] * 2
    assert sorted(outcomes) == sorted([(n, t, str({"output": str(n)})) for n in range(3) for t in range(2)] + failed)
    assert (expected["traces"], expected["spans"]) == (8, 6 * 4 + 2)
    assert len(requests) > 60


@pytest.mark.parametrize(("fault", "story"), MANY)
def test_a_passing_fault_is_not_even_noticed(fault: str, story: type[Story], tmp_path: Path) -> None:
    for w in strike_every_request(story, UNNOTICED[fault], tmp_path):
        assert w.story.errors == []


@pytest.mark.parametrize(("fault", "story"), FEW)
def test_a_fault_that_may_be_heard_of_loses_nothing_all_the_same(
    fault: str, story: type[Story], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 0.05)
    if fault == "gone":
        request.getfixturevalue("impatient")
    for _ in strike_every_request(story, HEARD[fault], tmp_path):
        pass
