"""What remains of an experiment, told from its own history: how long it takes, and what it costs. Pure, a range each.

The remaining runs are drawn from those that have ended, the newest most often, many times over, by a generator that
always starts alike: the same history gives the same range. Each such draw is put on the workers as a run would be, each
run on the one that is free first; what lies between the draws at both ends is the range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeAlias

from opik_resume.base.columns.attempts import AttemptColumns
from opik_resume.base.columns.ids import Numbers
from opik_resume.base.numeric import np, npt
from opik_resume.experiment.grid import is_done
from opik_resume.experiment.limits import dollars

Floats: TypeAlias = "npt.NDArray[np.float64]"

NEWEST = 2_000  # runs that are looked at
FLOOR = 1e-4  # seconds: what calling and recording one run takes at least, whatever it does
_HALF = 0.25  # of the runs that are looked at: a run that ended so many before another weighs half as much
_HALF_LEAST = 32  # and not fewer runs than these
_SCORED = 200  # runs whose scoring is looked at, for those that are only scored again
_DRAWS = 64
_LENGTH = 1_024  # of a draw
_ONE_BY_ONE = 256  # runs of a draw that are put on workers one by one; of more, the rest is spread evenly
PAUSE_SECONDS = 1.0  # with nothing on the way for so long, one leg had ended and the next not begun
_ENDS = (0.025, 0.5, 0.975)

Range = tuple[float, float]


class Forecast(NamedTuple):
    """How long something takes, in seconds."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Pace:
    """What a run took of a worker's time besides its own, in the history.

    Attributes:
        idle: seconds a run in which nothing at all was on its way: more workers do not help.
        unexplained: further seconds a run by which the starts followed each other more slowly than the workers were free.
        workers: how many runs were on their way at once, at most.
    """

    idle: float = 0.0
    unexplained: float = 0.0
    workers: int = 1

    @classmethod
    def of(cls, began: Floats, seconds: Floats) -> Pace:
        """Of runs whose start is known."""
        known = ~np.isnan(began)
        order = np.argsort(began[known], kind="stable")
        starts, took = began[known][order], seconds[known][order]
        if len(starts) < 2:
            return cls()
        last_end = np.maximum.accumulate(starts + took)
        gaps = np.maximum(starts[1:] - last_end[:-1], 0.0)
        pause = gaps > PAUSE_SECONDS
        idle = float(gaps[~pause].sum()) / len(gaps)
        workers, legs = _most_at_once(starts, starts + took), int(pause.sum()) + 1
        followed = len(starts) - workers * legs  # starts that had to wait for a worker
        if followed < workers:
            return cls(idle, 0.0, workers)
        between = float(np.diff(starts)[~pause].sum()) / followed
        return cls(idle, max(0.0, between - float(took.mean()) / workers - idle), workers)

    def at(self, workers: int) -> Range:
        """Seconds to add to each run with so many workers, at least and at most: nobody knows which part of it is shared."""
        share = self.workers / workers
        return self.idle + self.unexplained * min(1.0, share), self.idle + self.unexplained * max(1.0, share)


def _most_at_once(starts: Floats, ends: Floats) -> int:
    moments = np.concatenate([ends, starts])  # what ends at a moment makes room for what starts then
    change = np.concatenate([np.full(len(ends), -1), np.full(len(starts), 1)])
    return max(1, int(np.cumsum(change[np.argsort(moments, kind="stable")]).max()))


@dataclass(frozen=True, eq=False)
class History:
    """The runs that have ended, in the order in which they did, as far as they are looked at.

    Attributes:
        seconds: what each took, from its start to its end, scoring included.
        began: the moment of its start, NaN where it is not known.
        cost: in US dollars, NaN where it is not known.
        tokens: how many each used, likewise.
        scoring: what the scoring alone took of some of them, for runs that are only scored again.
    """

    seconds: Floats
    began: Floats
    cost: Floats
    tokens: Floats = field(default_factory=lambda: np.empty(0))
    scoring: Floats = field(default_factory=lambda: np.empty(0))
    _ranges: dict[tuple[int, int, int, float], Forecast] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, columns: AttemptColumns, *, scoring: bool = False) -> History:
        """Of an experiment: its complete runs or, as long as there is none, whatever has ended.

        ``scoring``: some are to be scored again only.
        """
        ended = ~np.isnan(columns.seconds)
        good = ended & is_done(columns.state)
        places = np.flatnonzero(good if good.any() else ended)
        ends = columns.began[places] + columns.seconds[places]
        if len(places) > NEWEST:
            newest = np.argpartition(np.nan_to_num(ends, nan=-np.inf), len(places) - NEWEST)[-NEWEST:]
            places, ends = places[newest], ends[newest]
        places = places[np.argsort(np.nan_to_num(ends, nan=-np.inf), kind="stable")]
        scored = _scoring_of(columns, places[-_SCORED:]) if scoring else np.empty(0)
        seconds, began = np.maximum(columns.seconds[places], 0.0), columns.began[places]
        return cls(seconds, began, columns.cost[places], columns.tokens[places], scored)

    def time(self, runs: int, workers: int, *, scores: int = 0, floor: float = FLOOR) -> Forecast | None:
        """Seconds that so many runs take on so many workers, and so many that are only scored. None without a history.

        Raises ValueError unless ``workers`` is 1 or more.
        """
        if not len(self.seconds):
            return None
        if workers < 1:
            raise ValueError(f"workers must be 1 or more, got {workers}")
        key = (runs, scores, min(workers, max(1, runs + scores)), floor)
        if key not in self._ranges:
            self._ranges[key] = self._time(*key)
        return self._ranges[key]

    def _time(self, runs: int, scores: int, workers: int, floor: float) -> Forecast:
        taken = _taken(self.seconds, runs, min(workers, max(1, runs)))
        taken += _taken(self.scoring, scores, min(workers, max(1, scores)))
        least, most = self._pace.at(workers)
        added = np.array([least, (least + most) / 2, most]) * (runs + scores)
        low, middle, high = np.maximum(taken + added, (runs + scores) * floor).tolist()
        return Forecast(low, middle, high)

    @cached_property
    def _pace(self) -> Pace:
        return Pace.of(self.began, self.seconds)

    def costs(self, runs: int) -> Range | None:
        """US dollars that so many runs cost. None when the cost of none is known."""
        return _sums(self.cost, runs)

    def tokens_of(self, runs: int) -> Range | None:
        """How many tokens so many runs use. None when those of none are known."""
        return _sums(self.tokens, runs)


