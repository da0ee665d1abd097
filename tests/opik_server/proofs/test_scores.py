"""Scores: which values are kept, how exactly, and which refuse their batch."""

from __future__ import annotations

from typing import Any

import pytest

from tests.opik_server.api import PROJECT, Api
from tests.opik_server.tables.ids import new_id

BORN = {"id": new_id(), "start_time": "2026-01-01T00:00:00Z"}


def put(api: Api, *rows: dict[str, Any]) -> Any:
    full = [{"project_name": PROJECT, "name": "exact", "source": "sdk", **row} for row in rows]
    return api.call("PUT", "/traces/feedback-scores", {"scores": full})


@pytest.mark.parametrize(
    ("value", "kept"),
    [(1 / 3, 0.333333333), (1e-10, 0.0), (-2, -2.0), (999999999.9, 999999999.9)],
)
def test_nine_decimals_are_kept(api: Api, value: object, kept: float) -> None:
    id_ = api.trace()
    assert put(api, {"id": id_, "value": value}).status_code == 204
    (score,) = api.ok("GET", f"/traces/{id_}")["feedback_scores"]
    assert (score["value"], score["value_by_author"]["admin"]["value"]) == (kept, kept)


@pytest.mark.parametrize(
    ("row", "status", "errors"),
    [
        ({"value": 1e9}, 422, ["scores[1].value must be less than or equal to 999999999.999999999"]),
        ({"value": -1e9}, 422, ["scores[1].value must be greater than or equal to -999999999.999999999"]),
        ({"value": 1, "name": " "}, 422, ["scores[1].name must not be blank"]),
        ({"value": 1, "source": None}, 422, ["scores[1].source must not be null"]),
        ({"value": None}, 422, ["scores[1].value must not be null"]),
        ({"value": True}, 400, None),
        ({"value": "nan"}, 400, None),
        ({"value": 1, "source": "nonsense"}, 400, None),
    ],
)
def test_one_that_is_refused_takes_its_batch_along(api: Api, row: dict[str, Any], status: int, errors: Any) -> None:
    id_ = api.trace()
    answer = put(api, {"id": id_, "value": 1}, {"id": id_, "name": "other", **row})
    assert (answer.status_code, answer.json().get("errors")) == (status, errors)
    assert "feedback_scores" not in api.ok("GET", f"/traces/{id_}")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/traces/batch", {"traces": [{**BORN, "source": "nonsense"}]}),
        ("/spans/batch", {"spans": [{**BORN, "trace_id": new_id(), "type": "nonsense"}]}),
        (
            "/traces/search",
            {"project_name": PROJECT, "filters": [{"field": "nonsense", "operator": "=", "value": "x"}]},
        ),
        ("/experiments", {"dataset_name": "numbers", "type": "nonsense"}),
    ],
)
def test_what_no_enumeration_has_cannot_be_read(api: Api, path: str, body: dict[str, Any]) -> None:
    api.trace()
    answer = api.call("POST", path, body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Unable to process JSON. Cannot deserialize value")
