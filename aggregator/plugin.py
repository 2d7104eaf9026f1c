"""All that a provider's author imports.

A provider is a class that inherits `Provider` and one mix-in per capability::

    class GigFinder(Provider, Shows):
        id = "gigfinder"
        name = "Gig Finder"

        class Settings(Provider.Settings):
            key: SecretStr = Field(title="API key")

        def shows(self, artists, area):
            for event in self.http.session.get(...).json():
                yield Show(...)

The mix-ins *are* the declaration: there are no flags. A provider yields plain records and knows nothing of the
database, of Flask or of other providers. It runs in a process of its own; what it raises, prints or leaks costs that
run and nothing else.

Two shapes of answer are streams of records:

snapshot
    Everything there is, each time. Records belong to the scope named by the next `Complete(scope=...)`; returning
    completes the scope ``""``. Raising leaves the open scope incomplete, and nothing in it is taken for removed.
delta
    What is new since a cursor. The records before a `Checkpoint` are stored in the same transaction as its cursor.

The third, *live*, is a plain call with a plain answer, stored by the host with its age.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol, Self, runtime_checkable

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    model_validator,
)

from aggregator import mending
from aggregator.mending import why

if TYPE_CHECKING:
    import logging

    import httpx2
    import requests

API_VERSION = 1

__all__ = [
    "API_VERSION", "Area", "Artist", "Audio", "AuthFailed", "BadData", "Checkpoint", "Complete", "Cover", "Credit",
    "Discovery", "Edition", "Field", "Folder", "Friend", "Friends", "Gate", "History", "Holding", "Library", "Limit",
    "LiveSearch", "Play", "Playlist", "Progress", "Provider", "ProviderError", "Radio", "RateLimited", "Safe",
    "SecretStr", "Show", "Shows", "SignIn", "Skipped", "Tag", "Tickets", "Track", "Unavailable", "Unchanged", "Venue",
    "why",
]  # fmt: skip


# --- errors -----------------------------------------------------------------------------------------------------------


class ProviderError(Exception):
    """A failure with a name. The message is shown to the listener: one sentence, no secrets."""


class AuthFailed(ProviderError):
    """The service refuses the credentials. The account waits for its listener; nothing is retried."""


class RateLimited(ProviderError):
    """The service asks for fewer calls. `retry_after` is in seconds; the account rests until then."""

    def __init__(self, message: str, retry_after: float = 60.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(ProviderError):
    """The service, the disk or the network does not answer now. Retried with growing pauses."""


class BadData(ProviderError):
    """The service answered something that is not what it documents."""


# --- records ----------------------------------------------------------------------------------------------------------


class Record(BaseModel):
    """Base of everything a provider yields: immutable, and strict about misspelt fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Told(Record):
    """A record of something a service or a file says. What makes no sense in it is left out or cut, where it can be.

    `mended` says so, for the listener's eyes; it is filled by itself. What no record can do without still raises.
    """

    mended: tuple[str, ...] = Field(default=(), exclude=True, repr=False)

    @model_validator(mode="wrap")
    @classmethod
    def _mend(cls, said: Any, make: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return make(said)
        except ValidationError as error:
            required = {name: field.is_required() for name, field in cls.model_fields.items()}
            return make(mending.mended(required, said, error))


Name = Annotated[str, Field(min_length=1), BeforeValidator(mending.name)]
"""Something to be read in it; control characters are taken out, and what is beyond 1,000 characters is cut."""
Text = Annotated[str, BeforeValidator(mending.text)]
"""Like a name, but it may be empty."""
Identity = Annotated[str, Field(min_length=1, max_length=1000), BeforeValidator(mending.identity)]
"""Stays as it is but for control characters, which are spelt out; a longer one is shortened, always in the same way."""
Ids = dict[str, str]
"""Known ids by scheme: ``mbid``, ``former_mbid`` (older ids, parted by blanks, that now mean this one),
``release_group``, ``isrc``, ``upc``, ``spotify``, ``lastfm``, ``ticketmaster`` …"""

PartialDate = Annotated[str, Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$"), AfterValidator(mending.day)]
"""``2027``, ``2027-03`` or ``2027-03-14``."""
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
"""The length of a song: more than nothing, at most a day."""
Moment = Annotated[AwareDatetime, Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))]
Day = Annotated[date, Field(ge=date(1900, 1, 1), lt=date(2200, 1, 1))]


class Credit(Told):
    """One artist as credited on an album, a track or a bill. `join` is the text up to the next name (`` feat. ``)."""

    name: Text
    id: Identity | None = None
    ids: Ids = {}
    join: Text = ""
    role: Literal["artist", "composer", "performer", "conductor", "headliner", "support"] = "artist"


