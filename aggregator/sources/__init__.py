"""Sources: the accounts a listener sees, how they fare, and what can be asked of them.

Everything here works from any process: runs are queued in the store, live questions go to the steward's socket.
"""

from aggregator._host.settings import FormField
from aggregator.sources.cards import (
    HeldRemoval,
    Line,
    Offer,
    Part,
    Refused,
    Run,
    SourceCard,
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
    request_sync,
    switch,
)
from aggregator.sources.live import LiveAnswer, able, ask_live, begin_sign_in, finish_sign_in, searchable

__all__ = [
    "FormField", "HeldRemoval", "Line", "LiveAnswer", "Offer", "Part", "Refused", "Run", "SettingsRefused",
    "SourceCard", "SourceError", "able", "ask_live", "begin_sign_in", "cards", "change_settings", "closed",
    "create_account", "finish_sign_in", "offers", "progress", "refused", "request_sync",
    "searchable", "standing", "switch",
]  # fmt: skip
