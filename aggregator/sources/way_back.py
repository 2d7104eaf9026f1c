"""Where a service sends listeners back to after they signed in there.

Services take https or this very machine by its number (``http://127.0.0.1:8484/…``): Spotify refuses ``localhost`` and
every other plain http. A Bandstand that is visited in another way still asks for an address they take. The browser then
ends at a page that may not open, whose address holds all that is needed: the listener pastes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlsplit

from aggregator.sources.change import SourceError

BY_NAME = "localhost."
NO_ADDRESS = (
    "That is not the address the service sent you to. After you allowed access, copy everything from the address bar "
    "of the page that did not open; it begins with {}."
)


@dataclass(frozen=True)
class WayBack:
    """`address`: to register at the service. `by_hand`: the listener's browser does not get from there to here."""

    address: str
    by_hand: bool


def way_back(here: str) -> WayBack:
    """`here`: the address of the page that takes listeners back, as this listener's browser would ask for it."""
    parts = urlsplit(here)
    if parts.scheme == "https" or _this_machine(parts.hostname or ""):
        return WayBack(here, by_hand=False)
    port = f":{parts.port}" if parts.port else ""
    return WayBack(f"http://127.0.0.1{port}{parts.path}", by_hand=parts.hostname != "localhost")


def marked(state: str, here: str) -> str:
    """The state of a sign-in that begins at `here`, so that `where_begun` knows it again."""
    return BY_NAME + state if urlsplit(here).hostname == "localhost" else state


def where_begun(asked: str) -> str | None:
    """The same page under the name ``localhost``, for who began there: a browser's cookies tell the two apart."""
    parts = urlsplit(asked)
    state = dict(parse_qsl(parts.query)).get("state", "")
    if parts.hostname == "localhost" or not state.startswith(BY_NAME) or not _this_machine(parts.hostname or ""):
        return None
    return parts._replace(netloc=f"localhost:{parts.port}" if parts.port else "localhost").geturl()


def pasted(text: str, way: str) -> dict[str, str]:
    """What a service says in an address that was pasted. Raises `SourceError` where it says nothing."""
    try:
        said = dict(parse_qsl(urlsplit(text.strip()).query))
    except ValueError:
        said = {}
    if "state" not in said:
        raise SourceError(NO_ADDRESS.format(way))
    return said


def _this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
