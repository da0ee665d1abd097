"""Which failures are worth another try, and how long is waited: on no clock at all."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opik_resume.engine.retrying import stated
from opik_resume.engine.retrying.policy import FIRST_SECONDS, LONGEST_SECONDS, LONGEST_STATED, Retries, presses

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def error(name: str, message: str = "", **attributes: Any) -> Exception:
    """An exception of a provider: nothing but its names."""
    made: Exception = type(name, (Exception,), {"__module__": "acme.client"})(message)
    for attribute, value in attributes.items():
        setattr(made, attribute, value)
    return made


def answered(status: int, **headers: str) -> Exception:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return error("APIStatusError", "no", response=SimpleNamespace(status_code=status, headers=named))


def aws(status: int, code: str, headers: dict[str, str] | None = None) -> Exception:
    told = {"HTTPStatusCode": status, "HTTPHeaders": headers or {}}
    return error("ClientError", f"({code})", response={"Error": {"Code": code}, "ResponseMetadata": told})


class Wrapped(TimeoutError):
    """A user's own name for it."""


PASSES = {
    "openai": error("RateLimitError", "Error code: 429 - slow down", status_code=429, code="rate_limit_exceeded"),
    "anthropic": error("OverloadedError", "Overloaded", status_code=529),
    "httpx time-out": error("ReadTimeout"),
    "built in": ConnectionResetError("peer"),
    "a subclass": Wrapped("late"),
    "only a status": answered(503),
    "google": error("ResourceExhausted", "429 Quota", code=429),
    "bedrock": aws(400, "ThrottlingException"),
    "bedrock's status": aws(500, "Whatever"),
    "aiohttp": error("ClientResponseError", "no", status=502),
    "an answer that broke off": error("ClientPayloadError", "Response payload is not completed"),
    "requests' own": error("ChunkedEncodingError", "Connection broken"),
    "urllib": error("URLError", "<urlopen error timed out>", reason=TimeoutError("timed out")),
    "no network": OSError(101, "Network is unreachable"),
    "no names": socket.gaierror(-3, "Temporary failure in name resolution"),
    "several, which pass": ExceptionGroup("fan-out", [TimeoutError(), ExceptionGroup("", [ConnectionResetError()])]),
}
STAYS = {
    "a bug": ValueError("no"),
    "quota": error("RateLimitError", "Error code: 429 - {'code': 'insufficient_quota'}", status_code=429),
    "quota in the code only": error("RateLimitError", "429", status_code=429, code="insufficient_quota"),
    "billing": error("RateLimitError", "Your credit balance is too low"),
    "a key": error("AuthenticationError", "Error code: 401 - wrong key", status_code=401),
    "forbidden": answered(403),
    "payment": answered(402, retry_after="1"),
    "not found": answered(404),
    "an interrupt": KeyboardInterrupt(),
    "the end": SystemExit(1),
    "several, of which one stays": ExceptionGroup("fan-out", [TimeoutError(), ValueError("no")]),
    "urllib's key": error("HTTPError", "HTTP Error 403", code=403, reason="Forbidden"),
    "urllib's scheme": error("URLError", "<urlopen error unknown url type>", reason="unknown url type: htp"),
    "several, with a used up account": ExceptionGroup("", [TimeoutError(), error("E", "insufficient_quota")]),
}


@pytest.mark.parametrize("case", PASSES)
def test_what_passes_by_itself_is_tried_again(case: str) -> None:
    assert Retries(1).passes(PASSES[case])


@pytest.mark.parametrize("case", STAYS)
def test_what_does_not_is_a_failure(case: str) -> None:
    assert not Retries(1).passes(STAYS[case])
    assert Retries(1).pause(1, STAYS[case], NOW, 0.5) is None


def of(where: str, message: str = "", **attributes: Any) -> Exception:
    """An exception as a library makes it, without the library: ``module.Class<Base<Base`` and its attributes."""
    lineage = where.split("<")
    kind: type[Exception] = Exception
    module, _, lineage[0] = lineage[0].rpartition(".")
    for name in reversed(lineage):
        kind = type(name, (kind,), {"__module__": module})
    made = kind(message)
    for attribute, value in attributes.items():
        setattr(made, attribute, value)
    return made


