"""From a ranking to the stored list: which albums stand for the artists, and what is left out.

A recommended thing the house does not hold needs an id as everything else does, so it becomes a claim of the account
that named it, stored through the library's intake under the scope `DISCOVERY`. It merges with what is there, keeps its
id, and is found under /albums/ID. Scope `DISCOVERY` says that nobody holds it: such a claim makes nothing owned, saved
or playable, and counts in no library. When the account later lists the thing itself, the same claim moves into that
run's scope and counts from then on.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, and_, case, delete, insert, select, update

from aggregator.library import merging
from aggregator.library.claims import DISCOVERY, Intake
from aggregator.library.folding import fold_name
from aggregator.plugin import Artist, Edition, Track
from aggregator.recommendations import stored
from aggregator.recommendations.counted import recount
from aggregator.recommendations.feedback import Feedback, album_key, feedback_of, song_key
from aggregator.recommendations.heard import Found
from aggregator.recommendations.knowledge import Knowledge, read
from aggregator.recommendations.songs import in_turns, record_of, songs_to_try
from aggregator.recommendations.stored import PER_ARTIST, Listed
from aggregator.recommendations.traits import Traits, is_new
from aggregator.recommendations.within import near_home
from aggregator.store import Store
from aggregator.store.schema import account, album, claim, credit, link, play_total, recommended, seen, shelf

ARTISTS = 150
ALBUMS = 240  # enough for sixty a day, though what was shown on five days rests for two weeks
SONGS = 120
SPARE = 1  # albums of each artist beyond that: the library may know one by another title
NAMED = 6  # artists that stand for a taste
NEW_TO_KNOWN = 2  # so many albums by new artists, then one by an artist the listener plays
FRIENDS = 1.0  # what all of friends' plays of an artist's albums count, as much as being the most popular one
GATHERED = 0.4  # what a compilation or live album counts, whose songs are elsewhere too: the next best goes before it
PASSED_OVER = 0.85  # what an album counts still for each day on which it was shown and left: after five, the next one's

Ref = tuple[int, str, str]
"""Account, kind and provider's id: what a claim is known by."""


class Pick(NamedTuple):
    """Something to recommend."""

    ref: Ref
    title: str
    artist: str
    record: Artist | Edition | Track
    why: list[list[Any]]
    traits: Traits


@dataclass
class Having:
    """What a listener has, or has heard, by item and by text; and on how many days other albums were shown to them."""

    items: set[tuple[str, int]]
    albums: set[tuple[str, Any]]
    shown: Mapping[tuple[str, Any], int]


def refresh(store: Store, listener_id: int, now: int | None = None) -> int:
    """Compute a listener's recommendations from the stored answers. Returns how many there are.

    Merges what it claims, so that everything it recommends has a page.
    """
    now = int(time.time()) if now is None else now
    recount(store, listener_id)
    with store.read() as conn:
        known = read(conn, listener_id)
        said, having = feedback_of(conn, listener_id), _having(conn, listener_id, now)
    artists, albums = _pick(known, said, having)
    songs = list(in_turns(_songs_of(pick, known, said) for pick in artists))
    with store.write() as conn:
        claimed = _claim(conn, [*artists, *albums, *songs], now)
    if claimed:
        merging.merge(store)
    with store.read() as conn:
        rows = _new_rows(conn, listener_id, artists, albums, songs, said, now)
        near = near_home(conn, listener_id, known, now)
        rows += stored.rows("own", near) + stored.rows("song", songs_to_try(conn, listener_id, known, near, now))
        rows += _tastes(known)
    with store.write() as conn:
        conn.execute(delete(recommended).where(recommended.c.listener_id == listener_id))
        if rows:
            conn.execute(insert(recommended), [{"listener_id": listener_id, "made_at": now, **row} for row in rows])
    return sum(row["kind"] in ("album", "artist") for row in rows)


# --- picking ----------------------------------------------------------------------------------------------------------


def _pick(known: Knowledge, said: Feedback, having: Having) -> tuple[list[Pick], list[Pick]]:
    """Artists best first, and albums in the order in which they are shown."""
    carried = _carriers(known)
    artists = [
        Pick(_ref("artist", found), found.record["name"], found.record["name"], _artist(found), why, known.traits(key))
        for key, reasons in known.ranked(ARTISTS + len(said.artists))
        if not said.has_artist((found := known.named(key)).record["name"])
        and (why := [stored.reason(reason, known, carried, key) for reason in reasons])
    ]
    new = [_albums_of(pick.traits, pick.artist, pick.record.ids, pick.why, known, said, having) for pick in artists]
    known_well = [
        _albums_of(known.traits(key), own.name, own.ids, [["plays", own.item_id]], known, said, having)
        for key in known.played_a_lot
        if (own := known.own[key])
    ]
    return artists, list(_interleave(list(_by_turns(new)), list(_by_turns(known_well))))


