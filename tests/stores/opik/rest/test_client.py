"""The HTTP client: what it sends, what it tries again, what it says."""

from __future__ import annotations

import gzip
import json
import logging
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import certifi  # comes with httpx
import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opik_resume.base.settings import OpikSettings, opik_settings
from opik_resume.exceptions import RequestRefused, ServerUnreachable
from opik_resume.stores.opik import OpikStore
from opik_resume.stores.opik.rest import answers
from opik_resume.stores.opik.rest import client as http
from opik_resume.stores.opik.rest.client import Client
from opik_resume.stores.opik.rest.encoding import encoded, encoded_row
from tests.opik_server import OpikServer
from tests.opik_server.api import Api
from tests.opik_server.faulty import faults
from tests.stores.opik.makers import theirs
from tests.strategies import JSON

SETTINGS = OpikSettings("http://opik.example/api/", api_key="very-secret", workspace="w")


@pytest.fixture
def client(server: OpikServer) -> Iterator[Client]:
    opened = Client(opik_settings(server.url, api_key="very-secret"))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"code":404,"message":"Not found","details":"really"}', "Not found; really"),
        ('{"errors":["one","two"]}', "one; two"),
        ("Bad\n  Gateway", "Bad Gateway"),
        ("[1]", "[1]"),
    ],
)
def test_the_servers_words_in_every_shape(body: str, words: str) -> None:
    assert answers.words_of(body) == words


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"RateLimit-Reset": "3", "Retry-After": "9"}, 3),
        ({"Retry-After": "9"}, 9),
        ({"Retry-After": "9999"}, 60),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({}, None),
    ],
)
def test_how_long_the_server_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert answers.asked_wait(httpx.Response(429, headers=headers)) == seconds


def test_long_bodies_are_compressed_and_the_key_is_sent_raw(server: OpikServer, client: Client) -> None:
    sent: list[httpx.Request] = []
    client._http.event_hooks = {"request": [sent.append]}
    client.call("POST", "datasets", {"name": "short"})
    client.call("POST", "datasets", {"name": "long " * 100})
    short, long = sent
    assert "content-encoding" not in short.headers
    assert long.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(long.content)) == {"name": "long " * 100}
    assert (long.headers["authorization"], long.headers["comet-workspace"]) == ("very-secret", "default")


def test_compression_can_be_switched_off(server: OpikServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPIK_ENABLE_JSON_REQUEST_COMPRESSION", "false")
    plain = Client(opik_settings(server.url))
    assert "content-encoding" not in plain._request("POST", "x", {"name": "long " * 100}, None).headers
    plain.close()


def test_what_passes_is_tried_again_and_what_does_not_is_said(server: OpikServer, client: Client) -> None:
    fault = server.faults.add(faults.Status(503), times=None)
    with pytest.raises(ServerUnreachable, match="GET /api/v1/private/datasets: 503 injected"):
        client.call("GET", "datasets")
    assert fault.hits == http.TRIES
    server.faults.clear()
    with pytest.raises(RequestRefused, match="404 Dataset not found"):
        client.call("POST", "datasets/retrieve", {"dataset_name": "no"})


def test_no_secret_is_in_messages_or_logs(server: OpikServer, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.faults.add(faults.DropBefore(), times=None)
    with pytest.raises(ServerUnreachable) as caught:
        client.call("GET", "datasets")
    assert "very-secret" not in str(caught.value) + caplog.text + repr(client.settings)


def test_a_closed_client_does_not_go_on_trying(server: OpikServer, client: Client) -> None:
    client.close()
    with pytest.raises(ServerUnreachable, match="closed"):
        client.call("GET", "datasets")


@pytest.mark.parametrize("write", [encoded, lambda row: encoded_row({"x": row})[5:-1]], ids=["one", "of a batch"])
@pytest.mark.parametrize(
    "text", ["é 😀 \ud83d!", "\\ud83d", "\ude00", "\ud83d\ud83d\ude00", "plain é", "\\\ud83d", "a\ude00\ude00"]
)
def test_any_text_is_json_that_every_server_can_keep(text: str, write: Callable[[Any], bytes]) -> None:
    read = json.loads(write([text]))[0]
    assert read == text.encode("utf-16", "surrogatepass").decode("utf-16", "backslashreplace") or "\\ud" in read
    read.encode("utf-8")


@given(st.dictionaries(st.text(), JSON, max_size=3))
@example({"deep": json.loads("[" * 300 + "]" * 300)})
@example({"large": 2**70, "small": 5e-324, "tuple": (1, 2)})
def test_the_quick_writer_of_rows_says_what_the_thorough_one_says(row: dict[str, Any]) -> None:
    assert json.loads(encoded_row(row)) == json.loads(encoded(row))


def test_a_bundle_of_certificates_and_the_switch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert http._verification(SETTINGS) is True
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    assert isinstance(http._verification(SETTINGS), ssl.SSLContext)
    monkeypatch.setenv("OPIK_CHECK_TLS_CERTIFICATE", "false")
    assert http._verification(opik_settings("http://x/api/")) is False


def test_opiks_own_proxy_is_used(server: OpikServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_OPIK_HTTP_PROXY", server.url.removesuffix("/api/"))
    through = Client(opik_settings("http://elsewhere.example/api/"))
    assert through.call("GET", "datasets")["total"] == 0, "the stand-in answers in the proxy's place"
    through.close()


def test_marks_of_line_ends_within_texts_do_not_end_a_line_of_a_stream(
    server: OpikServer, api: Api, store: OpikStore
) -> None:
    text = "one\u2028two\u0085three\r\nfour\x0b"
    experiment_id, item_ids = theirs(api, 1)
    api.run(experiment_id, item_ids[0], output={"output": text})
    (attempt,) = store.attempts(experiment_id, heavy=True)
    assert attempt.task_output == {"output": text}
