"""Failures that go away by themselves: rate limits, time-outs, lost connections. Known by their names: no provider is imported."""

from __future__ import annotations

import re

_TYPE = re.compile(
    r"RateLimit|TooManyRequests|Throttl|Timeout|TimedOut|DeadlineExceeded|Connection|Connect(?:ion)?Error|Disconnected"
    r"|ServiceUnavailable|Overloaded|InternalServer|BadGateway|RemoteProtocol|ReadError|WriteError|ResourceExhausted|BrokenPipe"
    r"|ChunkedEncoding|PayloadError|IncompleteRead|SSLEOF|gaierror"
)
_NO_NETWORK = re.compile(r"Network is unreachable|No route to host|Temporary failure in name resolution")


def _status(codes: str) -> re.Pattern[str]:
    """One of these as the status of a response, in the words of openai and many others, httpx, urllib, aiohttp, requests."""
    return re.compile(
        rf"\b(?:HTTP(?:/\d(?:\.\d)?)?|status(?:[ _]code)?|code)[\s:='\"]{{1,4}}(?:{codes})\b"
        rf"|\b(?:client|server|HTTP) error[\s:'\"]{{1,3}}(?:{codes})\b"
        rf"|^(?:{codes})(?:, message=| (?:client|server) error\b)",
        re.IGNORECASE,
    )


_STATUS = _status(r"408|425|429|5\d\d")
_REFUSED = _status("40[123]")
_STAYS = re.compile(
    r"insufficient[ _]quota|exceeded your current quota|billing|credit balance|payment required", re.IGNORECASE
)
_COMES_BACK = re.compile(
    r"retry in \d|retry_?delay\b", re.IGNORECASE
)  # Google's quota of a minute, in words of an account


def is_transient(exception_type: str, message: str) -> bool:
    """Whether the same call may succeed in a while. An exhausted quota is not a limit that passes."""
    if is_exhausted(message) or _REFUSED.search(message):
        return False
    types, said = (_TYPE, _PRESSURE_TYPE), (_STATUS, _NO_NETWORK)
    return any(rule.search(exception_type) for rule in types) or any(rule.search(message) for rule in said)


_PRESSURE_TYPE = re.compile(
    r"RateLimit|rate_limit|TooManyRequests|Throttl|Overloaded|overloaded|ResourceExhausted|RESOURCE_EXHAUSTED|SlowDown"
)
_PRESSURE_SAID = _status("429|529")


def is_pressure(exception_type: str, message: str) -> bool:
    """Whether a provider says that it is called too often, or by too many: then all who call it had better be fewer."""
    if is_exhausted(message) or _REFUSED.search(message):
        return False
    return bool(_PRESSURE_TYPE.search(exception_type) or _PRESSURE_SAID.search(message))


def is_exhausted(message: str) -> bool:
    """Whether it says that a quota or an account is used up: no waiting helps, whatever the exception is called."""
    return bool(_STAYS.search(message)) and not _COMES_BACK.search(message)
