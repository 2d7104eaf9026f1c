"""What to hear next: albums and artists the listener neither has nor knows, each with true reasons.

ranking      which artists: a pure function of plays and of what services answer
signals      what speaks for an artist, one kind of evidence each
company      who goes together by a house's own hours and credits
tastes       which artists belong together, and a list shared out among them
rotation     the order of the day, and rest for what was seen often
knowledge    what the house knows of a listener's taste, and which look-ups would tell more
choosing     from ranked artists to the stored list of albums and artists
stored       what is written down of a recommendation
cards        that list as pages show it, in words
excluded     artists, albums, playlists, hours and accounts kept out of taste
counted      what that leaves
passing      taking out again what was claimed for recommendations alone
within       the listener's own albums near what they play, from hours, credits and genres
songs        songs of the listener's own to try, by whom and near what they play
own          what the listener has and might hear again, or at last
rows         the rows of Discover and Home, drawn by the day
standing     what was asked, who is silent
feedback     *more*, *less*, *never*, *already know it*, and taking it back
traits       what makes two recommendations alike
effects      what a word changed
"""

from aggregator.recommendations.again import make_anew
from aggregator.recommendations.cards import Card, albums_for, artists_among, artists_for, card_of, where
from aggregator.recommendations.choosing import refresh
from aggregator.recommendations.counted import Part, parts
from aggregator.recommendations.effects import say, take_back
from aggregator.recommendations.excluded import (
    WHATS,
    Exclusion,
    NotThere,
    What,
    accounts,
    exclude,
    exclusions,
    include,
    playlists,
)
from aggregator.recommendations.feedback import WORDS, Kind, Said, Word, said_by
from aggregator.recommendations.knowledge import LookUp, wanted
from aggregator.recommendations.passing import forget_unused
from aggregator.recommendations.ranking import rank
from aggregator.recommendations.rows import Discover, Row, discover, note_seen
from aggregator.recommendations.standing import Standing, standing

__all__ = [
    "WHATS",
    "WORDS",
    "Card",
    "Discover",
    "Exclusion",
    "Kind",
    "LookUp",
    "NotThere",
    "Part",
    "Row",
    "Said",
    "Standing",
    "What",
    "Word",
    "accounts",
    "albums_for",
    "artists_among",
    "artists_for",
    "card_of",
    "discover",
    "exclude",
    "exclusions",
    "forget_unused",
    "include",
    "make_anew",
    "note_seen",
    "parts",
    "playlists",
    "rank",
    "refresh",
    "said_by",
    "say",
    "standing",
    "take_back",
    "wanted",
    "where",
]
