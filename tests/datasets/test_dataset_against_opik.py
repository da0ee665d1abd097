"""Our datasets beside the ``opik`` package's: what can be called, with what, what there is, and what it says."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import opik_resume
from opik_resume import create_dataset, exceptions, get_dataset
from opik_resume.base.ids import new_id
from opik_resume.datasets import Dataset, DatasetVersion
from opik_resume.stores.protocol import Store
from tests.opik_peer import DatasetItem, ExecutionPolicyItem, opik

from opik.api_objects.dataset.dataset import Dataset as OpikDataset  # isort: skip
from opik.api_objects.dataset.dataset import DatasetVersion as OpikVersion  # isort: skip

PAIRS = [(Dataset, OpikDataset), (DatasetVersion, OpikVersion)]
KINDS = pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=["Dataset", "DatasetVersion"])

ABSENT = {
    "get_evaluators": "evaluators are of test suites, which are Opik's alone; it says so",
    "get_execution_policy": "a policy for all items is of test suites; it says so",
    "client": "an attribute there, not a property; ours belong to a store; it says so",
    "from_public": "makes one from an answer of Opik's generated REST client",
}
# Opik's client has these as methods.
FUNCTIONS = ["create_dataset", "get_dataset", "get_or_create_dataset", "delete_dataset"]
CLIENT_ABSENT = {
    "get_datasets": "a listing of the server: Opik's client and its pages have it",
    "get_dataset_experiments": "experiments() lists experiments",
}
# get_dataset(name, "v2") opened a version here before the SDK's second argument was taken.
BY_KEYWORD = {"get_dataset": {"project_name"}}
KINDER = {
    "Dataset.read_jsonl_from_file": "paths may be path objects",
}


def public(kind: type) -> dict[str, Any]:
    found = inspect.getmembers(kind)
    return {name: member for name, member in found if not name.startswith("_")}


def parameters(function: Callable[..., Any]) -> list[tuple[str, Any, Any]]:
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


@KINDS
def test_everything_public_of_opiks_is_there_or_its_absence_is_explained(ours: type, theirs: type) -> None:
    missing = public(theirs).keys() - public(ours).keys()
    assert missing <= ABSENT.keys()


@KINDS
def test_a_property_of_opiks_is_a_property(ours: type, theirs: type) -> None:
    for name, member in public(theirs).items():
        if name not in ABSENT:
            assert callable(member) == callable(getattr(ours, name)), name


@KINDS
def test_a_method_takes_opiks_arguments_in_opiks_order_with_opiks_defaults(ours: type, theirs: type) -> None:
    for name, member in public(theirs).items():
        if name not in ABSENT and callable(member):
            assert parameters(getattr(ours, name)) == parameters(member), name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_takes_what_the_method_of_opiks_client_takes(name: str) -> None:
    theirs = [p for p in parameters(getattr(opik.Opik, name)) if p[0] != "self"]
    ours = {p[0]: p for p in parameters(getattr(opik_resume, name))}
    late = BY_KEYWORD.get(name, set())
    assert [p for p in ours.values() if p[1] is not inspect.Parameter.KEYWORD_ONLY][: len(theirs) - len(late)] == [
        p for p in theirs if p[0] not in late
    ]
    assert all(ours[keyword][2] is None for keyword in late)
    assert ours["store"][1] is inspect.Parameter.KEYWORD_ONLY


def test_every_method_of_opiks_client_about_datasets_is_a_function_here_or_explained() -> None:
    theirs = {name for name in dir(opik.Opik) if "dataset" in name and not name.startswith("_")}
    assert theirs == {*FUNCTIONS, *CLIENT_ABSENT}


@pytest.mark.parametrize(
    "name", ["DatasetNotFound", "DatasetVersionNotFound", "DatasetItemUpdateOperationRequiresItemId"]
)
def test_opiks_exceptions_of_datasets_are_caught_by_their_names(name: str) -> None:
    assert hasattr(opik.exceptions, name)
    assert issubclass(getattr(exceptions, name), exceptions.OpikResumeError)
    assert issubclass(exceptions.DatasetVersionNotFound, exceptions.DatasetNotFound), "as it was called here before"


@pytest.mark.parametrize("name", ["get_evaluators", "get_execution_policy", "client"])
def test_what_stays_opiks_alone_says_so_and_what_nobody_has_does_not(store: Store, name: str) -> None:
    dataset = create_dataset("questions")
    dataset.insert([{"q": 1}])
    for each, kind in ((dataset, "Dataset"), (dataset.get_version_view("v1"), "DatasetVersion")):
        with pytest.raises(AttributeError, match=rf"^{kind}\.{name} is Opik's own, .*\. It is in opik\.{kind}"):
            getattr(each, name)
        with pytest.raises(AttributeError, match=f"^'{kind}' object has no attribute 'get_evaluator'$"):
            getattr(each, "get_evaluator")  # noqa: B009
        assert not hasattr(each, name)


def test_evaluators_of_an_item_are_refused_with_where_they_belong(store: Store) -> None:
    dataset = create_dataset("questions")
    with pytest.raises(exceptions.UnsupportedArgument, match=r"items\[1\].*test suites, which opik\.run_tests runs"):
        dataset.insert([{"q": 1}, {"q": 2, "evaluators": [{"name": "judge"}]}])
    assert dataset.get_version_info() is None


# The same calls, on Opik's dataset and on ours: what they leave and what they say.

IDS = sorted(new_id() for _ in range(6))
NO_ARGUMENTS: tuple[Any, ...] = ()


def play(dataset: Any, folder: Path) -> dict[str, Any]:
    """Everything that writes, and everything that reads, once."""
    said: dict[str, Any] = {
        "empty": (dataset.get_items(), dataset.get_version_info(), dataset.get_current_version_name())
    }
    dataset.insert(
        [{"id": IDS[0], "n": 0, "text": "ä"}, {"id": IDS[1], "n": 1, "deep": {"a": [1, None]}}], num_threads=2
    )
    rows = json.dumps([{"id": IDS[2], "N": 2, "useless": 1}, {"n": 0, "text": "ä"}])
    dataset.insert_from_json(rows, keys_mapping={"N": "n"}, ignore_keys=["useless"])
    path = folder / "items.jsonl"
    path.write_text(json.dumps({"id": IDS[3], "n": 3, "text": "ü"}, ensure_ascii=False) + "\n\n  \n", encoding="utf-8")
    dataset.read_jsonl_from_file(str(path), validate_before_upload=False)
    dataset.read_jsonl_from_file(str(path), {"n": "m"}, ["m"], deduplication=True)
    frame = pd.DataFrame({"id": [IDS[4]], "N": [4], "score": [0.5], "gap": [None], "nan": [float("nan")]})
    dataset.insert_from_pandas(frame, {"N": "n"}, ["gap"])
    dataset.insert([{"id": IDS[5], "n": 4, "score": 0.5}], deduplication=False)
    said["version"] = dataset.get_current_version_name()
    said["items"] = dataset.get_items()
    said["some"] = dataset.get_items(nb_samples=2, filter_string='data.score = "0.5"', num_threads=1, chunk_size=1)
    said["none"] = dataset.get_items(filter_string='tags contains "x" and created_at >= "2020-01-01T00:00:00Z"')
    said["all"] = len(dataset.get_items(filter_string='tags is_empty and created_at >= "2020-01-01T00:00:00Z"'))
    said["late"] = dataset.get_items(filter_string='created_at >= "2999-01-01T00:00:00Z"')
    said["source"] = len(dataset.get_items(filter_string='source = "sdk"'))
    said["chunks"] = [[item["id"] for item in chunk] for chunk in dataset.stream_items(4, 3)]
    said["sampled"] = [len(chunk) for chunk in dataset.stream_items(chunk_size=2, nb_samples=3)]
    said["json"] = dataset.to_json()
    said["frame"] = dataset.to_pandas().to_dict("list")
    said["columns"] = list(dataset.to_pandas().columns)
    said["count"] = dataset.dataset_items_count
    said["dataset tags"] = dataset.get_tags()
    dataset.update([{"id": IDS[0], "n": 10}])
    dataset.delete([IDS[1]])
    said["counts"] = [facts_of(dataset.get_version_view(f"v{n}")) for n in range(1, 8)]
    said["first"] = dataset.get_version_view("v1").to_json()
    dataset.clear()
    said["cleared"] = (dataset.get_items(), dataset.get_current_version_name(), dataset.dataset_items_count)
    return said


def facts_of(version: Any) -> dict[str, Any]:
    info = version.get_version_info()
    names = ["version_name", "is_latest", "items_total", "items_added", "items_modified", "items_deleted", "tags"]
    facts = {name: getattr(version, name) for name in names}
    assert facts == {name: plain(getattr(info, name)) for name in names}
    assert info.id == version.version_id
    assert version.version_hash == info.version_hash == version.version_id[-8:]
    assert (version.dataset_id, version.dataset_name) == (version.id, version.name)
    assert version.dataset_items_count == version.items_total
    assert version.created_at.tzinfo is not None
    assert version.change_description is None or isinstance(version.change_description, str)  # a server's words
    return facts


def plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def without_gap(said: dict[str, Any]) -> dict[str, Any]:
    """NaN, which is what a frame has where an item lacks a key, is not equal to itself."""
    return {**said, "frame": repr(said["frame"])}


def test_they_say_and_leave_what_opiks_do(client: opik.Opik, either: Store, tmp_path: Path) -> None:
    theirs = play(client.create_dataset("theirs"), tmp_path)
    ours = play(create_dataset("ours", store=either), tmp_path)
    assert without_gap(ours) == without_gap(theirs)


@pytest.mark.parametrize(
    "call",
    [
        lambda dataset: dataset.get_items(nb_samples=0),
        lambda dataset: dataset.get_items(nb_samples=-1),
        lambda dataset: dataset.get_items(nb_samples=True),
        lambda dataset: dataset.get_items(num_threads=0),
        lambda dataset: dataset.get_items(chunk_size=0),
        lambda dataset: dataset.stream_items(chunk_size=2001),  # at the call, not when the first is asked for
        lambda dataset: dataset.stream_items(num_threads="4"),
        lambda dataset: dataset.insert([{"q": 2}], num_threads=0),
        lambda dataset: dataset.insert([{"q": 2}], deduplication="no"),
        lambda dataset: dataset.insert([{"q": 2}, 3]),
        lambda dataset: dataset.insert([{"q": 2, "id": "7"}]),
        lambda dataset: dataset.insert_from_json("[{}"),
        lambda dataset: dataset.delete([""]),
    ],
)
def test_what_opiks_refuse_is_refused_as_a_value_error_and_changes_nothing(
    client: opik.Opik, either: Store, call: Callable[[Any], Any]
) -> None:
    for dataset in (client.create_dataset("theirs"), create_dataset("ours", store=either)):
        dataset.insert([{"q": 1}])
        with pytest.raises(ValueError, match=r".+"):
            call(dataset)
        assert (dataset.get_current_version_name(), len(dataset.get_items())) == ("v1", 1)


def test_what_is_not_there_raises_the_exception_of_opiks_name(client: opik.Opik, either: Store) -> None:
    for module, dataset in (
        (opik.exceptions, client.create_dataset("theirs")),
        (exceptions, create_dataset("ours", store=either)),
    ):
        with pytest.raises(module.DatasetVersionNotFound, match="v1"):
            dataset.get_version_view("v1")
        with pytest.raises(module.DatasetItemUpdateOperationRequiresItemId):
            dataset.update([{"q": 1}])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", r"items\.jsonl, line 3 is not JSON"),
        ("[1]", r"items\.jsonl, line 3 must be a JSON object"),
        ('{"id": "7", "q": 1}', r"items\[1\]\['id'\] must be a UUID"),
    ],
)
@pytest.mark.parametrize("validate", [True, False])
def test_a_bad_line_is_named_and_nothing_of_its_file_is_inserted(
    either: Store, tmp_path: Path, line: str, says: str, validate: bool
) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text(f'{{"q": 1}}\n\n{line}\n')
    dataset = create_dataset("questions", store=either)
    with pytest.raises(exceptions.ArgumentError, match=says):
        dataset.read_jsonl_from_file(path, validate_before_upload=validate)
    assert dataset.get_version_info() is None


def test_items_of_opiks_kind_are_inserted_as_they_are(either: Store) -> None:
    made = DatasetItem(id=IDS[0], q="x", execution_policy=ExecutionPolicyItem(runs_per_item=3))  # type: ignore[call-arg]
    dataset = create_dataset("questions", store=either)
    dataset.insert([made, DatasetItem(q="y")])  # type: ignore[list-item, call-arg]
    there = {item.data["q"]: item for item in dataset.records()}
    assert (there["x"].id, there["x"].runs_per_item, there["y"].runs_per_item) == (IDS[0], 3, None)


def test_without_deduplication_the_same_content_is_inserted_once_more(either: Store) -> None:
    dataset = create_dataset("questions", store=either)
    for deduplication in (True, False, True):
        dataset.insert([{"q": 1}, {"q": 1}], deduplication=deduplication)
    totals = [(version.version_name, version.items_total) for version in dataset.versions()]
    assert totals == [("v2", 3), ("v1", 1)]
    dataset.update(dataset.get_items(), deduplication=False)
    latest = dataset.get_version_view("v3")
    assert (latest.items_total, latest.items_added, latest.items_deleted) == (3, 0, 0)


def test_datasets_have_projects(either: Store) -> None:
    made = create_dataset("questions", None, "quality", store=either)
    made.insert([{"q": 1}])
    assert made.project_name == made.get_version_view("v1").project_name == "quality"
    for found in (
        get_dataset("questions", project_name="quality", store=either),
        get_dataset("questions", project_name="another", store=either),  # found all the same, as on a server
        opik_resume.get_or_create_dataset("questions", project_name="quality", store=either),
        get_dataset("questions", store=either),
    ):
        assert found.id == made.id
        assert found.project_name == "quality"
    with pytest.raises(exceptions.ArgumentError, match="project_name must be"):
        create_dataset("more", project_name=" ", store=either)


def test_a_deleted_dataset_is_gone_and_its_name_is_free(either: Store) -> None:
    made = create_dataset("questions", store=either)
    made.insert([{"q": 1}])
    opik_resume.delete_dataset("questions", store=either)
    for call in (
        lambda: get_dataset("questions", store=either),
        lambda: opik_resume.delete_dataset("questions", store=either),
        lambda: made.insert([{"q": 2}]),
    ):
        with pytest.raises(exceptions.NotFound):
            call()
    assert create_dataset("questions", store=either).get_items() == []
