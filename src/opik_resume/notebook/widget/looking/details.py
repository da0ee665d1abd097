"""What a server knows of a run → the Details and Spans of ``docs/protocol.md``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from opik_resume.base.records import ErrorInfo, Json, RunDetails, Span
from opik_resume.base.text.jsontext import to_json
from opik_resume.notebook.namespace.cells import cell_number
from opik_resume.notebook.widget.looking.stack import stack

LONGEST = 20_000
"""Characters of an input or output: whole documents would take seconds to travel, and nobody reads them here."""


def details_json(details: RunDetails) -> Json:
    """The run, its spans in the order of the tree."""
    spans = [_span_json(span, depth, details.spans[0]) for span, depth in _tree(details.spans)]
    return {
        "input": shortened(details.input),
        "spans": spans,
        "tokens": tokens(details.usage) or _sum(span["tokens"] for span in spans),
        "cost": details.cost or _sum(span["cost"] for span in spans),
        "url": details.url,
    }


def tokens(usage: Mapping[str, int]) -> int | None:
    """How many a run or a step has taken, of all kinds; None when nobody counted."""
    return usage.get("total_tokens") or _sum(usage.get(name) for name in ("prompt_tokens", "completion_tokens"))


def shortened(value: Any) -> Any:
    """The value, or the beginning of its text when that is long."""
    text = value if isinstance(value, str) else to_json(value)
    if len(text) <= LONGEST:
        return value
    return f"{text[:LONGEST]}… ({len(text) - LONGEST:,} more characters)"


def error_json(error: ErrorInfo | None) -> Json | None:
    if error is None:
        return None
    told = {"type": error.exception_type, "message": error.message, "traceback": error.traceback}
    return told | {"stack": stack(error.traceback, cell_number)}


def _tree(spans: tuple[Span, ...]) -> Iterator[tuple[Span, int]]:
    """Each span and its depth, parents first; one whose parent is missing counts as a root."""
    known = {span.id for span in spans}
    children: defaultdict[str | None, list[Span]] = defaultdict(list)
    for span in spans:
        children[span.parent_id if span.parent_id in known else None].append(span)
    left = [(span, 0) for span in reversed(children[None])]
    while left:
        span, depth = left.pop()
        yield span, depth
        left += [(child, depth + 1) for child in reversed(children[span.id])]


def _span_json(span: Span, depth: int, first: Span) -> Json:
    took = span.ended_at - span.started_at if span.ended_at is not None else None
    return {
        "id": span.id,
        "depth": depth,
        "name": span.name,
        "kind": span.kind,
        "after": (span.started_at - first.started_at).total_seconds(),
        "seconds": took.total_seconds() if took is not None else None,
        "input": shortened(span.input),
        "output": shortened(span.output),
        "error": error_json(span.error),
        "model": span.model,
        "tokens": tokens(span.usage),
        "cost": span.cost or None,
    }


def _sum(values: Any) -> Any:
    """The sum of those that are known and not nought, or None."""
    return sum(value for value in values if value) or None
