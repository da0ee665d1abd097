"""Doors: whoever calls one may be interrupted at any bytecode, and nothing is left half done."""

from __future__ import annotations

import contextvars
import functools
import inspect
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from opik_resume.base.process import doors
from opik_resume.base.process.doors import caller, door
from opik_resume.exceptions import OutOfThreads
from tests.waiting import soon, until

PATIENCE = 20.0
OPCODES = 250  # more than the caller's thread executes before it waits, and several turns of the wait


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(doors, "UNDOING_SECONDS", 0.2)
    monkeypatch.setattr(doors, "SECOND_SECONDS", 0.05)


@contextmanager
def interrupt_at(opcode: int, within: Callable[[FrameType], bool]) -> Iterator[list[int]]:
    """Raise KeyboardInterrupt before the opcode of that number which the main thread executes in such a frame."""
    executed = [0]

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_code.co_filename != doors.__file__ or not within(frame):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            executed[0] += 1
            if executed[0] == opcode:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        yield executed
    finally:
        sys.settrace(None)


def on_its_own_thread(test: Callable[[], None]) -> Callable[[], None]:
    """What is raised where Python never raises leaves the thread's handled exceptions in disorder: that ends with it."""

    @functools.wraps(test)
    def run() -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(test).result()

    return run


@on_its_own_thread
def test_at_whichever_bytecode_the_caller_leaves_the_work_is_told_and_ends() -> None:
    for opcode in range(1, OPCODES):
        begun, ended, told = threading.Event(), threading.Event(), threading.Event()

        @door
        def work(begun: threading.Event = begun, ended: threading.Event = ended, told: threading.Event = told) -> None:
            begun.set()
            caller().when_left(told.set)
            assert told.wait(PATIENCE)
            ended.set()

        with pytest.raises(KeyboardInterrupt), interrupt_at(opcode, lambda frame: True):
            work()
        assert soon(ended.is_set, PATIENCE) if begun.is_set() else True, f"opcode {opcode}"
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "opik-resume-door"])


@on_its_own_thread
def test_at_whichever_bytecode_the_caller_leaves_a_mere_wait_it_gets_what_there_is() -> None:
    for opcode in range(1, OPCODES):
        waits, told = threading.Event(), threading.Event()

        @door
        def work(waits: threading.Event = waits, told: threading.Event = told) -> int:
            caller().may_leave = True
            caller().when_left(told.set)
            waits.set()
            assert told.wait(PATIENCE)
            return 42

        def wait(frame: FrameType, waits: threading.Event = waits) -> bool:
            return waits.is_set()

        with interrupt_at(opcode, wait):
            assert work() == 42, f"opcode {opcode}"


def test_what_goes_wrong_in_a_mere_wait_is_raised() -> None:
    @door
    def work() -> None:
        caller().may_leave = True
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        work()


@on_its_own_thread
def test_what_a_call_in_the_callers_thread_returned_is_never_dropped() -> None:
    executed = OPCODES
    for opcode in range(1, OPCODES):
        returned: list[int] = []
        kept: list[object] = []

        def answer(returned: list[int] = returned) -> int:
            returned.append(1)
            return 42

        @door
        def work(kept: list[object] = kept, answer: Callable[[], int] = answer) -> None:
            try:
                kept.append(caller().call(answer))
            except KeyboardInterrupt as error:
                kept.append(error)

        with interrupt_at(opcode, lambda frame: frame.f_code.co_name in ("make", "_look")) as count:
            try:
                work()
            except KeyboardInterrupt:
                pass
            else:
                executed = count[0]
        assert soon(lambda kept=kept: kept, PATIENCE)  # type: ignore[misc]
        assert (kept == [42]) == bool(returned), f"opcode {opcode}"
        if executed < opcode:
            break
    assert executed > 10, "the call was reached"


def test_a_call_is_made_in_the_callers_thread_with_the_callees_context() -> None:
    who = contextvars.ContextVar("who", default="nobody")

    def answer(*args: int, **kwargs: int) -> tuple[object, ...]:
        return threading.current_thread(), who.get(), args, kwargs

    @door
    def work() -> Any:
        assert who.get() == "caller"
        who.set("callee")
        return caller().call(answer, 1, two=2)

    who.set("caller")
    assert work() == (threading.current_thread(), "callee", (1,), {"two": 2})
    assert who.get() == "caller"


def test_what_a_call_raises_is_raised_where_it_was_asked_for() -> None:
    @door
    def work() -> str:
        with pytest.raises(ZeroDivisionError):
            caller().call(lambda: 1 / 0)
        return str(caller().call(str, 1))

    assert work() == "1"


def test_the_end_of_an_iterator_is_raised_as_anything_else() -> None:
    @door
    def work() -> Any:
        with pytest.raises(StopIteration) as raised:
            caller().call(next, iter(()))
        assert raised.value.__traceback__ is not None
        return caller().call(next, iter([1]))

    assert work() == 1


def test_what_the_work_raises_reaches_the_caller_with_where_it_was_raised() -> None:
    @door
    def work() -> None:
        raise LookupError("here")

    with pytest.raises(LookupError, match="here") as caught:
        work()
    assert caught.traceback[-1].name == "work"


def test_what_a_signal_handler_raises_reaches_the_caller_whatever_it_is() -> None:
    def late(*_: object) -> None:
        raise TimeoutError("too late")

    before = signal.signal(signal.SIGALRM, late)
    told = threading.Event()

    @door
    def work() -> None:
        caller().when_left(told.set)
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        assert told.wait(PATIENCE)

    try:
        with pytest.raises(TimeoutError, match="too late"):
            work()
    finally:
        signal.signal(signal.SIGALRM, before)


def test_after_a_second_interrupt_the_last_words_are_raised() -> None:
    stuck = threading.Event()

    class Words(KeyboardInterrupt):
        pass

    @door
    def work() -> None:
        caller().last_words = Words
        for _ in range(2):
            left = caller().left
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            until(lambda left=left: left or caller().left)  # type: ignore[misc]
        assert stuck.wait(PATIENCE)

    with pytest.raises(Words):
        work()
    stuck.set()


def test_what_has_ended_when_the_interrupt_comes_is_in_the_last_words() -> None:
    class Words(KeyboardInterrupt):
        pass

    @door
    def work() -> str:
        caller().last_words = Words
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        until(lambda: caller().left)
        return "all of it"

    with pytest.raises(Words, match="all of it"):
        work()


def test_nothing_is_begun_for_a_caller_that_has_left() -> None:
    @door
    def work() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        until(lambda: caller().left)
        caller().check()
        raise AssertionError("begun")

    with pytest.raises(KeyboardInterrupt):
        work()


def test_without_threads_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(OutOfThreads, match="No thread could be started"):
        door(lambda: None)()


def test_a_door_keeps_its_signature() -> None:
    def function(a: int, *, b: str = "") -> None:
        """What it does."""

    assert inspect.signature(door(function)) == inspect.signature(function)
    assert door(function).__doc__ == "What it does."
