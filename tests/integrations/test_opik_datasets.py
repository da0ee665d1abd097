"""Datasets of the ``opik`` package given to our doors: the same dataset, version and server, as the same person."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opik_resume import connect, create_dataset, evaluate, evaluate_resume, exceptions, get_or_create_dataset
from opik_resume.integrations import opik_datasets
from opik_resume.metrics import Equals
from opik_resume.stores import close_all, connections, default_store
from opik_resume.stores.protocol import Store
from tests.builders import CountingTask
from tests.opik_peer import opik
from tests.opik_server import OpikServer
from tests.opik_server.fixtures import quick_store

__all__ = ["quick_store"]

KEY = "a-key-that-nobody-may-read"
QUIET: dict[str, Any] = {"scoring_metrics": [Equals()], "verbose": 0, "task_threads": 2}
Filled = Callable[[str], opik.Dataset]


@pytest.fixture
def server() -> Iterator[OpikServer]:
    """One that asks for a key and has two workspaces."""
    with OpikServer(api_key=KEY, workspaces=("default", "team")) as running:
        yield running
    assert running.problems == []


@pytest.fixture
def client(server: OpikServer, quick_store: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[opik.Opik]:
    """The SDK's own client, told where the server is and who we are; nothing is configured."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)  # the SDK hands httpx its name, which httpx warns about
    for name, value in (("SENTRY_ENABLE", "false"), ("ANALYTICS_ENABLE", "false"), ("CONFIG_PATH", os.devnull)):
        monkeypatch.setenv(f"OPIK_{name}", value)
    made = opik.Opik(host=server.url, api_key=KEY, workspace="team", project_name="quality")
    yield made
    made.end()


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opik_datasets, "_told", set())


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Store]:
    """An embedded store, which is the default of the process."""
    yield connect(tmp_path / "store.sqlite3")
    close_all()


@pytest.fixture
def filled(client: opik.Opik, local: Store) -> Filled:
    def made(name: str = "numbers") -> opik.Dataset:
        dataset = client.create_dataset(name)
        dataset.insert([{"n": n, "reference": str(n)} for n in range(3)])
        return dataset

    return made


def experiment_on(server: OpikServer) -> dict[str, Any]:
    (found,) = server.workspace("team").experiments.values()
    return found


def test_it_is_evaluated_on_its_own_server_whatever_the_default_store_is(
    filled: Filled, server: OpikServer, local: Store
) -> None:
    dataset, task = filled("numbers"), CountingTask()
    result = evaluate(dataset, task, experiment_name="e", **QUIET)
    assert (result.complete, len(result.test_results), task.total) == (True, 3, 3)
    there = experiment_on(server)
    assert (there["id"], there["dataset_id"]) == (result.experiment_id, dataset.id)
    assert there["dataset_version_id"] == dataset.get_version_info().id  # type: ignore[union-attr]
    project = server.workspace("team").projects[there["project_id"]]["name"]
    assert project == dataset.project_name == "quality"
    assert local.find() == ([], 0)
    assert default_store() is local


def test_one_whose_id_is_not_known_yet_is_found_by_name_and_its_errors_are_ours(
    filled: Filled, client: opik.Opik, server: OpikServer
) -> None:
    dataset = filled("numbers")
    vars(dataset).pop("id")
    assert evaluate(dataset, CountingTask(), **QUIET).complete
    client.delete_dataset("numbers")
    vars(dataset).pop("id", None)
    with pytest.raises(exceptions.DatasetNotFound, match="no dataset 'numbers' in Opik at"):
        evaluate(dataset, CountingTask(), **QUIET)
    with server.down(), pytest.raises(exceptions.ServerUnreachable):
        evaluate(dataset, CountingTask(), **QUIET)


