"""The tables of one workspace. Rows are replaced, never changed, so that an answer can be sent outside the lock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.opik_server.serving.wire import ApiError, Row, coded, invalid, listed, now, one_of
from tests.opik_server.tables.ids import check_id, new_id

DEFAULT_PROJECT = "Default Project"
KINDS = {str: "string", bool: "boolean", int: "number", float: "number", list: "array", dict: "object"}


@dataclass
class Version:
    """A dataset version. Old clients can still write into the latest one, so it is not strictly immutable."""

    id: str
    group: str | None  # the batch_group_id whose requests it collects
    items: dict[str, Row]
    added: int = 0
    modified: int = 0
    deleted: int = 0
    created_at: str = field(default_factory=now)
    _newest_first: list[str] | None = None
    _kinds: dict[str, set[str]] | None = None

    @property
    def hash(self) -> str:
        return self.id[-8:]

    def newest_first(self) -> list[str]:
        if self._newest_first is None:
            self._newest_first = sorted(self.items, reverse=True)
        return self._newest_first

    def kinds(self) -> dict[str, set[str]]:
        """The fields of the items' content, with the kinds of what is in them."""
        if self._kinds is None:
            self._kinds = defaultdict(set)
            for item in self.items.values():
                for name, value in item["data"].items():
                    self._kinds[name].add(KINDS.get(type(value), "null"))
        return self._kinds

    def changed(self) -> None:
        self._newest_first = self._kinds = None


@dataclass
class Dataset:
    row: Row
    versions: list[Version] = field(default_factory=list)  # by id, so the name of the n-th is "v<n>"

    def name_of(self, version: Version) -> str:
        return f"v{self.versions.index(version) + 1}"

    def version(self, hash_or_tag: str | None) -> Version | None:
        """By hash or by the tag ``latest``, which is also what no version means."""
        if hash_or_tag in {None, "", "latest"}:
            return self.versions[-1] if self.versions else None
        return next((each for each in self.versions if each.hash == hash_or_tag), None)


class State:
    def __init__(self, workspace: str, siblings: dict[str, State] | None = None) -> None:
        self.workspace = workspace
        self.siblings = {} if siblings is None else siblings
        self.versioning = True
        self.id_window: float | None = None  # seconds; see ids.check_id
        self.projects: dict[str, Row] = {}
        self.datasets: dict[str, Dataset] = {}
        self.experiments: dict[str, Row] = {}
        self.experiment_items: dict[str, Row] = {}
        self.items_of_experiment: dict[str, dict[str, None]] = defaultdict(dict)
        self._traces_of: dict[str, tuple[int, list[str]]] = {}  # by experiment, for as many items
        self.items_of_trace: dict[str, dict[str, None]] = defaultdict(dict)
        self.traces: dict[str, Row] = {}
        self.traces_written = 0  # how often one was
        # Of some ids, those in a project, after so many writes when there were so many.
        self.traces_found: tuple[Sequence[str], tuple[str, int, int], Sequence[Row]] = ([], ("", 0, 0), [])
        self.traces_elsewhere: dict[str, dict[str, Row]] = defaultdict(dict)  # older rows of an id, by other projects
        self.spans: dict[str, Row] = {}
        self.spans_of_trace: dict[str, dict[str, None]] = defaultdict(dict)
        self.scores: dict[str, dict[str, Row]] = defaultdict(dict)  # of a trace or span, by name
        self.prompt_versions: list[Row] = []

    def traces_of(self, experiment_id: str) -> list[str]:
        """The ids of the traces of an experiment, newest first: each page of a large one asks for them."""
        items = self.items_of_experiment.get(experiment_id, {})
        number, found = self._traces_of.get(experiment_id, (0, []))
        if number != len(items):
            found = sorted({self.experiment_items[id_]["trace_id"] for id_ in items}, reverse=True)
            self._traces_of[experiment_id] = len(items), found
        return found

    def relinked(self, experiment_id: str) -> None:
        """Its items have changed."""
        self._traces_of.pop(experiment_id, None)

    def checked_id(self, value: object, what: str) -> str:
        return check_id(value, what, self.id_window)

    # Projects come into being when a write names them.

    def project_named(self, name: str | None) -> Row | None:
        wanted = (name or DEFAULT_PROJECT).casefold()
        return next((row for row in self.projects.values() if row["name"].casefold() == wanted), None)

    def ensure_project(self, name: str | None) -> str:
        found = self.project_named(name)
        if found is None:
            found = {"id": new_id(), "name": name or DEFAULT_PROJECT, "visibility": "private", **stamps()}
            self.projects[found["id"]] = found
        return str(found["id"])

    def project_for(self, body: Row) -> str:
        """The project a write names, by id or by name."""
        return str(body.get("project_id") or self.ensure_project(body.get("project_name")))

    def project_asked(self, project_id: str | None, name: str | None) -> str:
        """The project a search names: one that there is, and that was not deleted."""
        if project_id is None and name is None:
            raise coded(400, "Either 'project_name' or 'project_id' query params must be provided")
        found = self.project_named(name) if project_id is None else self.projects.get(project_id)
        if found is None:
            raise no_project(project_id, name)
        return str(found["id"])

    # Datasets

    def dataset(self, dataset_id: str) -> Dataset:
        found = self.datasets.get(dataset_id)
        if found is None:
            raise listed(404, "Dataset not found")
        return found

    def dataset_named(self, name: str, project_name: str | None) -> tuple[Dataset | None, bool]:
        """The dataset of that name, in the project or else anywhere in the workspace; whether the latter."""
        named = [each for each in self.datasets.values() if each.row["name"].casefold() == name.casefold()]
        if project_name is not None:
            project = self.project_named(project_name)
            for each in named:
                if project is not None and each.row["project_id"] == project["id"]:
                    return each, False
        return (named[-1], project_name is not None) if named else (None, False)

    def create_dataset(self, body: Row) -> Dataset:
        name = body.get("name")
        if not isinstance(name, str) or not name.strip():
            raise invalid("name must not be blank")
        one_of(body, "type", ("dataset", "evaluation_suite"))
        one_of(body, "visibility", ("private", "public"))
        project_id = self.project_for(body)
        for each in self.datasets.values():
            if each.row["project_id"] == project_id and each.row["name"].casefold() == name.casefold():
                raise listed(409, f"Dataset already exists with name '{name}'")
        row: Row = {
            "id": self.checked_id(body.get("id") or new_id(), "Dataset"),
            "name": name,
            "project_id": project_id,
            "type": body.get("type") or "dataset",
            "visibility": body.get("visibility") or "private",
            **{key: body[key] for key in ("description", "tags") if body.get(key) is not None},
            **stamps(),
        }
        self.datasets[row["id"]] = dataset = Dataset(row)
        return dataset

    def refuse_foreign(self, table: str, ids: set[str], message: str) -> None:
        """Ids that nobody has are welcome (writes arrive in any order); those of another workspace are not."""
        for sibling in self.siblings.values():
            if sibling is not self and ids & getattr(sibling, table).keys():
                raise coded(409, message)


def no_project(project_id: str | None, name: str | None) -> ApiError:
    return coded(
        404, f"Project name: {name} not found" if project_id is None else f"Project id: {project_id} not found"
    )


def stamps() -> Row:
    moment = now()
    return {"created_at": moment, "created_by": "admin", "last_updated_at": moment, "last_updated_by": "admin"}


def restamped(old: Row | None) -> Row:
    """The stamps of a row that replaces ``old``: it stays created when it was."""
    return {**stamps(), **({key: old[key] for key in ("created_at", "created_by")} if old else {})}
