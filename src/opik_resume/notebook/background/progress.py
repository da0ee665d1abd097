"""How far a resume is, as the front end is told."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from opik_resume.base.records import Json


@dataclass(frozen=True, slots=True)
class Progress:
    """What the front end shows of a resume; the fields are those of ``docs/protocol.md``."""

    active: bool = False
    stopping: bool = False
    outcome: str | None = None
    message: str | None = None
    done: int = 0
    total: int = 0
    failed: int = 0
    abandoned: int = 0
    note: str | None = None
    rate: float | None = None
    seconds_left: float | None = None
    own: bool = True
    undelivered: Json | None = None
    problem: str | None = None
    summary: Json | None = None

    def to_json(self) -> Json:
        return asdict(self)


IDLE = Progress()
"""Nothing runs here, and nothing did."""
