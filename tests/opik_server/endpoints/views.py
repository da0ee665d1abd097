"""How rows look when they are read: traces, spans, and the runs of an experiment with their numbers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection
from statistics import fmean
from typing import Any

import orjson

from tests.opik_server.serving.wire import Row, instant, without_nulls
from tests.opik_server.tables.state import State

TRUNCATED_AT = 10_001  # characters of a long field that are left by truncate=true
_LONGER = 6  # at most, than its UTF-8, is text in which every other character is escaped
_COUNTED, _SUMMED = (
    {"span_count", "llm_span_count", "has_tool_spans", "providers"},
    {"usage", "total_estimated_cost"},
)  # of spans
CUT_AT = 1_000  # characters of a long value within a field, in compare


def shown_scores(state: State, id_: str) -> list[Row]:
    return list(state.scores.get(id_, {}).values())


def duration(row: Row) -> float | None:
    """Milliseconds."""
    if not row.get("start_time") or not row.get("end_time"):
        return None
    return round((instant(row["end_time"]) - instant(row["start_time"])).total_seconds() * 1000, 3)


def usage_and_cost(state: State, trace_id: str) -> Row:
    """Summed over the trace's spans."""
    usage: dict[str, int] = {}
    costs: list[float] = []
    for span_id in state.spans_of_trace.get(trace_id, ()):
        span = state.spans[span_id]
        for key, value in span.get("usage", {}).items():
            usage[key] = usage.get(key, 0) + value
        if span.get("total_estimated_cost") is not None:
            costs.append(span["total_estimated_cost"])
    return ({"usage": usage} if usage else {}) | ({"total_estimated_cost": sum(costs)} if costs else {})


def show_trace(state: State, row: Row, exclude: Collection[str] = ()) -> Row:
    """What is excluded is not computed, as far as that takes time."""
    shown = {"visibility_mode": "default", "environment": "", **row}
    scores, reference = state.scores.get(row["id"]), experiment_reference(state, row["id"])
    if scores:
        shown["feedback_scores"] = list(scores.values())
    if reference is not None:
        shown["experiment"] = reference
    if "duration" not in exclude and (milliseconds := duration(row)) is not None:
        shown["duration"] = milliseconds
    if not _COUNTED.issubset(exclude):
        shown |= _counted(state, row["id"])
    if not _SUMMED.issubset(exclude):
        shown |= usage_and_cost(state, row["id"])
    return shown


def _counted(state: State, trace_id: str) -> Row:
    spans = [state.spans[id_] for id_ in state.spans_of_trace.get(trace_id, ())]
    return {
        "span_count": len(spans),
        "llm_span_count": sum(span.get("type") == "llm" for span in spans),
        "has_tool_spans": any(span.get("type") == "tool" for span in spans),
        "providers": sorted({span["provider"] for span in spans if "provider" in span}),
    }


def _shown(row: Row, stored: Row) -> Row:
    """Without what is absent, but with the nulls that were stored."""
    return {key: value for key, value in row.items() if value is not None or key in stored}


def experiment_reference(state: State, trace_id: str) -> Row | None:
    """The experiment a trace belongs to; of several only one is shown."""
    for item_id in state.items_of_trace.get(trace_id, ()):
        item = state.experiment_items[item_id]
        experiment = state.experiments.get(item["experiment_id"])
        if experiment:
            return {
                "id": experiment["id"],
                "name": experiment["name"],
                "dataset_id": experiment["dataset_id"],
                "dataset_item_id": item["dataset_item_id"],
            }
    return None


def show_span(state: State, row: Row) -> Row:
    shown = {
        "start_time": row.get("created_at"),
        **row,
        "environment": row.get("environment", ""),
        "duration": duration(row),
        "feedback_scores": shown_scores(state, row["id"]) or None,
    }
    return _shown(shown, row)


def shape(row: Row, truncate: bool, exclude: Collection[str] = ()) -> Row:
    """What ``exclude`` and ``truncate`` leave of a trace or span.

    The beginning of a long field is text, not JSON any more. Metadata is never cut.
    """
    row = {key: value for key, value in row.items() if key not in exclude}
    for key in ("input", "output") if truncate else ():
        if key in row:
            row[key] = _begun(row[key])
    return row


def _begun(value: Any) -> Any:
    if _is_short(value):
        return value
    text = json.dumps(value)
    return text[:TRUNCATED_AT] if len(text) > TRUNCATED_AT else value


def _is_short(value: Any) -> bool:
    """Whether it is plain that it is, without writing it out as the server does."""
    try:
        return len(orjson.dumps(value)) * _LONGER < TRUNCATED_AT
    except TypeError:
        return False


def shape_entry(row: Row, truncate: bool) -> Row:
    """What ``truncate`` leaves of a run in compare: it is an object still, the long values in it are cut."""
    return {**row, **{key: _cut(row[key]) for key in ("input", "output") if key in row}} if truncate else row


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _cut(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_cut(each) for each in value]
    return value[:CUT_AT] if isinstance(value, str) else value


# --- the runs of an experiment


def show_entry(state: State, item: Row) -> Row:
    """An experiment item with what its trace has; no ``output`` when the trace has none or has not arrived.

    It does not say in which project the trace is.
    """
    trace = state.traces.get(item["trace_id"], {})
    shown = {
        **item,
        "project_id": None,
        "trace_metadata": trace.get("metadata"),
        "duration": duration(trace),
        "feedback_scores": shown_scores(state, item["trace_id"]) or None,
        "trace_visibility_mode": "default" if trace else None,
        **usage_and_cost(state, item["trace_id"]),
    }
    return without_nulls(shown) | {key: trace[key] for key in ("input", "output") if key in trace}


def numbers(entries: list[Row]) -> Row:
    """An experiment's counts and averages, over every trace linked: failed and surplus ones too."""
    scores: dict[str, list[float]] = defaultdict(list)
    usage: dict[str, list[int]] = defaultdict(list)
    for entry in entries:
        for score in entry.get("feedback_scores", ()):
            scores[score["name"]].append(score["value"])
        for key, value in entry.get("usage", {}).items():
            usage[key].append(value)
    costs = [entry["total_estimated_cost"] for entry in entries if "total_estimated_cost" in entry]
    durations = sorted(entry["duration"] for entry in entries if "duration" in entry)
    found: dict[str, Any] = {
        "trace_count": len({entry["trace_id"] for entry in entries}),
        "feedback_scores": [{"name": name, "value": fmean(values)} for name, values in scores.items()],
        "usage": {key: fmean(values) for key, values in usage.items()},
        "duration": {f"p{p}": durations[(len(durations) - 1) * p // 100] for p in (50, 90, 99)} if durations else None,
        "total_estimated_cost": sum(costs) if costs else None,
        "total_estimated_cost_avg": fmean(costs) if costs else None,
    }
    return {key: value for key, value in found.items() if value not in (None, [], {})}
