"""Datasets of the ``opik`` package as ours: the same dataset, of the same version, on the same server.

The package is never imported to find out: whoever holds one of its datasets has imported it.
"""

from __future__ import annotations

import sys
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

from opik_resume.base.settings import OpikSettings
from opik_resume.base.text import redaction
from opik_resume.datasets.dataset import Dataset
from opik_resume.datasets.version import DatasetVersion
from opik_resume.exceptions import ArgumentError, DatasetVersionNotFound, UnsupportedArgument
from opik_resume.stores.connections import is_default, same_server, server_store

if TYPE_CHECKING:
    from opik_resume.stores.protocol import Store

_DATASETS = "opik.api_objects.dataset.dataset"
_SUITES = "opik.api_objects.dataset.test_suite.test_suite"
_SOURCE = "the client of the opik dataset"
_told: set[str] = set()  # servers of which it was said that they are not the default store

logger = redaction.logger("opik_resume")


class OpikDataset(Protocol):
    """What type checkers may know of a dataset of the package, or a version of one."""

    client: Any

    @property
    def id(self) -> str:
        """The dataset's id."""

    @property
    def name(self) -> str:
        """The dataset's name."""


def ours(given: Any, store: Store | None) -> Dataset | DatasetVersion | None:
    """The same dataset or version of one as ours; None when it is none of the package's.

    Args:
        given: whatever was given as a dataset.
        store: the store that was asked for, if one was.

    Raises:
        ArgumentError: another store than its server was asked for.
        UnsupportedArgument: it is a test suite.
        DatasetNotFound: it was deleted meanwhile.
        ServerError: its server cannot be asked.
    """
    if _is(given, _SUITES, "TestSuite"):
        raise UnsupportedArgument(
            "dataset: test suites and their evaluators are Opik's own: run them with opik.run_tests, or evaluate a dataset."
        )
    versioned = _is(given, _DATASETS, "DatasetVersion")
    if not versioned and not _is(given, _DATASETS, "Dataset"):
        return None
    where = _store_of(given, store)
    known = vars(given).get("_dataset_id" if versioned else "id")  # else theirs would ask, with errors of its own
    record = where.dataset_of_id(known) if known is not None else where.dataset(given.name, given.project_name)
    dataset = Dataset(record, where)
    return _same_version(dataset, given) if versioned else dataset


def _is(given: Any, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(given, kind)


def _store_of(given: Any, store: Store | None) -> Store:
    settings = settings_of(given)
    if store is None:
        found = server_store(settings)
        _tell_where(found, settings)
        return found
    if not same_server(store, settings):
        name = given.name
        raise ArgumentError(
            f"store: the dataset {name!r} is on {settings.label}, and {store!r} was asked for. Leave store= out, or "
            f"evaluate a copy: copy = get_or_create_dataset({name!r}, store=store); copy.insert(dataset.get_items())"
        )
    return store


def _tell_where(store: Store, settings: OpikSettings) -> None:
    """Who resumes what is evaluated here will look in the default store. Said once of each server."""
    if settings.label not in _told and not is_default(store):
        _told.add(settings.label)
        logger.warning(
            "The dataset is on %s, and so is what is evaluated on it: connect(%r) makes it the default store, where "
            "evaluate_resume, browse and the others look.",
            settings.label,
            settings.shown_url,
        )


def settings_of(given: Any) -> OpikSettings:
    """Where its client sends its requests, and as whom."""
    try:
        wrapper = attrgetter("_rest_client._client_wrapper")(given)
        headers = {**wrapper.httpx_client.httpx_client.headers, **wrapper.get_headers()}
        url = str(wrapper.get_base_url())
    except AttributeError as error:
        raise ArgumentError(
            f"dataset: this version of the opik package does not tell where {given.name!r} is ({error}). Open it here: "
            f"connect(url), then get_dataset({given.name!r})."
        ) from error
    named = {name.lower(): value for name, value in headers.items()}
    config = getattr(given.client, "config", None)
    return OpikSettings(
        url=url.rstrip("/") + "/",
        api_key=named.get("authorization"),
        workspace=named.get("comet-workspace") or OpikSettings.workspace,
        check_tls=getattr(config, "check_tls_certificate", True),
        compress=getattr(config, "enable_json_request_compression", True),
        compression_level=getattr(config, "request_compression_level", 6),
        sources=dict.fromkeys(("url", "url_override", "api_key", "workspace"), _SOURCE),
    )


def _same_version(dataset: Dataset, given: Any) -> DatasetVersion:
    for version in dataset.versions():
        if version.version_id == given.version_id:
            return version
    raise DatasetVersionNotFound(f"Dataset {dataset.name!r} has no version {given.version_name!r} any more.")
