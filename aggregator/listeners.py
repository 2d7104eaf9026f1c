"""The people of the house: who they are, how they prove it, what they prefer."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, Row, func, insert, select, update

from aggregator.library import shelves
from aggregator.store import Store
from aggregator.store.schema import listener as table

KM_PER_MILE = 1.609344
SHORTEST_PASSWORD = 8
LEAVING = "leaving"
"""The role of who is being let go."""

_hasher = PasswordHasher()


class ListenerError(ValueError):
    """What was asked for cannot be; the message is for the listener."""


class Place(BaseModel):
    """Where a listener goes out. `label` is what pages call it ("Davis, CA"); `zip` is None for bare coordinates."""

    label: str
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    zone: str
    zip: str | None = None


class Preferences(BaseModel):
    """Column `listener.settings`. Unknown words of a newer program are dropped rather than fatal."""

    model_config = ConfigDict(extra="ignore")

    place: Place | None = None
    radius: Annotated[float, Field(gt=0, le=500)] = 50
    unit: Literal["mi", "km"] = "mi"
    theme: Literal["system", "dark", "light"] = "system"
    density: Literal["comfortable", "compact"] = "comfortable"
    own_after_plays: Annotated[int, Field(ge=1, le=1000)] = 5
    week_start: Literal["sunday", "monday"] = "sunday"
    novelty: Annotated[int, Field(ge=0, le=4)] = 2  # of recommendations: 0 what many know, 4 what few do

    @property
    def radius_km(self) -> float:
        return self.radius * KM_PER_MILE if self.unit == "mi" else self.radius


@dataclass(frozen=True)
class Listener:
    id: int
    name: str
    role: Literal["owner", "member", "leaving"]
    preferences: Preferences
    feed_version: int = 1
    session_version: int = 1


# --- reading ----------------------------------------------------------------------------------------------------------


def by_id(store: Store, listener_id: int) -> Listener | None:
    with store.read() as conn:
        return read(conn, listener_id)


def read(conn: Connection, listener_id: int) -> Listener | None:
    """As `by_id`, inside a transaction that is already open."""
    row = conn.execute(select(table).where(table.c.id == listener_id)).one_or_none()
    return _listener(row) if row else None


def everyone(store: Store) -> list[Listener]:
    """In the order in which they joined; the first is the first owner. Who is being let go is not among them."""
    with store.read() as conn:
        staying = select(table).where(table.c.role != LEAVING)
        return [_listener(row) for row in conn.execute(staying.order_by(table.c.id))]


def nobody_yet(store: Store) -> bool:
    """True until the first owner exists: `serve` then prints `owner_code`."""
    with store.read() as conn:
        return not conn.scalar(select(func.count()).select_from(table))


def _listener(row: Row[tuple[object, ...]]) -> Listener:
    return Listener(
        id=row.id,
        name=row.name,
        role=row.role,
        preferences=Preferences.model_validate_json(row.settings),
        feed_version=row.feed_version,
        session_version=row.session_version,
    )


# --- writing ----------------------------------------------------------------------------------------------------------


def create(
    store: Store,
    name: str,
    role: Literal["owner", "member"],
    password: str | None = None,
    preferences: Preferences | None = None,
) -> Listener:
    """Raises `ListenerError` for a name that is taken or a password that is too short."""
    with store.write() as conn:
        return add(conn, name, role, password, preferences)


def create_first_owner(store: Store, data: Path, code: str, name: str, password: str) -> Listener:
    """The first owner proves to stand at the machine with the code from its terminal, which is used up by this."""
    with store.write() as conn:
        if conn.scalar(select(func.count()).select_from(table)):
            raise ListenerError("Bandstand already has an owner. Sign in instead.")
        if not _code_is(data, code):
            raise ListenerError("That is not the code in the terminal. Look for the line “Owner code” there.")
        owner = add(conn, name, "owner", password)
    (data / CODE_FILE).unlink(missing_ok=True)
    return owner


def save_preferences(store: Store, listener_id: int, preferences: Preferences) -> None:
    _update(store, listener_id, settings=preferences.model_dump_json())


def set_password(store: Store, listener_id: int, password: str) -> None:
    """Also ends every session of this listener."""
    with store.write() as conn:
        renew_password(conn, listener_id, password)


def renew_password(conn: Connection, listener_id: int, password: str) -> None:
    """As `set_password`, inside a transaction that is already open."""
    values = {"password": _hash(password), "session_version": table.c.session_version + 1}
    conn.execute(update(table).where(table.c.id == listener_id).values(values))


def sign_out_everywhere(store: Store, listener_id: int) -> None:
    _update(store, listener_id, session_version=table.c.session_version + 1)


def reset_feed(store: Store, listener_id: int) -> None:
    """The old calendar address stops working; `feed_token` answers another one from now on."""
    _update(store, listener_id, feed_version=table.c.feed_version + 1)


def add(
    conn: Connection, name: str, role: str, password: str | None, preferences: Preferences | None = None
) -> Listener:
    """As `create`, inside a transaction that is already open."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= 80:
        raise ListenerError("A name has 1 to 80 characters.")
    if conn.scalar(select(table.c.id).where(func.lower(table.c.name) == name.lower())):
        raise ListenerError(f"Somebody is already called {name}. Choose another name.")
    values = {
        "name": name,
        "role": role,
        "password": None if password is None else _hash(password),
        "settings": (preferences or Preferences()).model_dump_json(),
        # Numbers of listeners who left are given again: their old cookies and calendar addresses must not fit.
        "session_version": secrets.randbelow(2**31),
        "feed_version": secrets.randbelow(2**31),
        "created_at": int(time.time()),
    }
    created = conn.execute(insert(table).values(values).returning(table.c.id)).scalar_one()
    shelves.welcome(conn, created)
    found = read(conn, created)
    assert found is not None
    return found


