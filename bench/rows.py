"""What the table has: one row a comparison."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

DELAY = 0.05  # seconds added to every request in the rows that say so
ALL = ("embedded", "ours", "opik")
"""The subjects: ours on the embedded store, ours on the server, and the ``opik`` package on the same server."""
ON_SERVER = ("ours", "opik")
_CAP = 10_000  # items of an experiment that the SDK reads when it resumes; what is beyond is run again


@dataclass(frozen=True)
class Row:
    """One line of the table.

    ``arguments`` are those of ``bench.subjects``. ``experiment``: the items, and how many of them are complete, of one
    that the server has from the start. ``long`` rows are repeated less often.
    """

    name: str
    arguments: tuple[str, ...]
    subjects: tuple[str, ...] = ON_SERVER
    unit: str = "seconds"
    delay: float = 0.0
    experiment: tuple[int, int] | None = None
    long: bool = False

    @property
    def title(self) -> str:
        return f"{self.name}, +{self.delay * 1000:.0f} ms" if self.delay else self.name


def rows() -> Iterator[Row]:
    yield Row("import the package", ("import package",))
    yield Row("import, peak memory", ("import package",), unit="megabytes")
    yield Row("import what evaluate needs", ("import doors",))
    yield Row("import what evaluate needs of a server", ("import store",))
    yield Row("import what evaluate needs of a server, peak memory", ("import store",), unit="megabytes")
    yield Row("import all of that, connect to a server", ("import and connect",))
    yield Row("1,000 runs, peak memory", ("overhead", "1000", "16", "metric"), ALL, unit="megabytes")
    for delay in (0.0, DELAY):
        for number in (1_000, 10_000):
            yield from _overhead(number, delay)
    for delay in (0.0, DELAY):
        for number in (1_000, 10_000, 100_000):
            yield from _plans(number, delay)


def _overhead(number: int, delay: float) -> Iterator[Row]:
    for threads in (16, 1):
        for metric in ("", "metric"):
            if delay and number > 1_000 and (threads == 1 or not metric):
                continue  # one is enough: minutes of the SDK
            name = f"{number:,} runs, {threads} thread{'s' * (threads > 1)}{', a metric' * bool(metric)}"
            subjects = ON_SERVER if delay else ALL
            yield Row(name, ("overhead", str(number), str(threads), metric), subjects, delay=delay, long=number > 1_000)


def _plans(number: int, delay: float) -> Iterator[Row]:
    subjects = ON_SERVER if number <= _CAP else ("ours",)
    yield Row(f"resume of {number:,}, complete", ("resume",), subjects, delay=delay, experiment=(number, number))
    yield Row(f"plan of {number:,}, half complete", ("plan",), ON_SERVER, delay=delay, experiment=(number, number // 2))
