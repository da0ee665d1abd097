"""Everything opik-resume raises, in one tree.

::

    OpikResumeError
    ├── ArgumentError (ValueError)            an argument is wrong: the message names it and says what to pass
    │   ├── UnsupportedArgument               legal for Opik, not possible here (also NotImplementedError)
    │   │   └── OpiksOwn (ImportError)        imported from here, but only the opik package has it: says where
    │   ├── DatasetItemUpdateOperationRequiresItemId   an item to update does not say which it is
    │   └── FilterError                       a filter string cannot be read: shows the place and what was expected
    ├── NotFound (LookupError)                nothing of that name or id; near matches are listed
    │   ├── ExperimentNotFound
    │   │   └── AmbiguousExperiment           several experiments have that name; their ids are listed
    │   ├── DatasetNotFound
    │   │   └── DatasetVersionNotFound        the dataset has no such version; those there are are listed
    │   └── NameNotFound                      the notebook has no such variable, or no metric of that name
    ├── DatasetAlreadyExists
    ├── ExperimentNotResumable                says why, and what to do instead
    │   └── LocalCheckpointMissing            the item ids that the original resolved are not on this machine
    ├── EmptyExperiment                       it has no complete run to score
    ├── ExperimentBusy                        another resume holds the lease
    ├── MetricComputationError (ValueError)   a metric cannot score these values, as Opik's of that name
    ├── ScoreMethodMissingArguments           a metric needs an argument that neither item nor output has
    ├── InvalidTaskOutput (TypeError)         the task returned something that is not a dict
    ├── TaskTimedOut (TimeoutError)           the task took longer than timeout=
    ├── WorkerLost                            a worker of executor= was lost with a run that it was on
    ├── FailedElsewhere                       a worker of executor= could not do its run, or raised what cannot be sent
    ├── ExecutorBroken                        executor= takes no more runs; ``.result`` holds what there is
    ├── OutOfThreads (RuntimeError)           the process cannot start another thread
    ├── FrontEndMissing                       the widget's front end is not built: says how to build it
    └── StoreError                            the store cannot be read or written; ``.result`` if it ended an evaluation
        ├── StoreBusy                         locked by another process for too long
        ├── StoreGone                         its file was deleted, moved, replaced or emptied while it was in use
        ├── RunsNotRecorded                   finished runs could not be stored: ``.unrecorded`` and a file have them
        └── ServerError                       an Opik server did not do what it was asked; ``.status``, if it answered
            ├── ServerUnreachable             no usable answer, after several tries: down, too slow, or the wrong URL
            ├── NotAuthorized                 the key or the workspace is refused: says which setting, from where
            ├── RequestRefused                the server answered that it will not: its words are quoted
            └── IncompleteAnswer              it sent less than there is: nothing may be decided from that


    EvaluationInterrupted (KeyboardInterrupt)  stopped by the user; ``.result`` holds what there is. Not below
                                              OpikResumeError: ``except Exception`` must not swallow a Ctrl-C
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


class PartialResult(Protocol):
    """What an :class:`EvaluationInterrupted` carries: an ``EvaluationResult``, of which these are the first to look at."""

    experiment_id: str
    expected: int
    test_results: list[Any]

    @property
    def complete(self) -> bool:
        """Whether every expected run is complete."""

    @property
    def failures(self) -> pd.DataFrame:
        """One row for each thing that is missing."""

    def summary(self) -> str:
        """One line: how many runs are complete, and what is missing."""

    def to_pandas(self) -> pd.DataFrame:
        """One row for each complete run."""


class _OneSentence:
    """Shown by IPython as its sentence, which is for the user, instead of our own frames."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


class OpikResumeError(_OneSentence, Exception):
    """The root of the tree."""


class ArgumentError(OpikResumeError, ValueError):
    """An argument has a value that cannot be used."""


class UnsupportedArgument(ArgumentError, NotImplementedError):
    """An argument that Opik has and this version or this store cannot honour."""

    @classmethod
    def of(cls, function: str, name: str, why: str) -> UnsupportedArgument:
        return cls(f"{function}(): the argument {name!r} is not supported: {why}. Leave it out.")


class OpiksOwn(UnsupportedArgument, ImportError):
    """A name of Opik's that is not here, in an import; where it is only looked up, that is an AttributeError."""


class DatasetItemUpdateOperationRequiresItemId(ArgumentError):
    """An item that is to be updated does not say which one it is."""


class FilterError(ArgumentError):
    """A filter string cannot be read.

    ``position`` is the place in the string, counted from 0; None when there is no string.
    """

    position: int | None = None

    @classmethod
    def at(cls, problem: str, text: str, position: int) -> FilterError:
        """Build the message: the problem, the string around the place, and a caret under it."""
        start = max(0, position - 60)
        before, after = text[start:position], text[position : position + 40]
        left, right = "…" if start else "", "…" if position + 40 < len(text) else ""
        # One character each, so that the caret stands where it should.
        line = "".join(char if char.isprintable() else " " for char in f"{left}{before}{after}{right}")
        error = cls(f"{problem}\n    {line}\n    {' ' * len(left + before)}^")
        error.position = position
        return error