def replied(status: int, **headers: str) -> SimpleNamespace:
    return SimpleNamespace(status_code=status, headers=headers)


PRESSES = {
    "openai": of(
        "openai.RateLimitError<APIStatusError<APIError<OpenAIError",
        "Error code: 429 - {'error': {'message': 'Rate limit reached for gpt-4o', 'code': 'rate_limit_exceeded'}}",
        status_code=429,
        code="rate_limit_exceeded",
        type="requests",
        response=replied(429),
    ),
    "anthropic": of(
        "anthropic.RateLimitError<APIStatusError", "Error code: 429", status_code=429, response=replied(429)
    ),
    "anthropic, full": of(
        "anthropic._exceptions.OverloadedError<InternalServerError<APIStatusError",
        "Error code: 529 - {'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'Overloaded'}}",
        status_code=529,
    ),
    "anthropic, in a stream": of(
        "anthropic.APIStatusError", "{'error': {'type': 'overloaded_error'}} Overloaded", status_code=503
    ),
    "anthropic, after its stream began": of(
        "anthropic.APIStatusError",
        "Overloaded",
        status_code=200,
        response=replied(200),
        body={"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    ),
    "several, of which one presses": ExceptionGroup("", [of("openai.RateLimitError", status_code=429), TimeoutError()]),
    "google's minute, in words of a quota": of(
        "google.genai.errors.ClientError<APIError",
        "429 RESOURCE_EXHAUSTED. You exceeded your current quota, please check your plan and billing details. "
        "Please retry in 17.2s.",
        code=429,
        status="RESOURCE_EXHAUSTED",
    ),
    "google.api_core's": of(
        "google.api_core.exceptions.ResourceExhausted",
        "429 You exceeded your current quota, please check your plan and billing details. [retry_delay { seconds: 17 }]",
        code=429,
    ),
    "litellm": of(
        "litellm.exceptions.RateLimitError<RateLimitError<APIStatusError",
        "litellm.RateLimitError: AnthropicException - rate_limit_error",
        status_code=429,
        llm_provider="anthropic",
    ),
    "litellm's router": of(
        "litellm.types.router.RouterRateLimitError<ValueError", "No deployments available, Try again in 5 seconds"
    ),
    "httpx": of(
        "httpx.HTTPStatusError<HTTPError",
        "Client error '429 Too Many Requests' for url 'http://localhost/'",
        response=replied(429),
    ),
    "requests": of("requests.exceptions.HTTPError<RequestException", "429 Client Error", response=replied(429)),
    "aiohttp": of("aiohttp.client_exceptions.ClientResponseError<ClientError", "", status=429, headers={}),
    "urllib": of("urllib.error.HTTPError<URLError", "HTTP Error 429: Too Many Requests", code=429, status=429),
    "google.api_core": of(
        "google.api_core.exceptions.ResourceExhausted<TooManyRequests<ClientError", "429 Resource exhausted", code=429
    ),
    "google.genai": of(
        "google.genai.errors.ClientError<APIError",
        "429 RESOURCE_EXHAUSTED. Resource has been exhausted",
        code=429,
        status="RESOURCE_EXHAUSTED",
    ),
    "google, full": of(
        "google.genai.errors.ServerError<APIError",
        "503 UNAVAILABLE. The model is overloaded.",
        code=503,
        status="UNAVAILABLE",
    ),
    "grpc": of("google.api_core.exceptions.ResourceExhausted", "quota of 60 requests a minute"),
    "bedrock": of(
        "botocore.errorfactory.ThrottlingException<ClientError",
        "An error occurred (ThrottlingException) when calling the Converse operation: Too many requests",
        response={"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPStatusCode": 429}},
    ),
    "botocore": of(
        "botocore.exceptions.ClientError",
        "An error occurred (TooManyRequestsException)",
        response={"Error": {"Code": "TooManyRequestsException"}, "ResponseMetadata": {"HTTPStatusCode": 400}},
    ),
    "only its text": of("acme.Failed", "HTTP 429"),
}
PRESSES_NOT = {
    "openai's quota": of(
        "openai.RateLimitError<APIStatusError",
        "Error code: 429 - {'error': {'message': 'You exceeded your current quota', 'code': 'insufficient_quota'}}",
        status_code=429,
        code="insufficient_quota",
    ),
    "its code alone": of(
        "openai.RateLimitError<APIStatusError", "Error code: 429", status_code=429, code="insufficient_quota"
    ),
    "its type alone": of(
        "openai.RateLimitError<APIStatusError", "Error code: 429", status_code=429, type="insufficient_quota"
    ),
    "openai's billing": of(
        "openai.RateLimitError",
        "Billing hard limit has been reached",
        status_code=429,
        code="billing_hard_limit_reached",
    ),
    "anthropic's credit": of(
        "anthropic.BadRequestError<APIStatusError", "Your credit balance is too low", status_code=400
    ),
    "anthropic's billing": of("anthropic.APIStatusError", "Error code: 402", status_code=402, type="billing_error"),
    "litellm's quota": of(
        "litellm.exceptions.RateLimitError",
        "OpenAIException - You exceeded your current quota, check your billing",
        status_code=429,
    ),
    "openai's key": of(
        "openai.AuthenticationError<APIStatusError", "Error code: 401 - Incorrect API key", status_code=401
    ),
    "httpx, a key": of("httpx.HTTPStatusError<HTTPError", "Client error '401 Unauthorized'", response=replied(401)),
    "anthropic's right": of("anthropic.PermissionDeniedError<APIStatusError", "Error code: 403", status_code=403),
    "a right by the text": of("acme.RateLimitError", "HTTP 403: throttled for ever"),
    "bedrock's right": of(
        "botocore.exceptions.ClientError",
        "An error occurred (AccessDeniedException)",
        response={"Error": {"Code": "AccessDeniedException"}, "ResponseMetadata": {"HTTPStatusCode": 403}},
    ),
    "google's key": of(
        "google.genai.errors.ClientError<APIError", "403 PERMISSION_DENIED", code=403, status="PERMISSION_DENIED"
    ),
    "a time-out": of("openai.APITimeoutError<APIConnectionError<APIError", "Request timed out."),
    "a lost connection": of("httpx.ConnectError<NetworkError<TransportError", "Connection refused"),
    "a server's mistake": of("openai.InternalServerError<APIStatusError", "Error code: 500", status_code=500),
    "out of order": of(
        "httpx.HTTPStatusError<HTTPError", "Server error '503 Service Unavailable'", response=replied(503)
    ),
    "a wrong request": of("openai.BadRequestError<APIStatusError", "Error code: 400", status_code=400),
    "a bug": ValueError("429 items"),
    "an interrupt": KeyboardInterrupt(),
}


@pytest.mark.parametrize("case", PRESSES)
def test_a_provider_that_is_called_too_often_is_known_by_its_names(case: str) -> None:
    assert presses(PRESSES[case])
    assert Retries().pressure(1, 1, PRESSES[case], NOW, 0.5) is not None
    assert Retries().pause(1, PRESSES[case], NOW, 0.5) is None, "none of the retries is spent on it"


@pytest.mark.parametrize("case", PRESSES_NOT)
def test_what_is_no_pressure_waits_for_nothing(case: str) -> None:
    assert not presses(PRESSES_NOT[case])
    assert Retries().pressure(1, 1, PRESSES_NOT[case], NOW, 0.5) is None


@pytest.mark.parametrize("case", [*PRESSES, *PRESSES_NOT])
def test_what_a_users_own_exception_was_raised_from_tells_the_same(case: str) -> None:
    wrapped = RuntimeError("the model did not answer")
    wrapped.__cause__ = {**PRESSES, **PRESSES_NOT}[case]
    assert presses(wrapped) == (case in PRESSES)
    assert case in PRESSES or "quota" not in case or not Retries(1).passes(wrapped)


def while_handling(handled: BaseException, error: Exception) -> Exception:
    try:
        try:
            raise handled
        except type(handled):
            raise error  # noqa: B904  # what is tested
    except Exception as raised:
        return raised


@pytest.mark.parametrize("case", [case for case in PRESSES if "several" not in case])
def test_so_does_what_it_was_raised_while_handling(case: str) -> None:
    raised = while_handling(PRESSES[case], RuntimeError("the model did not answer"))
    assert presses(raised)
    assert Retries(1).passes(raised)


@pytest.mark.parametrize(
    "error", [error("AuthenticationError", status_code=401), error("RateLimitError", "insufficient_quota")]
)
def test_what_it_says_itself_counts_more(error: Exception) -> None:
    """Of a model that stands in for another one, which was refused."""
    raised = while_handling(answered(429), error)
    assert not presses(raised)
    assert not Retries(1).passes(raised)


def test_a_used_up_account_does_not_count_for_the_one_that_stood_in() -> None:
    assert Retries(1).passes(while_handling(STAYS["quota"], TimeoutError()))


def test_raised_from_none_it_was_raised_from_nothing() -> None:
    raised = while_handling(answered(429), RuntimeError("no"))
    raised.__suppress_context__ = True
    assert not presses(raised)


def test_a_message_that_cannot_be_made_breaks_nothing() -> None:
    class Mute(ConnectionError):
        def __str__(self) -> str:
            raise RuntimeError("mute")

    assert Retries(1).passes(Mute())


@pytest.mark.parametrize(
    "retry_on", [ValueError, LookupError, "KeyError", "builtins.KeyError", "Key*", "LookupError", "acme.*"]
)
def test_retry_on_widens(retry_on: Any) -> None:
    wide = Retries(1, retry_on=(retry_on,))
    raised = {"ValueError": ValueError(), "acme.*": error("Busy")}.get(
        getattr(retry_on, "__name__", retry_on), KeyError()
    )
    assert wide.passes(raised)
    assert not Retries(1).passes(raised)
    assert not wide.passes(TypeError())
    assert wide.passes(TimeoutError())  # it adds to what is known


@pytest.mark.parametrize("retry_on", [(Exception,), ("*",)])
@pytest.mark.parametrize("case", ["quota", "quota in the code only", "billing", "an interrupt", "the end"])
def test_no_retry_on_covers_a_used_up_account_or_an_interrupt(retry_on: Any, case: str) -> None:
    assert not Retries(1, retry_on=retry_on).passes(STAYS[case])


@given(st.integers(1, 2_000), st.floats(0, 1))
def test_waits_grow_and_are_bounded(number: int, chance: float) -> None:
    pause = Retries(5_000).pause(number, TimeoutError(), NOW, chance)
    assert pause is not None
    full = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(number - 1, 100))
    assert full / 2 <= pause.seconds <= full
    assert pause.number == number + 1
    assert pause.why == "TimeoutError"


