"""Who runs an experiment elsewhere, and until when nobody else may: in words. Pure."""

from __future__ import annotations

from opik_resume.base.records import LeaseHolder


def held(holder: LeaseHolder) -> str:
    """Who, since when, and when it can be resumed here: a lease that lives is nobody else's."""
    program = f", {holder.program}" if holder.program else ""
    who = f"pid {holder.pid} on {holder.host}{program}, since {holder.since:%H:%M} UTC"
    if holder.stopping:
        return f"Another process is finishing its last runs ({who}): wait until it has."
    when = "wait until it ends, or ■ asks it to stop"
    if holder.until is not None:
        when = f"if nothing is heard from it until {holder.until:%H:%M:%S} UTC, Resume takes over"
    return f"Another process is running it ({who}): {when}."
