"""Feedback scores: one value for each (trace, name); the trace need not be there yet."""

from __future__ import annotations

from tests.opik_server.context import Context
from tests.opik_server.routes import routes
from tests.opik_server.state import restamped
from tests.opik_server.wire import Answer, Request, Row, body_of, invalid, required, required_list, required_text

SHOWN = ("name", "category_name", "value", "reason", "source")


def _store(context: Context, id_: str, body: Row) -> None:
    by_name = context.state.scores[id_]
    row = {key: body[key] for key in SHOWN if body.get(key) is not None}
    by_name[body["name"]] = {**row, **restamped(by_name.get(body["name"]))}
    context.aggregates.touch_trace(id_)


def _check(body: Row) -> Row:
    required_text(body, "name")
    value = required(body, "value")
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e9:
        raise invalid("value must be a number between -999999999.999999999 and 999999999.999999999")
    required(body, "source")
    return body


@routes.add("PUT", "/v1/private/traces/feedback-scores")
def put_scores(context: Context, request: Request) -> Answer:
    batch = [_check(body) for body in required_list(body_of(request), "scores")]
    for body in batch:
        context.state.checked_id(required(body, "id"), "Trace")
        context.state.project_for(body)
    for body in batch:
        _store(context, body["id"], body)
    return Answer()


@routes.add("PUT", "/v1/private/traces/{id}/feedback-scores")
def put_score(context: Context, request: Request) -> Answer:
    _store(context, request.params["id"], _check(body_of(request)))
    return Answer()


@routes.add("POST", "/v1/private/traces/{id}/feedback-scores/delete")
def delete_score(context: Context, request: Request) -> Answer:
    context.state.scores[request.params["id"]].pop(required_text(body_of(request), "name"), None)
    context.aggregates.touch_trace(request.params["id"])
    return Answer()


@routes.add("PUT", "/v1/private/spans/feedback-scores")
def put_span_scores(context: Context, request: Request) -> Answer:
    for body in [_check(body) for body in required_list(body_of(request), "scores")]:
        _store(context, required(body, "id"), body)
    return Answer()


@routes.add("GET", "/v1/private/experiments/feedback-scores/names")
def score_names(context: Context, request: Request) -> Answer:
    names = {name for scores in context.state.scores.values() for name in scores}
    return Answer(200, {"scores": [{"name": name, "type": "feedback_scores"} for name in sorted(names)]})