def _sums(values: Floats, runs: int) -> Range | None:
    """What so many runs come to; NaN is what nobody knows."""
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    low, _, high = np.quantile(_Draws.of(known).sums(runs), _ENDS).tolist()
    return low, high


@dataclass(frozen=True, eq=False)
class _Draws:
    """Runs drawn from a history, a row a draw. A draw of more runs begins with one of fewer, and starts over at its end.

    Each draws from a history of its own, which is drawn from the one that there is: the shorter that is, and the less of it
    weighs, the more they differ, as what it says is less certain.
    """

    drawn: Floats

    @classmethod
    def of(cls, values: Floats) -> _Draws:
        """From these, in the order in which they came."""
        age = np.arange(len(values))[::-1]
        weights = 0.5 ** (age / max(_HALF_LEAST, len(values) * _HALF))
        worth = max(1, int(weights.sum() ** 2 / (weights**2).sum()))  # runs of equal weight
        shares = np.cumsum(weights) / weights.sum()
        chance = np.random.default_rng(0)
        places = np.searchsorted(shares, chance.random((_DRAWS, worth)), side="right")
        own = values[np.minimum(places, len(values) - 1)]
        return cls(np.take_along_axis(own, chance.integers(0, worth, (_DRAWS, _LENGTH)), axis=1))

    def sums(self, runs: int) -> Floats:
        """The sum of so many runs of each draw."""
        whole, rest = divmod(runs, self.drawn.shape[1])
        sums: Floats = whole * self.drawn.sum(axis=1) + self.drawn[:, :rest].sum(axis=1)
        return sums

    def run(self, number: int) -> Floats:
        """What the run of that number takes in each draw."""
        return self.drawn[:, number % self.drawn.shape[1]]


def _scoring_of(columns: AttemptColumns, places: Numbers) -> Floats:
    found = [attempt.scoring_seconds for attempt in columns.source.attempts(columns.row[places])]
    return np.array([seconds for seconds in found if seconds is not None], dtype=np.float64)


def _taken(seconds: Floats, runs: int, workers: int) -> Floats:
    """How long so many take: at both ends of the range, and in its middle."""
    if not runs or not len(seconds):
        return np.zeros(len(_ENDS))
    ends: Floats = np.quantile(_makespans(_Draws.of(seconds), runs, workers), _ENDS)
    return ends


def _makespans(draws: _Draws, runs: int, workers: int) -> Floats:
    """When the last of so many runs ends, in each draw."""
    first = min(runs, _ONE_BY_ONE)
    busy = np.zeros((len(draws.drawn), workers))
    rows = np.arange(len(busy))
    for number in range(first):
        busy[rows, busy.argmin(axis=1)] += draws.run(number)
    longest: Floats = busy.max(axis=1) + (draws.sums(runs) - draws.sums(first)) / workers
    return longest


# For people


_UNITS = ((36 * 3600.0, 86400.0, "days"), (90 * 60.0, 3600.0, "h"), (60.0, 60.0, "min"), (0.0, 1.0, "s"))


def said_time(low: float, high: float) -> str:
    """As "about 2 to 4 min" or "about 40 s": in the unit of the longer one, as estimates deserve."""
    _, size, unit = next(each for each in _UNITS if high >= each[0])
    return f"about {_between(low / size, high / size, lambda n: f'{max(1, round(n)):,}')} {unit}"


def said_seconds(seconds: float) -> str:
    """As "3.2 min" or "0.4 s": what something has taken."""
    _, size, unit = next(each for each in _UNITS if seconds >= each[0])
    return f"{seconds / size:.2g} {unit}" if seconds < 100 * size else f"{seconds / size:,.0f} {unit}"


def said_tokens(low: float, high: float) -> str:
    """As "about 1,200 to 1,500 tokens": three digits that count."""
    return f"about {_between(low, high, lambda n: format(float(format(n, '.3g')), ',.0f'))} tokens"


def said_costs(low: float, high: float) -> str:
    """As "about $0.20 to $0.35"."""
    return f"about {_between(low, high, dollars)}"


def _between(low: float, high: float, said: Callable[[float], str]) -> str:
    return said(high) if said(low) == said(high) else f"{said(low)} to {said(high)}"