def test_a_version_is_that_version(filled: Filled, server: OpikServer) -> None:
    dataset, task = filled("numbers"), CountingTask()
    dataset.insert([{"n": 3, "reference": "3"}])
    version = dataset.get_version_view("v1")
    assert len(evaluate(version, task, **QUIET).test_results) == 3
    assert sorted(task.calls) == [0, 1, 2]
    assert experiment_on(server)["dataset_version_id"] == version.version_id


def test_what_was_left_is_resumed_on_that_server(filled: Filled, server: OpikServer, local: Store) -> None:
    broken = [True]
    task = CountingTask(fail=lambda item, _: broken[0] and item["n"] == 1)
    first = evaluate(filled("numbers"), task, **QUIET)
    assert len(first.failures) == 1
    broken[0] = False
    store = connect(server.url, api_key=KEY, workspace="team")
    whole = evaluate_resume(first.experiment_id, task, store=store, **QUIET)
    assert whole.complete
    assert task.calls == {0: 1, 1: 2, 2: 1}


def test_a_store_that_is_open_on_its_server_is_used(filled: Filled, server: OpikServer) -> None:
    dataset = filled("numbers")
    store = connect(server.url, api_key=KEY, workspace="team", project="elsewhere")
    assert connections.server_store(opik_datasets.settings_of(dataset)) is store
    for given in (None, store):
        assert evaluate(dataset, CountingTask(), store=given, **QUIET).complete
    assert len(server.workspace("team").experiments) == 2


def test_an_embedded_store_that_is_asked_for_gets_the_line_to_write(filled: Filled, local: Store) -> None:
    dataset, store, task = filled("numbers"), local, CountingTask()
    with pytest.raises(
        exceptions.ArgumentError, match=r"^store: the dataset 'numbers' is on Opik at .*, workspace team"
    ) as caught:
        evaluate(dataset, task, store=store, **QUIET)
    line = str(caught.value).rpartition("evaluate a copy: ")[2]
    names: dict[str, Any] = {"dataset": dataset, "store": store, "get_or_create_dataset": get_or_create_dataset}
    exec(line, names)
    result = evaluate(names["copy"], task, store=store, **QUIET)
    assert {run.test_case.dataset_item_id for run in result.test_results} == {
        item["id"] for item in dataset.get_items()
    }
    assert task.total == 3, "the refused call ran nothing"


def test_another_server_that_is_asked_for_is_refused(filled: Filled) -> None:
    with OpikServer() as other:
        store = connect(other.url)
        with pytest.raises(exceptions.ArgumentError, match="Leave store= out"):
            evaluate(filled("numbers"), CountingTask(), store=store, **QUIET)
        close_all()


def test_the_key_is_in_no_message_and_no_name(
    filled: Filled, client: opik.Opik, server: OpikServer, local: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "opik_resume")
    dataset = filled("numbers")
    said = []
    with pytest.raises(exceptions.ArgumentError) as caught:
        evaluate(dataset, CountingTask(), store=local, **QUIET)
    said.append(str(caught.value))
    client.delete_dataset("numbers")
    with pytest.raises(exceptions.DatasetNotFound, match=r"not in Opik at .* any more") as gone:
        evaluate(dataset, CountingTask(), **QUIET)
    said.append(str(gone.value))
    with server.down(), pytest.raises(exceptions.ServerUnreachable) as away:
        evaluate(dataset, CountingTask(), **QUIET)
    said += [str(away.value), repr(away.value), caplog.text]
    assert not [text for text in said if KEY in text]