Credited = Annotated[Credit, AfterValidator(mending.named)]
"""A credit without a name is left out of what it stands in."""


class Cover(Record):
    """Where a picture is: an https address, or a file below the account's folder (embedded in it when it is audio)."""

    url: str | None = None
    path: str | None = None


class Artist(Told):
    type: Literal["artist"] = "artist"
    id: Identity
    name: Name
    ids: Ids = {}
    aliases: list[Name] = []
    country: str | None = None
    begun: int | None = Field(default=None, ge=1, lt=2200)
    sort_name: str | None = None
    genres: list[str] = []
    image: Cover | None = None
    url: str | None = None


class Edition(Told):
    """One provider's album. Editions of one album merge into one item."""

    type: Literal["edition"] = "edition"
    id: Identity
    title: Name
    credits: list[Credited] = []
    ids: Ids = {}
    released: PartialDate | None = None
    form: Literal["album", "ep", "single", "compilation", "live", "soundtrack", "other"] | None = None
    """None where the service does not say."""
    total_tracks: int | None = Field(default=None, ge=0, lt=100_000)
    genres: list[str] = []
    label: str | None = None
    cover: Cover | None = None
    url: str | None = None
    popularity: int | None = Field(default=None, ge=0)
    """Listeners, plays or fans, whichever the service counts: the more, the better known. For live answers only."""


class Audio(Told):
    """A file the listener owns. `path` is relative to the account's folder. Gains are ReplayGain in dB."""

    path: Annotated[str, Field(min_length=1)]
    codec: str
    size: int = Field(ge=0, lt=2**63)
    bitrate: int | None = None
    sample_rate: int | None = None
    bit_depth: int | None = None
    lossless: bool = False
    track_gain: float | None = None
    album_gain: float | None = None


class Track(Told):
    """A slot in an edition (or a lone track). With `audio` it is owned; no `Holding` is needed to say so."""

    type: Literal["track"] = "track"
    id: Identity
    title: Name
    credits: list[Credited] = []
    edition: Identity | None = None
    disc: int = Field(default=1, ge=1, lt=10_000)
    position: int | None = Field(default=None, ge=0, lt=10_000)
    seconds: Seconds | None = None
    ids: Ids = {}
    explicit: bool | None = None
    genres: list[str] = []
    audio: Audio | None = None
    url: str | None = None
    preview: str | None = None
    """Address of a short sample, on one of `artwork_hosts`. For live answers only: it expires, so it is not kept."""


class Holding(Told):
    """The listener's relation to something yielded before it by the same account."""

    type: Literal["holding"] = "holding"
    of: Literal["artist", "edition", "track"]
    id: Identity
    how: Literal["owned", "saved", "followed", "loved"]
    since: Moment | None = None


class Playlist(Told):
    """`tracks` are ids of tracks yielded by the same account, in order; an id may occur twice."""

    type: Literal["playlist"] = "playlist"
    id: Identity
    name: Name
    tracks: list[Identity] = []
    owner: str | None = None
    url: str | None = None


class Play(Told):
    """One report that something was played. `at` is the start. Without an `id` its content identifies it."""

    type: Literal["play"] = "play"
    at: Moment
    title: Name
    credits: list[Credited] = Field(min_length=1)
    album: Text | None = None
    track: Identity | None = None
    id: Identity | None = None
    ids: Ids = {}
    seconds: Seconds | None = None
    loved: bool = False


class Venue(Told):
    name: Name
    id: Identity | None = None
    address: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    zone: str | None = None


class Tickets(Told):
    """Prices are in `currency` (ISO 4217)."""

    seller: str | None = None
    url: str | None = None
    currency: str | None = None
    low: float | None = None
    high: float | None = None
    state: Literal["on sale", "not yet", "off sale", "sold out"] | None = None
    on_sale: AwareDatetime | None = None


class Show(Told):
    """A concert at the venue's wall clock. `start` None means that the hour is not known; `until` is the last day."""

    type: Literal["show"] = "show"
    id: Identity
    title: Name
    day: Day
    venue: Venue
    lineup: list[Credited] = []
    start: time | None = None
    doors: time | None = None
    until: Day | None = None
    status: Literal["scheduled", "cancelled", "postponed", "rescheduled"] = "scheduled"
    festival: bool = False
    tickets: Tickets | None = None
    genres: list[str] = []
    image: Cover | None = None
    url: str | None = None
    note: str | None = None


class Friend(Told):
    type: Literal["friend"] = "friend"
    id: Identity
    name: Name
    image: Cover | None = None
    url: str | None = None


# --- markers in the stream --------------------------------------------------------------------------------------------


