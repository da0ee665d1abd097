"""Opik's configuration is found where the ``opik`` package finds it, and a wrong one is named."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import opik_resume
from opik_resume import connect
from opik_resume.base import settings
from opik_resume.base.settings import opik_is_configured, opik_settings
from opik_resume.exceptions import ArgumentError, NotAuthorized, RequestRefused, ServerUnreachable
from opik_resume.stores import default_store
from opik_resume.stores.local import LocalStore
from opik_resume.stores.opik import OpikStore
from tests.opik_server import OpikServer
from tests.opik_server.faulty import faults

KEY_WITH_URL = "short*" + base64.b64encode(json.dumps({"baseUrl": "https://hosted.example/x/"}).encode()).decode()
INI = "[opik]\nurl_override = http://file.example/api/\nworkspace = of file\napi_key = %key\nproject_name = filed\n"

CASES: dict[str, tuple[dict[str, str], str]] = {
    "nothing": ({}, ""),
    "environment": ({"OPIK_URL_OVERRIDE": "http://env.example/api", "OPIK_WORKSPACE": "w", "OPIK_API_KEY": "k"}, ""),
    "any case": ({"opik_url_override": "http://env.example/api/", "Opik_Project_Name": "p"}, ""),
    "file": ({}, INI),
    "environment over file": ({"OPIK_WORKSPACE": "of env"}, INI),
    "an empty key counts as set": ({"OPIK_API_KEY": ""}, INI),
    "another section": ({}, "[other]\nworkspace = x\n"),
    "a key with a URL": ({"OPIK_API_KEY": KEY_WITH_URL}, ""),
    "a key with a URL beside a URL": (
        {"OPIK_API_KEY": KEY_WITH_URL, "OPIK_URL_OVERRIDE": "http://env.example/api/"},
        "",
    ),
    "a key with one part too many": ({"OPIK_API_KEY": KEY_WITH_URL + "*x"}, ""),
    "switches": ({"OPIK_CHECK_TLS_CERTIFICATE": "False", "OPIK_ENABLE_JSON_REQUEST_COMPRESSION": "0"}, ""),
}
THEIRS = """
import json, os, sys
from pathlib import Path
from opik.config import OpikConfig
cases, found = json.load(sys.stdin), []
for environment, ini in cases:
    for name in list(os.environ):
        if name.lower().startswith("opik_"):
            del os.environ[name]
    os.environ.update(environment)
    (Path.home() / ".opik.config").write_text(ini)
    c = OpikConfig()
    found.append([c.url_override.rstrip("/") + "/", c.api_key, c.workspace, c.project_name, c.check_tls_certificate,
                  c.enable_json_request_compression])
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    """What the real package makes of every case."""
    home = tmp_path_factory.mktemp("home")
    switches = {"OPIK_SENTRY_ENABLE": "false", "OPIK_ANALYTICS_ENABLE": "false"}
    environment = {key: value for key, value in os.environ.items() if not key.lower().startswith("opik_")}
    done = subprocess.run(
        [sys.executable, "-c", THEIRS],
        input=json.dumps(list(CASES.values())),
        env=environment | switches | {"HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(CASES, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("case", CASES)
def test_what_the_opik_package_finds_we_find(
    case: str, theirs: dict[str, list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment, ini = CASES[case]
    (Path.home() / ".opik.config").write_text(ini)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ours = opik_settings()
    project = ours.project or "Default Project"
    assert [ours.url, ours.api_key, ours.workspace, project, ours.check_tls, ours.compress] == theirs[case]


def test_the_file_may_be_elsewhere_and_arguments_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.ini").write_text(INI)
    monkeypatch.setenv("OPIK_CONFIG_PATH", f" {tmp_path / 'mine.ini'} ")
    found = opik_settings(workspace="argued")
    assert (found.url, found.workspace, found.api_key) == ("http://file.example/api/", "argued", "%key")
    assert (found.source("workspace"), found.source("url")) == ("connect()", f"the file {tmp_path / 'mine.ini'}")
    assert "%key" not in repr(found)


def test_configured_means_a_url_or_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPIK_WORKSPACE", "w")
    monkeypatch.setenv("OPIK_API_KEY", "")
    assert not opik_is_configured()
    monkeypatch.setenv("OPIK_API_KEY", "k")
    assert opik_is_configured()


@pytest.mark.parametrize(
    ("name", "value"),
    [("OPIK_URL_OVERRIDE", "localhost:5173"), ("OPIK_URL_OVERRIDE", ""), ("OPIK_CHECK_TLS_CERTIFICATE", "perhaps")],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ArgumentError, match=f"from the variable {name}"):
        opik_settings()


def test_a_broken_file_is_named() -> None:
    (Path.home() / ".opik.config").write_text("no section\n")
    with pytest.raises(ArgumentError, match=r"\.opik\.config cannot be read"):
        opik_settings()


# Which store


def test_without_opik_the_embedded_store_is_the_default(tmp_path: Path) -> None:
    assert isinstance(default_store(), LocalStore)
    assert isinstance(connect(), LocalStore)
    assert isinstance(connect(tmp_path / "x.sqlite3"), LocalStore)
    with pytest.raises(ArgumentError, match="workspace: a file has none"):
        connect(tmp_path / "x.sqlite3", workspace="w")


def test_with_opik_configured_the_server_is_the_default(server: OpikServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPIK_URL_OVERRIDE", server.url)
    store = default_store()
    assert isinstance(store, OpikStore)
    assert default_store() is store
    assert store.label == f"Opik at 127.0.0.1:{server.url.split(':')[2].split('/')[0]}, workspace default"
    frame = opik_resume.experiments()
    assert frame.attrs["store"] == frame.columns.name == store.label
    assert connect() is store


def test_connecting_to_a_url_makes_it_the_default(server: OpikServer) -> None:
    store = connect(server.url)
    assert default_store() is store
    assert connect(server.url.rstrip("/")) is store


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"workspace": "mine"}, "asks for an API key and none is configured: set OPIK_API_KEY"),
        ({"api_key": "wrong-secret", "workspace": "mine"}, r"refuses the API key that came from connect\(\)"),
        ({"api_key": "right-secret", "workspace": "nobody's"}, r"no access to the workspace \"nobody's\".*connect\(\)"),
    ],
)
def test_a_wrong_key_or_workspace_is_one_clear_sentence(arguments: dict[str, str], says: str) -> None:
    with OpikServer(api_key="right-secret", workspaces=("mine",)) as server:
        with pytest.raises(NotAuthorized, match=says) as caught:
            connect(server.url, **arguments)
        assert "secret" not in str(caught.value)
        assert isinstance(default_store(), LocalStore), "what did not work is not the default"
        assert isinstance(connect(server.url, api_key="right-secret", workspace="mine"), OpikStore)


@pytest.mark.parametrize("path", ["opik/", "api/v1/private/"])
def test_a_wrong_url_is_one_clear_sentence(path: str, server: OpikServer) -> None:
    wrong = server.url.removesuffix("api/") + path
    with pytest.raises(RequestRefused, match=r"is not the API of an Opik server: it ends in /api/") as caught:
        connect(wrong)
    assert f"{wrong} (from connect())" in str(caught.value)
    assert isinstance(default_store(), LocalStore), "what did not work is not the default"
    server.problems.clear()  # the stand-in wonders about the path, too


def test_a_page_for_people_is_not_taken_for_opik(server: OpikServer) -> None:
    server.faults.add(faults.Status(200, body="<html>Welcome to the hotel</html>"))
    with pytest.raises(RequestRefused, match="is not the API of an Opik server"):
        connect(server.url)


@pytest.mark.parametrize("status", [200, 201, 204])
@pytest.mark.parametrize("body", [{}, [], {"status": "ok"}, {"workspace_name": None}, "ok", 1])
def test_what_says_yes_to_everything_is_not_taken_for_opik(status: int, body: object, server: OpikServer) -> None:
    server.faults.add(faults.Status(status, body=body), times=None)
    with pytest.raises(RequestRefused, match="is not the API of an Opik server"):
        connect(server.url)
    assert isinstance(default_store(), LocalStore), "what did not work is not the default"


def test_one_api_too_many_is_left_out(server: OpikServer) -> None:
    with pytest.raises(RequestRefused, match=rf"Leave out /api/: {server.url}$"):
        connect(f"{server.url}api/")
    server.problems.clear()  # the stand-in wonders about the path, too


def test_the_bare_port_of_the_back_end_has_no_api(server: OpikServer) -> None:
    nothing = faults.Status(404, body={"code": 404, "message": "HTTP 404 Not Found"})
    fault = server.faults.add(nothing, times=None)
    with pytest.raises(RequestRefused, match=r"Leave out /api/: (http://127\.0\.0\.1:\d+/)$"):
        connect(server.url)
    with pytest.raises(RequestRefused, match="is not the API of an Opik server"):
        connect(server.url.removesuffix("api/"))
    server.faults.remove(fault)
    with OpikServer(prefix="") as bare:
        assert connect(bare.url).label.startswith("Opik at 127.0.0.1")


def test_nobody_there_is_one_clear_sentence(server: OpikServer) -> None:
    with (
        server.down(),
        pytest.raises(ServerUnreachable, match=r"cannot be reached: .*The URL http.* is from connect\(\)"),
    ):
        connect(server.url)


def test_a_server_without_keys_knows_one_workspace(server: OpikServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPIK_WORKSPACE", "other")
    with pytest.raises(
        NotAuthorized, match="no access to the workspace 'other', which came from the variable OPIK_WORKS"
    ):
        connect(server.url)


def test_nothing_of_ours_is_written_into_opiks_file(server: OpikServer) -> None:
    (Path.home() / ".opik.config").write_text(f"[opik]\nurl_override = {server.url}\n")
    store = connect()
    store.create_dataset("d")
    assert (Path.home() / ".opik.config").read_text() == f"[opik]\nurl_override = {server.url}\n"
    assert settings.database_path().exists()
