"""What a failure of the network means in the contract's words, where a provider lets it through as it came.

The words name the host and never the address: keys stand in addresses.
"""

from __future__ import annotations

import email.utils
import http.client
import json
import math
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from aggregator.plugin import AuthFailed, BadData, ProviderError, RateLimited, Unavailable

UNNAMED_WAIT = 60.0
"""Seconds of silence after a refusal that names no time."""
LONGEST_WAIT = 31 * 86400.0
"""Seconds; a service that asks for more has miscounted."""


def named(error: BaseException) -> ProviderError | None:
    """The error of the contract that this one amounts to; None for what is no trouble of network or service."""
    for module, meaning in (("requests", _requests), ("httpx2", _httpx2)):
        # Not imported here: where the provider never called out, none of its errors is one of these.
        if (library := sys.modules.get(module)) and (found := meaning(error, library)):
            return found
    if isinstance(error, json.JSONDecodeError):
        return BadData("What came is not JSON, or only half of it.")
    return _network(error, "The service") if isinstance(error, OSError) else None


def refusal(host: str, status: int, wait: float | None) -> ProviderError:
    """What an answer of status 400 or more means. `wait`: the seconds it asks for, if it does."""
    if status in (401, 403):
        return AuthFailed(f"{host} does not accept the credentials (status {status}).")
    if status == 429 or (status == 503 and wait is not None):
        return RateLimited(f"{host} asks for fewer calls.", UNNAMED_WAIT if wait is None else wait)
    if status >= 500:
        return Unavailable(f"{host} has trouble of its own (status {status}).")
    return BadData(f"{host} did not understand the question (status {status}).")


def seconds(wait: Any) -> float:
    """A wait that can be kept, whatever was asked for."""
    try:
        asked = float(wait)
    except (TypeError, ValueError, OverflowError):
        return UNNAMED_WAIT
    return min(max(0.0, asked), LONGEST_WAIT) if math.isfinite(asked) else UNNAMED_WAIT


def asked_wait(headers: Mapping[str, Any]) -> float | None:
    """Seconds of silence that an answer asks for; None where it asks for none.

    A date is measured against the service's own clock: ours may be another.
    """
    return retry_after(headers["Retry-After"], headers.get("Date")) if "Retry-After" in headers else None


def retry_after(value: str | None, date: str | None = None) -> float:
    """Seconds, from a Retry-After header (RFC 9110: a number or a date), with the Date of the same answer."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return seconds(text)
    until, now = _moment(text), _moment(date or "")
    return UNNAMED_WAIT if until is None else seconds(until - (time.time() if now is None else now))


def _moment(date: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def _requests(error: BaseException, requests: Any) -> ProviderError | None:
    if not isinstance(error, requests.RequestException):
        return None
    host = _host(error)
    match error:
        case requests.HTTPError() if error.response is not None:
            return _refused(host, error.response)
        case requests.exceptions.InvalidJSONError():
            return BadData(f"{host} sent something that is not JSON, or only half of it.")
        case requests.exceptions.ChunkedEncodingError() | requests.exceptions.ContentDecodingError():
            return BadData(f"{host} sent only half of an answer, or one that cannot be unpacked.")
        case requests.TooManyRedirects() | requests.exceptions.InvalidSchema() | requests.exceptions.InvalidURL():
            return BadData(f"{host} sends on and on, or to an address that is none.")
    return _network(error, host)


def _httpx2(error: BaseException, httpx2: Any) -> ProviderError | None:
    if not isinstance(error, httpx2.HTTPError):
        return None
    host = _host(error)
    match error:
        case httpx2.HTTPStatusError():
            return _refused(host, error.response)
        case httpx2.RemoteProtocolError() if "disconnected" in str(error):
            return Unavailable(f"{host} broke the connection off.")
        case httpx2.DecodingError() | httpx2.RemoteProtocolError():
            return BadData(f"{host} sent only half of an answer, or one that cannot be unpacked.")
        case httpx2.TooManyRedirects() | httpx2.UnsupportedProtocol():
            return BadData(f"{host} sends on and on, or to an address that is none.")
    return _network(error, host)


def _refused(host: str, response: Any) -> ProviderError:
    return refusal(host, response.status_code, asked_wait(response.headers))


def _network(error: BaseException, host: str) -> Unavailable | None:
    for each in _chain(error):
        for cause, words in _CAUSES.items():
            if isinstance(each, cause):
                return Unavailable(f"{host} {words(each)}.")
    if isinstance(error, OSError) and not hasattr(error, "request"):
        return None  # a file, not the network
    return Unavailable(f"{host} cannot be reached ({type(error).__name__}).")


_CAUSES: dict[type[BaseException], Callable[[Any], str]] = {
    socket.gaierror: lambda _: "cannot be found: its name is unknown, or the network is down",
    ssl.SSLCertVerificationError: lambda error: f"has a certificate that cannot be trusted ({error.verify_message})",
    ssl.SSLError: lambda _: "and Bandstand could not agree on a secure connection",
    ConnectionRefusedError: lambda _: "refuses connections: it is switched off, or at another address",
    ConnectionResetError: lambda _: "broke the connection off",
    http.client.BadStatusLine: lambda _: "answers in something else than HTTP",
    TimeoutError: lambda _: "did not answer in time",
}
"""Causes by their type, the more special ones first."""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came of, as far as it is kept; requests hides the cause in its arguments."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop(0)
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            inner = (each.__cause__, each.__context__, getattr(each, "reason", None), *each.args)
            waiting += [one for one in inner if isinstance(one, BaseException)]


def _host(error: Any) -> str:
    try:
        return urlsplit(str(error.request.url)).hostname or "The service"
    except (AttributeError, RuntimeError, ValueError):  # httpx2 raises RuntimeError where the request is not known
        return "The service"
