"""Last.fm's XML as records. Its MBIDs are often empty and sometimes out of date; its pictures of artists are a star."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.dom.minidom import Element

from aggregator.plugin import Artist, Cover, Credit, Edition, Friend, Play, Track

from .client import children, number, text

FAR = 2**35
"""Seconds since 1970 that lie a thousand years ahead."""
STAR = "2a96cbd8b46e442fc41c2b86b821562f"
_MBID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def artist(node: Element) -> Artist:
    name = text(node, "name")
    return Artist(id=name, name=name, ids=_mbid(text(node, "mbid")), image=_picture(node), url=_url(node))


def edition(node: Element) -> Edition:
    title, by = text(node, "name"), _credit(node)
    return Edition(
        id=f"{by.name}/{title}",
        title=title,
        credits=[by],
        ids=_mbid(text(node, "mbid")),
        cover=_picture(node),
        url=_url(node),
        popularity=number(text(node, "playcount")) or None,
    )


def track(node: Element) -> Track:
    title, by = text(node, "name"), _credit(node)
    return Track(id=f"{by.name}/_/{title}", title=title, credits=[by], ids=_mbid(text(node, "mbid")), url=_url(node))


def play(node: Element) -> Play:
    return Play(
        at=moment(stamp(node)),
        title=text(node, "name"),
        credits=[_credit(node)],
        album=text(node, "album") or None,
        ids=_mbid(text(node, "mbid")),
    )


def friend(node: Element) -> Friend:
    name = text(node, "name")
    return Friend(id=name, name=text(node, "realname") or name, image=_picture(node), url=_url(node))


def stamp(node: Element) -> int:
    """Seconds since 1970; 0 for what is playing now, and for what is no time."""
    dates = children(node, "date")
    seconds = number(dates[0].getAttribute("uts")) if dates else 0
    return seconds if seconds < FAR else 0


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _credit(node: Element) -> Credit:
    name, mbid = _artist_said(node)
    return Credit(name=name, ids=_mbid(mbid))


def _artist_said(node: Element) -> tuple[str, str]:
    """Name and MBID, told as an element with both inside, or as text with the MBID beside it."""
    inside = children(node, "artist")
    if inside and children(inside[0], "name"):
        return text(inside[0], "name"), text(inside[0], "mbid")
    return text(node, "artist"), inside[0].getAttribute("mbid") if inside else ""


def _mbid(value: str) -> dict[str, str]:
    return {"mbid": value} if _MBID.fullmatch(value) else {}


def _picture(node: Element) -> Cover | None:
    """The largest one, which comes last."""
    for image in reversed(children(node, "image")):
        url = "".join(part.data for part in image.childNodes if hasattr(part, "data")).strip()
        if url.startswith("http") and STAR not in url:
            return Cover(url=url)
    return None


def _url(node: Element) -> str | None:
    url = text(node, "url")
    return url if url.startswith("http") else None
