"""What a server has of an evaluation, without what no two evaluations have in common: ids, times, machinery."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.opik_server import OpikServer

Json = dict[str, Any]
SUFFIX = "_arg_validation"
_EACH_ITS_OWN = {
    "id", "trace_id", "experiment_id", "parent_span_id", "project_id", "start_time", "end_time",
    "created_at", "created_by", "last_updated_at", "last_updated_by", "task_execution_time", "scoring_time",
}  # fmt: skip
_MACHINERY = re.compile(r'  File "[^"]*/(?:opik|opik_resume)/[^"]*", line \d+, in .*\n(?:    .*\n)*')


def of_experiment(server: OpikServer, name: str) -> Json:
    """The experiment and its runs, by trial."""
    state = server.state
    (row,) = [row for row in state.experiments.values() if row["name"] == name]
    links = [state.experiment_items[id_] for id_ in state.items_of_experiment[row["id"]]]
    links.sort(key=lambda link: str(state.traces[link["trace_id"]]["start_time"]))
    runs = [{"link": bare(link), **_of_trace(server, link["trace_id"])} for link in links]
    return {"experiment": bare(row) | {"name": None}, "runs": runs}


def _of_trace(server: OpikServer, trace_id: str) -> Json:
    state = server.state
    trace = state.traces[trace_id]
    spans = [state.spans[id_] for id_ in state.spans_of_trace[trace_id]]
    in_time(trace, spans)
    places = {row["project_id"] for row in (trace, *spans)}
    told = json.dumps(
        {
            "trace": bare(trace),
            "projects": sorted(state.projects[id_]["name"] for id_ in places),
            "scores": [bare(score) for score in state.scores[trace_id].values()],
            "spans": _below(spans, None),
        }
    )
    read: Json = json.loads(told.replace(trace_id, "(the trace)"))
    return read


TWO_CLOCKS = timedelta(milliseconds=5)


def in_time(trace: Json, spans: list[Json]) -> None:
    """Nothing ends before it begins, and nothing is outside of what it is in, but for what two clocks differ."""
    by_id = {span["id"]: span for span in spans}
    for span in spans:
        above = by_id.get(span.get("parent_span_id") or "", trace)
        began, ended = (datetime.fromisoformat(span[key]) for key in ("start_time", "end_time"))
        assert began <= ended, span["name"]
        assert datetime.fromisoformat(above["start_time"]) - TWO_CLOCKS <= began, span["name"]
        if span["name"] != "task_span_metrics_calculation" and above is not trace:
            assert ended <= datetime.fromisoformat(above["end_time"]) + TWO_CLOCKS, span["name"]


def _below(spans: list[Json], parent: str | None) -> list[Json]:
    """In the order of their start."""
    here = [span for span in spans if span.get("parent_span_id") == parent]
    here.sort(key=lambda span: (str(span["start_time"]), str(span["end_time"])))
    return [{**bare(span), "spans": _below(spans, span["id"])} for span in here]


def bare(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"exception_type", "message", "traceback"} or set(value) == {"exception_type", "traceback"}:
            return {**value, "traceback": _MACHINERY.sub("", value["traceback"])}
        return {key: bare(inner) for key, inner in value.items() if key not in _EACH_ITS_OWN}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


def each_span(runs: list[Json], change: Callable[[Json], Json | None]) -> list[Json]:
    """The runs with every span changed, or taken out."""

    def changed(spans: list[Json]) -> list[Json]:
        made = [(change(span), span["spans"]) for span in spans]
        return [{**span, "spans": changed(below)} for span, below in made if span is not None]

    return [{**run, "spans": changed(run["spans"])} for run in runs]
