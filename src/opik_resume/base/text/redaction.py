"""Secrets out of texts that people look at: messages and tracebacks of exceptions, log lines, whatever user code says.

Never of items, task outputs, scores and their reasons: those are the user's data.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Iterator

from opik_resume.base import settings

SHORTEST = 12  # characters of a secret: shorter ones are words of every other text

_SECRET_NAMES = ("_API_KEY", "_TOKEN", "_SECRET")
_HEADER = re.compile(
    r"""(authorization (?:\\*["'])? \s*(?:[:=,]|=>)\s* (?:b?\\*["'])?)  # Authorization: and 'authorization', b'
        (?: (?:bearer|basic|token|apikey|negotiate|ntlm)\s+[^\s"'\\,;)}\]]+  # a scheme, and the word after it
          | (?:digest|aws4-hmac-sha256)\s[^\n\r]+                            # or all that the scheme has to say
          | (?:[\w-]{1,24}\s+)? [^\s"'\\,;)}\]]{12,} )                       # or a key, after any word""",
    re.IGNORECASE | re.VERBOSE,
)
_SHAPED = re.compile(  # as providers make their keys: whoever wrote one into a cell has it in no variable
    r"""\b(?: (?:sk|pk|rk|gsk|hf|gh[opsu]|xox[abeprs]|r8|pplx|lsv2|glpat)[-_](?=[\w-]*\d)[\w-]{16,}
          | AIza[\w-]{35} | AKIA[A-Z0-9]{16} | eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+ )""",
    re.VERBOSE,
)
_USER = re.compile(r"(?<=://)[^/\s\"'<>?#]+@")  # user:password@ of a URL

_lock = threading.Lock()  # guards the set
_given: set[str] = set()  # keys that came with a call


def redacted(text: str) -> str:
    """The text without keys of this process, what looks like one, ``Authorization`` headers, and passwords in URLs.

    Its keys are the values, of ``SHORTEST`` characters or more, of variables ``*_API_KEY``, ``*_TOKEN`` and ``*_SECRET``,
    the one that is configured for Opik, and those that were given to ``connect``.
    """
    for secret, name in _secrets():
        if secret in text:
            text = text.replace(secret, f"[{name} redacted]")
    text = _SHAPED.sub("[redacted]", text)
    if "authorization" in text.lower():
        text = _HEADER.sub(r"\1[redacted]", text)
    return _USER.sub("[redacted]@", text) if "@" in text else text


def keep_secret(secret: str | None) -> None:
    """From now on this is a secret, too."""
    if secret is not None and len(secret) >= SHORTEST:
        with _lock:
            _given.add(secret)


def _secrets() -> list[tuple[str, str]]:
    """Secrets with their names, the longest first, since one may be a part of another.

    Looked up for each text, of which there are as many as failures: keys are changed in a notebook.
    """
    found = {value.strip(): name for value, name in (*_of_us(), *_of_environment())}
    return sorted(((s, n) for s, n in found.items() if len(s) >= SHORTEST), key=lambda each: -len(each[0]))


def _of_us() -> Iterator[tuple[str, str]]:
    with _lock:
        given = list(_given)
    for secret in (*given, settings.configured_key()):
        if secret is not None:
            yield secret, "Opik API key"


def _of_environment() -> Iterator[tuple[str, str]]:
    for name in list(os.environ):  # which another thread may change meanwhile
        if name.upper().endswith(_SECRET_NAMES):
            yield os.environ.get(name, ""), name


class _Redacting(logging.Filter):
    """Secrets out of a log line, and of the traceback below it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redacted(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = redacted(logging.Formatter().formatException(record.exc_info))
        return True


_redacting = _Redacting()


def logger(name: str) -> logging.Logger:
    """The logger of that name, one of ours, whose lines are without secrets. A filter is not inherited."""
    found = logging.getLogger(name)
    found.addFilter(_redacting)
    return found


logger("opik_resume")  # the one of all that have none of their own