def test_no_more_than_so_many() -> None:
    retries = Retries(2)
    assert [retries.pause(number, TimeoutError(), NOW, 0) is not None for number in (1, 2, 3)] == [True, True, False]
    assert Retries().pause(1, TimeoutError(), NOW, 0) is None


@given(st.floats(0, LONGEST_STATED), st.floats(0, 1), st.integers(1, 50))
def test_what_is_stated_is_waited_at_least(seconds: float, chance: float, number: int) -> None:
    pause = Retries(50).pause(number, error("RateLimitError", retry_after=seconds), NOW, chance)
    assert pause is not None
    assert seconds <= pause.seconds <= seconds + LONGEST_SECONDS / 10
    assert "provider" in pause.why


def test_what_is_stated_for_too_long_is_a_failure_now() -> None:
    assert Retries(5).pause(1, answered(429, retry_after=f"{LONGEST_STATED + 1}"), NOW, 0) is None


LATER = NOW + timedelta(seconds=90)
STATED = {
    "seconds": ({"Retry-After": "12"}, 12),
    "milliseconds come first": ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
    "a date": ({"retry-after": format_datetime(LATER, usegmt=True)}, 90),
    "a past date": ({"retry-after": format_datetime(NOW - timedelta(hours=1), usegmt=True)}, 0),
    "nothing left of one": (
        {
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "1m30.5s",
            "x-ratelimit-remaining-tokens": "900",
            "x-ratelimit-reset-tokens": "6h0m0s",
        },
        90.5,
    ),
    "the longer of two": (
        {
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "120ms",
            "x-ratelimit-remaining-tokens": "0",
            "x-ratelimit-reset-tokens": "2s",
        },
        2,
    ),
    "anthropic": (
        {
            "anthropic-ratelimit-requests-remaining": "0",
            "anthropic-ratelimit-requests-reset": LATER.isoformat().replace("+00:00", "Z"),
            "anthropic-ratelimit-tokens-remaining": "5",
            "anthropic-ratelimit-tokens-reset": "2026-03-02T00:00:00Z",
        },
        90,
    ),
    "a moment since 1970": ({"X-RateLimit-Reset": str(int(LATER.timestamp()))}, 90),
    "that in milliseconds": ({"X-RateLimit-Reset": str(int(LATER.timestamp() * 1000))}, 90),
    "the draft standard": ({"RateLimit-Reset": "7", "RateLimit-Remaining": "0"}, 7),
    "plenty left": ({"RateLimit-Reset": "7", "RateLimit-Remaining": "3"}, None),
    "nothing": ({"content-type": "text/plain"}, None),
    "nonsense": ({"retry-after": "soon", "x-ratelimit-reset": "inf"}, None),
    "negative": ({"retry-after": "-3"}, None),
}


