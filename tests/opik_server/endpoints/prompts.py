"""Prompt versions, as far as an evaluation links to them."""

from __future__ import annotations

from tests.opik_server.serving.routes import routes
from tests.opik_server.serving.wire import (
    Answer,
    Request,
    Row,
    body_of,
    coded,
    listed,
    required,
    required_text,
    without_nulls,
)
from tests.opik_server.tables.context import Context
from tests.opik_server.tables.ids import new_id
from tests.opik_server.tables.state import State, stamps


@routes.add("POST", "/v1/private/prompts")
def create_prompt(context: Context, request: Request) -> Answer:
    body = body_of(request)
    name = required_text(body, "name")
    if _versions_of(context.state, name):
        raise listed(409, "Prompt already exists")
    prompt_id = context.state.checked_id(body.get("id") or new_id(), "Prompt")
    if body.get("template") is not None:
        _add(context.state, name, prompt_id, body, body.get("template_structure"))
    return context.created("prompts", prompt_id)


@routes.add("POST", "/v1/private/prompts/versions")
def create_version(context: Context, request: Request) -> Answer:
    body = body_of(request)
    name, version = required_text(body, "name"), required(body, "version")
    required_text(version, "template")
    siblings = _versions_of(context.state, name)
    prompt_id = siblings[0]["prompt_id"] if siblings else new_id()
    return Answer(200, _show(_add(context.state, name, prompt_id, version, body.get("template_structure"))))


@routes.add("POST", "/v1/private/prompts/versions/retrieve")
def retrieve_version(context: Context, request: Request) -> Answer:
    body = body_of(request)
    asked = {key: body.get(key) for key in ("commit", "version_number")}
    for row in reversed(_versions_of(context.state, required_text(body, "name"))):
        if all(value in {None, row[key]} for key, value in asked.items()):
            return Answer(200, _show(row))
    raise coded(404, "Prompt version not found")


def _versions_of(state: State, name: str) -> list[Row]:
    return [row for row in state.prompt_versions if row["name"] == name]


def _add(state: State, name: str, prompt_id: str, version: Row, structure: str | None) -> Row:
    id_ = new_id()
    row = {
        "id": id_,
        "name": name,
        "prompt_id": prompt_id,
        "commit": id_[-8:],
        "version_number": f"v{len(_versions_of(state, name)) + 1}",
        "template": version["template"],
        "type": version.get("type") or "mustache",
        "metadata": version.get("metadata"),
        "template_structure": structure or "text",
        **{key: value for key, value in stamps().items() if key.startswith("created")},
    }
    state.prompt_versions.append(without_nulls(row))
    return state.prompt_versions[-1]


def _show(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "name"}
