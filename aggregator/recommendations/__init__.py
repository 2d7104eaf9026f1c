"""What to hear next: albums and artists the listener neither has nor knows, each with true reasons.

ranking      which artists: a pure function of plays and of what services answer
knowledge    what the house knows of a listener's taste, and which look-ups would tell more
choosing     from ranked artists to the stored list of albums and artists
cards        that list as pages show it, in words
shelves      the Discover page
dismissals   *not interested*, and taking it back
"""

from aggregator.recommendations.cards import Card, albums_for, artists_for, reasons_for
from aggregator.recommendations.choosing import refresh
from aggregator.recommendations.dismissals import Dismissal, dismiss, dismissals, restore
from aggregator.recommendations.knowledge import LookUp, wanted
from aggregator.recommendations.ranking import rank
from aggregator.recommendations.shelves import Discover, discover

__all__ = [
    "Card",
    "Discover",
    "Dismissal",
    "LookUp",
    "albums_for",
    "artists_for",
    "discover",
    "dismiss",
    "dismissals",
    "rank",
    "reasons_for",
    "refresh",
    "restore",
    "wanted",
]
