"""The nouns of opik-resume, as small dataclasses, frozen but for what users hold in hand. Imports nothing of ours.

A *cell* is one (item, trial) of an experiment, keyed by :class:`CellKey`, never by row number.
An *attempt* is one try at a cell. Stores hold attempts; only ``grid`` says what a cell's state is.
"""

from __future__ import annotations

import copy
import enum
import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

Json = dict[str, Any]

LIGHT_MESSAGE = 500
"""Characters of an error message that a light attempt keeps."""


def utc_now() -> datetime:
    """The present moment, aware, in UTC: the only clock reading that is ever stored."""
    return datetime.now(UTC)


class CellState(enum.IntEnum):
    """The state of a cell: one byte in the store, in the feed and in the browser."""

    never_run = 0
    queued = 1
    running = 2
    completed = 3
    scores_missing = 4
    task_failed = 5
    scoring_failed = 6
    interrupted = 7


REPLAYED = 0x80
"""Flag beside the state byte: this cell was filled by the resume at hand, not kept from before."""


class ErrorTolerance(enum.IntEnum):
    """Which scoring errors a run absorbs, with Opik's names and values."""

    METRIC_ERRORS = 10
    ALL_SCORING_ERRORS = 20


class CellKey(NamedTuple):
    """One cell of an experiment: the id of its item and its trial, counted from 0."""

    item_id: str
    trial: int


@dataclass
class ScoreResult:
    """One score, with the fields of ``opik``'s own ``ScoreResult``, and as open to changes: it is the user's.

    ``scoring_failed`` marks a metric that raised inside ``score()``: ``value`` is then 0.0 and says nothing.
    A ``value`` may be NaN or infinite, and is then in no aggregate: see :attr:`finite`.
    """

    name: str
    value: float
    reason: str | None = None
    category_name: str | None = None
    metadata: Json | None = None
    scoring_failed: bool = False

    @property
    def finite(self) -> bool:
        """Whether it is a number to reckon with: neither failed, nor NaN, nor infinite."""
        return not self.scoring_failed and math.isfinite(self.value)

    def own(self) -> ScoreResult:
        """A copy for whoever may change it: what it was made of is kept by others, too."""
        return replace(self, metadata=copy.deepcopy(self.metadata))


def lightened(score: ScoreResult) -> ScoreResult:
    """The score of a light attempt: without what is large. Of one that failed the error stays, since groups are made of it."""
    if not score.scoring_failed:
        return ScoreResult(score.name, score.value)
    info = (score.metadata or {}).get("error_info")
    told = (
        {} if not isinstance(info, dict) else {key: info[key] for key in ("exception_type", "message") if info.get(key)}
    )
    if "message" in told:
        told["message"] = str(told["message"])[:LIGHT_MESSAGE]
    reason = str(score.reason)[:LIGHT_MESSAGE] if score.reason and "message" not in told else None
    metadata = {"error_info": told} if told else None
    return ScoreResult(score.name, score.value, reason, metadata=metadata, scoring_failed=True)


def why_failed(score: ScoreResult) -> str:
    """Why there is no score, for people: the kind of the exception and its message, else the reason that was given."""
    info = (score.metadata or {}).get("error_info")
    told = [info.get("exception_type"), info.get("message")] if isinstance(info, dict) else [score.reason]
    return ": ".join(filter(None, told))


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """An exception as text: its type's name, its message and its formatted traceback."""

    exception_type: str
    message: str
    traceback: str

    @property
    def told(self) -> Json:
        """As Opik's SDK writes it: without a message where there is none."""
        told = {"exception_type": self.exception_type, "message": self.message, "traceback": self.traceback}
        return told if self.message else {key: told[key] for key in ("exception_type", "traceback")}


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What is known of an item besides its content: the columns that filters may ask for. Items share them."""

    created_at: datetime | None = None
    last_updated_at: datetime | None = None
    source: str = "sdk"
    tags: tuple[str, ...] = ()
    trace_id: str = ""
    span_id: str = ""
    created_by: str = ""
    last_updated_by: str = ""


NO_FACTS = ItemFacts()


@dataclass(frozen=True, slots=True)
class Item:
    """One dataset item. ``runs_per_item`` is its own ``execution_policy``, if it has one.

    Items of the same id and content are equal, whatever else is known of them.
    """

    id: str
    data: Json
    runs_per_item: int | None = None
    facts: ItemFacts = field(default=NO_FACTS, compare=False, repr=False)

    @property
    def content(self) -> Json:
        """What a task receives: the item's data and its ``id``, as in Opik."""
        return {**self.data, "id": self.id}


@dataclass(frozen=True, slots=True)
class DatasetRecord:
    """A dataset's identity; its items live in its versions."""

    id: str
    name: str
    description: str | None
    created_at: datetime
    tags: tuple[str, ...] = ()


