"""The dashboard: Flask pages over the domain."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from jinja2 import StrictUndefined

from aggregator import listeners, previews
from web import errors, guard, shell, words

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.store import Store

STATIC = Path(__file__).parent / "static"
PAGES = (
    "home",
    "library",
    "review",
    "discover",
    "shows",
    "feed",
    "search",
    "sources",
    "settings",
    "members",
    "welcome",
    "sign_in",
    "media",
)


def create_app(config: Config, store: Store) -> Flask:
    """The whole dashboard on one store. Pages find both under `current_app.extensions`."""
    app = Flask("web", static_url_path=f"/static/{_version()}")
    app.config.update(
        SECRET_KEY=listeners.session_secret(config.data),
        SEND_FILE_MAX_AGE_DEFAULT=365 * 86_400,  # the address of a static file names its version
        MAX_CONTENT_LENGTH=1_000_000,
    )
    app.extensions["store"] = store
    app.extensions["config"] = config
    app.extensions["clips"] = previews.Clips(store, config.demo)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["stylesheets"] = _stylesheets()
    guard.protect(app)
    errors.explain(app)
    words.teach(app)
    shell.surround(app)
    for page in PAGES:
        app.register_blueprint(import_module(f"web.{page}").bp)
    return app


def _version() -> str:
    """Changes with any static file, so that browsers may keep each version for ever."""
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(STATIC).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _stylesheets() -> list[str]:
    """In the order of the cascade's layers; pages last."""
    shared = ["tokens.css", "base.css", "layout.css", "components.css"]
    pages = sorted(path.name for path in (STATIC / "css/pages").glob("*.css"))
    return [f"css/{name}" for name in shared] + [f"css/pages/{name}" for name in pages]
