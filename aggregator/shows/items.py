"""Rows of table `show`: what the claims about one event say together, and what a calendar keeps of it.

A show's id is the smallest claim id of its cluster, so it outlives new sellers, changed titles and later merges; the
calendar feed builds its UIDs on it. `sequence` (RFC 5545) rises only when something a calendar shows has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from aggregator.library.choices import Choices, Face, Teller
from aggregator.library.fields import STATES
from aggregator.library.folding import fold_name
from aggregator.plugin import Show, Venue
from aggregator.shows import places
from aggregator.shows.evidence import is_extra
from aggregator.store.schema import account, claim, credit, item_credit, link, show

BATCH = 500


@dataclass(frozen=True)
class Said:
    """What one account says of a show. `key`, `payload` and `about` as of every claim that is asked in its turn."""

    id: int
    key: tuple[str, str]
    account_id: int
    provider: str
    account_name: str
    present: bool
    payload: Mapping[str, Any]
    about: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def show(self) -> Show:
        return Show.model_validate({**self.payload, "id": self.key[1]})


def fullness(claim: Teller) -> tuple[object, ...]:
    """The usual order, smallest first: present ones, bills before packages, fuller records before thinner ones, plain
    titles, then by name."""
    said = claim.payload
    return (
        not claim.present,
        is_extra(said["title"]),
        said.get("start") is None,
        said["venue"].get("latitude") is None,
        -len(said.get("lineup", ())),
        len(said["title"]),
        claim.key,
    )


def refresh(conn: Connection, item_ids: Iterable[int], now: int) -> None:
    """Write the rows of these show items anew from their claims; ids that are items no more lose their row."""
    ids = sorted(set(item_ids))
    for at in range(0, len(ids), BATCH):
        _refresh(conn, ids[at : at + BATCH], now)


def _refresh(conn: Connection, ids: Sequence[int], now: int) -> None:
    known = _said(conn, ids)
    said = {item: _speaking(claims) for item, claims in known.items()}
    rows = {row.id: row for row in conn.execute(select(show).where(show.c.id.in_(ids)))}
    conn.execute(delete(item_credit).where(item_credit.c.kind == "show", item_credit.c.item_id.in_(ids)))
    conn.execute(delete(show).where(show.c.id.in_([item for item in ids if item not in said])))
    bills, choices = _bills(conn, said), Choices.read(conn, "show")
    for item, claims in said.items():
        face = choices.face(claims, known[item][len(claims) :])
        _keep(conn, item, face, bills[item], rows.get(item), now)
    credits = [line for bill in bills.values() for line in bill]
    if credits:
        conn.execute(insert(item_credit), credits)


def _said(conn: Connection, ids: Sequence[int]) -> dict[int, list[Said]]:
    """The claims of each item, the preferred one first, absent ones last."""
    rows = conn.execute(
        select(link.c.item_id, claim.c.id, claim.c.pid, claim.c.payload, claim.c.present)
        .add_columns(account.c.id.label("account_id"), account.c.key, account.c.provider, account.c.name)
        .join(claim, claim.c.id == link.c.claim_id)
        .join(account, account.c.id == claim.c.account_id)
        .where(link.c.kind == "show", link.c.item_id.in_(ids))
    )
    found: dict[int, list[Said]] = defaultdict(list)
    for row in rows:
        key = (row.key, row.pid)
        one = Said(row.id, key, row.account_id, row.provider, row.name, row.present, json.loads(row.payload))
        found[row.item_id].append(one)
    return {item: sorted(claims, key=fullness) for item, claims in found.items()}


def _speaking(claims: Sequence[Said]) -> list[Said]:
    """Absent claims only count where no claim is present."""
    return [one for one in claims if one.present == claims[0].present]


# --- the bill ---------------------------------------------------------------------------------------------------------


def _bills(conn: Connection, said: dict[int, list[Said]]) -> dict[int, list[dict[str, Any]]]:
    """Rows of `item_credit` per item: the preferred bill, then whom only the others name."""
    claim_ids = [one.id for claims in said.values() for one in claims]
    rows = conn.execute(
        select(credit, link.c.item_id, claim.c.payload)
        .join(claim, claim.c.id == credit.c.artist_claim_id)
        .outerjoin(link, link.c.claim_id == credit.c.artist_claim_id)
        .where(credit.c.claim_id.in_(claim_ids))
        .order_by(credit.c.claim_id, credit.c.position)
    )
    lines: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        lines[row.claim_id].append(row)
    return {item: _bill(item, [row for one in claims for row in lines[one.id]]) for item, claims in said.items()}


def _bill(item: int, lines: Iterable[Row[Any]]) -> list[dict[str, Any]]:
    """One line per name: on one bill, a name is one act, and the listing with an id for it knows which."""
    by_name: dict[str, list[Row[Any]]] = {}
    for row in lines:
        by_name.setdefault(fold_name(row.name), []).append(row)
    bill: dict[int, dict[str, Any]] = {}
    for rows in by_name.values():
        best = next((row for row in rows if json.loads(row.payload).get("ids")), rows[0])
        artist_id = best.item_id or best.artist_claim_id
        line = {"kind": "show", "item_id": item, "artist_id": artist_id, "name": rows[0].name, "role": rows[0].role}
        bill.setdefault(artist_id, {**line, "position": len(bill)})
    return list(bill.values())


# --- the row ----------------------------------------------------------------------------------------------------------


def _keep(
    conn: Connection, item: int, face: Face[Said], bill: list[dict[str, Any]], before: Row[Any] | None, now: int
) -> None:
    values = _values(face)
    print_ = _fingerprint(values, bill)
    gone = not face.claims[0].present
    if gone and before is None:
        return  # it went before anybody could see it
    gone_at = (before.gone_at or (None if _past(values, now) else now)) if gone and before else None
    changed = before is None or before.fingerprint != print_ or (before.gone_at is None) != (gone_at is None)
    row = {
        "id": item,
        **values,
        "fingerprint": print_,
        "gone_at": gone_at,
        "sequence": before.sequence + changed if before else 0,
        "modified_at": now if changed or before is None else before.modified_at,
    }
    conn.execute(upsert(show).values(row).on_conflict_do_update(index_elements=["id"], set_=row))


def _past(values: dict[str, Any], now: int) -> bool:
    last = date.fromisoformat(values["until"] or values["day"])
    return last < datetime.fromtimestamp(now, places.zone_named(values["zone"]) or UTC).date()


def _values(face: Face[Said]) -> dict[str, Any]:
    claims, venue = face.claims, _venue(face.asked("venue"))
    day, start, until = _when(face)
    zone = _zone(venue)
    return {
        "title": face.asked("title")[0].show.title,
        "day": day.isoformat(),
        "start": start.strftime("%H:%M") if start else None,
        "until": until.isoformat() if until else None,
        "zone": zone,
        "starts_at": starts_at(day, start, zone),
        "status": face.chosen["status"][0].show.status if "status" in face.chosen else _status(claims),
        "festival": any(one.show.festival for one in claims),
        "venue": venue.name,
        "place": ", ".join(part for part in (venue.city, venue.region) if part),
        "latitude": venue.latitude,
        "longitude": venue.longitude,
        "detail": json.dumps(_detail(face, venue)),
        "sources": json.dumps(_sources(claims)),
    }


def _when(face: Face[Said]) -> tuple[date, time | None, date | None]:
    """Day, hour and last day: whole from the claim that listeners chose, else the day's blanks filled in by others."""
    said = [one.show for one in face.asked("when")]
    day = said[0].day
    if "when" in face.chosen:
        return day, said[0].start, said[0].until
    start = next((show.start for show in said if show.start and show.day == day), None)
    return day, start, next((show.until for show in said if show.until), None)


