"""The one SQLite file, as people take it elsewhere: after a clean exit it holds all there is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from opik_resume.stores.local import LocalStore
from tests.experiments import result_of

SCRIPT = """
import shutil, sys, threading, time
from opik_resume import connect, create_dataset, evaluate, evaluate_resume
from opik_resume.metrics import Equals

how, database, copy = sys.argv[1:]
store = connect(database)
dataset = create_dataset("numbers")
dataset.insert({"n": n, "reference": str(n)} for n in range(30))
broken = True
slow = threading.Event()

def task(item):
    if broken and item["n"] % 2:
        raise RuntimeError("no answer")
    if how == "stopped":
        print("called", flush=True)
        slow.set()
        time.sleep(0.5)
    return {"output": str(item["n"])}

def run():
    evaluate(dataset, task, [Equals()], experiment_name="e", verbose=0)

if how == "stopped":  # it ends while a run is on its way, which is waited for and recorded, and closes the file then
    broken = False
    threading.Thread(target=run, daemon=True).start()
    slow.wait()
    sys.exit()
run()
if how == "resumed":
    broken = False
    evaluate_resume("e", task, [Equals()], verbose=0)
if how == "copied":
    shutil.copy(database, copy)
if how == "raised":
    raise SystemExit(1)
"""


@pytest.mark.parametrize(
    ("how", "kept"), [("evaluated", 15), ("resumed", 30), ("raised", 15), ("stopped", None), ("copied", 15)]
)
def test_a_copy_of_that_one_file_holds_everything(tmp_path: Path, how: str, kept: int | None) -> None:
    database, copy = tmp_path / "store.sqlite3", tmp_path / "copy.sqlite3"
    command = [sys.executable, "-c", SCRIPT, how, str(database), str(copy)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert process.returncode == (how == "raised"), process.stderr
    assert [path.name for path in tmp_path.glob("store*")] == ["store.sqlite3"], "nothing is left beside it"
    if how != "copied":  # that one was made when the evaluation was over, and the process not
        shutil.copy(database, copy)
    store = LocalStore(copy)
    result = result_of(store.named("e")[0].id, store)
    store.close()
    assert len(result.test_results) == (kept if kept is not None else process.stdout.count("called"))
    assert result.expected == 30
