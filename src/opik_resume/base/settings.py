"""Where the local file is, where Opik is, and which of the two is the default.

Opik's own settings are found exactly as the ``opik`` package 2.2.122 finds them (``opik/config.py``): arguments, then
``OPIK_*`` variables in any case, then the section ``[opik]`` of ``~/.opik.config`` (or ``OPIK_CONFIG_PATH``), then its
defaults. A variable that is set but empty counts as set. We never write there: an unknown key in that section makes
``import opik`` fail.
"""

from __future__ import annotations

import base64
import configparser
import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from opik_resume.exceptions import ArgumentError

DATABASE_VARIABLE = "OPIK_RESUME_DB"
_FILE_NAME = "experiments.sqlite3"

CLOUD_URL = "https://www.comet.com/opik/api/"
DEFAULT_WORKSPACE = "default"
_INI_FILE = "~/.opik.config"
_TRUE, _FALSE = {"1", "true", "t", "yes", "y", "on"}, {"0", "false", "f", "no", "n", "off"}

logger = logging.getLogger("opik_resume")


def database_path() -> Path:
    """The file of the embedded store: ``$OPIK_RESUME_DB``, else in the user's data folder, never the working folder."""
    configured = os.environ.get(DATABASE_VARIABLE, "").strip()
    if configured:
        return Path(configured).expanduser().absolute()
    import platformdirs  # only when it is needed: importing this package is to be quick

    return platformdirs.user_data_path("opik-resume", appauthor=False) / _FILE_NAME


@dataclass(frozen=True)
class OpikSettings:
    """Where an Opik server is and how to speak to it.

    ``project`` is None unless one was configured. ``sources`` says, by name of the setting, where its value came from:
    for people who have to correct it.
    """

    url: str = field(default=CLOUD_URL, repr=False)  # as given, with the user and password that may stand in it
    api_key: str | None = field(default=None, repr=False)
    workspace: str = DEFAULT_WORKSPACE
    project: str | None = None
    check_tls: bool = True
    compress: bool = True
    compression_level: int = 6
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown_url(self) -> str:
        """The URL for people and files: without user and password."""
        return without_user(self.url)

    @property
    def label(self) -> str:
        """What people call it; never the key."""
        return f"Opik at {urlsplit(self.shown_url).netloc}, workspace {self.workspace}"

    @property
    def ui(self) -> str:
        """Where its web pages are, with a slash at the end."""
        return self.shown_url.rstrip("/").removesuffix("/api") + "/"

    def source(self, name: str) -> str:
        """Where that setting came from, for a message."""
        return self.sources.get(name, "the default")


def opik_is_configured() -> bool:
    """Whether a URL or an API key of Opik is configured, and not empty."""
    found = _Found({})
    return any(found.text(name) for name in ("url_override", "api_key"))


def opik_settings(
    url: str | None = None, api_key: str | None = None, workspace: str | None = None, project: str | None = None
) -> OpikSettings:
    """The settings of Opik, with the arguments over what is configured.

    Raises:
        ArgumentError: a value cannot be used; the message says where it came from.
    """
    found = _Found({"url_override": url, "api_key": api_key, "workspace": workspace, "project_name": project})
    key = found.text("api_key")
    return OpikSettings(
        url=_url(found, key),
        api_key=key,
        workspace=found.text("workspace") or DEFAULT_WORKSPACE,
        project=found.text("project_name") or None,
        check_tls=found.flag("check_tls_certificate"),
        compress=found.flag("enable_json_request_compression"),
        compression_level=found.number("request_compression_level", 6),
        sources={**found.sources, "url": found.sources.get("url_override", _url_source(found))},
    )


class _Found:
    """The values of one look at all sources, and where each came from."""

    def __init__(self, arguments: Mapping[str, str | None]) -> None:
        self._values: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        for name, value, source in (*_of_file(), *_of_environment(), *_of_arguments(arguments)):
            self._values[name], self.sources[name] = value, source

    def text(self, name: str) -> str | None:
        return self._values.get(name)

    def flag(self, name: str) -> bool:
        value = self._values.get(name, "true").strip().lower()
        if value not in _TRUE | _FALSE:
            raise ArgumentError(f"{name} must be true or false, got {value!r} from {self.sources[name]}.")
        return value in _TRUE

    def number(self, name: str, default: int) -> int:
        value = self._values.get(name, str(default))
        if not value.strip().isdigit():
            raise ArgumentError(f"{name} must be a whole number, got {value!r} from {self.sources[name]}.")
        return int(value)


def _of_arguments(arguments: Mapping[str, str | None]) -> Iterator[tuple[str, str, str]]:
    for name, value in arguments.items():
        if value is not None:
            yield name, value, "connect()"


def _of_environment() -> Iterator[tuple[str, str, str]]:
    for name, value in os.environ.items():
        if name.lower().startswith("opik_"):
            yield name.lower().removeprefix("opik_"), value, f"the variable {name}"


def configured_key() -> str | None:
    """The API key in Opik's file, read when the file has changed; None when there is none or it cannot be read."""
    path = _ini_file()[0]
    try:
        return _key_in(path, path.stat().st_mtime_ns)
    except OSError:
        return None


@lru_cache(maxsize=4)
def _key_in(path: Path, _changed: int) -> str | None:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
        return parser.get("opik", "api_key", fallback=None)
    except (configparser.Error, OSError, UnicodeDecodeError):  # whoever needs the settings is told
        return None


def _ini_file() -> tuple[Path, bool]:
    """Where it is, and whether a variable says so."""
    configured = os.environ.get("OPIK_CONFIG_PATH", "").strip()
    return Path(configured or _INI_FILE).expanduser(), bool(configured)


def _of_file() -> Iterator[tuple[str, str, str]]:
    path, configured = _ini_file()
    parser = configparser.ConfigParser(interpolation=None)
    try:
        read = parser.read(path, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"The Opik configuration {path} cannot be read: {error}") from error
    if configured and not read:
        logger.warning("There is no file %s, which OPIK_CONFIG_PATH names.", path)
    if parser.has_section("opik"):
        for name, value in parser.items("opik"):
            yield name, value, f"the file {path}"


def _url(found: _Found, key: str | None) -> str:
    url = found.text("url_override")
    if url is None:
        url = _url_in_key(key) or CLOUD_URL
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        source = found.sources.get("url_override", "the API key")
        raise ArgumentError(
            f"The URL of Opik must be like http://localhost:5173/api/, got {without_user(url)!r} from {source}."
        )
    return url.rstrip("/") + "/"


def without_user(url: str) -> str:
    """The URL without ``user:password@``."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"


def _url_source(found: _Found) -> str:
    return found.sources.get("api_key", "") if _url_in_key(found.text("api_key")) else "the default"


def _url_in_key(key: str | None) -> str | None:
    """The URL in a key of the form ``<short>*<base64 JSON>``, if it is one."""
    parts = (key or "").split("*")
    if len(parts) != 2:
        return None
    try:
        attributes = json.loads(base64.b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return None
    base = attributes.get("baseUrl") if isinstance(attributes, dict) else None
    return urljoin(str(base), "opik/api/") if base is not None else None
