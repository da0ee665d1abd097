"""What the exceptions of providers state besides their text: a status, a code, and when to come back.

Read from their attributes by the names that httpx, requests, aiohttp, urllib, openai, anthropic, litellm, google and
botocore use: none of them is imported. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

_CAUSES = 5  # exceptions of a chain that are looked at: clients wrap each other's
_RESET = re.compile(r"(?:x-)?(?:[a-z]+-)?ratelimit(?:-(?P<of>[a-z-]+?))?-reset(?:-(?P<per>[a-z-]+))?$")
_REMAINING = re.compile(r"(?:x-)?(?:[a-z]+-)?ratelimit(?:-(?P<of>[a-z-]+?))?-remaining(?:-(?P<per>[a-z-]+))?$")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_EPOCH = 1e9  # a number of seconds from which on it is a moment and not a while


def status(error: BaseException) -> int | None:
    """The status of the HTTP response that it tells of."""
    for each in chain(error):
        response = getattr(each, "response", None)
        of_aws = _mapping(_mapping(response).get("ResponseMetadata")).get("HTTPStatusCode")
        told = (getattr(each, "status_code", None), getattr(response, "status_code", None), of_aws)
        for number in (*told, getattr(each, "status", None), getattr(each, "code", None)):
            if isinstance(number, int) and 100 <= number < 600:
                return int(number)
    return None


def codes(error: BaseException) -> str:
    """The provider's own words for the kind of error: ``insufficient_quota``, ``ThrottlingException``, …"""
    said = []
    for each in chain(error):
        of_aws = _mapping(_mapping(getattr(each, "response", None)).get("Error")).get("Code")
        said += [getattr(each, "code", None), getattr(each, "type", None), of_aws]
    return " ".join(word for word in said if isinstance(word, str))


def seconds_until(error: BaseException, now: datetime) -> float | None:
    """In how many seconds it says that the call may be made again; None when it does not say.

    ``Retry-After`` comes first, then the reset of a limit of which nothing remains, or of one that does not tell that.
    """
    for each in chain(error):
        headers = {str(name).lower(): str(value).strip() for name, value in _headers(each)}
        stated = _retry_after(headers, now)
        if stated is None:
            stated = _reset(headers, now)
        if stated is None:
            stated = _attribute(each)
        if stated is not None:
            return max(0.0, stated)
    return None


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """It, and what it was raised from."""
    for _ in range(_CAUSES):
        if error is None:
            return
        yield error
        error = error.__cause__


def _headers(error: BaseException) -> Iterator[tuple[Any, Any]]:
    response = getattr(error, "response", None)
    of_aws = _mapping(_mapping(response).get("ResponseMetadata")).get("HTTPHeaders")
    for headers in (getattr(response, "headers", None), getattr(error, "headers", None), of_aws):
        try:
            yield from headers.items() if headers is not None else ()
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
    told = getattr(error, "retry_after", None)
    if isinstance(told, (int, float)) and not isinstance(told, bool):
        return float(told)
    details = getattr(error, "details", None)
    for detail in details if isinstance(details, (list, tuple)) else ():
        delay = getattr(detail, "retry_delay", None)
        seconds = getattr(delay, "seconds", None)
        if isinstance(seconds, (int, float)):
            return float(seconds)
    return None


def _while(text: str | None, now: datetime) -> float | None:
    """Seconds from a number, ``6m0.5s``, a moment since 1970, an ISO or an HTTP date."""
    if not text:
        return None
    number = _number(text)
    if number is not None:
        return number if number < _EPOCH else (number / 1000 if number > _EPOCH * 1000 else number) - now.timestamp()
    if _PART.sub("", text) == "":
        return sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(text))
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
