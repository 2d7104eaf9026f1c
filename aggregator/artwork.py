"""Pictures: fetched once after a sync, kept as square thumbnails in ``artwork/`` of the data directory.

A picture is a file below an account's folder (or embedded in an audio file there), or an https address on a host that
the account's provider allows (see `fetching`).
"""

from __future__ import annotations

import hashlib
import io
import math
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from aggregator import fetching
from aggregator._host import accounts, find, settings
from aggregator.library import art as library_art
from aggregator.store import Store
from aggregator.store.schema import art

if TYPE_CHECKING:
    import requests
    from PIL import Image

SIDES = (96, 300, 640)
"""Of the square thumbnails, in pixels; a smaller picture is not made larger."""
MOST_BYTES = 15 * 1024 * 1024
MOST_PIXELS = 60_000_000
AT_ONCE = 4
SLICE_SECONDS = 15.0
"""One call of `fetch` takes no longer, so that merging need not wait for it."""
AGAIN_SECONDS = 7 * 86400
"""After this a picture that could not be had is tried again."""
GREY = 0.03
"""Mean OKLCH chroma below which a picture has no hue."""


class NoPicture(Exception):
    """There is none to be had; the message says why."""


@dataclass(frozen=True)
class _Wanted:
    """A picture that claims name: its key in table `art`, whose account says so, and the claims."""

    source: str
    account_id: int
    url: str | None
    path: str | None
    claims: tuple[int, ...]


@dataclass(frozen=True)
class _Place:
    """Where an account's pictures may come from."""

    folder: Path | None
    abroad: fetching.Place


def file(data: Path, name: str, side: int) -> Path | None:
    """The thumbnail of that name and side, if it exists."""
    if side not in SIDES or not name.isalnum():
        return None
    path = _path(data, name, side)
    return path if path.is_file() else None


def fetch(
    data: Path,
    store: Store,
    report: Callable[[int, int | None, str], None],
    demo: bool = False,
    seconds: float = SLICE_SECONDS,
) -> dict[str, int]:
    """Get pictures that are not there yet, for about `seconds`; counts what was `fetched`, `failed` and is `left`."""
    ends = time.monotonic() + seconds
    with store.read() as conn:
        wanted, places = _wanted(conn), _places(conn, data, demo)
    counts = {"fetched": 0, "failed": 0, "left": 0}
    with closing(fetching.session()) as session, ThreadPoolExecutor(AT_ONCE) as pool:
        for start in range(0, len(wanted), AT_ONCE * 4):
            if time.monotonic() > ends:
                counts["left"] = len(wanted) - start
                break
            report(start, len(wanted), "")
            some = wanted[start : start + AT_ONCE * 4]
            found = list(pool.map(lambda each: _get(data, session, each, places[each.account_id]), some))
            _save(store, zip(some, found, strict=True), counts)
    return counts


def _save(store: Store, found: Iterator[tuple[_Wanted, _Picture]], counts: dict[str, int]) -> None:
    now = int(time.time())
    with store.write() as conn:
        claims: list[int] = []
        for wanted, picture in found:
            columns = {"name": picture.name, "hue": picture.hue, "error": picture.error, "fetched_at": now}
            statement = insert(art).values(source=wanted.source, **columns)
            conn.execute(statement.on_conflict_do_update(index_elements=["source"], set_=columns))
            counts["fetched" if picture.name else "failed"] += 1
            claims += wanted.claims if picture.name else ()
        library_art.show(conn, claims)


def _wanted(conn: Connection) -> list[_Wanted]:
    """Pictures of present artists and albums without a fresh row in `art`."""
    again = art.c.name.is_not(None) | (art.c.fetched_at > int(time.time()) - AGAIN_SECONDS)
    known = set(conn.scalars(select(art.c.source).where(again)))
    rows = conn.exec_driver_sql(
        "SELECT id, account_id, COALESCE(payload ->> '$.cover.url', payload ->> '$.image.url'),"
        " COALESCE(payload ->> '$.cover.path', payload ->> '$.image.path')"
        " FROM claim WHERE kind IN ('album', 'artist') AND present"
    )
    found: dict[str, _Wanted] = {}
    for claim_id, account_id, url, path in rows:
        source = library_art.source_of(account_id, {"url": url, "path": path})
        if source and source not in known:
            before = found[source].claims if source in found else ()
            found[source] = _Wanted(source, account_id, url, path, (*before, claim_id))
    return list(found.values())


def _places(conn: Connection, data: Path, demo: bool) -> dict[int, _Place]:
    catalogue = find.providers(data)
    return {account.id: _place(account, catalogue.manifest(account.provider), demo) for account in accounts.every(conn)}


def _place(account: accounts.Account, manifest: find.Manifest | None, demo: bool) -> _Place:
    if manifest is None:
        return _Place(None, fetching.Place((), None))
    folders = [field.name for field in settings.form(manifest.settings) if field.kind == "folder"]
    folder = next((Path(account.settings[name]) for name in folders if account.settings.get(name)), None)
    return _Place(folder, fetching.place(account, manifest, demo))