class Complete(Record):
    """All records of `scope` have been yielded (those since the previous `Complete`). Absence in it now counts."""

    type: Literal["complete"] = "complete"
    scope: str = ""


class Skipped(Record):
    """One thing could not be read. It is listed with its reason, and protected from removal.

    `name`: what a listener would look for, such as the title and the artist, or the file.
    """

    type: Literal["skipped"] = "skipped"
    of: Literal["artist", "edition", "track", "playlist", "show", "play", "friend"]
    id: Identity
    reason: Annotated[str, Field(min_length=1)]
    name: str | None = None


class Unchanged(Record):
    """These are as they were at the last run; all that is stored of them stays."""

    type: Literal["unchanged"] = "unchanged"
    of: Literal["artist", "edition", "track", "holding", "playlist", "show", "friend"]
    ids: list[Identity] = Field(min_length=1)


class Checkpoint(Record):
    """Everything before it may be stored for good; the next run gets `cursor`."""

    type: Literal["checkpoint"] = "checkpoint"
    cursor: str


class Progress(Record):
    """How far the run is, for the listener's eyes. `total` None when the end is not known."""

    type: Literal["progress"] = "progress"
    done: int = Field(ge=0)
    total: int | None = Field(default=None, ge=0)
    doing: str = ""


# --- what a provider is given -----------------------------------------------------------------------------------------


class Tag(Record):
    """A word listeners use for an artist; weight 1 (rare) to 100 (the one most used)."""

    name: Annotated[str, Field(min_length=1)]
    weight: float = 100.0


class Area(Record):
    """Where and when shows are wanted: a circle, from today up to and including `until`."""

    latitude: float
    longitude: float
    radius_km: float
    since: date
    until: date

    def holds(self, show: Show) -> bool:
        """Whether it is on in these days, within the radius. A venue without a position is believed."""
        if (show.until or show.day) < self.since or show.day > self.until:
            return False
        place = show.venue
        if place.latitude is None or place.longitude is None:
            return True
        north, east = radians(place.latitude - self.latitude), radians(place.longitude - self.longitude)
        bow = sin(north / 2) ** 2 + cos(radians(self.latitude)) * cos(radians(place.latitude)) * sin(east / 2) ** 2
        return 12742 * asin(sqrt(bow)) <= self.radius_km


class Limit(Record):
    """At most `calls` in any `seconds`. The quota is counted per address (IP), per API key, or per account."""

    calls: int = Field(gt=0)
    seconds: float = Field(gt=0)
    scope: Literal["address", "key", "account"] = "account"


@runtime_checkable
class Gate(Protocol):
    """The one way out. Both doors wait for the provider's limits, time out, hide secrets and report refusals.

    `session` keeps an answer where a call asks for it, ``session.get(url, expire_after=seconds)``, and for this account
    alone; `transport` is for clients built on httpx2; `json` is enough for most services.
    """

    @property
    def session(self) -> requests.Session: ...
    @property
    def transport(self) -> httpx2.BaseTransport: ...
    def json(self, url: str, **options: Any) -> Any:
        """What a GET answers, with the options of ``session.get``. Whatever goes wrong is one of the four errors."""

    def remember(self, url: str, status: int) -> None:
        """Keep that this address answers `status` to this account (403: not open to this app), for a week."""

    def remembered(self, url: str) -> int | None:
        """The status kept for this address, if any."""


class Safe(Protocol):
    """The secret settings as they are now: another run of the account may have renewed them since this one began."""

    def get(self, name: str) -> str | None: ...
    def put(self, name: str, value: str) -> None:
        """Kept, encrypted, before this returns: a token that replaces the last one is put here before it is used."""

    def alone(self) -> AbstractContextManager[None]:
        """No other run of this account is inside ``with self.safe.alone():`` at the same time. For renewing a token
        that is good once: `get` it, renew it and `put` the new one inside. Raises `Unavailable` after 30 s."""


Folder = Annotated[Path, Field(json_schema_extra={"format": "folder"})]


