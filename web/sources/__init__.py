"""Sources: how each account fares, what it brought, and what can be asked of it.

cards    every account on one page, and what one asks of it at once: sync, test, pause
forms    adding an account, changing its settings and its name
leaving  removing an account: archive or erase, and bringing it back
runs     what each run changed
held     removals that wait for a listener's word
sign_in  to a service's own page and back
"""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("sources", __name__, template_folder="templates")

from web.sources import cards, forms, held, leaving, runs, sign_in  # noqa: E402 - they put their routes on `bp`

__all__ = ["bp", "cards", "forms", "held", "leaving", "runs", "sign_in"]