def test_that_its_server_is_not_the_default_store_is_said_once(
    filled: Filled, server: OpikServer, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = filled("numbers")
    for _ in range(2):
        evaluate(dataset, CountingTask(), **QUIET)
    (said,) = [record.getMessage() for record in caplog.records if "connect(" in record.getMessage()]
    assert f"connect({server.url!r})" in said
    assert KEY not in said


@pytest.mark.parametrize("way", ["connected", "configured"])
def test_of_the_default_store_nothing_is_said(
    filled: Filled, server: OpikServer, way: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = filled("numbers")
    close_all()
    if way == "connected":
        connect(server.url, api_key=KEY, workspace="team")
    else:
        for name, value in (("URL_OVERRIDE", server.url), ("API_KEY", KEY), ("WORKSPACE", "team")):
            monkeypatch.setenv(f"OPIK_{name}", value)
    evaluate(dataset, CountingTask(), **QUIET)
    assert [record for record in caplog.records if record.name.startswith("opik_resume")] == []


@pytest.mark.parametrize("given", ["elsewhere", "quality", None])
def test_the_project_of_the_dataset_comes_first_and_that_is_said(
    filled: Filled, server: OpikServer, given: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    evaluate(filled("numbers"), CountingTask(), project_name=given, **QUIET)
    project = server.workspace("team").projects[experiment_on(server)["project_id"]]["name"]
    assert project == "quality"
    said = [record.getMessage() for record in caplog.records if "project_name" in record.getMessage()]
    assert len(said) == (1 if given == "elsewhere" else 0)
    assert all("evaluate()" in text and "'quality'" in text and "'elsewhere'" in text for text in said)


def test_one_made_of_the_rest_client_alone_is_taken(filled: Filled, client: opik.Opik, server: OpikServer) -> None:
    filled("numbers")
    bare = opik.Dataset("numbers", None, "quality", rest_client=client.rest_client)
    assert evaluate(bare, CountingTask(), **QUIET).complete
    assert experiment_on(server)["dataset_id"] == bare.id


def test_an_empty_one_gives_an_empty_result(client: opik.Opik, local: Store, caplog: pytest.LogCaptureFixture) -> None:
    result = evaluate(client.create_dataset("empty"), CountingTask(), **QUIET)
    assert (result.test_results, result.complete) == ([], True)
    assert "nothing was evaluated: the dataset 'empty' has no items" in caplog.text


def test_test_suites_stay_opiks_alone(client: opik.Opik, local: Store) -> None:
    from opik.api_objects.dataset.test_suite.test_suite import TestSuite

    suite = TestSuite.__new__(TestSuite)
    with pytest.raises(
        exceptions.UnsupportedArgument, match=r"test suites .* Opik's own: run them with opik\.run_tests"
    ):
        evaluate(suite, CountingTask(), **QUIET)  # type: ignore[arg-type]


def test_a_version_of_the_package_that_keeps_its_connection_elsewhere_is_told(filled: Filled) -> None:
    dataset = filled("numbers")
    del dataset._rest_client
    dataset.__dict__["id"] = "known"
    with pytest.raises(exceptions.ArgumentError, match=r"does not tell where 'numbers' is .*get_dataset\('numbers'\)"):
        evaluate(dataset, CountingTask(), **QUIET)


def test_what_only_looks_like_one_is_refused_and_the_package_is_not_imported(tmp_path: Path) -> None:
    program = f"""
import sys
from opik_resume import connect, evaluate, exceptions
connect({str(tmp_path / "store.sqlite3")!r})
class Dataset:
    name = id = "numbers"
try:
    evaluate(Dataset(), lambda item: {{}}, verbose=0)
except exceptions.ArgumentError as error:
    print(error)
print("opik" in sys.modules, [name for name in sys.modules if name.startswith("opik.")])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first == "dataset must be a Dataset or a DatasetVersion, ours or the opik package's, got Dataset"
    assert second == "False []"


def test_our_own_dataset_still_lives_in_its_store(local: Store, tmp_path: Path) -> None:
    dataset = create_dataset("numbers", store=local)
    dataset.insert([{"n": 1, "reference": "1"}])
    other = connect(tmp_path / "other.sqlite3")
    with pytest.raises(exceptions.ArgumentError, match=r"lives in .*leave store= out"):
        evaluate(dataset, CountingTask(), store=other, **QUIET)