def _albums_of(
    traits: Traits,
    name: str,
    ids: Mapping[str, str],
    why: list[list[Any]],
    known: Knowledge,
    said: Feedback,
    having: Having,
) -> list[Pick]:
    """The artist's albums that are not had: the best by `_worth`, then one that is new, then the others.

    Singles only where there is nothing else.
    """
    if said.has_artist(name):
        return []
    there = [each for each in known.albums.get(traits.by, ()) if not _known(each.record["title"], name, said, having)]
    worth = _worth(there, name, known, having)
    best = [there[at] for at in sorted(range(len(there)), key=lambda at: (_is_single(there[at]), -worth[at]))]
    new = [each for each in best[1:] if is_new(each.record.get("released"))]
    newest = sorted(new, key=lambda each: each.record["released"])[-1:]
    turns = [*best[:1], *newest, *(each for each in best[1:] if each not in newest)]
    return [_album(each, name, ids, why, traits) for each in turns[: PER_ARTIST + SPARE]]


def _worth(there: Sequence[Found], name: str, known: Knowledge, having: Having) -> list[float]:
    """Of each of an artist's albums, which come by popularity: its place, its part of what friends play of these, less
    for what gathers songs and for what was passed over."""
    keys = [album_key(each.record["title"], name) for each in there]
    plays = [known.befriended[key] for key in keys]
    popular = (1 / (1 + place) + FRIENDS * n / (sum(plays) or 1) for place, n in enumerate(plays))
    forms = (GATHERED if each.record.get("form") in ("compilation", "live") else 1.0 for each in there)
    passed = (PASSED_OVER ** having.shown.get(key, 0) for key in keys)
    return [x * form * left for x, form, left in zip(popular, forms, passed, strict=True)]


def _is_single(found: Found) -> bool:
    return found.record.get("form") == "single"


def _album(found: Found, name: str, ids: Mapping[str, str], why: list[list[Any]], traits: Traits) -> Pick:
    traits = replace(traits, released=found.record.get("released"))
    return Pick(_ref("album", found), found.record["title"], name, _edition(found, name, ids), why, traits)


def _songs_of(artist: Pick, known: Knowledge, said: Feedback) -> list[Pick]:
    """The songs by which a new artist is known best: what speaks for the artist speaks for them."""
    best = [
        each
        for each in known.heard.songs.get(artist.traits.by, ())
        if song_key(each.record["title"], artist.artist) not in said.songs
    ][: PER_ARTIST + SPARE]
    return [
        artist._replace(
            ref=_ref("recording", each),
            title=each.record["title"],
            record=record_of(_credited(each.record, artist.artist, artist.record.ids)),
        )
        for each in best
    ]


def _known(title: str, name: str, said: Feedback, having: Having) -> bool:
    return album_key(title, name) in having.albums or said.has_album(title, name)


def _by_turns(albums: Sequence[list[Pick]]) -> Iterator[Pick]:
    """Every artist's first, then every artist's second and so on."""
    for turn in range(PER_ARTIST + SPARE):
        yield from (of_one[turn] for of_one in albums if len(of_one) > turn)


def _interleave(new: Sequence[Pick], known_well: Sequence[Pick]) -> Iterator[Pick]:
    """Two new ones, one of an artist the listener plays, as long as there are both."""
    rest = iter(known_well)
    for place, pick in enumerate(new, 1):
        yield pick
        if place % NEW_TO_KNOWN == 0:
            yield from (one for one in [next(rest, None)] if one)
    yield from rest


def _ref(kind: str, found: Found) -> Ref:
    return found.account_id, kind, found.record["id"]


def _artist(found: Found) -> Artist:
    return Artist.model_validate(found.record)


def _edition(found: Found, name: str, ids: Mapping[str, str]) -> Edition:
    return Edition.model_validate(_credited(found.record, name, ids))


def _credited(record: Mapping[str, Any], name: str, ids: Mapping[str, str]) -> dict[str, Any]:
    """What has no credits is by the artist it was asked for, and the artist so named is the one with these ids."""
    key = fold_name(name)
    credits = [
        {**each, "ids": {**ids, **each.get("ids", {})}} if fold_name(each["name"]) == key else each
        for each in record.get("credits") or [{"name": name}]
    ]
    return {**record, "credits": credits}


def _carriers(known: Knowledge) -> Counter[str]:
    """How many of the listener's artists carry each tag."""
    return Counter(tag for key, own in known.own.items() if own.weight for tag in known.tags.get(key, ()))


def _tastes(known: Knowledge) -> list[dict[str, Any]]:
    """What the listener's taste is made of, for the page that says so."""
    rows: list[dict[str, Any]] = []
    for place, taste in enumerate(known.tastes):
        order = [key for key in known.seeds if key in taste.artists]
        names = [known.own[key].name for key in order[:NAMED]]
        told = stored.written([["taste", taste.name, names, len(order)]])
        first = known.own[order[0]].item_id
        rows.append(
            {"kind": "taste", "rank": place, "item_id": first, "score": taste.share, "reasons": told, "traits": "{}"}
        )
    return rows


# --- claiming ---------------------------------------------------------------------------------------------------------


