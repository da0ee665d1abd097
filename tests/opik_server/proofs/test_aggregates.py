"""The lag of the pre-computed views, and the live read that does not have it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.waiting import until


@dataclass
class Scene:
    server: OpikServer
    api: Api
    dataset_id: str
    items: list[str]

    def counts(self, experiment_id: str) -> dict[str, int]:
        """How many runs each way of reading shows."""
        rows = self.api.compared(self.dataset_id, experiment_id)
        page = self.api.ok("GET", "/experiments")["content"]
        return {
            "compare": sum(len(row["experiment_items"]) for row in rows),
            "stream": sum(row["experiment_id"] == experiment_id for row in self.api.streamed()),
            "list": next(row for row in page if row["id"] == experiment_id)["trace_count"],
            "get": self.api.ok("GET", f"/experiments/{experiment_id}")["trace_count"],
            "live": len(self.api.live(experiment_id)),
        }


def all_(count: int) -> dict[str, int]:
    return dict.fromkeys(("compare", "stream", "list", "get", "live"), count)


def stale(shown: int, live: int) -> dict[str, int]:
    return {**all_(shown), "live": live}


@pytest.fixture
def scene(server: OpikServer, api: Api) -> Scene:
    dataset_id = api.dataset(count=3)
    return Scene(server, api, dataset_id, api.item_ids(dataset_id))


def test_without_a_picture_all_reads_are_live(scene: Scene) -> None:
    id_ = scene.api.experiment()
    scene.api.run(id_, scene.items[0])
    assert scene.counts(id_) == all_(1)


def test_a_picture_hides_what_came_after_it(scene: Scene) -> None:
    id_ = scene.api.experiment()
    scene.api.run(id_, scene.items[0])
    scene.server.aggregates.build(id_)
    scene.api.run(id_, scene.items[1])
    assert scene.counts(id_) == stale(1, live=2)
    scene.server.aggregates.advance(61)
    assert scene.counts(id_) == all_(2)


def test_the_debounce_slides(scene: Scene) -> None:
    id_, aggregates = scene.api.experiment(), scene.server.aggregates
    scene.api.run(id_, scene.items[0])
    aggregates.advance(59)
    scene.api.run(id_, scene.items[1])
    aggregates.advance(59)
    assert not aggregates.has(id_)
    aggregates.advance(1)
    assert aggregates.has(id_)


def test_while_frozen_nothing_is_recomputed(scene: Scene) -> None:
    id_, aggregates = scene.api.experiment(), scene.server.aggregates
    aggregates.build(id_)
    aggregates.frozen = True
    scene.api.run(id_, scene.items[0])
    aggregates.advance(600)
    assert scene.counts(id_) == stale(0, live=1)


@pytest.mark.parametrize("end", ["finish", "patch"])
def test_a_running_experiment_stays_live_until_its_end(scene: Scene, end: str) -> None:
    id_, aggregates = scene.api.experiment(status="running"), scene.server.aggregates
    scene.api.run(id_, scene.items[0])
    scene.api.ok("PATCH", f"/experiments/{id_}", {"metadata": {"beat": 1}})
    scene.api.ok("GET", f"/experiments/{id_}")
    assert not aggregates.due(id_)
    if end == "finish":
        scene.api.ok("POST", "/experiments/finish", {"ids": [id_]})
    else:
        scene.api.ok("PATCH", f"/experiments/{id_}", {"status": "completed"})
    assert aggregates.due(id_)


def test_running_freezes_the_picture_of_one_that_has_one(scene: Scene) -> None:
    id_, aggregates = scene.api.experiment(), scene.server.aggregates
    aggregates.build(id_)
    scene.api.ok("PATCH", f"/experiments/{id_}", {"status": "running"})
    scene.api.run(id_, scene.items[0])
    aggregates.advance(600)
    assert scene.counts(id_) == stale(0, live=1)


def test_even_looking_queues_a_first_picture(scene: Scene) -> None:
    id_ = scene.api.experiment()
    scene.api.ok("GET", f"/experiments/{id_}")
    assert scene.server.aggregates.due(id_)


def test_deleted_items_leave_at_once_and_deleted_experiments_take_the_picture_along(scene: Scene) -> None:
    id_, aggregates = scene.api.experiment(), scene.server.aggregates
    trace_id = scene.api.run(id_, scene.items[0])
    aggregates.build(id_)
    (item,) = scene.api.streamed()
    assert item["trace_id"] == trace_id
    scene.api.ok("POST", "/experiments/items/delete", {"ids": [item["id"]]})
    assert scene.api.streamed() == []
    scene.api.ok("POST", "/experiments/delete", {"ids": [id_]})
    assert not aggregates.has(id_)


def test_name_status_and_metadata_are_never_stale(scene: Scene) -> None:
    id_ = scene.api.experiment(status="running")
    scene.server.aggregates.build(id_)
    scene.server.aggregates.frozen = True
    scene.api.ok("PATCH", f"/experiments/{id_}", {"name": "new", "status": "completed", "metadata": {"a": 1}})
    for row in (scene.api.ok("GET", f"/experiments/{id_}"), *scene.api.ok("GET", "/experiments")["content"]):
        assert (row["name"], row["status"], row["metadata"]) == ("new", "completed", {"a": 1})


def test_with_a_lag_pictures_appear_and_catch_up_by_themselves(scene: Scene) -> None:
    id_, aggregates = scene.api.experiment(), scene.server.aggregates
    scene.api.run(id_, scene.items[0])
    aggregates.lag(0.2)
    assert scene.counts(id_) == all_(1)
    until(lambda: aggregates.settled)
    assert aggregates.has(id_)
    scene.api.run(id_, scene.items[1])
    assert scene.counts(id_)["live"] == 2
    until(lambda: scene.counts(id_) == all_(2))


def test_what_was_written_before_lags_no_longer_than_what_comes(scene: Scene) -> None:
    id_, aggregates = scene.api.experiment(), scene.server.aggregates
    scene.api.ok("POST", "/experiments/finish", {"ids": [id_]})
    aggregates.lag(10)
    aggregates.advance(11)
    assert aggregates.has(id_)


def test_the_lag_counts_from_the_last_write_and_from_a_finish(scene: Scene) -> None:
    id_, aggregates = scene.api.experiment(), scene.server.aggregates
    aggregates.lag(3600)
    scene.api.run(id_, scene.items[0])
    aggregates.advance(3599)
    scene.api.ok("POST", "/experiments/finish", {"ids": [id_]})
    aggregates.advance(3599)
    assert not aggregates.has(id_)
    aggregates.advance(1)
    assert aggregates.has(id_)


def statuses(scene: Scene, experiment_id: str, count: int) -> list[int]:
    return [scene.api.call("GET", f"/experiments/{experiment_id}").status_code for _ in range(count)]


def test_an_experiment_that_exists_is_missed_while_its_first_picture_appears(scene: Scene) -> None:
    id_, aggregates = scene.api.experiment(), scene.server.aggregates
    aggregates.misses = 2
    assert statuses(scene, id_, 1) == [200]
    aggregates.advance(60)
    answer = scene.api.call("GET", f"/experiments/{id_}")
    assert answer.json() == {"code": 404, "message": f"Not found experiment with id '{id_}'"}
    page = scene.api.ok("GET", "/experiments")
    assert (page["content"], page["size"], page["total"]) == ([], 0, 1)
    assert statuses(scene, id_, 1) == [200]
    scene.api.run(id_, scene.items[0])
    aggregates.advance(60)
    assert statuses(scene, id_, 1) == [200], "it has a picture already"


def test_who_misses_it_can_be_chosen(scene: Scene) -> None:
    id_, aggregates = scene.api.experiment(), scene.server.aggregates
    aggregates.misses, aggregates.missed_by = 1, lambda request: "wanted" in request.query
    aggregates.queue(id_)
    aggregates.advance(60)
    assert statuses(scene, id_, 1) == [200]
    assert scene.api.call("GET", f"/experiments/{id_}", wanted=1).status_code == 404
    scene.server.problems.clear()  # it is no parameter of the real API
