"""Each campaign for a moment: ``make campaigns`` plays them for long, ``bench/RELIABILITY.md`` says what came of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.campaigns.__main__ import NAMES, campaign
from bench.campaigns.ledger import Ledger

ROUNDS = {"power": 2, "disk": 2, "fork": 2}
FIRST = {  # the first of the rounds that say most
    "kill": 2,  # in the embedded store
    "stop": 1,  # with tasks that still run when they are resumed
    "disk": 2,  # deleted, full
    "fork": 2,  # that use the store, that outlive their parent
}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_lost_paid_twice_corrupted_or_hung(name: str) -> None:
    tally = campaign(name, ROUNDS.get(name, 1), 1, FIRST.get(name, 0))
    assert tally.well, "\n".join(tally.told)


def test_an_answer_counts_once_its_thread_calls_again_or_its_process_has_ended(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    for item, thread in [(1, "a"), (2, "b")]:
        ledger.called(item, thread)
        ledger.answered(item, thread)
    assert not ledger.account().acknowledged
    ledger.called(3, "a")
    assert ledger.account().acknowledged == {1}
    ledger.called(1, "c")
    ledger.called(3, "d")
    assert ledger.account().twice == [1, 3], "one that was kept, one that is on its way"
    ledger.left(os.getpid(), died=True)
    ledger.called(2, "e")
    assert ledger.account().twice == [1, 3], "what died with its process may be called again"
