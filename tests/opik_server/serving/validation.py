"""Requests and answers against the server's own API document, as far as that document is right.

It is not in these points: fields that may hold text are also typed as objects, stream rows as strings; some bounds
are written as an older JSON Schema wants them; filter elements lack their ``type``, which everybody sends; only one of
the two error shapes is shown; ``sortable_by`` is spelt another way; error infos are said to be looked at; what
may be any JSON is said to be objects, lists of such or text.
Unknown fields are refused here, although the server ignores them: one is a slip of the pen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from tests.opik_server.serving.wire import Answer, Request, instant

formats = FormatChecker(())


@formats.checks("uuid")
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value))


@formats.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or instant(value).tzinfo is not None


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = _repaired(json.loads((Path(__file__).parent / "openapi.json").read_text("utf-8")))
    for name, schema in found["components"]["schemas"].items():
        if "sortableBy" in schema.get("properties", ()):
            schema["properties"]["sortable_by"] = schema["properties"].pop("sortableBy")
        if name.startswith("JsonListString"):
            schema.clear()
        if name.startswith("ErrorInfo"):
            del schema["required"]
            for each in schema["properties"].values():
                each.pop("minLength", None)
        if re.search("Filter(_|$)", name):
            schema["properties"]["type"] = {"type": "string"}
    return found


def _repaired(node: Any) -> Any:
    if isinstance(node, list):
        return [_repaired(each) for each in node]
    if not isinstance(node, dict):
        return node
    node = {key: _repaired(value) for key, value in node.items()}
    for bound in ("exclusiveMinimum", "exclusiveMaximum"):
        if isinstance(node.get(bound), bool):
            del node[bound]
    if "anyOf" in node:
        node.pop("type", None)
    if node.get("nullable") is True:
        node["type"] = [node["type"], "null"]
    if isinstance(node.get("properties"), dict) and "additionalProperties" not in node and node.get("type") == "object":
        node["additionalProperties"] = False
    if node.get("uniqueItems") is True and "$ref" in node.get("items", {}):
        del node["uniqueItems"]  # ids are what tells rows apart, and comparing a thousand rows in pairs takes seconds
    return node


@cache
def _validator(reference: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": reference, "components": document()["components"]}, format_checker=formats)


def _errors(schema: dict[str, Any], value: Any) -> Iterator[str]:
    if "$ref" in schema:
        validator = _validator(schema["$ref"])
    else:
        validator = Draft202012Validator({**schema, "components": document()["components"]}, format_checker=formats)
    for error in validator.iter_errors(value):
        yield f"{error.json_path}: {error.message[:300]}"


def request_problems(request: Request) -> Iterator[str]:
    operation = _operation(request)
    parameters = {each["name"]: each for each in operation.get("parameters", ()) if each["in"] == "query"}
    for name, text in request.query.items():
        if name not in parameters:
            yield f"{request}: unknown query parameter {name!r}"
        elif problem := next(_errors(parameters[name]["schema"], _typed(text, parameters[name]["schema"])), None):
            yield f"{request}: query parameter {name}: {problem}"
    if request.body is not None:
        schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            yield f"{request}: a body where none is known"
        else:
            yield from (f"{request}: {problem}" for problem in _errors(schema, _given(request.body)))


def answer_problems(request: Request, answer: Answer) -> Iterator[str]:
    if answer.status >= 400:
        keys = set(answer.body) if isinstance(answer.body, dict) else set()
        if keys != {"errors"} and not {"code", "message"} <= keys <= {"code", "message", "details"}:
            yield f"{request} -> {answer.status}: not an error body: {answer.body!r}"
        return
    known = _operation(request)["responses"]
    response = known.get(str(answer.status), known.get("default"))
    if response is None:
        yield f"{request} -> {answer.status}: not a status that is known here"
        return
    content: dict[str, Any] = next(iter(response.get("content", {}).values()), {})
    schema = content.get("schema")
    if answer.rows is not None and schema is not None:
        for row in answer.rows:
            yield from (f"{request} -> row: {problem}" for problem in _errors(schema["items"]["anyOf"][0], row))
    elif schema is not None:
        yield from (f"{request} -> {answer.status}: {problem}" for problem in _errors(schema, answer.body))


def _operation(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = document()["paths"].get(request.route, {}).get(request.method.lower(), {"responses": {}})
    return found


def _given(value: Any) -> Any:
    """Without the explicit nulls, which mean what absence means."""
    if isinstance(value, list):
        return [_given(each) for each in value]
    if isinstance(value, dict):
        return {key: _given(each) for key, each in value.items() if each is not None}
    return value


def _typed(text: str, schema: dict[str, Any]) -> Any:
    """A query parameter's text as the value it stands for, when it can be read so."""
    readers: dict[str, Callable[[str], Any]] = {
        "integer": int,
        "boolean": {"true": True, "false": False}.__getitem__,
    }
    try:
        return readers.get(schema.get("type", ""), str)(text)
    except (ValueError, KeyError):
        return text
