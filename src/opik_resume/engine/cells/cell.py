"""One cell: call the task, score its output, and say what came of it as an attempt. Never raises."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from opik_resume.base.records import Attempt, CellKey, ErrorInfo, Item, Json, ScoreResult, utc_now
from opik_resume.base.text.encoding import encoded
from opik_resume.base.text.tracebacks import error_info
from opik_resume.base.versions import scored_by
from opik_resume.engine.cells import steps
from opik_resume.engine.cells.costs import Costs
from opik_resume.engine.cells.tracing import Seen, Tracing, Untraced
from opik_resume.engine.retrying.judging import Judging
from opik_resume.engine.retrying.tries import Tries
from opik_resume.engine.retrying.trying import Trying
from opik_resume.exceptions import InvalidTaskOutput, MetricComputationError
from opik_resume.metrics import scoring
from opik_resume.metrics.arguments import SPAN
from opik_resume.metrics.base import Metric, name_of

Task = Callable[[Json], Any]
Fresh = dict[str, tuple[ScoreResult, ...]]
"""The scores that were made when complete attempts were scored again, by attempt."""

_SHOWN = 200  # characters of a refused output that its error message quotes


@dataclass(slots=True)
class Came:
    """What has come of calling the task: an output, and what is stored of it, or an error."""

    tries: Tries | None
    at: float = field(default_factory=time.time)  # as ``began``, by the clock that spans are told in
    began: float = field(default_factory=time.perf_counter)
    seconds: float = 0.0
    seen: Seen | None = None
    output: Any = None
    stored: Any = None
    notes: tuple[str, ...] = ()
    error: BaseException | None = None
    over: bool = False

    def end(
        self, output: Any = None, stored: Any = None, notes: tuple[str, ...] = (), error: BaseException | None = None
    ) -> None:
        """It has come back: what comes after that, of a call that was given up, is dropped."""
        if self.over:
            return
        self.over = True
        self.seconds = time.perf_counter() - self.began
        self.output, self.stored, self.notes, self.error = output, stored, notes, error


@dataclass(frozen=True)
class CellWork:
    """How the cells of one run are worked on: what is called, who calls it and waits for it, and who traces it."""

    task: Task
    metrics: Sequence[Metric]
    mapping: scoring.KeyMapping | None
    call: scoring.Call
    tolerant: bool = False
    on_error: Callable[[CellKey, BaseException], None] | None = None
    tracing: Tracing = field(default_factory=Untraced)
    required: Sequence[str] = ()
    """Names of the metrics that a run must have been scored with: it is noted which of them were not given."""
    fresh: Fresh | None = None
    version: str | None = None
    """What stands for task and metrics: each run that is made here is given it."""
    costs: Costs | None = None
    trying: Trying | None = None
    """How the task is called again; None: it is simply called."""
    judging: Judging | None = None
    """How metrics are called; None: they are simply called."""

    @cached_property
    def _called(self) -> Json:
        return steps.of_task(self.task)

    @cached_property
    def _kinds(self) -> tuple[Sequence[Metric], Sequence[Metric]]:
        return scoring.by_span(self.metrics)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(name_of(metric) for metric in self.metrics)

    @cached_property
    def _not_given(self) -> tuple[str, ...]:
        return tuple(name for name in self.required if name not in self._names)

    def run(self, attempt: Attempt, item: Item) -> Attempt:
        """Call the task on ``item`` and score what it returns. ``attempt`` is the start, without an outcome."""
        came = self.begin()
        try:
            with self.tracing.task(attempt, self.task) as came.seen:
                output = self._called_on(item, attempt, came.tries)
                came.end(output, *encoded(output))  # before metrics see it, which may change it
        except BaseException as error:  # of the user's code, whatever it is: it belongs to this cell
            came.end(error=error)
        return self.finish(attempt, item, came)

    def begin(self) -> Came:
        """The call of the task is about to be made."""
        return Came(self.trying.begin() if self.trying is not None else None)

    async def awaited(self, attempt: Attempt, item: Item, came: Came) -> None:
        """Call a task whose calls are coroutines, as :meth:`run` does, and await it. Never raises."""
        try:
            with self.tracing.task(attempt, self.task) as came.seen:
                output = await self._awaited_on(item, attempt, came.tries)
                came.end(output, *encoded(output))
        except BaseException as error:  # it belongs to this cell, and not to the loop
            came.end(error=error)

    def finish(self, attempt: Attempt, item: Item, came: Came) -> Attempt:
        """Score what the task returned. ``attempt`` is the start, without an outcome."""
        came.end(error=CancelledError())  # unless it has ended
        told = came.tries.told if came.tries is not None else ()
        known: Json = {  # put in at once: to copy an attempt takes longer than anything else that is done here
            "version": self.version, "task_seconds": came.seconds, "notes": came.notes, "tries": told,
            "steps": self._steps(came),
        }  # fmt: skip
        if came.error is not None:
            return replace(attempt, ended_at=utc_now(), error=self._told(attempt, came.error), **known)
        if not isinstance(came.output, dict):
            return self._refuse(attempt, came.output, came.stored, known)
        if self.costs is not None:
            known["cost"], untold = self.costs.of(_own_copy(item.content), came.output)
            known["notes"] = (*came.notes, *untold)
        known |= {"returned": True, "task_output": came.stored}
        return self._score(attempt, item, came.output, came.seen, **known)

    def _called_on(self, item: Item, attempt: Attempt, tries: Tries | None) -> Any:
        if self.trying is None or tries is None:
            return self.call(self.task, _own_copy(item.content))
        return self.trying(_key(attempt), tries, self.task, lambda: _own_copy(item.content))

    async def _awaited_on(self, item: Item, attempt: Attempt, tries: Tries | None) -> Any:
        if self.trying is None or tries is None:
            return await self.task(_own_copy(item.content))
        return await self.trying.awaited(_key(attempt), tries, self.task, lambda: _own_copy(item.content))

    def _steps(self, came: Came) -> Json | None:
        if not self.tracing.spans:
            return None
        told = came.seen.told() if came.seen is not None else {}
        return {**told, "task": {"began": came.at, **self._called, **told.get("task", {})}}

    def _refuse(self, attempt: Attempt, output: Any, stored: Any, known: Json) -> Attempt:
        """The task returned no dict. It failed, and what it returned was paid for: it is kept all the same."""
        kept = f"the task returned {_kind(output)}, which is kept under 'output'"
        error = InvalidTaskOutput(
            f"the task returned {_kind(output)}, not a dict: return for example {{'output': …}}. "
            f"What it returned is kept as this run's output: {_shown(output)}"
        )
        known |= {"task_output": {"output": stored}, "notes": (kept, *known["notes"])}
        return replace(attempt, ended_at=utc_now(), error=self._told(attempt, error), **known)

    def _score(self, attempt: Attempt, item: Item, output: Json, seen: Seen | None = None, **came: Any) -> Attempt:
        """Score an output. ``came``: what else has come of the attempt."""
        known = came.pop("steps", attempt.steps) or {}
        began = time.perf_counter()
        asked: list[scoring.Scored] = []
        try:
            scores = self._scores(self.metrics, attempt, item, output, asked, seen)
        except BaseException as error:
            came |= {"ended_at": utc_now(), "error": self._told(attempt, error)}
        else:
            came |= {
                "ended_at": attempt.ended_at or utc_now(), "complete": True, "error": None, "scores": scores,
                "scored_by": self._names, "missing_metrics": self._not_given,
            }  # fmt: skip
        seconds = time.perf_counter() - began
        return replace(attempt, scoring_seconds=seconds, steps=self._with_metrics(known, asked), **came)

    def _scores(
        self,
        metrics: Sequence[Metric],
        attempt: Attempt,
        item: Item,
        output: Json,
        asked: list[scoring.Scored],
        seen: Seen | None = None,
    ) -> tuple[ScoreResult, ...]:
        """``asked`` becomes what the metrics were asked; ``seen`` is what was seen of the task, if it was called now."""
        regular, looking = self._kinds if metrics is self.metrics else scoring.by_span(metrics)
        call = self.call if self.judging is None else partial(self.judging, _key(attempt))
        ask = partial(
            scoring.score_output, item=item, output=output, mapping=self.mapping, call=call,
            tolerant=self.tolerant, tell=asked.append if self.tracing.spans else None,
        )  # fmt: skip
        with self.tracing.scoring(attempt):
            scores = ask(regular)
        if not looking:
            return scores
        try:
            span = _span(seen, self._called, item, attempt, output)
        except Exception as error:
            return (*scores, *(scoring.failed_score(name_of(metric), error_info(error)) for metric in looking))
        with self.tracing.scoring(attempt, looking=True):
            return scores + ask(looking, span=span)

    def _with_metrics(self, known: Json, asked: Sequence[scoring.Scored]) -> Json | None:
        """The known steps of an attempt with those of its scoring; of a metric that was asked again, the latest ones."""
        if not self.tracing.spans:
            return None
        fresh = steps.of_metrics(asked, self.tracing.traced)
        again = {told["name"] for told in fresh}
        before = [told for told in known.get("metrics", ()) if told["name"] not in again]
        mapped = known.get("mapped", {}) | steps.mapped(asked, self.mapping)
        return {**known, **({"mapped": mapped} if mapped else {}), "metrics": [*before, *fresh]}

    def _told(self, attempt: Attempt, error: BaseException) -> ErrorInfo:
        if self.on_error is not None:
            self.on_error(_key(attempt), error)
        return error_info(error)

    def rescore(self, attempt: Attempt, item: Item, names: Collection[str]) -> Attempt:
        """Score again what the task returned, without calling it.

        An attempt whose scoring failed is scored with every metric; it stays as it is when nothing was kept of what its
        task returned, which a store may find out only now. A complete one is scored with the metrics of those
        names; its other scores stay as they are, and so does a good score whose metric fails now: the failure is kept
        beside it, and it stays of the version that made it. Metrics get what is stored of the output, not the objects that the task returned.
        """
        output = _own_copy(attempt.task_output)
        if not attempt.complete:
            version = scored_by(attempt.version, self.version)
            return attempt if output is None else self._score(attempt, item, output, version=version)
        metrics = [metric for metric in self.metrics if name_of(metric) in names]
        asked: list[scoring.Scored] = []
        try:
            fresh = self._scores(metrics, attempt, item, output or {}, asked)
        except BaseException as error:
            info = self._told(attempt, error)
            fresh = tuple(scoring.failed_score(name_of(metric), info) for metric in metrics)
        if self.fresh is not None:
            self.fresh[attempt.id] = fresh
        scored = tuple(name_of(metric) for metric in metrics)
        return replace(
            attempt,
            scores=_merged(attempt.scores, fresh, scored),
            scored_by=None if attempt.scored_by is None else tuple(dict.fromkeys((*attempt.scored_by, *scored))),
            missing_metrics=tuple(n for n in attempt.missing_metrics if n in self.required and n not in scored),
            steps=self._with_metrics(attempt.steps or {}, asked),
        )


def _key(attempt: Attempt) -> CellKey:
    return CellKey(attempt.item_id, attempt.trial or 0)


def _span(seen: Seen | None, called: Json, item: Item, attempt: Attempt, output: Json) -> Any:
    """The span of the task. What is only scored again has none."""
    if seen is None:
        raise MetricComputationError(
            f"there is no {SPAN}: it is made while the task runs, if the opik package's tracing is on, and is not kept"
        )
    return seen.task_span(called, item.content, output)


def _merged(
    before: Sequence[ScoreResult], fresh: Sequence[ScoreResult], metric_names: Collection[str]
) -> tuple[ScoreResult, ...]:
    replaced = {score.name for score in fresh if not score.scoring_failed}
    kept = (s for s in before if s.name not in replaced and not (s.scoring_failed and s.name in metric_names))
    return (*kept, *fresh)


def _own_copy(value: Any) -> Any:
    """Tasks and metrics may change what they are given. It is JSON: nothing but dicts and lists can be changed."""
    if isinstance(value, dict):
        return {key: _own_copy(inner) for key, inner in value.items()}
    return [_own_copy(inner) for inner in value] if isinstance(value, list) else value


def _kind(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _shown(value: Any) -> str:
    try:
        return repr(value)[:_SHOWN]
    except Exception as error:  # a user's __repr__ may raise, and so does a nesting that is too deep
        return f"<cannot be shown: {type(error).__name__}>"
