"""What every blocking door does: start a run, wait for it, give back its result and say what is missing from it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from opik_resume.base.process.doors import caller
from opik_resume.base.process.streams import say
from opik_resume.base.text import redaction
from opik_resume.engine import Callables, Listener, Run
from opik_resume.exceptions import EvaluationInterrupted, ExecutorBroken, RunsNotRecorded, ServerError, StoreError
from opik_resume.experiment.planning.plan import ResumePlan
from opik_resume.experiment.reading import Reading, in_memory, read_experiment, recall_experiment
from opik_resume.experiment.results import scores as experiment_scores
from opik_resume.experiment.results.evaluation_result import EvaluationResult, build_result
from opik_resume.experiment.results.test_results import only
from opik_resume.lifecycle import left_out, not_taken, settling
from opik_resume.lifecycle.bulletin import Bulletin
from opik_resume.lifecycle.conclude import finish, reading_of, wanted
from opik_resume.lifecycle.display.watching import Progress, Unseen, Watching
from opik_resume.lifecycle.registry import used_in_process

if TYPE_CHECKING:
    from opik_resume.stores.protocol import Store

SETTLE_SECONDS = 0.3  # after ■: short enough to be "at once", long enough for most runs to be recorded

logger = redaction.logger("opik_resume")


def run_and_wait(
    reading: Reading,
    plan: ResumePlan,
    ready: Callable[[Listener | None], Run],
    callables: Callables,
    store: Store,
    *,
    watching: Watching,
    raise_on_failure: bool,
    settle: bool = False,
) -> EvaluationResult:
    """What every blocking door does: prepare, start, wait, say what is missing.

    Args:
        reading: what the plan was made of.
        plan: the cells to run.
        ready: makes the run of them ready (:func:`prepare`).
        watching: who sees it, and who is told.
        callables, store, raise_on_failure, settle: as given to the door.
    """
    result = _run(reading, plan, ready, callables, store, watching=watching, raise_on_failure=raise_on_failure)
    if settle:
        settling.settle(result, store, verbose=watching.verbose)
    return result


def _run(
    reading: Reading,
    plan: ResumePlan,
    ready: Callable[[Listener | None], Run],
    callables: Callables,
    store: Store,
    *,
    watching: Watching,
    raise_on_failure: bool,
) -> EvaluationResult:
    if not len(plan):
        return nothing_to_run(reading, callables, store)
    caller().check()
    run = ready(None)
    with watching.following(run, plan, reading, store) as progress:
        result = wait_or_interrupt(run, store, callables, reading, progress)
    if run.first_error is not None and raise_on_failure:
        raise_with(run.first_error, result)
    tell_end(result, watching)
    return result


def raise_with(error: BaseException, result: object) -> NoReturn:
    """Raise what the user's code raised, with the result in its ``.result``, unless that is something of its own."""
    with suppress(AttributeError):
        BaseException.__setattr__(error, "result", result)  # its class may forbid it, as frozen ones do
    raise error


def tell_end(result: EvaluationResult, watching: Watching) -> None:
    """Say what is to be said of a result, before it is returned."""
    warn_about(result)
    if watching.verbose > 1:
        say(result.statistics(), sys.stdout)


def wait_or_interrupt(
    run: Run, store: Store, callables: Callables | None, before: Reading, progress: Progress | None = None
) -> EvaluationResult:
    """Start a run and wait for it, within a door. When its caller leaves (Ctrl-C, ■) it is stopped.

    Args:
        run: one that is ready.
        store: where its experiment is.
        callables: what it calls; None means what this process remembers.
        before: the experiment as it was, for a store that cannot be read any more when the run ends.
        progress: what is drawn meanwhile; it hears the run already.

    Raises:
        EvaluationInterrupted: it was stopped, by its caller or from elsewhere.
        StoreError: it broke; ``.result`` holds what there is.
    """
    callables = callables or used_in_process(run.experiment_id)
    wanted(run)
    left = _attend(run, before, progress or Unseen())
    if left:
        run.settle(SETTLE_SECONDS)
        raise _interrupted(run, _result_now(run, store, callables, before))
    if run.error is not None:
        raise _broken(run, run.error, store, callables, before)
    _warn(run.notes)
    if run.outcome == "stopped":
        return _result_of_stopped(run, store, callables, before)
    result = result_of(reading_of(run) or _heavy(run.experiment_id, store), store, callables, before)
    result.stopped_by = run.stopped_by
    return left_out.told(run, settling.expect(result, store))


def _result_of_stopped(run: Run, store: Store, callables: Callables | None, before: Reading) -> EvaluationResult:
    """The result, if everything is there all the same: whoever has taken over may have done the rest."""
    result = _result_now(run, store, callables, before)
    if not result.complete:
        raise _interrupted(run, result)
    if run.taken_over is not None:
        logger.warning("Stopped: %s. All runs of %r are complete.", run.taken_over, result.experiment_name)
    return result


def _attend(run: Run, before: Reading, progress: Progress) -> bool:
    """Start it and say what is to be said until it has ended, or its caller has left. Returns whether it has left."""
    waiting, bulletin, left = caller(), Bulletin(), threading.Event()

    def stop() -> None:
        left.set()
        run.stop("interrupted")
        bulletin.close()

    run.listen(bulletin)
    run.call_in(waiting.call)
    waiting.last_words = partial(_last_words, before)
    waiting.when_left(stop)
    run.start()
    if not run.active:  # somebody has stopped it before
        bulletin.close()
    _warn(bulletin.until_the_end(progress))
    if not left.is_set():
        run.wait()
    return left.is_set()