NO_VERSION = "v0"
"""What stands for the version of a dataset into which nothing was ever inserted."""


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One immutable version of a dataset: ``name`` is ``v1``, ``v2``, … in order of creation.

    The fields are called as in ``opik``. ``items_added``, ``items_modified`` and ``items_deleted`` compare it with the
    version before. ``is_latest`` is as of when it was read; ``tags`` say so, too.
    """

    id: str
    dataset_id: str
    number: int
    items_total: int
    created_at: datetime
    version_hash: str = ""
    items_added: int = 0
    items_modified: int = 0
    items_deleted: int = 0
    is_latest: bool = True
    tags: tuple[str, ...] = ()
    change_description: str | None = None
    created_by: str | None = None

    @property
    def name(self) -> str:
        return f"v{self.number}"

    @property
    def version_name(self) -> str:
        """Its name, as ``opik`` calls it."""
        return self.name


@dataclass(frozen=True, slots=True)
class RunMark:
    """A run that has begun and has not said that it ended, as a server tells it to other machines."""

    run_id: str
    host: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Experiment:
    """One evaluation of a task over the items of one pinned dataset version.

    ``metadata`` is the user's ``experiment_config`` together with Opik's ``_opik_resume`` blob.
    ``expected`` is the number of its cells, ``status`` is Opik's ``running``, ``completed`` or ``cancelled`` (closed by
    its user). ``item_ids`` are the items that a sampler or explicit ids resolved to, in order, one drawn twice listed
    twice; None when the resume state alone says which items these are. ``mark`` is a run that some machine has begun; the
    embedded store has none, since its leases tell more. ``problem`` says why its row could not be read: it can be listed,
    closed and deleted then, and no more.
    """

    id: str
    name: str
    dataset_id: str
    dataset_name: str
    version_name: str
    metadata: Json
    expected: int
    created_at: datetime
    updated_at: datetime
    status: str = "running"
    tags: tuple[str, ...] = ()
    project_name: str | None = None
    item_ids: tuple[str, ...] | None = None
    scores: tuple[ScoreResult, ...] = ()
    mark: RunMark | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Try:
    """One call of the task, of an attempt that took several.

    ``number`` counts from 1, ``seconds`` is what the call took, ``waited`` how long it was then waited for the next one.
    ``error_type`` is None of a call that returned.
    """

    number: int
    started_at: datetime
    seconds: float
    error_type: str | None = None
    message: str = ""
    waited: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a cell.

    ``returned``: the task came back with an output, which is kept whatever happened later.
    ``complete``: scoring ran through its end as well. ``trial`` is None when the attempt does not state one
    (made by another program). ``task_output`` is as stored: see ``encoding``. ``notes`` say what of it was converted. It
    is kept, too, of a task that failed because it returned no dict: under ``output``, and ``returned`` is false.
    A *light* attempt leaves out ``task_output``, notes, prints, tracebacks and the reasons of scores, but for those that
    failed.
    An attempt without ``ended_at`` was started and never reported back.
    ``scored_by`` names the metrics that scored it, whatever their scores are called; None: nobody said.
    ``missing_metrics`` names those of the original evaluation that were not given, and not left out on purpose.
    ``version`` stands for the task and the metrics that made it: see ``experiment.fingerprints``; None: nobody said.
    ``cost`` is what it cost in US dollars and ``tokens`` how many it used, where there is a source; else None.
    ``prints`` is what task and metrics printed, warned of and logged, both ends of it when it is long.
    ``steps`` tells how task and metrics were called, for the spans that a server shows: see ``engine.cells.steps``. It is kept
    only until they are sent. ``tries`` are the calls of the task when there was more than one: of many, the first and the
    last ones.
    """

    id: str
    experiment_id: str
    item_id: str
    trial: int | None
    started_at: datetime
    ended_at: datetime | None = None
    returned: bool = False
    complete: bool = False
    task_output: Json | None = None
    scores: tuple[ScoreResult, ...] = ()
    error: ErrorInfo | None = None
    task_seconds: float | None = None
    scoring_seconds: float | None = None
    notes: tuple[str, ...] = ()
    scored_by: tuple[str, ...] | None = None
    missing_metrics: tuple[str, ...] = ()
    version: str | None = None
    cost: float | None = None
    tokens: int | None = None
    tries: tuple[Try, ...] = ()
    steps: Json | None = field(default=None, compare=False, repr=False)
    prints: str | None = None

    @property
    def failed_metrics(self) -> tuple[str, ...]:
        """Names of the scores whose metric raised."""
        return tuple(score.name for score in self.scores if score.scoring_failed)


@dataclass(frozen=True, slots=True)
class Span:
    """One step of a run: the task, a metric, or what they called. ``kind`` is ``general``, ``tool``, ``llm``, …"""

    id: str
    parent_id: str | None
    name: str
    kind: str
    started_at: datetime
    ended_at: datetime | None = None
    input: Any = None
    output: Any = None
    error: ErrorInfo | None = None
    model: str | None = None
    usage: dict[str, int] = field(default_factory=dict)
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class RunDetails:
    """What a server knows of a run besides its attempt: spans in order of start, tokens, cost in US dollars, web page."""

    input: Any
    spans: tuple[Span, ...]
    usage: dict[str, int]
    cost: float | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What a server has not acknowledged yet. All of it is safe in the local file.

    ``waiting`` attempts are on their way, ``refused`` ones (attempt id → the server's words) will not be taken as they
    are. ``problem`` says why the last try did not get through.
    """

    waiting: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    problem: str | None = None

    def __len__(self) -> int:
        return self.waiting + len(self.refused)


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """Who runs an experiment's cells now: one resume, in one process of one host. ``here``: in this one.

    ``program`` is what that process runs, as far as this one can see. ``until``: when the lease can be taken over if nothing
    is heard from it till then; None where the operating system tells that it lives.
    """

    experiment_id: str
    run_id: str
    token: int
    host: str
    pid: int
    since: datetime
    heartbeat: datetime
    stopping: bool = field(default=False)
    here: bool = False
    program: str = ""
    until: datetime | None = None
