"""What a server will not have: whole runs, and scores of runs. All of it is kept here, and said in one line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from opik_resume.experiment.results.evaluation_result import EvaluationResult, NotTaken

if TYPE_CHECKING:
    from opik_resume.stores.protocol import Store

_NAMED = 3  # of those that a line tells of


def look(result: EvaluationResult, store: Store) -> list[NotTaken]:
    """What the server of a result has refused, and what was not even sent because it would have been."""
    return [*_runs(result, store), *_scores(result, store)] if store.remote else []


def _runs(result: EvaluationResult, store: Store) -> Iterator[NotTaken]:
    for attempt_id, words in store.pending(result.experiment_id).refused.items():
        attempt = store.attempt(attempt_id)
        yield NotTaken(attempt.item_id, attempt.trial or 0, None, words)


def _scores(result: EvaluationResult, store: Store) -> Iterator[NotTaken]:
    for run in result.test_results:
        for score in run.score_results:
            why = None if score.scoring_failed else store.refusal(score)
            if why is not None:
                yield NotTaken(run.test_case.dataset_item_id, run.trial_id, score.name, why)


def sentences(result: EvaluationResult) -> Iterator[str]:
    """One about runs, one about scores, as far as there are any: which, why, and what to do."""
    runs = [one for one in result.not_taken if one.score is None]
    scores = [one for one in result.not_taken if one.score is not None]
    name, export = result.experiment_name, "result.to_pandas().to_csv('runs.csv')"
    if runs:
        yield (
            f"{_many(len(runs), 'finished run')} of {name!r} {_was(runs)} refused by the server and will not get there as "
            f"{_they(runs)} {_is(runs)}: {_listed(runs)}. Nothing is lost and nothing is paid twice: all runs are in the local "
            f"file and in this result, and {export} exports them."
        )
    if scores:
        yield (
            f"{_many(len(scores), 'score')} of {name!r} {_is(scores)} no score on the server, which would refuse the whole "
            f"run: {_listed(scores)}. What they are is kept with their runs, in the result and in the metadata there "
            "(opik_resume.scores)."
        )


def _listed(some: Sequence[NotTaken]) -> str:
    told = [_one(one) for one in some[:_NAMED]]
    return "; ".join(told) + (f"; and {len(some) - _NAMED:,} more" if len(some) > _NAMED else "")


def _one(one: NotTaken) -> str:
    what = f"{one.score!r:.60} of item" if one.score is not None else "item"
    return f"{what} {one.item_id}, trial {one.trial} ({one.why.rstrip('.')})"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _was(some: Sequence[NotTaken]) -> str:
    return "was" if len(some) == 1 else "were"


def _is(some: Sequence[NotTaken]) -> str:
    return "is" if len(some) == 1 else "are"


def _they(some: Sequence[NotTaken]) -> str:
    return "it" if len(some) == 1 else "they"