def starts_at(day: date, start: time | None, zone: str | None) -> int:
    """The instant of a wall clock. Without an hour it is midnight; without a zone, UTC stands in.

    An hour that occurs twice is the first one; an hour that a clock change skips is reckoned as before the change.
    """
    return int(datetime.combine(day, start or time(), places.zone_named(zone) or UTC).timestamp())


def _venue(claims: Sequence[Said]) -> Venue:
    """The preferred venue, its blanks filled in by the others. A point is taken whole, never half from each."""
    merged: dict[str, Any] = {}
    for one in claims:
        known = one.show.venue.model_dump(exclude_none=True)
        if "latitude" in merged or not {"latitude", "longitude"} <= known.keys():
            known = {key: value for key, value in known.items() if key not in ("latitude", "longitude")}
        merged = {**known, **merged}
    return Venue(**merged)


def _zone(venue: Venue) -> str | None:
    if places.zone_named(venue.zone):
        return venue.zone
    if venue.latitude is not None and venue.longitude is not None:
        return places.zone_near(venue.latitude, venue.longitude)
    return places.zone_of_zip(venue.postal_code) if venue.postal_code and venue.country in (None, "US") else None


def _status(claims: Sequence[Said]) -> str:
    """The gravest word of any account; inside one account the mildest, for sellers cancel and list anew."""
    return max(_words(claims).values(), key=STATES.index)


