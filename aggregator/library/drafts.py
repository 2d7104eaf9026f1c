"""Records become drafts of claims: what a record says itself, and the claims that its credits and plays imply."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aggregator.library.folding import plain
from aggregator.plugin import Artist, Credit, Edition, Friend, Holding, Play, Playlist, Record, Show, Track

Key = tuple[str, str]
"""Kind and provider's id: names a claim within its account."""

KIND_OF = {"edition": "album", "track": "recording"}
"""Kinds of claims for those record types that are called otherwise."""

RECORD, IMPLIED, BILLED = 3, 2, 1
_SAID = (RECORD, 0, "")
"""How strong the word of a draft is: only a stronger one replaces what is stored under the same id."""


Strength = tuple[int, int, str]
"""How much a draft says: kind of source, number of ids; among equals the text itself, so that no order decides."""


class CreditDraft(NamedTuple):
    artist: Key
    name: str
    join: str
    role: str


@dataclass(slots=True)
class Draft:
    """A claim about to be stored."""

    payload: str
    strength: Strength
    about: Key | None = None
    credits: Sequence[CreditDraft] = ()


class ReportDraft(NamedTuple):
    key: str
    at: int
    claim: Key
    seconds: float | None


@dataclass(slots=True)
class Drafts:
    """What a batch of records amounts to. `known_tracks`: ids of the account's recording claims that plays may name."""

    known_tracks: frozenset[str] = frozenset()
    claims: dict[Key, Draft] = field(default_factory=dict)
    reports: list[ReportDraft] = field(default_factory=list)
    contradicted: set[Key] = field(default_factory=set)
    """What the batch tells twice, in different words."""
    uncredited: set[Key] = field(default_factory=set)
    """Artists credited by those words that are not kept."""

    def add(self, record: Record) -> None:
        _DRAFT[type(record)](self, record)

    def _put(self, key: Key, draft: Draft) -> None:
        stored = self.claims.get(key)
        if stored and draft.strength[0] == stored.strength[0] == RECORD and draft.payload != stored.payload:
            self.contradicted.add(key)
            kept, dropped = (draft, stored) if fuller(draft.payload, stored.payload) else (stored, draft)
            self.uncredited |= {credit.artist for credit in dropped.credits}
            self.claims[key] = kept
        elif stored is None or draft.strength > stored.strength:
            self.claims[key] = draft

    def _artist(self, record: Artist) -> None:
        self._put(("artist", record.id), Draft(_text(record), _SAID))

    def _edition(self, record: Edition) -> None:
        credits = self._credits(record.credits, record.id, "credit")
        self._put(("album", record.id), Draft(_text(record), _SAID, None, credits))

    def _track(self, record: Track) -> None:
        credits = self._credits(record.credits, record.edition, "credit")
        about = ("album", record.edition) if record.edition else None
        self._put(("recording", record.id), Draft(_text(record), _SAID, about, credits))

    def _holding(self, record: Holding) -> None:
        about = (KIND_OF.get(record.of, record.of), record.id)
        since = int(record.since.timestamp()) if record.since else None
        self._hold(about, record.how, f"{record.of}:{record.how}:{record.id}", since, RECORD)

    def _hold(self, about: Key, how: str, pid: str, since: int | None, rank: int) -> None:
        said = {"how": how} if since is None else {"how": how, "since": since}
        worth = "" if rank == RECORD else _earlier(since)
        self._put(("holding", bounded(pid)), Draft(compact(said), (rank, 0, worth), about))

    def _plain(self, record: Playlist | Friend) -> None:
        self._put((record.type, record.id), Draft(_text(record), _SAID))

    def _show(self, record: Show) -> None:
        credits = self._credits(record.lineup, None, "bill")
        self._put(("show", record.id), Draft(_text(record), _SAID, None, credits))

    def _play(self, record: Play) -> None:
        at = int(record.at.timestamp())
        if record.track and (record.track in self.known_tracks or ("recording", record.track) in self.claims):
            claim: Key = ("recording", record.track)
        else:
            claim = self._played(record)
        if record.loved:
            self._hold(claim, "loved", f"track:loved:{claim[1]}", at, IMPLIED)
        self.reports.append(ReportDraft(record.id or bounded(f"~{at}|{claim[1]}"), at, claim, record.seconds))

    def _played(self, record: Play) -> Key:
        """The recording claim of a play, made from what it says: distinct by (MBID, artists, title, album)."""
        album = self._played_album(record) if record.album else None
        names = "; ".join(plain(credit.name) for credit in record.credits)
        parts = record.ids.get("mbid", ""), names, plain(record.title), plain(record.album or "")
        said: dict[str, Any] = {"title": record.title, "credits": _names(record.credits), "from": "play"}
        said |= {"album": record.album} if record.album else {}
        said |= {"ids": record.ids} if record.ids else {}
        credits = self._credits(record.credits, album[1] if album else None, "play")
        key = ("recording", bounded("~" + "|".join(parts)))
        text = compact(said)
        self._put(key, Draft(text, (IMPLIED, len(record.ids), _worth(text)), album, credits))
        return key

    def _played_album(self, record: Play) -> Key:
        artist = record.credits[0]
        key = ("album", bounded(f"~{plain(artist.name)}|{plain(record.album or '')}"))
        text = compact({"title": record.album, "credits": _names([artist]), "from": "play"})
        self._put(key, Draft(text, (IMPLIED, 0, _worth(text)), None, self._credits([artist], key[1], "play")))
        return key

    def _credits(self, credits: Sequence[Credit], album: str | None, source: str) -> list[CreditDraft]:
        return [
            CreditDraft(self._credited(credit, album, source), credit.name, credit.join, credit.role)
            for credit in credits
        ]

    def _credited(self, credit: Credit, album: str | None, source: str) -> Key:
        """The artist claim of a credit: that of its id, else one of its own per (album, name)."""
        context = "~bill" if source == "bill" else f"~{album or ''}"
        key = ("artist", credit.id or bounded(f"{context}|{plain(credit.name)}"))
        said = {"name": credit.name, "ids": credit.ids} if credit.ids else {"name": credit.name}
        text = compact({**said, "from": source})
        rank = BILLED if source == "bill" else IMPLIED
        self._put(key, Draft(text, (rank, len(credit.ids), _worth(text))))
        return key


