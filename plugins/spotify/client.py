"""spotipy behind the gate: tokens, errors in Bandstand's words, and pages that end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
import spotipy
from spotipy.cache_handler import CacheHandler, MemoryCacheHandler

from aggregator.plugin import AuthFailed, BadData, Provider, ProviderError, RateLimited, Safe, Unavailable

API = "https://api.spotify.com"
ACCOUNTS = "https://accounts.spotify.com"
SCOPES = (
    "user-library-read user-follow-read user-read-recently-played playlist-read-private playlist-read-collaborative"
)
SECONDS = 30
SOON = 90
"""Seconds before its end in which an access token is renewed; spotipy does so in the last 60."""
QUOTA_PAUSE = 3600.0

Json = dict[str, Any]

# What it would log is said by the errors below, in words.
logging.getLogger("spotipy").setLevel(logging.CRITICAL)


class NotOpen(Exception):
    """The service answers 403 or 404: this is not open to this app or this listener."""


class Client:
    """One account's way to Spotify. Kept as long as the provider: spotipy closes the session when it is dropped."""

    def __init__(self, provider: Provider) -> None:
        settings = provider.settings
        self._gate = provider.http
        self._own = settings.address.rstrip("/") + "/"
        self._safe = provider.safe
        self._token = Token(provider.safe)
        self._spotify = spotipy.Spotify(
            auth_manager=auth_manager(provider, self._token),
            requests_session=provider.http.session,
            requests_timeout=SECONDS,
            retries=0,
        )
        self._spotify.prefix = f"{self._own}v1/"

    def get(self, path: str, **query: Any) -> Json:
        """One answer. `path` below ``/v1/``, or a full address that the service named itself."""
        if path.startswith("http") and not path.startswith(self._own):
            raise BadData("Spotify named a next page at another address. It was not followed.")
        url = path if path.startswith("http") else f"{self._own}v1/{path}"
        if self._gate.remembered(url) == 403:
            raise NotOpen(f"Spotify answered 403 for {path} lately.")
        try:
            return self._call(lambda: self._spotify._get(path, **query))
        except NotOpen as refusal:
            if "403" in str(refusal):
                self._gate.remember(url, 403)
            raise

    def pages(self, path: str, inside: str | None = None, **query: Any) -> Iterator[Json]:
        """Every page of a list. `inside`: the key below which the page lies."""
        asked: set[str] = set()
        answer = self.get(path, **query)
        while True:
            page = answer.get(inside) if inside else answer
            if not isinstance(page, dict) or not isinstance(page.get("items"), list):
                raise BadData(f"Spotify's answer for {path} is not a list.")
            yield page
            following = page.get("next")
            if not following:
                return
            if following in asked:
                raise BadData(f"Spotify's pages for {path} go round in a circle.")
            asked.add(following)
            answer = self.get(following)

    def _call(self, ask: Callable[[], Any]) -> Json:
        """Ask; once more with a new access token where the old one is refused before its time."""
        try:
            answer = self._with_a_token(ask)
        except AuthFailed:
            if not self._token.renewable():
                raise
            answer = self._with_a_token(ask)
        if not isinstance(answer, dict):
            raise BadData("Spotify sent something that is not JSON.")
        return answer

    def _with_a_token(self, ask: Callable[[], Any]) -> Any:
        """A refresh token may be good only once: of two runs one renews the access token, then the other does."""
        with in_words():
            if not self._token.fresh:
                with self._safe.alone():
                    self._spotify.auth_manager.validate_token(self._token.get_cached_token())
            return ask()


class Token(CacheHandler):
    """spotipy's token cache: the access token in memory, the refresh token in the safe."""

    def __init__(self, safe: Safe) -> None:
        self._safe = safe
        self._token: Json = {"access_token": "", "expires_at": 0}
        self._used: str | None = None

    @property
    def fresh(self) -> bool:
        """Good for so long that nobody renews it now."""
        return bool(self._token["expires_at"] > time.time() + SOON)

    def get_cached_token(self) -> Json:
        kept = self._safe.get("refresh_token")
        if not kept:
            raise AuthFailed("Spotify is not connected yet. Sign in to Spotify on the Sources page.")
        self._used = kept
        # spotipy would ask at the terminal for a token without a scope.
        return {"scope": "", **self._token, "refresh_token": kept}

    def save_token_to_cache(self, token_info: Json) -> None:
        """A new refresh token is safe before anything is asked with it: the old one may be good only once."""
        if token_info["refresh_token"] != self._used:
            self._safe.put("refresh_token", token_info["refresh_token"])
        self._token = token_info

    def renewable(self) -> bool:
        """Forget a refused access token. True where asking again may help: it had been good, or another run of this
        account has changed the refresh token meanwhile."""
        was_good, self._token["expires_at"] = bool(self._token["expires_at"]), 0
        return was_good or self._safe.get("refresh_token") != self._used


