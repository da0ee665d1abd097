"""What has changed in task and metrics since the kept runs were made: counted, said in a sentence, shown as a diff. Pure."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from opik_resume.base.records import Json
from opik_resume.base.versions import metrics_part, task_part
from opik_resume.experiment.fingerprints import Fingerprint, Version, diff, differs
from opik_resume.experiment.fingerprints.fingerprint import SCHEME, comparable
from opik_resume.experiment.fingerprints.version import mark_of_metrics

_NAMED = 4  # parts of one callable that a sentence names
_UNKNOWN = "(what it was is not kept on this machine)"
_TINTS = {"+": "rgba(46, 160, 67, 0.22)", "-": "rgba(248, 81, 73, 0.22)", "@": "rgba(128, 128, 128, 0.22)"}


@dataclass(frozen=True)
class Change:
    """A task, or a metric, that is not what made some of the kept runs.

    ``runs`` is how many of these there are. ``parts`` names what has changed in it and ``diff`` shows it, as a unified diff;
    both are empty when what it was is not kept on this machine.
    """

    kind: str
    name: str
    runs: int
    parts: tuple[str, ...] = ()
    diff: str = ""


@dataclass(frozen=True)
class Drift:
    """Every change, the task's first. It is false when nothing has changed, as far as anybody knows.

    ``str(drift)`` is a unified diff. ``cells`` is how many cells the experiment has.
    """

    changes: tuple[Change, ...] = ()
    cells: int = 0

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __str__(self) -> str:
        return "\n\n".join(f"{self._head(change)}\n{change.diff or _UNKNOWN}" for change in self.changes)

    def __repr__(self) -> str:
        return f"<Drift: {'; '.join(map(self._head, self.changes)) or 'nothing has changed'}>"

    def _repr_html_(self) -> str:
        if not self.changes:
            return "<p>Nothing has changed.</p>"
        return "".join(
            f"<p><b>{html.escape(self._head(change))}</b></p><pre>{_coloured(change.diff or _UNKNOWN)}</pre>"
            for change in self.changes
        )

    def sentence(self, kinds: Iterable[str] = ("task", "metric")) -> str | None:
        """One line about the changes of these kinds; None when there are none."""
        return "; ".join(self._head(change) for change in self.changes if change.kind in kinds) or None

    @property
    def shown_by(self) -> str | None:
        """The call that shows what has changed; None when what it was is not kept on this machine."""
        if not any(change.diff for change in self.changes):
            return None
        task = next((change.name for change in self.changes if change.kind == "task"), None)
        given = "scoring_metrics=…" if task is None else f"task={task if task.isidentifier() else '…'}"
        return f"plan_resume(…, {given}).drift"

    def _head(self, change: Change) -> str:
        named = [*change.parts[:_NAMED], *([f"{len(change.parts) - _NAMED} more"] if change.parts[_NAMED:] else [])]
        made = "made" if change.kind == "task" else "scored"
        were = f"{change.runs:,} of {self.cells:,} runs were {made}"
        return f"{change.name} has changed since {were}" + (f" ({', '.join(named)})" if named else "")


def _coloured(diff: str) -> str:
    """Tints let the text keep the colour that it has in the theme."""
    return "\n".join(_line(line) for line in diff.splitlines())


def _line(line: str) -> str:
    tint, text = _TINTS.get(line[:1]), html.escape(line)
    return text if tint is None else f'<span style="background: {tint}">{text}</span>'


def changes_since(
    now: Version,
    made: Mapping[str, int],
    kept: Callable[[], Mapping[str, Json]],
    original: Mapping[str, str],
    cells: int,
) -> Drift:
    """What of ``now`` is not what made the kept runs.

    What nobody can tell is no change: runs whose version is not known, and sources that could not be read.

    Args:
        now: the task, if it is given, and the metrics.
        made: how many of the kept runs each version has made.
        kept: what is kept of versions in the local file, by version; asked for only when there is another than this one.
        original: the marks of the metrics of the original evaluation, by name, as far as they are known.
        cells: how many the experiment has.
    """
    others = {version: runs for version, runs in made.items() if version != now.text}
    if not others:
        return Drift()
    return Drift(tuple(_Comparison(now, others, kept(), original).changes()), cells)


@dataclass(frozen=True)
class _Comparison:
    now: Version
    made: Mapping[str, int]
    kept: Mapping[str, Json]
    original: Mapping[str, str]

    def changes(self) -> Iterator[Change]:
        if self.now.task is not None:
            tasks = [(self._of(task_part, version, "task"), task_part(version), n) for version, n in self.made.items()]
            yield from _change("task", self.now.task.name, self.now.task, tasks)
        for name, metric in self.now.metrics.items():
            before = [
                (self._of(metrics_part, version, "metrics").get(name), self._mark(name, metrics_part(version)), runs)
                for version, runs in self.made.items()
                if metrics_part(version) != self.now.of_metrics
            ]
            yield from _change("metric", name, metric, before)

    def _of(self, part: Callable[[str], str], version: str, what: str) -> Any:
        """The fingerprint of the task, or those of the metrics, that a version has in this part, if it was made as ours."""
        alike = part(version)[:1] == SCHEME
        found = next((known for text, known in self._known.items() if alike and part(text) == part(version)), None)
        return ({} if what == "metrics" else None) if found is None else getattr(found, what)

    @cached_property
    def _known(self) -> dict[str, Version]:
        known = {}
        for version, told in self.kept.items():
            try:
                known[version] = Version.from_json(told)
            except (KeyError, TypeError, ValueError, AttributeError):  # of a later release
                continue
        return known

    def _mark(self, name: str, metrics: str) -> str:
        return self.original.get(name, "") if mark_of_metrics(self.original) == metrics else ""


def _change(
    kind: str, name: str, now: Fingerprint, before: Iterable[tuple[Fingerprint | None, str, int]]
) -> Iterator[Change]:
    """One change, against all that was before: fingerprints, as far as they are known, with their marks and runs."""
    found: Counter[str] = Counter()
    parts: dict[str, None] = {}
    diffs: dict[str, None] = {}
    for was, told, runs in before:
        mark = was.mark if was is not None else told
        if mark == now.mark or mark[:1] != SCHEME:
            continue
        labels = differs(was, now) if was is not None else []
        if not labels and (was is not None or not comparable(mark, now.mark)):
            continue
        found[mark] += runs
        parts.update(dict.fromkeys(_short(label, now.name) for label in labels))
        if was is not None:
            diffs[diff(was, now)] = None
    if found:
        yield Change(kind, name, found.total(), tuple(parts), "\n".join(diffs))


def _short(label: str, name: str) -> str:
    """A part without the name of the callable that it is a part of."""
    for ending in (f" of {name}", f" in {name}"):
        label = label.removesuffix(ending)
    return label