def _update(store: Store, listener_id: int, **values: object) -> None:
    with store.write() as conn:
        conn.execute(update(table).where(table.c.id == listener_id).values(values))


# --- proof ------------------------------------------------------------------------------------------------------------


def check_password(store: Store, name: str, password: str) -> Listener | None:
    """The listener of this name, if the password is theirs. Takes as long for a name that does not exist."""
    with store.read() as conn:
        row = conn.execute(select(table).where(func.lower(table.c.name) == " ".join(name.split()).lower())).first()
    return _listener(row) if _verify(row.password if row else None, password) and row else None


def _hash(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise ListenerError(f"A password has at least {SHORTEST_PASSWORD} characters.")
    return _hasher.hash(password)


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash(secrets.token_hex())


def _verify(stored: str | None, password: str) -> bool:
    try:
        return _hasher.verify(stored or _hash_of_nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


CODE_FILE = "owner-code"


def owner_code(data: Path) -> str:
    """The one-time code for the first owner, made when it is first asked for. Only this system's user can read it."""
    path = data / CODE_FILE
    if not path.exists():
        _write_secret(path, "-".join(secrets.token_hex(2) for _ in range(3)).encode())
    return path.read_text().strip()


def _code_is(data: Path, code: str) -> bool:
    path = data / CODE_FILE
    return path.exists() and hmac.compare_digest(path.read_text().strip().encode(), code.strip().lower().encode())


def session_secret(data: Path) -> bytes:
    """What sessions and calendar addresses are signed with: 32 random bytes, made once, kept beside the database."""
    path = data / "session.key"
    if not path.exists():
        _write_secret(path, secrets.token_bytes(32))
    return path.read_bytes()


def _write_secret(path: Path, content: bytes) -> None:
    """Complete or not at all, and never over a file that is there: two processes may start at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    try:
        os.link(part, path)
    except FileExistsError:
        pass  # the other process was first; its secret is the one
    finally:
        part.unlink()


def feed_token(secret: bytes, listener: Listener) -> str:
    """The secret part of the calendar address; changes with `reset_feed`."""
    message = f"feed:{listener.id}:{listener.feed_version}".encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()[:40]


def by_feed_token(store: Store, secret: bytes, listener_id: int, token: str) -> Listener | None:
    listener = by_id(store, listener_id)
    right = listener is not None and hmac.compare_digest(feed_token(secret, listener), token)
    return listener if right else None


MANY = 10_000
"""Keys of a throttle that are kept before old ones are looked for."""


class Throttle:
    """Slows down guessing. Keys say who guesses what; each comes with how many failures it may have in `seconds`.

    Kept in memory: there is one web process, and a restart costs a guesser more than it gives.
    """

    def __init__(self, seconds: float = 300, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._failures: dict[str, deque[float]] = defaultdict(deque)
        self._lock = Lock()

    def wait(self, limits: Mapping[str, int]) -> int:
        """Seconds until the next attempt is allowed for all keys; 0 for now."""
        with self._lock:
            return max((self._wait(key, limit) for key, limit in limits.items()), default=0)

    def failed(self, keys: Iterable[str]) -> None:
        with self._lock:
            if len(self._failures) > MANY:  # somebody tries many names: forget those whose time is over
                for key in list(self._failures):
                    self._wait(key, 1)
            for key in keys:
                self._failures[key].append(self._clock())

    def succeeded(self, key: str) -> None:
        with self._lock:
            self._failures.pop(key, None)

    def _wait(self, key: str, limit: int) -> int:
        failures, now = self._failures.get(key, deque()), self._clock()
        while failures and failures[0] <= now - self._seconds:
            failures.popleft()
        if not failures:
            self._failures.pop(key, None)
        return 0 if len(failures) < limit else max(1, round(failures[-limit] + self._seconds - now))
