"""The end of the process: what runs is finished while everything is open, whatever was registered first."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import os, signal, sys
from opik_resume.base.process import exits

def say(word):
    os.write(1, f"{word} {'in the parent' if os.getpid() == parent else 'in a child'}\\n".encode())

parent = os.getpid()
exits.finish_at_exit(lambda: say("finished"))
exits.close_at_exit(lambda: say("closed"))
exits.finish_at_exit(lambda: say("finished, too"))
if sys.argv[1] == "interrupt":
    exits.finish_at_exit(lambda: os.kill(parent, signal.SIGINT))
if sys.argv[1] == "fork":
    if os.fork() == 0:
        exits.arm()
        sys.exit()
    os.wait()
"""


@pytest.mark.parametrize("how", ["once", "fork", "interrupt"])
def test_what_runs_is_finished_before_what_is_open_is_closed(how: str) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, timeout=60, check=True)
    turns = ["finished", "finished, too", "closed"]
    child = [f"{turn} in a child" for turn in turns]
    assert done.stdout.splitlines()[-3:] == [f"{turn} in the parent" for turn in turns]
    assert done.stdout.splitlines()[:3] == (child if how == "fork" else [f"{turn} in the parent" for turn in turns])
    assert done.stderr == ""
