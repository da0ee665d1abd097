"""Whether a resume is scored like the evaluation that it finishes, and the sentence that says where it is not. Pure.

A mean over runs that were scored by different metrics says less than it seems to: it is said before anything runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Literal, get_args

from opik_resume.exceptions import ArgumentError

Names = tuple[str, ...]
OnDrift = Literal["warn", "ignore", "error"]
"""What a resume does about metrics that it was not given: say so, take it for meant, or refuse to run."""


def checked(on_drift: object) -> OnDrift:
    """One of those. Raises ArgumentError for anything else."""
    if on_drift not in get_args(OnDrift):
        raise ArgumentError(f"on_drift must be 'warn', 'ignore' or 'error', got {on_drift!r}")
    return on_drift  # type: ignore[return-value]


def sentence(original: Iterable[str], given: Collection[str], kept: Collection[Names | None]) -> str | None:
    """What is to be said of the difference, or None when there is none.

    Args:
        original: the names of the metrics of the original evaluation.
        given: those of the metrics that are given now.
        kept: ``scored_by`` of the kept runs, each set of names once.
    """
    left_out = [name for name in original if name not in given]
    added = [name for name in given if name not in original and _lack(name, kept)]
    return "; ".join([*_left_out(left_out, kept), *_added(added)]) or None


def _lack(name: str, kept: Iterable[Names | None]) -> bool:
    """Whether some kept run is known not to have been scored by this metric."""
    return any(names is not None and name not in names for names in kept)


def _left_out(names: Sequence[str], kept: Collection[Names | None]) -> list[str]:
    if not names:
        return []
    were, are = ("was", "is") if len(names) == 1 else ("were", "are")
    scored = any(those is None or set(names) & set(those) for those in kept)
    where = f"scored on the kept runs and {are} not given" if scored else f"given to evaluate() and {are} not given now"
    return [f"{listed(names)} {were} {where}"]


def _added(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    are, were = ("is", "was") if len(names) == 1 else ("are", "were")
    return [f"{listed(names)} {are} given and {were} not scored on the kept runs: evaluate_experiment() does that"]


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
