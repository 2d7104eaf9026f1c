"""What a failure means for its account: the state, the pause, and the words on the Sources page.

The words say what happened, what Bandstand does about it, and what the listener can do.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from aggregator._host.process import Failure
from aggregator.wording import sentence

LONGEST_PAUSE = 6 * 3600
LONGEST_PAUSE_AFTER_BUG = 24 * 3600

KEPT = "What it had brought is kept, what it had not come to stays as it was, and everything else goes on."
TELL = "If it happens again, tell its author, or switch the source off."
MEND = (
    "What it brought stays, and everything else goes on without it. Mend the plugin or install it anew; Bandstand then "
    "goes on by itself."
)


@dataclass(frozen=True)
class Verdict:
    """`blocked_until` None: no pause, but a state other than ready waits for its listener."""

    state: str
    words: str
    blocked_until: int | None = None
    failures: int = 0

    @property
    def columns(self) -> dict[str, Any]:
        """What the account's row says of it."""
        return {
            "state": self.state,
            "state_words": self.words,
            "blocked_until": self.blocked_until,
            "failures": self.failures,
        }


def after(failure: Failure, provider: str, failures: int, blocked_until: float | None, now: int) -> Verdict:
    """`failures` in a row before this one; `blocked_until` is what the service itself asked for, if it did."""
    told = sentence(failure.words)
    match failure.kind:
        case "AuthFailed":
            stays = "What it brought stays; nothing new comes until you renew them."
            return Verdict("needs the listener", f"{provider} refused the credentials: {told} {stays}")
        case "settings":
            words = f"The settings do not fit. {told} Nothing is read until they are corrected."
            return Verdict("settings error", words)
        case "load":
            words = (
                f"{provider} cannot be loaded: {told} What it brought stays, and everything else goes on without it. "
            )
            words += "Mend the plugin or install it anew; Bandstand then goes on by itself."
            return Verdict("load error", words)
        case "stopped":
            return Verdict("ready", told, failures=failures)
        case "RateLimited":
            until = max(now + round(failure.retry_after or 0), round(blocked_until or 0))
            return Verdict("backing off", _asked_for_pause(provider, until), until, failures)
    if blocked_until is not None:  # the client library hid the refusal behind some other error
        return Verdict("backing off", _asked_for_pause(provider, round(blocked_until)), round(blocked_until), failures)
    until = now + pause(failure.kind, failures + 1)
    return Verdict(
        "backing off", f"{_trouble(failure.kind, provider, told)} {_again(failure.kind, until)}", until, failures + 1
    )


def resting(provider: str, until: float) -> Verdict:
    """A run went well, and yet the service asked for silence."""
    return Verdict("backing off", _asked_for_pause(provider, round(until)), round(until))


def pause(kind: str, failures: int) -> int:
    """Seconds before the next try after so many failures in a row: fourfold each time."""
    first, longest = (60, LONGEST_PAUSE) if kind == "Unavailable" else (900, LONGEST_PAUSE_AFTER_BUG)
    return int(min(longest, first * 4 ** min(failures - 1, 10)))


def _asked_for_pause(provider: str, until: int) -> str:
    return f"{provider} asks for fewer calls. Bandstand waits and goes on by itself {clock(until)}; nothing is lost."


def _trouble(kind: str, provider: str, told: str) -> str:
    match kind:
        case "Unavailable":
            return f"{provider} does not answer: {told} Your library stays as it is."
        case "BadData" | "ProviderError":
            return f"{provider} answered something that makes no sense: {told} Your library stays as it is."
        case "host":
            return f"Bandstand itself failed while it read {provider}: {told} Your library stays as it is."
        case "late":
            return f"{provider} was stopped: {told} {KEPT}"
        case _:
            return f"Bug in {provider}: {told} {KEPT}"


def _again(kind: str, until: int) -> str:
    words = f"Bandstand tries again by itself {clock(until)}; “Sync now” tries at once."
    return f"{words} {TELL}" if kind in ("bug", "late") else words


def clock(until: int) -> str:
    """``at 14:05``, or with the day when it is not today (the machine's time)."""
    at, today = time.localtime(until), time.localtime()
    return time.strftime("at %H:%M" if at[:3] == today[:3] else "on %d %B at %H:%M", at)
