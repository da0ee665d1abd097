"""Secrets are in no text that people look at, and other texts stay as they are."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.base.records import ErrorInfo
from opik_resume.base.text import redaction
from opik_resume.base.text.redaction import keep_secret, redacted
from opik_resume.base.text.tracebacks import MESSAGE_LIMIT, TRACEBACK_LIMIT, error_info

KEY = "0123456789-abcdef"


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "hf_token", "My_Client_Secret", "OPIK_API_KEY"])
def test_values_of_variables_with_telling_names_are_redacted(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, f" {KEY}\n")
    assert redacted(f"refused {KEY}, {KEY}!") == f"refused [{name} redacted], [{name} redacted]!"


@pytest.mark.parametrize(
    ("name", "value"), [("HOME_PAGE", KEY), ("X_API_KEY", "short"), ("X_API_KEY", "elevenchars"), ("X_TOKEN", "")]
)
def test_other_variables_and_short_values_are_not(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert redacted(f"a {value} b") == f"a {value} b"


def test_a_secret_within_another_leaves_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", KEY)
    monkeypatch.setenv("B_TOKEN", f"{KEY}-and-more")
    assert redacted(f"<{KEY}-and-more>") == "<[B_TOKEN redacted]>"


def test_opiks_key_is_found_in_its_file_whenever_that_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPIK_CONFIG_PATH", str(tmp_path / "none"))
    assert redacted(KEY) == KEY
    for number in range(3):
        file = tmp_path / f"{number}"
        file.write_text(f"[opik]\napi_key = {KEY}{number}\n" if number else "no ini")
        monkeypatch.setenv("OPIK_CONFIG_PATH", str(file))
        assert redacted(f"{KEY}{number}") == ("[Opik API key redacted]" if number else f"{KEY}0")


def test_a_key_that_was_given_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_given", set())
    keep_secret(KEY)
    keep_secret("short")
    keep_secret(None)
    assert redacted(f"{KEY} short") == "[Opik API key redacted] short"


@pytest.mark.parametrize(
    "key",
    [
        "sk-abcdefghijklmnopqrstuvwxyz1234",
        "sk-proj-Ab3_dEf-0123456789abcdefgh",
        "sk-ant-api03-abcdefghijklmnop",
        "hf_abcdefghijklmnopqrstuvwxyz0123",
        "ghp_abcdefghijklmnopqrstuvwxyz0123",
        "xoxb-123456789012-abcdefgh",
        "AIza" + 35 * "x",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_def-1",
    ],
)
def test_what_is_made_like_a_key_of_a_provider_is_redacted_wherever_it_comes_from(key: str) -> None:
    assert redacted(f"Incorrect API key provided: {key}. See https://example.com") == (
        "Incorrect API key provided: [redacted]. See https://example.com"
    )


@pytest.mark.parametrize("word", ["sk-learn", "task-0123456789abcdefgh", "sk_a_name_of_a_variable", "AIza", "eyJ.eyJ"])
def test_words_that_only_begin_like_a_key_stay(word: str) -> None:
    assert redacted(f"a {word} b") == f"a {word} b"


@pytest.mark.parametrize(
    ("text", "clear"),
    [
        ("Authorization: Bearer abc", "Authorization: [redacted]"),
        ("authorization: basic dXNlcjpwYXNz==; next", "authorization: [redacted]; next"),
        ("{'Authorization': 'Bearer abc.def', 'x': 'y'}", "{'Authorization': '[redacted]', 'x': 'y'}"),
        ('{"AUTHORIZATION": "abcdefghijkl"}', '{"AUTHORIZATION": "[redacted]"}'),
        (r"{\"Authorization\": \"Bearer abc\"}", r"{\"Authorization\": \"[redacted]\"}"),
        ("[(b'authorization', b'Bearer abc')]", "[(b'authorization', b'[redacted]')]"),
        ("Proxy-Authorization: Basic abc", "Proxy-Authorization: [redacted]"),
        ('Authorization: Digest username="u", response="r"\nHost: x', "Authorization: [redacted]\nHost: x"),
        ("Authorization: AWS4-HMAC-SHA256 Credential=a, Signature=b", "Authorization: [redacted]"),
        ("Authorization: Key abcdefghijkl end", "Authorization: [redacted] end"),
        ("-H 'Authorization: Bearer abc'", "-H 'Authorization: [redacted]'"),
        ("headers={'authorization'=>'Token abc'}", "headers={'authorization'=>'[redacted]'}"),
        ("GET https://user:pass@host:80/a?b=c@d", "GET https://[redacted]@host:80/a?b=c@d"),
        ("postgresql://u:p%40ss@db/x and http://tok@h/", "postgresql://[redacted]@db/x and http://[redacted]@h/"),
    ],
)
def test_headers_and_passwords_are_redacted(text: str, clear: str) -> None:
    assert redacted(text) == clear
    assert redacted(clear) == clear


@pytest.mark.parametrize(
    "text",
    [
        "authorization failed", "Authorization: none", "the authorization of the user", "mail a@b.c about http://x/y@z",
        "see http://host/path, or ask me@home", "é 😀 authorization: [secure]",
    ],
)  # fmt: skip
def test_other_texts_stay(text: str) -> None:
    assert redacted(text) == text


@given(st.text(), st.text())
def test_nothing_of_a_secret_is_left_wherever_it_stands(before: str, after: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SOME_API_KEY", KEY)
        assert KEY not in redacted(f"{before}{KEY}{after}")


class Refused(Exception):
    def __str__(self) -> str:
        return f"401 for {KEY}"


def test_errors_are_told_without_secrets_whatever_shows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", KEY)

    def call() -> None:
        error = Refused()
        error.add_note(f"sent with {KEY}")
        raise error

    try:
        try:
            call()
        except Refused as cause:
            raise ValueError("no answer") from cause
    except ValueError as caught:
        info = error_info(caught)
    assert KEY not in str(info)
    assert info.traceback.count("[SOME_API_KEY redacted]") == 2


@pytest.mark.parametrize("before", range(MESSAGE_LIMIT - 25, MESSAGE_LIMIT + 5, 3))
def test_a_secret_at_the_end_of_what_is_kept_is_not_cut_in_two(monkeypatch: pytest.MonkeyPatch, before: int) -> None:
    monkeypatch.setenv("SOME_API_KEY", KEY)
    info: ErrorInfo = error_info(ValueError("x" * before + KEY + "y" * 3 * TRACEBACK_LIMIT))
    assert "sk-0" not in info.message
    assert len(info.message) <= MESSAGE_LIMIT
    assert len(info.traceback) <= TRACEBACK_LIMIT


def test_our_log_lines_and_their_tracebacks_are_without_secrets(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SOME_API_KEY", KEY)
    for name in ("opik_resume", "opik_resume.some.module"):
        try:
            raise Refused
        except Refused as error:
            redaction.logger(name).exception("it failed: %s", error)
    assert caplog.text.count("[SOME_API_KEY redacted]") == 4
    assert KEY not in caplog.text


def test_every_logger_of_ours_redacts() -> None:
    import opik_resume.engine.loop
    import opik_resume.notebook.widget.control  # noqa: F401

    made = [each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    ours = [
        each for each in made if each.name.startswith("opik_resume") and not each.handlers
    ]  # else kept from printing
    assert len(ours) > 3
    assert [each.name for each in ours if not each.filters] == []
