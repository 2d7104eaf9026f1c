"""pylast behind the gate: one call at a time, errors in Bandstand's words, and a few ways to read its XML."""

from __future__ import annotations

import html
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.dom.minidom import Element

import httpx2
import pylast

from aggregator.plugin import AuthFailed, BadData, Provider, ProviderError, RateLimited, Unavailable

API = "https://ws.audioscrobbler.com"
WEB = "https://www.last.fm"
UNUSABLE = ("4", "14", "15")
"""What Last.fm answers for a token that was not issued (or used), not allowed, or is an hour old."""

# What it would log is said by the errors below, in words.
logging.getLogger("pylast").setLevel(logging.CRITICAL)


class Unknown(Exception):
    """Error 6: Last.fm does not know the artist, the listener or the album asked for."""


class Client:
    """One account's way to Last.fm."""

    def __init__(self, provider: Provider) -> None:
        settings = provider.settings
        self._door = Door(provider.http.transport, settings.address)
        self._user = settings.user
        self._network = pylast.LastFMNetwork(
            api_key=settings.api_key.get_secret_value(),
            api_secret=settings.api_secret.get_secret_value() if settings.api_secret else "",
            session_key=settings.session_key.get_secret_value() if settings.session_key else "",
            proxy={"all://": self._door},
        )

    def ask(self, method: str, inside: str, **query: Any) -> Element:
        """The element `inside` of the answer. Raises Unknown, and the errors of the contract."""
        with self._in_words():
            document = pylast._Request(self._network, method, query).execute()
        assert document.documentElement is not None
        found = children(document.documentElement, inside)
        if not found:
            raise BadData(f"Last.fm's answer to {method} holds no {inside}.")
        return found[0]

    def session(self, token: str) -> tuple[str, str]:
        """What a listener's permission is worth for good, and the name of the one who gave it."""
        try:
            with self._in_words():
                keys = pylast.SessionKeyGenerator(self._network)
                key, user = keys.get_web_auth_session_key_username("", token)
        except AuthFailed as error:
            if getattr(error.__cause__, "status", "") in UNUSABLE:
                words = "This permission was used already, has run out or was not given. Sign in to Last.fm again."
                raise AuthFailed(words) from error
            raise
        return key, user

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Turns what pylast raises into Bandstand's errors."""
        try:
            yield
        except pylast.WSError as error:
            raise self._refusal(int(error.status), error.details) from error
        except pylast.MalformedResponseError as error:
            raise self._malformed() from error
        except pylast.NetworkError as error:
            if isinstance(error.underlying_error, ProviderError):
                raise error.underlying_error from None  # the gate's own word
            raise Unavailable(f"Last.fm cannot be reached ({type(error.underlying_error).__name__}).") from error
        except (IndexError, AttributeError, ValueError) as error:
            # pylast itself stumbled over an answer that is XML, but not Last.fm's.
            raise BadData("Last.fm sent an answer in a form that is not known.") from error

    def _refusal(self, code: int, words: str) -> ProviderError | Unknown:
        match code:
            case 6:
                return Unknown(words)
            case 17:
                return AuthFailed(
                    f"The plays of {self._user} are private. Make them public at Last.fm, or sign in to Last.fm here."
                )
            case 4 | 9 | 14 | 15:
                return AuthFailed("Last.fm no longer accepts this sign-in. Sign in to Last.fm again.")
            case 10 | 13 | 26:
                return AuthFailed("Last.fm refuses the API key or its secret. Check them in the settings.")
            case 29:
                return self._pause()
            case 8 | 11 | 16 | 500 | 502 | 503 | 504:
                return Unavailable("Last.fm has trouble of its own and asks to try later.")
        return BadData(f"Last.fm did not understand the question (error {code}).")

    def _malformed(self) -> ProviderError:
        if self._door.status == 429:
            return self._pause()
        if self._door.status >= 500:
            return Unavailable(f"Last.fm has trouble of its own (status {self._door.status}).")
        return BadData("Last.fm sent something that is not XML, or only half of it.")

    def _pause(self) -> RateLimited:
        header = self._door.retry_after
        seconds = float(header) if header and header.isdecimal() else 60.0
        return RateLimited("Last.fm asks for fewer questions; it is asked again later.", seconds)


class Door(httpx2.BaseTransport):
    """The gate's transport, led to `address`, with a memory of the last answer: pylast hides status and headers."""

    def __init__(self, inner: httpx2.BaseTransport, address: str) -> None:
        self._inner = inner
        self._address = httpx2.URL(address)
        self.status = 0
        self.retry_after: str | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        here = self._address
        request.url = request.url.copy_with(scheme=here.scheme, host=here.host, port=here.port)
        request.headers["Host"] = here.netloc.decode()
        response = self._inner.handle_request(request)
        self.status, self.retry_after = response.status_code, response.headers.get("Retry-After")
        return response

    def close(self) -> None:
        """pylast closes it after every call; the gate's own stays open."""


# --- XML --------------------------------------------------------------------------------------------------------------


def children(node: Element, name: str) -> list[Element]:
    return [child for child in node.childNodes if isinstance(child, Element) and child.tagName == name]


def forget(node: Element) -> None:
    """Free the answer that holds `node`: its parts hold each other, and would stay for long."""
    if node.ownerDocument:
        node.ownerDocument.unlink()


def text(node: Element, name: str) -> str:
    """The text of a child; empty where there is none. Last.fm escapes some names twice."""
    for child in children(node, name):
        return html.unescape("".join(part.data for part in child.childNodes if hasattr(part, "data")).strip())
    return ""


def number(value: str) -> int:
    return int(value) if value.strip().isdigit() else 0
