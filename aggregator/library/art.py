"""Pictures of items: where claims say they are, and which of them have been fetched."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection

from aggregator.library.fields import Speaker
from aggregator.library.neighbours import Claim


class Picture(NamedTuple):
    name: str | None  # in the artwork store; null: there is no picture
    hue: int | None


def source_of(account_id: int, cover: Mapping[str, Any]) -> str | None:
    """The key of table `art`: the address, or account and path of the file that holds the picture."""
    if cover.get("url"):
        return str(cover["url"])
    return f"{account_id}:{cover['path']}" if cover.get("path") else None


class Pictured(Speaker, Protocol):
    @property
    def account_id(self) -> int: ...


def sources(claim: Pictured) -> Iterator[str]:
    """Where the claim says its picture is; a recording is shown with its album's."""
    for cover in (claim.payload.get("cover"), claim.payload.get("image"), claim.about.get("cover")):
        if cover and (source := source_of(claim.account_id, cover)):
            yield source


def pictures(conn: Connection, claims: Iterable[Claim]) -> dict[str, Picture]:
    """What is known of the pictures that these claims name."""
    return known(conn, {source for claim in claims for source in sources(claim)})


def known(conn: Connection, wanted: Iterable[str]) -> dict[str, Picture]:
    """By source what is known of these pictures."""
    rows = conn.exec_driver_sql(
        "SELECT source, name, hue FROM art WHERE source IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(wanted)),),
    )
    return {row[0]: Picture(row[1], row[2]) for row in rows}


def show(conn: Connection, claims: Iterable[int]) -> None:
    """Put newly fetched pictures on the items of these artist and album claims, and on the albums' songs."""
    from aggregator.library import rows  # rows ask this module for pictures

    for kind in ("artist", "album", "recording"):
        items = conn.exec_driver_sql(
            "SELECT DISTINCT link.item_id FROM claim JOIN link ON link.claim_id = claim.id WHERE link.kind = ?1"
            " AND (claim.id IN (SELECT value FROM json_each(?2)) OR claim.kind = 'recording'"
            " AND claim.about IN (SELECT value FROM json_each(?2)))",
            (kind, json.dumps(sorted(claims))),
        ).scalars()  # fmt: skip
        rows.rewrite(conn, kind, list(items))