class Provider:
    """Base of all providers. Do nothing in `__init__`; the host fills in the attributes before any call.

    settings  what the listener entered, an instance of the class's own `Settings`
    http      the gate (see `Gate`)
    state     a small key/value store of the account; JSON values; saved together with the records
    safe      the secrets among the settings, for tokens that change with use (see `Safe`)
    log       lines go to the account's card on the Sources page
    """

    id: ClassVar[str]
    name: ClassVar[str]
    about: ClassVar[str] = ""
    key_minutes: ClassVar[int] = 0
    """Minutes it takes a listener to get the key that the service asks for; 0 where it needs none."""
    key_page: ClassVar[str] = ""
    """The https address of the page where one gets it."""
    api: ClassVar[int] = API_VERSION
    limits: ClassVar[Sequence[Limit]] = ()
    every: ClassVar[Mapping[str, timedelta]] = {}
    """Pause between two runs by capability (`library`, `shows`, `history`, `friends`); nightly where not named."""
    household: ClassVar[bool] = False
    """True where the account belongs to everybody under the roof unless told otherwise (files, concert listings)."""
    public_only: ClassVar[bool] = False
    """True where listeners enter addresses of anybody's servers: those inside private networks are then not called."""
    artwork_hosts: ClassVar[Sequence[str]] = ()
    """Hosts that pictures and samples may be fetched from; ``*.`` at the start stands for any name below."""
    deadline: ClassVar[timedelta] = timedelta(hours=2)
    memory_mb: ClassVar[int] = 1024

    class Settings(BaseModel):
        """What the listener is asked for. Plain types only: str, SecretStr, int, float, bool, Literal, Folder."""

        model_config = ConfigDict(extra="forbid")

    settings: Any
    http: Gate
    state: MutableMapping[str, Any]
    safe: Safe
    log: logging.Logger


# --- capabilities -----------------------------------------------------------------------------------------------------


class Library:
    """Snapshot: what the listener owns, saved or follows."""

    def library(
        self,
    ) -> Iterator[Artist | Edition | Track | Holding | Playlist | Skipped | Unchanged | Progress | Complete]:
        raise NotImplementedError


class Shows:
    """Snapshot per scope: concerts in an area. `artists` are the listener's own, for services that ask by artist."""

    def shows(
        self, artists: Sequence[Artist], area: Area
    ) -> Iterator[Show | Skipped | Unchanged | Progress | Complete]:
        raise NotImplementedError


class Friends:
    """Snapshot of friends; their favourites are asked live."""

    def friends(self) -> Iterator[Friend | Skipped | Complete]:
        raise NotImplementedError

    def top_artists(self, friend: Friend) -> Iterable[tuple[Artist, int]]:
        """Most played first, with the number of plays."""
        raise NotImplementedError

    def top_albums(self, friend: Friend) -> Iterable[tuple[Edition, int]]:
        """Likewise. It may be left out: it is then never asked."""
        raise NotImplementedError


class History:
    """Delta: reports of plays. `cursor` is None at the first run; any order is accepted."""

    def plays(self, cursor: str | None) -> Iterator[Play | Skipped | Progress | Checkpoint]:
        raise NotImplementedError


class Discovery:
    """Live: what a service knows about artists. What is given carries every id known of it.

    Each method may be left out: it is then never asked. One at least is there.
    """

    def similar(self, artist: Artist) -> Iterable[tuple[Artist, float]]:
        """Nearest first; match in 0..1, 1 for the nearest possible."""
        raise NotImplementedError

    def tags(self, artist: Artist) -> Iterable[Tag]:
        """Heaviest first."""
        raise NotImplementedError

    def albums_of(self, artist: Artist) -> Iterable[Edition]:
        """Most popular first."""
        raise NotImplementedError

    def tag_artists(self, tag: str) -> Iterable[tuple[Artist, int]]:
        """Artists whom listeners give this tag, with the number of those who do, most first."""
        raise NotImplementedError

    def listeners(self, artist: Artist) -> int | None:
        """How many people listen to the artist (or are fans); None for one whom the service does not know."""
        raise NotImplementedError

    def chart(self) -> Iterable[Artist]:
        """The artists with the most listeners, most first."""
        raise NotImplementedError

    def top_songs(self, artist: Artist) -> Iterable[Track]:
        """The artist's songs that are heard most, most first; about twenty."""
        raise NotImplementedError

    def previews(self, of: Artist | Edition | Track) -> Iterable[Track]:
        """Songs of it that a sample can be heard of, most popular first, each with its `preview` as it is good now.

        Asked when a listener wants to hear something new; of a track, that track alone, again right before it plays.
        """
        raise NotImplementedError


class Radio:
    """Live: what the service would play next to an artist. Reserved: `bandstand try` asks it, no page does yet."""

    def radio(self, artist: Artist) -> Iterable[Track]:
        """In playing order, most often by several artists."""
        raise NotImplementedError


class LiveSearch:
    """Live: the service's own answer to what the listener types."""

    def search(self, text: str) -> Iterable[Artist | Edition | Track]:
        raise NotImplementedError


class SignIn:
    """The listener allows access on the service's own page."""

    def begin(self, redirect: str, state: str) -> str:
        """The address to send the listener to. Keep what `finish` needs in `self.state`."""
        raise NotImplementedError

    def finish(self, redirect: str, params: Mapping[str, str]) -> dict[str, str]:
        """Values for the account's settings (secrets), from what the service sent back to `redirect`."""
        raise NotImplementedError
