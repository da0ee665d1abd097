"""Real forks while the parent evaluates: children evaluate, resume and leave at once, and the parent is unharmed."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.faults import forking
from tests.opik_server import OpikServer

ITEMS, MANY = forking.ITEMS, forking.MANY
WHOLE = f"child: {ITEMS} of {ITEMS} runs complete"
QUICK = 5.0  # seconds: half of what a child waited for runs that were not its own


@pytest.fixture(params=["file", "server"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "file":
        yield str(tmp_path / "store.sqlite3")
        return
    with OpikServer() as server:
        yield server.url


def test_children_forked_while_it_evaluates(target: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error::ResourceWarning", "-m", "tests.faults.forking", target, str(tmp_path)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert process.returncode == 0, process.stderr
    assert process.stderr.startswith(f"flaky: {ITEMS // 2} of {ITEMS} runs complete")
    assert process.stderr.count("\n") == 1, process.stderr
    said: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    assert [code for _, code, _ in said["codes"]] == [0] * len(said["codes"]), said
    assert [seconds for kind, _, seconds in said["codes"] if kind == "leave" and seconds > QUICK] == []
    assert said["meanwhile"], "the parent was to be evaluating all the while"
    assert said["parent"] == [f"parent: {MANY} of {MANY} runs complete"]
    assert said["attempts"] == MANY
    told = [json.loads(line) for line in (tmp_path / "told.jsonl").read_text().splitlines()]
    once = [
        ["leave", "left"],
        ["meet", "busy"],
        ["evaluate", [WHOLE, WHOLE]],
        ["resume", WHOLE.replace("child", "flaky")],
    ]
    assert [each for each in told if each[0] != "connect"] == [*once, *once], told
    for path in tmp_path.glob("*.sqlite3"):
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