_DRAFT: Mapping[type, Callable[[Drafts, Any], None]] = {
    Artist: Drafts._artist,
    Edition: Drafts._edition,
    Track: Drafts._track,
    Holding: Drafts._holding,
    Playlist: Drafts._plain,
    Friend: Drafts._plain,
    Show: Drafts._show,
    Play: Drafts._play,
}


def compact(said: Mapping[str, Any]) -> str:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def bounded(pid: str) -> str:
    """An id made from content, never longer than an index likes."""
    return pid if len(pid) <= 200 else "~#" + hashlib.sha256(pid.encode()).hexdigest()


def strength_of(key: Key, payload: str) -> Strength:
    """How much a stored claim says. Of what goes by an id of the service, any word that is not weaker is newer."""
    kind, pid = key
    said = json.loads(payload)
    source = said.get("from")
    if kind == "holding" and ":~" in pid:  # the love of something that is known by its plays alone
        return IMPLIED, 0, _earlier(said.get("since"))
    if source is None:
        return _SAID
    rank = BILLED if source == "bill" else IMPLIED
    return rank, len(said.get("ids", ())), _worth(payload) if pid.startswith("~") else ""


def fuller(one: str, other: str) -> bool:
    """Which of two texts a service tells of one thing is kept: the longer one, whatever the order."""
    return (len(one), one) > (len(other), other)


def _worth(text: str) -> str:
    """Among equals, capitals and accents: `Röyk` goes before `Royk`, and that before `royk`."""
    return text.swapcase()


def _earlier(since: int | None) -> str:
    """Among equals, what is so since longer."""
    return f"{10**12 - since:013}" if since is not None else ""


def _text(record: Record) -> str:
    return record.model_dump_json(exclude_defaults=True, exclude={"id", "type", "preview", "popularity"})


def _names(credits: Iterable[Credit]) -> list[dict[str, Any]]:
    return [credit.model_dump(exclude_defaults=True) for credit in credits]
