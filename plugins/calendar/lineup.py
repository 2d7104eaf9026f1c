"""Who plays, from the title of a calendar's entry: only what is said beyond doubt.

A name may hold almost any sign ("AC/DC", "Earth, Wind & Fire", "Florence + The Machine"), so a title is parted at the
signs that venues use between acts, and where one of them is more likely to be part of a name, it stays whole.
"""

from __future__ import annotations

import re

from aggregator.plugin import Credit

MOST = 40
LONGEST = 500
"""Letters of a title that is looked into."""

_STATE = re.compile(
    r"^\W*(cancell?ed|abgesagt|annul[ée]e?|afgelast|postponed|verschoben|report[ée]e?|rescheduled|moved"
    r"|sold\s*out|ausverkauft|new date|just announced)\b[\s:!*)\]–—-]*",
    re.I,
)
_ASIDE = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]")
_BEFORE = re.compile(
    r"^(?:.{2,60}?\bpresents?\b:?|.{2,60}?\bprésentent?\b:?|an? (?:\w+ )?(?:evening|night|afternoon) with)\s+", re.I
)
_AFTER = re.compile(r"(?:\s+[-–—|•]+\s+|\s+\|\s*|:\s+(?=.*\b(?:tour|release|live|album|anniversary|show)\b)).*$", re.I)
_PLACE = re.compile(r"\s+(?:live\s+)?(?:@|at)\s+(?:the\s+)?\S.*$", re.I)
_GUESTS = re.compile(
    r"\s*(?:[,;+]\s*)?(?:\bw/\s*|\bwith (?:very )?(?:special )?(?:guests?|support|opener)s?:?\s+(?:from |by )?"
    r"|\bsupport(?:ed)?(?: act)?(?: by|:| from)\s+|\bopening(?: act)?:\s+|\bspecial guests?:?\s+"
    r"|\bwith\s+(?!the\b)|\bplus\s+)",
    re.I,
)
_SUPPORT = re.compile(r"^(?:support|opener|opening|special guests?|guests?)\b:?\s*(.*)$", re.I)
_PLUS = re.compile(r"\s+\+\s+(?!the\b)", re.I)
_SLASH = re.compile(r"\s+/+\s+")
_COMMA = re.compile(r"\s*,\s+(?!the\b|jr\b|sr\b|esq\b|inc\b|llc\b)", re.I)
_PAIR = re.compile(r"\s(?:&|and|und|et|y|e)\s", re.I)
_NO_ACT = re.compile(r"^(?:tba|tbd|tbc|more|guests?|special guests?|support|friends|others|many more|\W*)$", re.I)


def lineup(title: str, venue: str = "") -> list[Credit]:
    """Headliner first; empty where the title names nobody."""
    if title.strip() and (len(title) > LONGEST or not any(letter.isalnum() for letter in title)):
        return [Credit(name=title.strip(), role="headliner")]  # "!!!" is a band
    text, asides = _bare(title, venue)
    headline, *guests = _GUESTS.split(text)
    sure = bool(guests) or any(_SUPPORT.match(aside) for aside in asides)
    acts = [(name, "headliner") for name in _names(headline, sure)]
    acts += [(name, "support") for guest in guests for name in _names(guest, True)]
    acts += [(name, "support") for aside in asides if (said := _SUPPORT.match(aside)) for name in _names(said[1], True)]
    return _credits(acts)


def _bare(title: str, venue: str) -> tuple[str, list[str]]:
    """The title without what is said around the acts, and what stood in brackets."""
    text = " ".join(title.split())
    while (shorter := _STATE.sub("", text)) != text:
        text = shorter
    text = re.sub(r"\(\s*support\s*\)", "\0", text, flags=re.I)  # a mark behind a name, kept in its place
    asides = [aside.strip() for aside in _ASIDE.findall(text)]
    text = _BEFORE.sub("", _AFTER.sub("", _ASIDE.sub("", text)).strip())
    if venue and (found := _PLACE.search(text)) and venue.casefold() in found[0].casefold():
        text = text[: found.start()]
    return text.strip(" -–—|:,;!"), asides


def _names(text: str, sure: bool) -> list[str]:
    """The names in one part of a title. `sure`: the title has signs that are no part of a name."""
    parts = _PLUS.split(text)
    slashes = _SLASH.split(text)
    if len(slashes) > 2 or (len(slashes) == 2 and (sure or len(parts) > 1)):
        parts = [part for each in parts for part in _SLASH.split(each)]
    sure = sure or len(parts) > 1 or "\0" in text
    return [name for part in parts for name in _by_comma(part, sure) if not _NO_ACT.match(name.strip(" \0"))]


def _by_comma(text: str, sure: bool) -> list[str]:
    names = _COMMA.split(text)
    if len(names) == 1 or _PAIR.search(text) or not (sure or len(names) > 2):
        return [text]
    return names


def _credits(acts: list[tuple[str, str]]) -> list[Credit]:
    roles: dict[str, str] = {}
    for number, (name, role) in enumerate(acts[:MOST]):
        bare = name.replace("\0", "").strip(' -–—|:,;*"“”').strip()
        if bare:
            roles.setdefault(bare, "support" if number or role == "support" else "headliner")
    last = len(roles) - 1
    return [
        Credit(name=name, role="support" if role == "support" else "headliner", join=", " if number < last else "")
        for number, (name, role) in enumerate(roles.items())
    ]
