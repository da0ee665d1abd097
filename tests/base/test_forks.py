"""What is made anew in a forked child, and when. In processes of their own: a child of pytest would go on testing."""

from __future__ import annotations

import subprocess
import sys


def told(script: str) -> list[str]:
    """What a process and its children say, by line. Each line goes out at once, whoever says it."""
    say = "import os\ndef say(*words): os.write(1, (' '.join(map(str, words)) + '\\n').encode())\n"
    done = subprocess.run([sys.executable, "-c", say + script], capture_output=True, text=True, timeout=60, check=True)
    return [*done.stdout.splitlines(), *done.stderr.splitlines()[-1:]]


def test_what_is_to_be_made_in_each_process_is_made_now_and_in_each_child() -> None:
    script = """
from opik_resume.base.process.forks import in_each_process

class Thing:
    def __init__(self, name):
        self.name = name
        in_each_process(self.begin)
    def begin(self):
        say(self.name, "in the parent" if os.getpid() == parent else "in a child")

parent = os.getpid()
kept, dropped = Thing("kept"), Thing("dropped")
in_each_process(lambda: say("function"))
del dropped
if os.fork() == 0:
    if os.fork():
        os.wait()
    os._exit(0)
os.wait()
"""
    here, child = ["kept in the parent", "dropped in the parent", "function"], ["kept in a child", "function"]
    assert told(script) == [*here, *child, *child]


def test_what_fails_at_a_fork_does_not_keep_the_others_from_it() -> None:
    script = """
from opik_resume.base.process.forks import around_forks, in_each_process

calls = 0
def fail():
    global calls
    calls += 1
    if calls > 1:
        raise RuntimeError("broken")

in_each_process(fail)
in_each_process(lambda: say("begun"))
around_forks(fail, lambda: say("after"))
around_forks(lambda: say("before"), fail)
if os.fork() == 0:
    os._exit(0)
os.wait()
"""
    found = told(script)
    assert found[:2] == ["begun", "before"]
    assert sorted(found[2:4]) == ["after", "begun"], "in the parent and in the child"
    assert found[4] == "RuntimeError: broken"


def test_a_lock_that_another_thread_held_is_free_in_the_child() -> None:
    script = """
import threading
from opik_resume.base import ids
from opik_resume.engine import backends
from opik_resume.engine.claims import stopping
from opik_resume.stores import connections

held = threading.Event()
locks = [ids._order, backends._lock, stopping._changed, connections._lock]
def hold():
    for lock in locks:
        lock.acquire()
    held.set()
    threading.Event().wait()

threading.Thread(target=hold, daemon=True).start()
held.wait()
if os.fork() == 0:
    for lock in (ids._order, backends._lock, stopping._changed, connections._lock):
        say(lock.acquire(timeout=5))
    os._exit(0)
os.wait()
os._exit(0)
"""
    assert told(script) == ["True"] * 4


def test_a_child_has_the_signals_that_the_program_had() -> None:
    """Pools of processes end theirs with SIGTERM: a child of a task must not take it for a stop of the evaluation."""
    script = """
import signal
from opik_resume.base.process.terminations import Heeded

def mine(number, frame): ...

def leave(): raise KeyboardInterrupt

for before in (signal.SIG_DFL, mine):
    signal.signal(signal.SIGTERM, before)
    with Heeded(leave, lambda: False), Heeded(leave, lambda: False):
        assert signal.getsignal(signal.SIGTERM) is not before
        if os.fork() == 0:
            say(signal.getsignal(signal.SIGTERM) is before)
            os._exit(0)
        os.wait()
        assert signal.getsignal(signal.SIGTERM) is not before
    say(signal.getsignal(signal.SIGTERM) is before)
"""
    assert told(script) == ["True"] * 4
