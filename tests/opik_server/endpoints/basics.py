"""Health, identity and projects."""

from __future__ import annotations

from tests.opik_server.serving.routes import routes
from tests.opik_server.serving.wire import Answer, Request, body_of, listed, page_of, required_text, without_nulls
from tests.opik_server.tables.context import Context
from tests.opik_server.tables.ids import new_id
from tests.opik_server.tables.state import stamps

VERSION = "2.2.122"


@routes.add("GET", "/is-alive/ping")
def ping(context: Context, request: Request) -> Answer:
    return Answer(200, {"message": "Healthy Server", "healthy": True})


@routes.add("GET", "/is-alive/ver")
def version(context: Context, request: Request) -> Answer:
    return Answer(200, {"version": VERSION})


@routes.add("POST", "/v1/private/auth")
def check_access(context: Context, request: Request) -> Answer:
    return Answer(204)  # the backend has checked already


@routes.add("GET", "/v1/private/auth/workspace")
def workspace_name(context: Context, request: Request) -> Answer:
    return Answer(200, {"workspace_name": context.state.workspace})


@routes.add("GET", "/v1/private/projects")
def find_projects(context: Context, request: Request) -> Answer:
    part = request.query.get("name", "").casefold()
    found = [row for row in context.state.projects.values() if part in row["name"].casefold()]
    found.sort(key=lambda row: row["id"], reverse=True)
    return Answer(200, {**page_of(request, found), "sortable_by": []})


@routes.add("POST", "/v1/private/projects")
def create_project(context: Context, request: Request) -> Answer:
    body = body_of(request)
    name = required_text(body, "name")
    if context.state.project_named(name):
        raise listed(409, "Project already exists")
    row = {"id": new_id(), "visibility": "private", **without_nulls(body), **stamps()}
    context.state.projects[row["id"]] = row
    return context.created("projects", row["id"])


@routes.add("POST", "/v1/private/projects/retrieve")
def retrieve_project(context: Context, request: Request) -> Answer:
    found = context.state.project_named(required_text(body_of(request), "name"))
    if found is None:
        raise listed(404, "Project not found")
    return Answer(200, found)


@routes.add("GET", "/v1/private/projects/{id}")
def get_project(context: Context, request: Request) -> Answer:
    found = context.state.projects.get(request.params["id"])
    if found is None:
        raise listed(404, "Project not found")
    return Answer(200, found)


@routes.add("DELETE", "/v1/private/projects/{id}")
def delete_project(context: Context, request: Request) -> Answer:
    """Its experiments stay, with the id of a project that is no more, and its traces cannot be searched."""
    context.state.projects.pop(request.params["id"], None)
    return Answer()
