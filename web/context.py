"""What every view starts from: the store, the configuration and the listener of this request."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from flask import current_app, g

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.listeners import Listener
    from aggregator.store import Store


def store() -> Store:
    return cast("Store", current_app.extensions["store"])


def config() -> Config:
    return cast("Config", current_app.extensions["config"])


def listener() -> Listener:
    """Whose request this is. The guard lets no view begin without one, but for those that are open."""
    return cast("Listener", g.listener)


def own_page(address: str) -> bool:
    """Is this the path of a page of this very Bandstand? Browsers take ``//`` and ``/\\`` for another host."""
    return address.startswith("/") and not address.startswith(("//", "/\\")) and not urlsplit(address).netloc