def _claim(conn: Connection, picks: Iterable[Pick], now: int) -> int:
    """Store what no claim exists of. Returns how many claims were added."""
    there = _items(conn, picks, linked=False)
    missing: dict[int, dict[Ref, Artist | Edition | Track]] = defaultdict(dict)
    for pick in picks:
        if pick.ref not in there:
            missing[pick.ref[0]][pick.ref] = pick.record
    for row in conn.execute(select(account).where(account.c.id.in_(missing))).all():
        Intake(row.id, row.key, row.listener_id, None, now).take(conn, list(missing[row.id].values()))
        for kind in ("artist", "album", "recording"):
            new = [pid for _, k, pid in missing[row.id] if k == kind]
            mine = (claim.c.account_id == row.id, claim.c.kind == kind, claim.c.pid.in_(new))
            conn.execute(update(claim).where(*mine).values(scope=DISCOVERY))
    return sum(map(len, missing.values()))


def _items(conn: Connection, picks: Iterable[Pick], linked: bool = True) -> dict[Ref, int]:
    """The item of each pick (`linked` False: its claim). Those that have none are left out."""
    pids: dict[tuple[int, str], list[str]] = defaultdict(list)
    for account_id, kind, pid in {pick.ref for pick in picks}:
        pids[account_id, kind].append(pid)
    found: dict[Ref, int] = {}
    for (account_id, kind), wanted in pids.items():
        query = select(claim.c.pid, link.c.item_id if linked else claim.c.id)
        if linked:
            query = query.join(link, link.c.claim_id == claim.c.id)
        mine = (claim.c.account_id == account_id, claim.c.kind == kind, claim.c.pid.in_(wanted))
        found |= {(account_id, kind, pid): item for pid, item in conn.execute(query.where(*mine))}
    return found


# --- leaving out ------------------------------------------------------------------------------------------------------


def _having(conn: Connection, listener_id: int, now: int) -> Having:
    """A shelf holds what is owned, saved, in a service or heard, and nothing else.

    Artists whom a single source credits with a song that was heard count too, though it is shown as somebody else's.
    """
    mine = (shelf.c.listener_id == listener_id, shelf.c.kind.in_(("artist", "album")))
    items = conn.execute(select(shelf.c.kind, shelf.c.item_id).where(*mine))
    heard = conn.scalars(
        select(link.c.item_id)
        .join(credit, credit.c.artist_claim_id == link.c.claim_id)
        .join(play_total, play_total.c.claim_id == credit.c.claim_id)
        .where(play_total.c.listener_id == listener_id, credit.c.role != "composer")
        .distinct()
    )
    albums = conn.execute(
        select(album.c.title, album.c.credit)
        .join(shelf, shelf.c.item_id == album.c.id)
        .where(*mine, shelf.c.kind == "album")
    )
    today = datetime.fromtimestamp(now, UTC).toordinal()  # on which nothing was passed over yet: the list stays
    shown = conn.execute(
        select(album.c.title, album.c.credit, seen.c.days - case((seen.c.last >= today, 1), else_=0))
        .join(seen, and_(seen.c.kind == "album", seen.c.item_id == album.c.id))
        .where(seen.c.listener_id == listener_id)
    )
    had = {(kind, item) for kind, item in items} | {("artist", item) for item in heard}
    known = {album_key(title, credit) for title, credit in albums}
    return Having(had, known, {album_key(title, credit): days for title, credit, days in shown})


def _new_rows(
    conn: Connection,
    listener_id: int,
    artists: Sequence[Pick],
    albums: Sequence[Pick],
    songs: Sequence[Pick],
    said: Feedback,
    now: int,
) -> list[dict[str, Any]]:
    """Rows of what the listener neither has nor knows. Who has a song of theirs on the shelf is on it, too."""
    items = _items(conn, [*artists, *albums, *songs])
    out = _having(conn, listener_id, now).items | said.items
    known_after_all = {pick.traits.by for pick in artists if ("artist", items.get(pick.ref)) in out}
    new = [pick for pick in albums if pick.traits.by not in known_after_all]
    unheard = [pick for pick in songs if pick.traits.by not in known_after_all]
    rows = stored.rows("artist", _standing("artist", artists, items, out)[:ARTISTS])
    rows += stored.rows("new song", _standing("recording", unheard, items, out)[:SONGS])
    return rows + stored.rows("album", _standing("album", new, items, out)[:ALBUMS])


def _standing(
    kind: Literal["artist", "album", "recording"],
    picks: Sequence[Pick],
    items: dict[Ref, int],
    out: set[tuple[str, int]],
) -> list[Listed]:
    """The picks that stand now that items say what is one thing: a name may have hidden something the listener has."""
    found: list[Listed] = []
    taken: set[int] = set()
    by: Counter[str] = Counter()
    for pick in picks:
        item = items.get(pick.ref)
        if item is None or item in taken or (kind, item) in out or by[pick.traits.by] == PER_ARTIST:
            continue
        by[pick.traits.by] += 1
        taken.add(item)
        found.append(Listed(item, pick.why, pick.traits))
    return found