class NotFound(OpikResumeError, LookupError):
    """Nothing there under that name or id."""

    @classmethod
    def near(cls, what: str, asked: str, names: Iterable[str], where: str = "") -> Self:
        """Build the message, with up to three names that look like the one asked for."""
        import difflib  # half of what importing the package takes

        place = f" in {where}" if where else ""
        matches = difflib.get_close_matches(asked, list(dict.fromkeys(names)), n=3, cutoff=0.5)
        hint = f" Did you mean {' or '.join(map(repr, matches))}?" if matches else ""
        return cls(f"There is no {what} {asked!r}{place}.{hint}")


class ExperimentNotFound(NotFound):
    """No experiment has that name or id."""


class AmbiguousExperiment(ExperimentNotFound):
    """Several experiments share that name."""


class DatasetNotFound(NotFound):
    """No dataset has that name, or the dataset has no such version."""


class DatasetVersionNotFound(DatasetNotFound):
    """The dataset has no such version."""


class NameNotFound(NotFound):
    """The notebook has no such variable, or no metric of that name."""


class DatasetAlreadyExists(OpikResumeError):
    """A dataset of that name exists: ``get_dataset`` opens it."""


class ExperimentNotResumable(OpikResumeError):
    """The experiment cannot be continued safely."""


class LocalCheckpointMissing(ExperimentNotResumable):
    """The item ids that the original evaluation resolved are not on this machine."""


class EmptyExperiment(OpikResumeError):
    """The experiment has no complete run, so there is nothing to score."""


class ExperimentBusy(OpikResumeError):
    """Another resume holds the lease of this experiment."""


class LeaseLost(OpikResumeError):
    """Another resume has taken over the experiment that a run was on: who, and when."""


class MetricComputationError(OpikResumeError, ValueError):
    """A metric cannot score these values."""


class ScoreMethodMissingArguments(OpikResumeError):
    """A metric's ``score()`` requires an argument that neither the item nor the output has."""


class InvalidTaskOutput(OpikResumeError, TypeError):
    """The task returned something that is not a dict. It is kept as the run's output all the same."""


class TaskTimedOut(OpikResumeError, TimeoutError):
    """The task took longer than ``timeout=``: a coroutine was cancelled, a plain function goes on unheeded."""


class WorkerLost(OpikResumeError):
    """A worker of ``executor=`` was lost with a run that it was on. The run is interrupted, and may have been paid for."""


class FailedElsewhere(OpikResumeError):
    """A worker of ``executor=`` could not do what it was sent, or raised an exception that cannot be sent: its words."""


class ExecutorBroken(OpikResumeError):
    """``executor=`` takes no more runs: a process pool that has lost a process, or one that was shut down.

    ``result`` is the ``EvaluationResult`` of what there is.
    """

    result: PartialResult | None = None


class OutOfThreads(OpikResumeError, RuntimeError):
    """The process cannot start another thread. Nothing was begun, or what was is stopped."""

    SENTENCE = (
        "No thread could be started: this process has too many, or too little memory is left. Close what is not needed "
        "(ulimit -u and the limits of the container say how many there may be), then try again."
    )


class FrontEndMissing(OpikResumeError):
    """The widget's front end is not built."""


class StoreError(OpikResumeError):
    """The store cannot be opened, read or written.

    ``result`` is the ``EvaluationResult`` of what there is, when this ended an evaluation and one could be made.
    ``lasting``: it does not pass by waiting.
    """

    result: PartialResult | None = None
    lasting: bool = False


class StoreBusy(StoreError):
    """Another process kept the database locked for too long."""


class StoreGone(StoreError):
    """The store's file was deleted, moved, replaced or emptied while it was in use."""

    lasting = True


class RunsNotRecorded(StoreError):
    """Runs have finished and could not be stored, however often that was tried.

    ``unrecorded`` are their attempts, ``path`` is the file that has them too (None: it could not be written), which
    ``recover`` brings back. ``result`` counts them as what they are.
    """

    def __init__(self, message: str, unrecorded: Sequence[Any], path: Path | None) -> None:
        super().__init__(message)
        self.unrecorded = unrecorded
        self.path = path


class ServerError(StoreError):
    """An Opik server did not do what it was asked.

    ``status`` is the HTTP status, None without an answer. ``wait`` is how many seconds the server asked to wait.
    """

    def __init__(self, message: str, status: int | None = None, wait: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.wait = wait


class ServerUnreachable(ServerError):
    """No usable answer: the server is down, busy or too slow, or there is none at that URL."""


class NotAuthorized(ServerError):
    """The server refuses the API key or the workspace."""


class RequestRefused(ServerError):
    """The server understood and will not do it."""


class IncompleteAnswer(ServerError):
    """The server sent less than it says there is."""


class EvaluationInterrupted(_OneSentence, KeyboardInterrupt):
    """The user stopped the evaluation.

    A ``KeyboardInterrupt``, so that Run All does not go on with half a result.
    ``result`` is the ``EvaluationResult`` of everything that has finished so far. ``unrecorded`` are the attempts among
    it that the store has not taken yet.
    """

    def __init__(self, message: str, result: PartialResult, unrecorded: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.result = result
        self.unrecorded = unrecorded
