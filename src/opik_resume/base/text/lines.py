"""Attempts as lines of JSON: what a store did not take, in a form that can be brought back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from opik_resume.base.records import Attempt, ErrorInfo, ScoreResult

_TIMES = ("started_at", "ended_at")


def to_line(attempt: Attempt) -> str:
    """One line, without its end. What JSON does not know is kept as its text: nothing that was paid for is refused."""
    return json.dumps(asdict(attempt), default=_as_text)


def from_line(line: str) -> Attempt:
    """What ``to_line`` wrote. Raises ValueError, KeyError or TypeError for anything else."""
    fields: dict[str, Any] = json.loads(line)
    fields["scores"] = tuple(ScoreResult(**score) for score in fields["scores"])
    fields["error"] = ErrorInfo(**fields["error"]) if fields["error"] is not None else None
    times = {name: datetime.fromisoformat(fields[name]) for name in _TIMES if fields[name] is not None}
    return Attempt(**_with_tuples(fields) | times)


def _with_tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Records hold tuples where JSON has lists."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}


def _as_text(value: object) -> object:
    if isinstance(value, (set, frozenset)):
        return list(value)
    return value.isoformat() if isinstance(value, datetime) else repr(value)
