"""Sources: the accounts a listener sees, how they fare, and what can be asked of them.

Everything here works from any process: runs are queued in the store, live questions go to the steward's socket.
"""

from aggregator._host.settings import FormField, titled
from aggregator.sources.cards import (
    HeldRemoval,
    Line,
    Offer,
    Part,
    Refused,
    Run,
    SourceCard,
    Standing,
    Terms,
    archived,
    cards,
    offers,
    progress,
    refused,
    standing,
)
from aggregator.sources.change import (
    SettingsRefused,
    SourceError,
    change_settings,
    closed,
    create_account,
    free_name,
    rename,
    request_sync,
    switch,
)
from aggregator.sources.changes import Change, Changes, History, changes, doubted, history
from aggregator.sources.diffs import Diff
from aggregator.sources.forms import Entered, entered, folders
from aggregator.sources.leaving import Leaving, leaving
from aggregator.sources.live import LiveAnswer, able, ask_live, begin_sign_in, finish_sign_in, sampled, searchable
from aggregator.sources.lives import archive, bring_back, erase, test
from aggregator.sources.orders import Chosen, Orders, effect_of, prefer, take_back
from aggregator.sources.questions import Doomed, Question, answer, question

__all__ = [
    "Change", "Changes", "Chosen", "Diff", "Doomed", "Entered", "FormField", "HeldRemoval", "History", "Leaving",
    "Line", "LiveAnswer", "Offer", "Orders", "Part", "Question", "Refused", "Run", "SettingsRefused", "SourceCard",
    "SourceError", "Standing", "Terms", "able", "answer", "archive", "archived", "ask_live", "begin_sign_in",
    "bring_back", "cards", "change_settings", "changes", "closed", "create_account", "doubted", "effect_of", "entered",
    "erase", "finish_sign_in", "folders", "free_name", "history", "leaving", "offers", "prefer", "progress", "question",
    "refused", "rename", "request_sync", "sampled", "searchable", "standing", "switch", "take_back", "test", "titled",
]  # fmt: skip
