"""The recorded traffic of the real SDK, replayed: the same requests get the same statuses and answers of the same shape.

Recordings are condensed: of the answers, ids, names and counts are kept and of other values the kind. Ids that the
server mints differ in each run, so they are learned from the answers, as a client learns them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.opik_server import OpikServer
from tests.opik_server.faulty.faults import Status

RECORDINGS = Path(__file__).parent / "recordings"
STORIES = [
    "01",
    "02 03",
    "04",
    "05 10",
    "06",
    "07",
    "08 09",
    "11",
    "12",
    "13",
    "14",
    "15",
    "16 17 18",
    "19",
    "20",
    "21",
]
"""Recordings of one server, in the order in which they were made."""

UNREAL = {"sortableBy", "columns", "dataset_item_count"}
"""What the server that was recorded said in another way than a real one, or said at all: see ``test_real_server``."""

KINDS: dict[str, Any] = {"<object>": dict, "<list>": list, "<text>": str, "<number>": (int, float), "<bool>": bool}


def lines(story: str) -> Iterator[dict[str, Any]]:
    for number in story.split():
        (path,) = RECORDINGS.glob(f"{number}-*.jsonl")
        yield from map(json.loads, path.read_text("utf-8").splitlines())


def known(recorded: dict[str, Any]) -> dict[str, Any]:
    """An object without what a real server does not say so.

    The runs in compare do not name their project, and pages of versions are of the size that was asked for.
    """
    is_run, is_page_of_versions = "dataset_item_id" in recorded, "content" in recorded and "sortableBy" not in recorded
    unreal = UNREAL | ({"project_id"} if is_run else {"size"} if is_page_of_versions else set())
    return {key: value for key, value in recorded.items() if key not in unreal}


@dataclass
class Replay:
    server: OpikServer
    ours: dict[str, str] = field(default_factory=dict)  # recorded id -> the one that our server minted

    def __post_init__(self) -> None:
        self.connection = HTTPConnection(urlsplit(self.server.url).netloc)

    def run(self, recorded: dict[str, Any]) -> None:
        if recorded["status"] in {429, 500}:
            self.server.faults.add(Status(recorded["status"], recorded.get("headers", {})))
        self.server.state.versioning = self.server.state.versioning and recorded["status"] != 403
        status, headers, content = self.send(recorded)
        where = f"{recorded['method']} {recorded['path']}"
        assert status == recorded["status"], (where, content)
        if recorded["method"] == "POST" and status == 201:
            assert headers["location"].rsplit("/", 1)[0] == "/api" + recorded["path"]
            if "headers" in recorded:
                self.same(recorded["headers"]["location"].split("/")[-1], headers["location"].split("/")[-1], where)
        if "rows" in recorded:
            assert headers["content-type"] == "application/octet-stream"
            assert content == b"" or content.endswith(b"}\r\n")
            self.same(recorded["rows"], [json.loads(line) for line in content.split(b"\r\n")[:-1]], where)
        elif "answer" in recorded and status not in {429, 500}:
            self.same(recorded["answer"], json.loads(content), where)

    def send(self, recorded: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        text = json.dumps({key: recorded[key] for key in ("path", "query", "body") if key in recorded})
        for theirs, ours in self.ours.items():
            text = text.replace(theirs, ours)
        request = json.loads(text)
        body = json.dumps(request["body"]) if "body" in request else None
        target = "/api" + request["path"] + ("?" + urlencode(request["query"]) if "query" in request else "")
        self.connection.request(recorded["method"], target, body, {"Comet-Workspace": "default"})
        response = self.connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()

    def same(self, recorded: Any, ours: Any, where: str) -> None:
        """Everything recorded is there; what is minted anew in each run is learned."""
        if isinstance(recorded, dict):
            assert isinstance(ours, dict), where
            for key, value in known(recorded).items():
                assert key in ours, f"{where}: no {key}"
                self.same(value, ours[key], f"{where}.{key}")
        elif isinstance(recorded, list):
            assert isinstance(ours, list), where
            assert len(recorded) == len(ours), (where, recorded, ours)
            for theirs, mine in zip(self.in_order(recorded), self.in_order(ours), strict=True):
                self.same(theirs, mine, where)
        elif isinstance(recorded, str) and recorded in KINDS:
            assert isinstance(ours, KINDS[recorded]), (where, ours)
        elif where.endswith(("id", "_hash", "commit", "/datasets")) and recorded not in self.ours.values():
            assert self.ours.setdefault(recorded, ours) == ours, where
        elif not where.endswith("message"):
            assert self.ours.get(recorded, recorded) == ours, where

    def in_order(self, rows: list[Any]) -> list[Any]:
        """The entries of a compare row come in no defined order."""
        return sorted(rows, key=lambda row: row["id"]) if rows and "experiment_id" in rows[0] else rows


@pytest.mark.parametrize("story", STORIES)
def test_the_sdks_requests_get_the_recorded_answers(story: str) -> None:
    with OpikServer() as server:
        replay = Replay(server)
        for recorded in lines(story):
            replay.run(recorded)
        replay.connection.close()
        assert server.problems == []


def test_every_recording_is_replayed() -> None:
    assert sorted(path.name[:2] for path in RECORDINGS.glob("[0-9]*")) == sorted(" ".join(STORIES).split())