@pytest.mark.parametrize("case", STATED)
@pytest.mark.parametrize("carrier", ["response", "error", "cause", "aws"])
def test_when_to_come_back_is_read_wherever_it_is(case: str, carrier: str) -> None:
    headers, seconds = STATED[case]
    response = SimpleNamespace(status_code=429, headers=headers)
    if carrier == "response":
        raised = error("RateLimitError", response=response)
    elif carrier == "error":
        raised = error("HTTPError", headers=headers)
    elif carrier == "aws":
        raised = aws(429, "Throttling", headers)
    else:
        raised = error("Wrapper")
        raised.__cause__ = error("HTTPStatusError", response=response)
    assert stated.seconds_until(raised, NOW) == (None if seconds is None else pytest.approx(seconds, abs=0.01))


def google(delay: str) -> dict[str, Any]:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}
    return {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [{"@type": "x"}, info]}}


SAID = {
    "google.genai": (error("ClientError", code=429, details=google("23.5s")), 23.5),
    "google.api_core": (
        error("ResourceExhausted", details=[SimpleNamespace(retry_delay=SimpleNamespace(seconds=17))]),
        17,
    ),
    "openai": (error("RateLimitError", "Please try again in 6.2s. Visit https://…"), 6.2),
    "openai, briefly": (error("RateLimitError", "Please try again in 20ms."), 0.02),
    "openai, for long": (error("RateLimitError", "Please try again in 1h2m3s."), 3723),
    "litellm's router": (error("RouterRateLimitError", "No deployments, Try again in 5 seconds. Passed model=x"), 5),
    "several": (ExceptionGroup("", [answered(429, retry_after="3"), answered(429, retry_after="9")]), 9),
    "while handling": (while_handling(answered(429, retry_after="4"), RuntimeError("no")), 4),
    "a header comes first": (of("E", "try again in 9s", response=replied(429, **{"retry-after": "2"})), 2),
    "nothing": (error("RateLimitError", "try again later, in 5 parts"), None),
    "for ever": (answered(429, retry_after="9" * 20), stated.LONGEST),
    "the next century": (answered(429, retry_after="Wed, 21 Oct 2099 07:28:00 GMT"), stated.LONGEST),
}


@pytest.mark.parametrize("case", SAID)
def test_when_to_come_back_is_read_from_what_has_no_headers(case: str) -> None:
    raised, seconds = SAID[case]
    assert stated.seconds_until(raised, NOW) == seconds


@given(st.dictionaries(st.sampled_from(["retry-after", "x-ratelimit-reset", "x-ratelimit-remaining"]), st.text()))
def test_no_header_breaks_it(headers: dict[str, str]) -> None:
    told = stated.seconds_until(error("E", headers=headers), NOW)
    assert told is None or told >= 0


@pytest.mark.parametrize("odd", [object(), 3, "text", [1], {"a": object()}])
def test_no_attribute_breaks_it(odd: Any) -> None:
    raised = error("E", response=odd, headers=odd, details=odd, code=odd, status_code=odd, retry_after=odd)
    assert stated.seconds_until(raised, NOW) in {None, 3.0}
    assert stated.status(raised) is None
    assert isinstance(Retries(1).passes(raised), bool)
