"""Chat messages with ``{{placeholders}}``, filled in as Opik's ``evaluate_prompt`` does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from opik_resume.base.records import Json

_PLACEHOLDER = re.compile(r"\{\{([^{}]*?)\}\}")
_MEDIA = ("image_url", "video_url", "audio_url")


def filled(messages: Sequence[Json], values: Mapping[str, Any]) -> list[Json]:
    """The messages with the values in place of ``{{keys}}``; a key that is not there stays as it is, None is nothing.

    Contents are texts, or lists of parts as OpenAI has them: ``text``, ``image_url``, ``video_url``, ``audio_url``. A
    value ``"jinja2"`` of the key ``type`` makes Jinja templates of them all, as in Opik.
    """
    return [
        {"role": message["role"], "content": _content(message.get("content", ""), values)}
        for message in messages
        if message.get("role") is not None
    ]


def _content(content: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(content, str):
        return _text(content, values)
    if not isinstance(content, list):
        return str(content)
    parts = (_part(part, values) for part in content if isinstance(part, dict))
    return [part for part in parts if part is not None]


def _part(part: Json, values: Mapping[str, Any]) -> Json | None:
    kind = str(part.get("type", "")).lower()
    if kind == "text":
        return {"type": "text", "text": _text(str(part.get("text", "")), values)}
    media = part.get(kind)
    if kind not in _MEDIA or not isinstance(media, dict):
        return None
    url = _text(str(media.get("url", "")), values)
    return {"type": kind, kind: {**media, "url": url}} if url else None


def _text(template: str, values: Mapping[str, Any]) -> str:
    if values.get("type") == "jinja2":
        return _jinja(template, values)
    stripped = {key.strip(): value for key, value in values.items()}

    def value_of(match: re.Match[str]) -> str:
        value = stripped.get(match.group(1).strip(), match.group(0))
        return "" if value is None else str(value)

    return _PLACEHOLDER.sub(value_of, template)


def _jinja(template: str, values: Mapping[str, Any]) -> str:
    try:
        import jinja2

        rendered: str = jinja2.Template(template).render(**values)
    except Exception:  # as in Opik: the evaluation goes on with the template itself
        return template
    return rendered
