"""Prompts of a prompt library, linked to an experiment: the ``opik`` package's own objects.

What they are is kept under our own key of the experiment's metadata, so that the runs of a resume name them, too (those
of the SDK's resume do not).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opik_resume.base.metadata.remembered import METADATA_KEY, ours
from opik_resume.base.records import Json
from opik_resume.base.text import redaction
from opik_resume.exceptions import ArgumentError

logger = redaction.logger("opik_resume")


def embed(metadata: Json, prompt: Any, prompts: Sequence[Any] | None) -> Json:
    """A copy of ``metadata`` with the prompts in it, as ``opik`` 2.2.122 does it (``experiment/helpers.py``).

    Raises:
        ArgumentError: one of them is no prompt of the ``opik`` package.
    """
    chosen = list(prompts or ([] if prompt is None else [prompt]))
    infos = [_info(each, position) for position, each in enumerate(chosen)]
    if not infos:
        return metadata
    if "prompts" in metadata:
        logger.warning("The prompts are not linked: experiment_config has a key 'prompts' of its own.")
        return metadata
    contents = {info["name"]: _content(info) for info in infos}
    return {**metadata, "prompts": contents, METADATA_KEY: {**ours(metadata), "prompts": infos}}


def read(metadata: Json | None) -> list[Json]:
    """What each linked prompt is: name, ids, version and template."""
    infos = ours(metadata).get("prompts")
    return [info for info in infos if isinstance(info, dict)] if isinstance(infos, list) else []


def version_ids(metadata: Json | None) -> list[str]:
    """The ids of those versions of the library that are linked."""
    ids = ((info.get("version") or {}).get("id") for info in read(metadata))
    return [version_id for version_id in ids if isinstance(version_id, str)]


def _info(prompt: Any, position: int) -> Json:
    tell = getattr(prompt, "__internal_api__to_info_dict__", None)
    if tell is None:
        raise ArgumentError(f"prompts[{position}] must be a Prompt of the opik package, got {type(prompt).__name__}")
    info: Json = tell()
    return info


def _content(info: Json) -> Any:
    version = info.get("version") or {}
    return version.get("template", version.get("messages"))
