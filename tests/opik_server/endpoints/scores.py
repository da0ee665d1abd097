"""Feedback scores: one value for each (trace, name); the trace need not be there yet."""

from __future__ import annotations

from decimal import Decimal

from tests.opik_server.serving.routes import routes
from tests.opik_server.serving.wire import (
    Answer,
    Request,
    Row,
    body_of,
    invalid,
    one_of,
    required,
    required_list,
    required_text,
    unreadable,
)
from tests.opik_server.tables.context import Context
from tests.opik_server.tables.state import restamped

SHOWN = ("name", "category_name", "value", "reason", "source")
LARGEST = Decimal("999999999.999999999")
DECIMALS = 9  # that are kept
AUTHOR = "admin"


def _store(context: Context, id_: str, body: Row) -> None:
    by_name = context.state.scores[id_]
    row = {key: body[key] for key in SHOWN if body.get(key) is not None}
    row["value"] = round(float(body["value"]), DECIMALS)
    stamped = {**row, **restamped(by_name.get(body["name"]))}
    by_name[body["name"]] = {**stamped, "value_by_author": {AUTHOR: _by_author(stamped)}}
    context.aggregates.touch_trace(id_)


def _by_author(row: Row) -> Row:
    told: Row = {
        key: row[key] for key in ("value", "reason", "category_name", "source", "last_updated_at") if key in row
    }
    return {**told, "span_type": "", "span_id": "", "author": AUTHOR}


def _check(body: Row, element: str = "") -> Row:
    required_text(body, "name", element)
    value = _number(required(body, "value", element))
    if value > LARGEST:
        raise invalid(f"{element}value must be less than or equal to {LARGEST}")
    if value < -LARGEST:
        raise invalid(f"{element}value must be greater than or equal to -{LARGEST}")
    required(body, "source", element)
    one_of(body, "source", ("ui", "sdk", "online_scoring"))
    return body


def _number(value: object) -> Decimal:
    """As it is read: numbers, and text that is one."""
    try:
        if isinstance(value, bool) or not (found := Decimal(str(value))).is_finite():
            raise ValueError(value)
    except (ValueError, ArithmeticError):
        raise unreadable(f"of type `java.math.BigDecimal` from {value!r}") from None
    return found


def _checked(body: Row) -> list[Row]:
    return [_check(row, f"scores[{n}].") for n, row in enumerate(required_list(body, "scores"))]


@routes.add("PUT", "/v1/private/traces/feedback-scores")
def put_scores(context: Context, request: Request) -> Answer:
    batch = _checked(body_of(request))
    for body in batch:
        context.state.checked_id(required(body, "id"), "trace")
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
    for body in _checked(body_of(request)):
        _store(context, required(body, "id"), body)
    return Answer()


@routes.add("GET", "/v1/private/experiments/feedback-scores/names")
def score_names(context: Context, request: Request) -> Answer:
    names = {name for scores in context.state.scores.values() for name in scores}
    return Answer(200, {"scores": [{"name": name, "type": "feedback_scores"} for name in sorted(names)]})
