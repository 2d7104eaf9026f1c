"""The library's pages: albums, artists and songs in lists and one by one, and what listeners say about them.

lists      what there is, filtered, sorted, page by page
pages      one album, artist or song; favourites; play lists for the player
decisions  the same, not the same, split
past       what was said: the history, undo, say it again
shown      whose word is shown: of one field of one item, of one field everywhere
"""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("library", __name__, template_folder="templates")

from web.library import decisions, lists, pages, past, shown  # noqa: E402 - they put their routes on `bp`

__all__ = ["bp", "decisions", "lists", "pages", "past", "shown"]