def result_of(
    reading: Reading, store: Store, callables: Callables | None = None, before: Reading | None = None
) -> EvaluationResult:
    """The result of an experiment as a heavy reading has it.

    The scores of a complete experiment are those stored with it; those of a partial one are computed from what there is,
    if ``callables`` has functions for them, and marked partial. The runs are all there are; their scores, too, unless
    ``callables`` says that only the fresh ones are wanted. ``before`` is the experiment as it was when the call began.
    """
    result = build_result(reading, before)
    result.experiment_url = store.link(reading.experiment)
    result.undelivered = len(store.pending(reading.experiment.id))
    result.not_taken = not_taken.look(result, store)
    if not result.complete and callables is not None:
        computed = experiment_scores.compute(callables.experiment_scoring_functions, result)
        result.experiment_scores = computed.scores
        _warn(computed.missing)
    if callables is not None and callables.fresh is not None:
        result.test_results = only(result.test_results, callables.fresh)
    return result


def _heavy(experiment_id: str, store: Store) -> Reading:
    """Of what this process has just run: as it knows it, which takes no server, else as it stands."""
    return recall_experiment(experiment_id, store) or read_experiment(store.get(experiment_id), store, heavy=True)


def nothing_to_run(
    reading: Reading, callables: Callables, store: Store, before: Reading | None = None
) -> EvaluationResult:
    """The whole experiment is there. It may still want its status or its scores: its last run may have been killed.

    ``before``: the experiment as it was when the call began, if that is not ``reading``.
    """
    experiment, functions = reading.experiment, callables.experiment_scoring_functions
    last = reading if reading.heavy else _heavy(experiment.id, store)
    if functions or experiment.status == "running":
        last, missing = finish(last, store, functions)
        _warn(missing)
    return result_of(last, store, callables, before or reading)


def _warn(sentences: Iterable[str]) -> None:
    """Say them where somebody waits: a thread of the background would say them in whatever cell is running."""
    for sentence in sentences:
        logger.warning(sentence)


def warn_about(result: EvaluationResult) -> None:
    """What a blocking door says of its result: what is missing from it, and what is not on the server."""
    waiting = result.undelivered - sum(one.score is None for one in result.not_taken)
    if waiting > 0:
        logger.warning(
            "%d finished runs of %r have not reached the server yet: they are kept in the local file and sent again, "
            "by this process or the next start, until they arrive.",
            waiting,
            result.experiment_name,
        )
    _warn(not_taken.sentences(result))
    if result.stopped_by is not None:
        logger.warning("%s: %s", result.experiment_name, result.stopped_by)
    elif result.failed_runs:
        logger.warning(
            "%s. See result.failures; evaluate_resume(%r, …) repairs them.", result.headline, result.experiment_id
        )


def _interrupted(run: Run, result: EvaluationResult) -> EvaluationInterrupted:
    unrecorded = run.unrecorded
    running = len(run.on_the_way) - len(unrecorded)
    late = f" {running} still running are recorded if they return." if running > 0 else ""
    why = f"{run.taken_over}. " if run.taken_over is not None else ""
    kept = (
        f"{len(unrecorded)} are not stored yet: that is tried again."
        if unrecorded
        else "Nothing that finished is lost:"
    )
    return EvaluationInterrupted(
        f"Stopped: {why}{result.headline}.{late} {kept} "
        f"%opik_resume {result.experiment_id} or evaluate_resume({result.experiment_id!r}, …) runs the rest.",
        result,
        unrecorded,
    )


def _last_words(before: Reading, returned: object) -> EvaluationInterrupted:
    """For a caller that leaves when all has ended, with what was ``returned`` too late.

    For one that interrupts the interrupt it is of what was known at the start, without asking anybody.
    """
    if isinstance(returned, EvaluationResult):
        return EvaluationInterrupted(
            f"Stopped at its end: {returned.headline}. Nothing that finished is lost.", returned
        )
    result = build_result(before)
    return EvaluationInterrupted(
        f"Stopped. Nothing that finished is lost, but .result is as it was before: %opik_resume {result.experiment_id} or "
        f"evaluate_resume({result.experiment_id!r}, …) runs the rest.",
        result,
    )


def _broken(run: Run, error: Exception, store: Store, callables: Callables | None, before: Reading) -> Exception:
    """What a run that broke is told as: with the result of what there is, and with what could not be stored."""
    unrecorded = run.unrecorded
    if unrecorded:
        told: Exception = RunsNotRecorded(
            f"{str(error).rstrip('.')}. {run.salvage.sentence}", unrecorded, run.salvage.path
        )
        told.__cause__ = error
    else:
        told = error
    if isinstance(told, (StoreError, ExecutorBroken)):
        told.result = _result_now(run, store, callables, before)
    return told


def _result_now(run: Run, store: Store, callables: Callables | None, before: Reading) -> EvaluationResult:
    """Of all that has finished, stored or not. Control is wanted back at once, and a server may take its time or hang."""
    reading, unrecorded = _read_now(run, store, before), run.unrecorded
    try:
        whole = replace(reading, grid=reading.grid.with_attempts(unrecorded))
        return left_out.told(run, settling.expect(result_of(whole, store, callables, before), store))
    except StoreError as error:  # it is read when it is looked at
        logger.info("What there is cannot be looked at: %s", error)
        return left_out.told(run, build_result(in_memory(before, unrecorded), before))


def _read_now(run: Run, store: Store, before: Reading) -> Reading:
    """As this process knows it; as it was before, if not even that can be read."""
    if run.taken_over is not None:  # only the store knows what another process did
        try:
            return read_experiment(store.get(run.experiment_id), store, heavy=True)
        except ServerError as error:
            logger.info("What the others did is not known: %s", error)
    try:
        return _heavy(run.experiment_id, store)
    except StoreError as error:
        logger.info("What there is cannot be read: %s", error)
        return before
