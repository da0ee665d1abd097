"""What is said of a result at its end: what became of its runs, their scores, what is missing and what it took. Text."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from opik_resume.base.columns.ids import Numbers
from opik_resume.base.columns.scores import ScoreColumns, told
from opik_resume.base.numeric import np
from opik_resume.experiment.limits import dollars
from opik_resume.experiment.planning.forecast import said_seconds
from opik_resume.experiment.results.error_bars import ScoreMeans, means
from opik_resume.experiment.results.result_list import unmade
from opik_resume.experiment.results.test_results import TestResult

if TYPE_CHECKING:
    from opik_resume.base.records import CellState
    from opik_resume.experiment.failures.causes import Cause
    from opik_resume.experiment.limits import StoppedBy
    from opik_resume.experiment.results.account import Account, Call, Totals

_GROUPS = 10  # of what is missing; the others are counted


class Failure(Protocol):
    """Something that is missing."""

    @property
    def state(self) -> CellState: ...
    @property
    def cause(self) -> Cause: ...


class Result(Protocol):
    """What is told of a result."""

    @property
    def test_results(self) -> Sequence[TestResult]: ...
    @property
    def account(self) -> Account | None: ...
    @property
    def failed_runs(self) -> Sequence[Failure]: ...
    @property
    def stopped_by(self) -> StoppedBy | None: ...
    @property
    def headline(self) -> str: ...


def text(result: Result) -> str:
    """Several lines: the headline, what became of the runs, and their scores."""
    found = score_means(result.test_results, result.account)
    scores = [f"  {name}: {_compared(mean)}" for name, mean in found.items()]
    listed = ["scores, mean ± standard error:", *scores] if scores else []
    return "\n".join([result.headline, *_of_runs(result), *listed])


def _of_runs(result: Result) -> list[str]:
    account = result.account
    return [
        *([f"this call: {_of_call(account.call)}"] if account is not None and account.call is not None else []),
        *([f"stopped: {result.stopped_by}"] if result.stopped_by is not None else []),
        *(f"missing: {line}" for line in missing(result.failed_runs)),
        *([f"all calls: {_of_totals(account.totals)}"] if account is not None and account.totals.tries else []),
    ]


def score_means(results: Sequence[TestResult], account: Account | None) -> dict[str, ScoreMeans]:
    """The means of the scores, whatever became of the list since it was made."""
    there = unmade(results)
    scores = there.scores if there is not None else ScoreColumns.of(told(result.score_results) for result in results)
    untouched = account is not None and len(account.item) == len(results)
    if account is not None and untouched:
        return means(scores, account.item, account.retried)
    return means(scores, _items(results), None)


def _items(results: Sequence[TestResult]) -> Numbers:
    ids = [result.test_case.dataset_item_id for result in results]
    places = {item_id: place for place, item_id in enumerate(dict.fromkeys(ids))}
    return np.array([places[item_id] for item_id in ids], dtype=np.int64)


def _compared(score: ScoreMeans) -> str:
    if score.first_try is None or score.later_try is None:
        return str(score.every)
    return f"{score.every}; complete at the first try {score.first_try}, at a later one {score.later_try}"


def missing(failures: Sequence[Failure]) -> list[str]:
    """How many, in what state, for what reason: most of them first."""
    alike = Counter((failure.state, failure.cause) for failure in failures)
    groups: Counter[str] = Counter()
    for (state, cause), count in alike.items():
        whose = f" ({cause.metric})" if cause.metric else ""
        groups[f"{state.name}{whose}: {cause.group}"] += count
    listed = [f"{count:,} {group}" for group, count in groups.most_common(_GROUPS)]
    rest = sum(groups.values()) - sum(count for _, count in groups.most_common(_GROUPS))
    others = len(groups) - _GROUPS
    return listed + ([f"{rest:,} of {others:,} more kinds: see failures"] if rest else [])


def _of_call(call: Call) -> str:
    return f"{call.kept:,} kept, {call.replayed:,} replayed, {call.repaired:,} repaired (scored only)"


def _of_totals(totals: Totals) -> str:
    tries = "1 try" if totals.tries == 1 else f"{totals.tries:,} tries"
    parts = [f"{tries} of {said_seconds(totals.seconds)} together, in {said_seconds(totals.legs_seconds)}"]
    parts += [f"{totals.tokens:,} tokens"] if totals.tokens is not None else []
    return ", ".join(parts + ([dollars(totals.cost)] if totals.cost is not None else []))


def as_html(result: Result, shown: Sequence[tuple[str, str]], lag: str) -> str:
    """The result for a notebook: text in the colours of its theme. ``shown``: each score and its mean."""
    found = score_means(result.test_results, result.account)
    compared = any(mean.first_try is not None for mean in found.values())
    further = ["± standard error", "n", *(["first try", "later try"] if compared else [])]
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td style='text-align:right'>{mean}</td>{_cells(found.get(name), len(further))}</tr>"
        for name, mean in shown
    )
    titles = "".join(f"<th>{title}</th>" for title in ("score", "mean", *further))
    table = f"<table><tr>{titles}</tr>{rows}</table>" if rows else ""
    paragraphs = "".join(f"<br>{html.escape(line)}" for line in _of_runs(result))
    about = f"<p>{html.escape(lag)}</p>" if lag else ""
    return f"<p><b>{html.escape(result.headline)}</b>{paragraphs}</p>{table}{about}"


def _cells(score: ScoreMeans | None, number: int) -> str:
    texts = [""] * number
    if score is not None:
        error = score.every.error
        texts = [f"{error:.2g}" if error is not None else "", f"{score.every.n:,}"]
        texts += [str(mean) if mean is not None else "" for mean in (score.first_try, score.later_try)][: number - 2]
    return "".join(f"<td style='text-align:right'>{text}</td>" for text in texts)