def _words(claims: Sequence[Said]) -> dict[str, str]:
    """Each account's own word on the event, by account name. Packages do not speak for it where a bill does."""
    words: dict[str, str] = {}
    bills = [one for one in claims if not is_extra(one.show.title)] or claims
    for one in bills:
        words[one.account_name] = min(words.get(one.account_name, "cancelled"), one.show.status, key=STATES.index)
    return words


def _detail(face: Face[Said], venue: Venue) -> dict[str, Any]:
    """What the show's page says beyond the row. `tickets`: the preferred first; `disagree`: who says what of it."""
    claims = face.claims
    words = _words(claims)
    doors = next((one.show.doors for one in face.asked("doors") if one.show.doors), None)
    return {
        "address": venue.address,
        "postal_code": venue.postal_code,
        "country": venue.country,
        "doors": doors.strftime("%H:%M") if doors else None,
        "note": next((one.show.note for one in face.asked("note") if one.show.note), None),
        "url": next((one.show.url for one in claims if one.show.url), None),
        "genres": sorted({genre for one in claims for genre in one.show.genres}),
        "tickets": list(_tickets(claims)),
        "disagree": words if len(set(words.values())) > 1 else {},
    }


def _tickets(claims: Sequence[Said]) -> Iterator[dict[str, Any]]:
    """One entry per seller and kind of ticket, with the time sales begin as epoch seconds."""
    seen = set()
    for one in claims:
        said = one.show.tickets
        entry = {
            "account_id": one.account_id,
            "seller": (said.seller if said else None) or one.account_name,
            "url": (said.url if said else None) or one.show.url,
            "extra": one.show.title if is_extra(one.show.title) else None,
            "currency": said.currency if said else None,
            "low": said.low if said else None,
            "high": said.high if said else None,
            "state": said.state if said else None,
            "on_sale": int(said.on_sale.timestamp()) if said and said.on_sale else None,
        }
        if entry["url"] not in seen:
            seen.add(entry["url"])
            yield entry


def _sources(claims: Sequence[Said]) -> list[dict[str, Any]]:
    return [
        {
            "account_id": one.account_id,
            "provider": one.provider,
            "name": one.account_name,
            "pid": one.key[1],
            "title": one.show.title,
        }
        for one in claims
    ]


CALENDAR_FIELDS = (
    "title", "day", "start", "until", "zone", "status", "venue", "place", "latitude", "longitude",
)  # fmt: skip


def _fingerprint(values: dict[str, Any], bill: list[dict[str, Any]]) -> str:
    """Of all that `shows.feed` writes into an event, and nothing else: prices come and go without a new sequence."""
    detail = json.loads(values["detail"])
    shown = [values[field] for field in CALENDAR_FIELDS]
    shown += [detail[field] for field in ("address", "postal_code", "doors", "note", "url")]
    shown += [line["name"] for line in bill]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:40]
