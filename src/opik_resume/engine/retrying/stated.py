"""What the exceptions of providers state besides their text: a status, a code, and when to come back.

Read from their attributes by the names that httpx, requests, aiohttp, urllib, openai, anthropic, litellm, google and
botocore use: none of them is imported. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from opik_resume.base.text.tracebacks import MESSAGE_LIMIT, message_of

_CAUSES = 5  # exceptions of a chain that are looked at: clients wrap each other's
_RESET = re.compile(r"(?:x-)?(?:[a-z]+-)?ratelimit(?:-(?P<of>[a-z-]+?))?-reset(?:-(?P<per>[a-z-]+))?$")
_REMAINING = re.compile(r"(?:x-)?(?:[a-z]+-)?ratelimit(?:-(?P<of>[a-z-]+?))?-remaining(?:-(?P<per>[a-z-]+))?$")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_EPOCH = 1e9  # a number of seconds from which on it is a moment and not a while
_TEXT = re.compile(
    r"(?:try again|retry)(?: in| after) (?P<text>(?:\d+(?:\.\d+)? ?(?:ms|s|m|h|d|seconds?|minutes?|hours?)(?![a-z]))+)",
    re.IGNORECASE,
)
_SPELT = re.compile(r" ?([a-z])[a-rt-z][a-z]*", re.IGNORECASE)  # ``5 seconds`` is ``5s``, and ``20ms`` stays
LONGEST = 30 * 86_400.0
"""Seconds: nobody waits longer, whatever is stated."""


def status(error: BaseException) -> int | None:
    """The status of the HTTP response that it tells of."""
    for each in chain(error):
        response = _told(each, "response")
        of_aws = _mapping(_mapping(response).get("ResponseMetadata")).get("HTTPStatusCode")
        told = (_told(each, "status_code"), _told(response, "status_code"), of_aws)
        for number in (*told, _told(each, "status"), _told(each, "code")):
            if isinstance(number, int) and 100 <= number < 600:
                return int(number)
    return None


def codes(error: BaseException) -> str:
    """The provider's own words for the kind of error: ``insufficient_quota``, ``ThrottlingException``, …"""
    said = []
    for each in chain(error):
        of_aws = _mapping(_mapping(_told(each, "response")).get("Error")).get("Code")
        body = _mapping(_told(each, "body"))
        told = (_told(each, "code"), _told(each, "type"), _told(each, "status"))
        said += [*told, of_aws, *(_mapping(body.get("error")).get(word) for word in ("code", "type"))]
    return " ".join(word for word in said if isinstance(word, str))


def seconds_until(error: BaseException, now: datetime) -> float | None:
    """In how many seconds it says that the call may be made again; None when it does not say.

    ``Retry-After`` comes first, then the reset of a limit of which nothing remains, or of one that does not tell that, then
    what the client or the text of the exception says. Of a group it is the longest.
    """
    of_group = [told for each in members(error) if (told := seconds_until(each, now)) is not None]
    told = max(of_group, default=None)
    for each in told_by(error):
        if told is None:
            told = _seconds_until(each, now)
    return None if told is None else min(max(0.0, told), LONGEST)


def _seconds_until(error: BaseException, now: datetime) -> float | None:
    for each in chain(error):
        headers = dict(_headers(each))
        stated = _retry_after(headers, now)
        if stated is None:
            stated = _reset(headers, now)
        if stated is None:
            stated = _attribute(each)
        if stated is None:
            stated = _in_text(each)
        if stated is not None:
            return stated
    return None


def told_by(error: BaseException) -> Iterator[BaseException]:
    """It, and what was being handled when it was raised, as far as that tells more: what was answered tells all itself."""
    for _ in range(_CAUSES):
        yield error
        handled = error.__context__
        if error.__suppress_context__ or handled is None or status(error) is not None:
            return
        error = handled


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """It, and what it was raised from, or gives as its reason."""
    for _ in range(_CAUSES):
        if error is None:
            return
        yield error
        reason = _told(error, "reason")  # of urllib's
        error = error.__cause__ or (reason if isinstance(reason, BaseException) else None)


def members(error: BaseException) -> Sequence[BaseException]:
    """What is in the group that it is, or was raised from."""
    return next((each.exceptions for each in chain(error) if isinstance(each, BaseExceptionGroup)), ())


def text_of(error: BaseException) -> str:
    """What it says, as far as it is kept: there may be a whole page behind it, and each rule looks through all of it."""
    return message_of(error)[:MESSAGE_LIMIT]


def _told(owner: Any, name: str) -> Any:
    """What it has under this name. Attributes may be made when they are asked for, and raise whatever they like."""
    try:
        return getattr(owner, name, None)
    except Exception:
        return None


def _headers(error: BaseException) -> Iterator[tuple[str, str]]:
    response = _told(error, "response")
    of_aws = _mapping(_mapping(response).get("ResponseMetadata")).get("HTTPHeaders")
    for headers in (_told(response, "headers"), _told(error, "headers"), of_aws):
        try:
            for name, value in headers.items() if headers is not None else ():
                yield str(name).lower(), str(value).strip()
        except Exception:  # whatever that was, it is no mapping of headers
            continue


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    return _while(headers.get("retry-after"), now)


def _reset(headers: Mapping[str, str], now: datetime) -> float | None:
    """The longest of those that hold the call up."""
    remaining = {
        found["of"] or found["per"]: _number(headers[name]) for name in headers if (found := _REMAINING.match(name))
    }
    waits = []
    for name, value in headers.items():
        found = _RESET.match(name)
        if found is not None and not remaining.get(
            found["of"] or found["per"]
        ):  # nothing is left of it, or nobody says
            waits.append(_while(value, now))
    return max((wait for wait in waits if wait is not None), default=None)


def _attribute(error: BaseException) -> float | None:
    """``retry_after`` of several clients, and Google's RetryInfo among the details."""
    told = _told(error, "retry_after")
    if isinstance(told, (int, float)) and not isinstance(told, bool):
        return float(told)
    details = _told(error, "details")
    details = _mapping(_mapping(details).get("error")).get("details", details)
    waits = [_retry_info(detail) for detail in details] if isinstance(details, (list, tuple)) else []
    return next((wait for wait in waits if wait is not None), None)


def _retry_info(detail: Any) -> float | None:
    """As JSON, ``{"retryDelay": "23s"}``, or as a message of protobuf."""
    told = _mapping(detail).get("retryDelay")
    if isinstance(told, str) and _PART.fullmatch(told):
        return _parts(told)
    seconds = _told(_told(detail, "retry_delay"), "seconds")
    return float(seconds) if isinstance(seconds, (int, float)) else None


def _in_text(error: BaseException) -> float | None:
    """``Please try again in 1m2.5s``, where a client keeps no headers."""
    found = _TEXT.search(text_of(error))
    return None if found is None else _parts(_SPELT.sub(r"\1", found["text"]).replace(" ", ""))


def _parts(text: str) -> float:
    return sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(text.lower()))


def _while(text: str | None, now: datetime) -> float | None:
    """Seconds from a number, ``6m0.5s``, a moment since 1970, an ISO or an HTTP date."""
    if not text:
        return None
    number = _number(text)
    if number is not None:
        return number if number < _EPOCH else (number / 1000 if number > _EPOCH * 1000 else number) - now.timestamp()
    if _PART.sub("", text) == "":
        return _parts(text)
    moment = _moment(text)
    return None if moment is None else (moment - now).total_seconds()


def _moment(text: str) -> datetime | None:
    from email.utils import parsedate_to_datetime  # which is long to import, and seldom needed

    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if number >= 0 and number < float("inf") else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
