"""What is logged from threads is never printed: in a notebook it would land in some cell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import opik_resume

SCRIPT = """
import sys
from opik_resume import connect, create_dataset, evaluate
from opik_resume.exceptions import StoreError
from opik_resume.stores.local import LocalStore
connect(sys.argv[1])
data = create_dataset("data")
data.insert([{"n": 1}])

def task(item):
    raise ValueError(item["n"])

evaluate(data, task, experiment_name="failing", verbose=0)

def broken(self, attempts):
    raise StoreError("the disk is full")

LocalStore.record = broken
try:
    evaluate(data, task, verbose=0)
except StoreError as error:
    print(error)
"""


def test_only_lines_of_the_blocking_doors_are_printed(tmp_path: Path) -> None:
    source = str(Path(opik_resume.__file__).parent.parent)
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "store.db")],
        env={"PYTHONPATH": source, "HOME": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert run.stdout.startswith("the disk is full. 1 finished run could not be stored: see ")
    assert run.stdout.count("\n") == 1
    failed, unfinished, refused, left = run.stderr.splitlines()
    assert failed.startswith("failing: 0 of 1 runs complete (1 task_failed). See result.failures;")
    assert unfinished.startswith("There is an unfinished experiment of this dataset version and task, 'failing'")
    assert refused.startswith(
        "1 finished run cannot be recorded: the disk is full. It waits in memory and is tried again;"
    )
    assert left.startswith("opik-resume: 1 finished run could not be stored: see "), (
        "said once more as the process ends"
    )