def auth_manager(provider: Provider, cache: CacheHandler, redirect: str = "http://127.0.0.1/", scope: str = "") -> Any:
    """spotipy's own, by client secret or, where there is none, by PKCE."""
    settings = provider.settings
    asked = {
        "client_id": settings.client_id,
        "redirect_uri": redirect,
        "scope": scope or None,
        "cache_handler": cache,
        "requests_session": provider.http.session,
        "requests_timeout": SECONDS,
        "open_browser": False,
    }
    manager: Any
    if settings.client_secret:
        manager = spotipy.SpotifyOAuth(client_secret=settings.client_secret.get_secret_value(), **asked)
    else:
        manager = spotipy.SpotifyPKCE(**asked)
    accounts = ACCOUNTS if settings.address == API else settings.address.rstrip("/")
    manager.OAUTH_AUTHORIZE_URL, manager.OAUTH_TOKEN_URL = f"{accounts}/authorize", f"{accounts}/api/token"
    return manager


# --- errors -----------------------------------------------------------------------------------------------------------


@contextmanager
def in_words() -> Iterator[None]:
    """Turns what spotipy and requests raise into Bandstand's errors."""
    try:
        yield
    except spotipy.SpotifyException as error:
        raise _refusal(error.http_status, error.headers, error.reason, str(error.msg)) from error
    except spotipy.SpotifyOauthError as error:
        raise _token_refusal(error) from error
    except (requests.exceptions.JSONDecodeError, requests.exceptions.ChunkedEncodingError) as error:
        raise BadData("Spotify sent something that is not JSON, or only half of it.") from error
    except requests.RequestException as error:
        raise Unavailable(f"Spotify cannot be reached ({type(error).__name__}).") from error
    except (AttributeError, KeyError, TypeError) as error:
        # spotipy itself stumbled over the shape of an error or of a token.
        raise BadData("Spotify sent an answer in a form that is not known.") from error


def _refusal(
    status: int, headers: Mapping[str, str], reason: str | None = None, said: str = ""
) -> ProviderError | NotOpen:
    if status == 401:
        return AuthFailed("Spotify no longer accepts this sign-in. Sign in to Spotify again.")
    if status == 403 and "scope" in said:
        return AuthFailed("Spotify was not given every permission that is needed. Sign in to Spotify again.")
    if status == 403 and "registered" in said:
        return AuthFailed("Your Spotify user is not on the list of this app. Add it at developer.spotify.com.")
    if status in (403, 404):
        return NotOpen(f"Spotify answered {status}.")
    if status == 429:
        return _pause(headers.get("Retry-After"), reason)
    if status >= 500:
        return Unavailable(f"Spotify has trouble of its own (status {status}).")
    return BadData(f"Spotify did not understand the question (status {status}).")


def _pause(header: str | None, reason: str | None) -> RateLimited:
    quota = reason == "QUOTA_EXCEEDED"
    seconds = float(header) if header and header.isdecimal() else QUOTA_PAUSE if quota else 60.0
    words = "The quota of your Spotify app is used up" if quota else "Spotify asks for fewer questions"
    return RateLimited(f"{words}; it is asked again later.", seconds)


def _token_refusal(error: spotipy.SpotifyOauthError) -> ProviderError:
    """The accounts service; spotipy hides its status in the error before this one."""
    response = getattr(error.__context__, "response", None)
    status = response.status_code if response is not None else 400
    if status == 429 or status >= 500:
        refusal = _refusal(status, response.headers if response is not None else {})
        assert isinstance(refusal, ProviderError)
        return refusal
    if error.error == "invalid_client":
        return AuthFailed("Spotify does not know this client ID and secret. Check them in the settings.")
    return AuthFailed("Spotify no longer accepts this sign-in. Sign in to Spotify again.")


def not_allowed(error: str) -> AuthFailed:
    """Spotify sent the listener back without a code."""
    if error == "access_denied":
        return AuthFailed("You did not allow it at Spotify, so nothing was changed. Sign in again whenever you like.")
    return AuthFailed(f"Spotify gave no permission ({error or 'no reason given'}). Sign in again.")


def _not_granted(reason: str, redirect: str) -> AuthFailed:
    """Spotify does not take the code for what it was given out for."""
    if "redirect" in reason.lower():
        return AuthFailed(
            f"The redirect address does not fit. Add {redirect} to your app at developer.spotify.com/dashboard, "
            "then sign in again."
        )
    if "verifier" in reason:
        return AuthFailed("Another sign-in was begun since this one. Finish that one, or sign in again.")
    return AuthFailed("This permission was used already or has run out. Sign in to Spotify again.")


def new_permission(manager: Any, code: str) -> str:
    """The refresh token for a code that came back from Spotify's own page."""
    as_text = {"as_dict": False} if isinstance(manager, spotipy.SpotifyOAuth) else {}
    with in_words():
        try:
            manager.get_access_token(code=code, check_cache=False, **as_text)
        except spotipy.SpotifyOauthError as error:
            if error.error == "invalid_grant":
                raise _not_granted(error.error_description or "", manager.redirect_uri) from error
            raise
    token: str = manager.cache_handler.get_cached_token()["refresh_token"]
    return token


__all__ = [
    "API",
    "SCOPES",
    "Client",
    "Json",
    "MemoryCacheHandler",
    "NotOpen",
    "auth_manager",
    "new_permission",
    "not_allowed",
]
