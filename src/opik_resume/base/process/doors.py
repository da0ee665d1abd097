"""Doors: blocking calls that may be interrupted at any moment without leaving anything half done.

A signal handler may raise between any two bytecodes of the main thread: between taking a lease and the ``try`` that
gives it back, or inside ``threading.Condition``, which is Python code and then stays locked for ever. So whoever calls
a door only attends, on locks and queues whose every step is C code; all the work is done on a thread of ours. The
caller's thread also makes those calls of the user's code that are to be made there.
"""

from __future__ import annotations

import _thread
import functools
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from functools import partial
from itertools import starmap
from queue import Empty, SimpleQueue
from typing import Any, NoReturn, ParamSpec, TypeVar

from opik_resume.base.process.terminations import Heeded
from opik_resume.exceptions import OutOfThreads

P = ParamSpec("P")
T = TypeVar("T")

LOOK_SECONDS = 0.25  # a wait without a time-out cannot be interrupted on every platform
UNDOING_SECONDS = 2.0  # after an interrupt: what a door gets to undo what it has begun,
RESULT_SECONDS = 30.0  # to put together what there is, if it has something to say,
SECOND_SECONDS = 1.0  # and after a second interrupt

_NO_THREAD = "can't start new thread"  # CPython's words

_current: ContextVar[Caller] = ContextVar("opik_resume_caller")


def door(function: Callable[P, T]) -> Callable[P, T]:
    """Make a function a door. In it, :func:`caller` is whoever called it."""

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        return Caller().attend(partial(function, *args, **kwargs))

    return called


def shielded(function: Callable[P, T]) -> Callable[P, T]:
    """Make a call of ours one that may be interrupted. Only the main thread can be: elsewhere it is called as it is."""

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> T:
        if _thread.get_ident() != threading.main_thread().ident:
            return function(*args, **kwargs)
        return Caller().attend(partial(function, *args, **kwargs))

    return called


def caller() -> Caller:
    """Who called the door that this is done for. Raises LookupError where there is none."""
    return _current.get()


def callers_loop() -> Any:
    """The event loop of whoever awaits the door that this is done for; None where nobody awaits."""
    there = _current.get(None)
    return None if there is None else there.loop


class _Call:
    """One call of the user's code in the caller's thread."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.returned: list[Any] = []
        self.raised: BaseException | None = None
        self.finished: SimpleQueue[None] = SimpleQueue()
        self._steps = map(self.returned.append, starmap(function, (arguments,)))

    def make(self) -> None:
        """In the caller's thread. What came back is in the list before any signal handler can raise: all that is C."""
        try:
            next(self._steps)
        except BaseException as error:
            self.raised = error
            if isinstance(error, KeyboardInterrupt):
                raise
        self.finished.put(None)

    def outcome(self) -> Any:
        if self.returned:
            return self.returned[0]
        raise self.raised or KeyboardInterrupt