def forget_unused(data: Path, store: Store) -> None:
    """Pictures that no claim names any more go with their files, but for a picture that has another source too."""
    with store.write() as conn:
        gone = set(conn.exec_driver_sql(
            "DELETE FROM art WHERE source NOT IN (SELECT COALESCE(payload ->> '$.cover.url', payload ->> '$.image.url',"
            " account_id || ':' || COALESCE(payload ->> '$.cover.path', payload ->> '$.image.path'), '')"
            " FROM claim WHERE kind IN ('album', 'artist')) RETURNING name"
        ).scalars())  # fmt: skip
        for name in gone - set(conn.scalars(select(art.c.name))) - {None}:
            for side in SIDES:  # before the rows are gone for good: a kill in between leaves no file that nobody knows
                _path(data, name, side).unlink(missing_ok=True)


# --- getting one ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Picture:
    """`name` None: there is no picture, for the reason in `error`."""

    name: str | None = None
    hue: int | None = None
    error: str | None = None


def _get(data: Path, session: requests.Session, wanted: _Wanted, place: _Place) -> _Picture:
    try:
        if wanted.url:
            return _keep(data, fetching.fetch(session, wanted.url, place.abroad, MOST_BYTES)[0])
        return _keep(data, _read(place.folder, wanted.path or ""))
    except (NoPicture, fetching.NotFetched) as reason:
        return _Picture(error=str(reason))


def _read(folder: Path | None, path: str) -> bytes:
    """A picture file, or the picture embedded in an audio file, below the account's folder."""
    if folder is None:
        raise NoPicture("This source has no folder.")
    file = (folder / path).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise NoPicture("It lies outside the source's folder.")
    try:
        if file.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"):
            if file.stat().st_size > MOST_BYTES:
                raise NoPicture("It is too large.")
            return file.read_bytes()
        return _embedded(file)
    except OSError as error:
        raise NoPicture(f"It cannot be read: {error.strerror or error}") from None


def _embedded(file: Path) -> bytes:
    import base64

    import mutagen
    from mutagen.flac import Picture

    try:
        audio = mutagen.File(file)
    except mutagen.MutagenError as error:
        raise NoPicture(f"It cannot be read: {error}") from None
    tags = getattr(audio, "tags", None) or {}
    if pictures := getattr(audio, "pictures", None):  # FLAC
        return bytes(pictures[0].data)
    if hasattr(tags, "getall") and (frames := tags.getall("APIC")):  # ID3
        return bytes(frames[0].data)
    if covers := tags.get("covr"):  # MP4
        return bytes(covers[0])
    if blocks := tags.get("metadata_block_picture"):  # Ogg
        return bytes(Picture(base64.b64decode(blocks[0])).data)  # type: ignore[no-untyped-call]
    raise NoPicture("The file holds no picture.")


# --- keeping it -------------------------------------------------------------------------------------------------------


def _keep(data: Path, content: bytes) -> _Picture:
    """Thumbnails under a name made from the content; the same picture twice is kept once."""
    name = hashlib.sha256(content).hexdigest()[:32]
    picture = _square(content)
    hue = hue_of(picture)
    for side in SIDES:
        path = _path(data, name, side)
        if not path.exists():
            _write(path, picture, side)
    return _Picture(name, hue)


def _square(content: bytes) -> Image.Image:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        opened = Image.open(io.BytesIO(content))
        if opened.width * opened.height > MOST_PIXELS:
            raise NoPicture("It has too many pixels.")
        opened.draft("RGB", (SIDES[-1], SIDES[-1]))  # a JPEG is decoded near the size that is wanted
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NoPicture(f"It is no picture: {type(error).__name__}") from None
    side = min(upright.size)
    return ImageOps.fit(upright, (min(side, SIDES[-1]),) * 2, Image.Resampling.LANCZOS)


def _write(path: Path, picture: Image.Image, side: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    small = picture.copy()
    small.thumbnail((side, side))
    part = path.with_suffix(f".{hash(path) & 0xFFFF:x}.part")
    small.save(part, "WEBP", quality=82, method=3)
    part.replace(path)


def _path(data: Path, name: str, side: int) -> Path:
    return data / "artwork" / name[:2] / f"{name}-{side}.webp"


def hue_of(picture: Image.Image) -> int | None:
    """The dominant hue in OKLCH, degrees rounded to 10; None for a picture that is grey."""
    small = picture.resize((24, 24))
    weights: dict[int, float] = {}
    colours = [_oklab(*pixel) for pixel in _pixels(small)]
    for _, a, b in colours:
        hue = round(math.degrees(math.atan2(b, a)) / 10) * 10 % 360
        weights[hue] = weights.get(hue, 0.0) + math.hypot(a, b)
    if sum(weights.values()) / len(colours) < GREY:
        return None
    # Neighbours count half: a colour that falls between two tens is not beaten by a lesser one that does not.
    return max(weights, key=lambda hue: (weights[hue] + _beside(weights, hue) / 2, -hue))


def _beside(weights: Mapping[int, float], hue: int) -> float:
    return weights.get((hue + 10) % 360, 0.0) + weights.get((hue - 10) % 360, 0.0)


def _pixels(picture: Image.Image) -> Iterator[tuple[int, int, int]]:
    raw = picture.tobytes()
    yield from zip(raw[0::3], raw[1::3], raw[2::3], strict=True)


def _oklab(red: int, green: int, blue: int) -> tuple[float, float, float]:
    """From sRGB bytes (Björn Ottosson, "A perceptual color space for image processing", 2020)."""
    r, g, b = (_linear(value / 255) for value in (red, green, blue))
    long = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    middle = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else math.pow((value + 0.055) / 1.055, 2.4)
