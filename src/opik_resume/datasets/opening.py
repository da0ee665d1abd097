"""Datasets by name: make one, open one, delete one. In Opik's SDK these are methods of its client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opik_resume.base.process.doors import shielded
from opik_resume.base.text.jsontext import clean
from opik_resume.datasets.dataset import Dataset
from opik_resume.datasets.version import DatasetVersion
from opik_resume.exceptions import ArgumentError, DatasetAlreadyExists, DatasetNotFound
from opik_resume.stores.connections import default_store

if TYPE_CHECKING:
    from opik_resume.stores.protocol import Store


@shielded
def create_dataset(
    name: str, description: str | None = None, project_name: str | None = None, *, store: Store | None = None
) -> Dataset:
    """Make a new, empty dataset.

    Args:
        name: its name.
        description: for people.
        project_name: the project that it belongs to; on a server the configured one when left out. The experiments on it
            belong there, too. A local file has one dataset of a name, whatever its project.
        store: where to make it; the default store when left out.

    Raises:
        DatasetAlreadyExists: there is one of that name.
    """
    where = store or default_store()
    made = where.create_dataset(
        _name(name), None if description is None else clean(description), _project(project_name)
    )
    return Dataset(made, where)


@shielded
def get_dataset(
    name: str, version: str | None = None, *, project_name: str | None = None, store: Store | None = None
) -> Dataset | DatasetVersion:
    """Open a dataset, or one ``version`` of it (``"v2"``).

    Args:
        name: its name.
        version: the name of a version.
        project_name: where to look first; one of that name in another project is found, too.
        store: where it is; the default store when left out.

    Raises:
        DatasetNotFound: there is none; the message lists names that are near.
        DatasetVersionNotFound: it has no such version.
    """
    where = store or default_store()
    dataset = Dataset(where.dataset(_name(name), _project(project_name)), where)
    return dataset if version is None else dataset.get_version_view(version)


@shielded
def get_or_create_dataset(
    name: str, description: str | None = None, project_name: str | None = None, *, store: Store | None = None
) -> Dataset:
    """Open the dataset of that name, or make it. Arguments as for :func:`create_dataset`."""
    where, project = store or default_store(), _project(project_name)
    try:
        return Dataset(where.dataset(_name(name), project), where)
    except DatasetNotFound:
        pass
    try:
        return create_dataset(name, description, project, store=where)
    except DatasetAlreadyExists:  # made by another thread or process just now
        return Dataset(where.dataset(_name(name), project), where)


@shielded
def delete_dataset(name: str, project_name: str | None = None, *, store: Store | None = None) -> None:
    """Delete a dataset. Experiments on it stay; on a server they cannot be resumed any more.

    Raises:
        DatasetNotFound: there is none of that name.
    """
    (store or default_store()).delete_dataset(_name(name), _project(project_name))


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ArgumentError(f"name must be a non-empty string, got {name!r}")
    return clean(name)


def _project(name: Any) -> str | None:
    if name is not None and (not isinstance(name, str) or not name.strip()):
        raise ArgumentError(f"project_name must be a non-empty string, got {name!r}")
    return None if name is None else clean(name)