class Caller:
    """The thread that called a door, as seen by the thread that does the work.

    Attributes:
        left: it does not attend any more, because a signal handler raised: begin nothing, and end soon.
        last_words: what to raise of a caller that has left, when the work raises nothing: it is made of what the work
            returned after all, or of None when its end is not waited for either.
        may_leave: what is done now is only waiting: an interrupt ends that, and the door returns what it has.
        loop: the event loop that it keeps going meanwhile, if it has one.
    """

    loop: Any = None

    def __init__(self) -> None:
        self.left = False
        self.last_words: Callable[[Any], BaseException] | None = None
        self.may_leave = False
        self._attends = (
            _thread.allocate_lock()
        )  # held by the caller: the end of its `with` gives it back, whatever happens
        self._bell: SimpleQueue[None] = SimpleQueue()  # there is something for the caller to see
        self._call: _Call | None = None  # to be made now
        self._made: _Call | None = None  # the latest one
        self._begun = self._done = False
        self._value: Any = None
        self._error: BaseException | None = None
        self._lock = threading.Lock()  # guards the two below
        self._leaving = False
        self._when_left: list[Callable[[], None]] = []

    # In the thread of the caller

    def attend(self, work: Callable[[], T]) -> T:
        """Have the work done, and wait for it."""
        with Heeded(_terminated, self._is_over):
            return self._attend(work)

    def _attend(self, work: Callable[[], T]) -> T:
        try:
            with self._attends:
                self._begin(work)
                while not self._done:
                    self._look()
        except OutOfThreads:
            raise
        except BaseException as interrupt:
            self._leave(interrupt)
        result: T = self._outcome()
        return result

    def _is_over(self) -> bool:
        return self._done

    def _begin(self, work: Callable[[], Any]) -> None:
        self._begun = True
        try:
            _thread.start_new_thread(self._launch, (partial(copy_context().run, self._do, work),))
        except RuntimeError as error:
            raise OutOfThreads(OutOfThreads.SENTENCE) from error

    def _look(self) -> None:
        try:
            self._bell.get(True, LOOK_SECONDS)
        except Empty:
            return
        call, self._call = self._call, None
        if call is not None:
            call.make()

    def _leave(self, interrupt: BaseException) -> None:
        """Raises what is to be raised: what the work itself makes of the interrupt, if it does so soon enough.

        Nothing, when all that was cut off is a wait.
        """
        for seconds in (RESULT_SECONDS if self.last_words else UNDOING_SECONDS, SECOND_SECONDS):
            try:
                self._wait_until_done(seconds if self._begun else 0)
                break
            except KeyboardInterrupt:  # the second one, or the third
                continue
        if not isinstance(interrupt, KeyboardInterrupt):
            raise interrupt
        if self.may_leave and self._done and self._error is None:
            return
        raise self._said() or interrupt from None

    def _said(self) -> BaseException | None:
        """What is to be raised of a caller that has left; None: what made it leave."""
        if self._error is not None:
            return None if isinstance(self._error, _NotBegun) else self._error
        return self.last_words(self._value) if self.last_words is not None else None

    def _wait_until_done(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._done and time.monotonic() < deadline:
            try:
                self._bell.get(True, LOOK_SECONDS)
            except Empty:
                continue

    def _outcome(self) -> Any:
        if self._error is None:
            return self._value
        try:
            raise self._error
        finally:
            self._error = None  # it refers to the frames that refer to us

    # In threads of ours

    def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a function of the user's in the caller's thread, with our context. One at a time.

        Raises:
            KeyboardInterrupt: the caller left before it returned.
        """
        call = _Call(partial(copy_context().run, function, **kwargs), args)
        self._call = self._made = call
        if not self.left:
            self._bell.put(None)
            call.finished.get()
        return call.outcome()

    def when_left(self, told: Callable[[], None]) -> None:
        """Have this told as soon as the caller has left, at once if it has."""
        with self._lock:
            if not self._leaving:
                self._when_left.append(told)
                return
        told()

    def check(self) -> None:
        """Raise, if the caller has left: for before something is begun."""
        if self._leaving:
            raise _NotBegun

    def _launch(self, work: Callable[[], None]) -> None:
        """A thread of Python's own is not started by the caller: to do so is Python code, which may be cut off."""
        try:
            threading.Thread(target=work, name="opik-resume-door", daemon=True).start()
        except RuntimeError as error:
            self._error = OutOfThreads(OutOfThreads.SENTENCE)
            self._error.__cause__ = error
            self._end()
            return
        self._attends.acquire()  # until the caller leaves
        if not self._done:
            self._tell_left()

    def _do(self, work: Callable[[], Any]) -> None:
        _current.set(self)
        try:
            self._value = work()
        except BaseException as error:  # it is the caller's
            self._error = error
            if isinstance(error, RuntimeError) and str(error) == _NO_THREAD:  # a pool's, while something was read
                self._error = OutOfThreads(OutOfThreads.SENTENCE)
                self._error.__cause__ = error
        self._end()

    def _end(self) -> None:
        self._done = True
        self._bell.put(None)

    def _tell_left(self) -> None:
        with self._lock:
            self._leaving = True
            told = list(self._when_left)
        for tell in told:
            tell()
        self.left = True  # after a stop: whoever waits for a call must not begin the next one
        if self._made is not None:
            self._made.finished.put(None)


def _terminated() -> NoReturn:
    raise KeyboardInterrupt("SIGTERM")


class _NotBegun(KeyboardInterrupt):
    """The caller left before anything was begun that it should be told of."""
