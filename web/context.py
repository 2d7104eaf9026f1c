"""What every view starts from: the store, the configuration and the listener of this request."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

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
