"""A household on a real store: accounts that sync records, and what the library makes of them."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.library import merging
from aggregator.library.claims import Intake, Removal
from aggregator.plugin import Audio, Credit, Edition, Play, Record, Track
from aggregator.store import Store, open_store

DERIVED = (
    "link", "unsure", "question", "artist", "album", "recording", "item_credit", "shelf", "tally", "play_total",
    "play_day", "find", "claim_key",
)  # fmt: skip
ANA, BEN = 1, 2
MONDAY = int(datetime(2026, 3, 2, 20, tzinfo=UTC).timestamp())


@dataclass
class House:
    """Ana owns the place and has Spotify and Last.fm; Ben has a Spotify of his own; the files are everybody's."""

    store: Store
    now: int = MONDAY
    accounts: dict[str, int] = field(default_factory=dict)

    def intake(self, account: str, what: str = "library") -> Intake:
        number = self.accounts[account]
        with self.store.write() as conn:
            whose = conn.exec_driver_sql("SELECT listener_id FROM account WHERE id = ?", (number,))
            owner = whose.scalar()
            run = conn.exec_driver_sql(
                "INSERT INTO run (account_id, what, state, asked_by, queued_at) VALUES (?, ?, 'running', 'start', 0)"
                " RETURNING id",
                (number, what),
            ).scalar_one()
        return Intake(number, account, owner, run, self.now)

    def sync(
        self, account: str, *records: Record, what: str = "library", scope: str | None = "", batch: int = 1000
    ) -> Removal | None:
        """One run; `scope` None leaves it incomplete."""
        intake = self.intake(account, what)
        for start in range(0, len(records), batch):
            with self.store.write() as conn:
                intake.take(conn, records[start : start + batch])
        if scope is None:
            return None
        with self.store.write() as conn:
            return intake.complete(conn, scope)

    def plays(self, account: str, *plays: Play) -> None:
        self.sync(account, *plays, what="history", scope=None)

    def merge(self) -> None:
        merging.merge(self.store)

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with self.store.read() as conn:
            return [tuple(row) for row in conn.exec_driver_sql(statement, values)]

    def value(self, statement: str, *values: object) -> object:
        return self.rows(statement, *values)[0][0]

    def claim(self, account: str, kind: str, pid: str) -> int:
        number = self.value(
            "SELECT id FROM claim WHERE account_id = ? AND kind = ? AND pid = ?", self.accounts[account], kind, pid
        )
        assert isinstance(number, int)
        return number

    def items(self, kind: str) -> set[frozenset[str]]:
        """The partition by names that no number and no order of arrival enters: `account/pid`."""
        found = defaultdict(set)
        for item, key, pid in self.rows(
            "SELECT link.item_id, a.key, c.pid FROM link JOIN claim c ON c.id = link.claim_id"
            " JOIN account a ON a.id = c.account_id WHERE link.kind = ?",
            kind,
        ):
            found[item].add(f"{key}/{pid}")
        return {frozenset(item) for item in found.values()}

    def together(self, kind: str, *claims: str) -> bool:
        return any(set(claims) <= item for item in self.items(kind))

    def questions(self, kind: str) -> set[frozenset[str]]:
        rows = self.rows(
            "SELECT aa.key || '/' || a.pid, ab.key || '/' || b.pid FROM unsure u JOIN claim a ON a.id = u.a"
            " JOIN claim b ON b.id = u.b JOIN account aa ON aa.id = a.account_id"
            " JOIN account ab ON ab.id = b.account_id WHERE u.kind = ?",
            kind,
        )
        return {frozenset(map(str, row)) for row in rows}

    def derived(self) -> dict[str, list[tuple[object, ...]]]:
        """All that can be made again from claims, reports and decisions."""
        tables = {table: self.rows(f"SELECT * FROM {table}") for table in DERIVED}
        tables["report"] = self.rows("SELECT id, leads, listen_id FROM report")
        tables["tally"] = [row for row in tables["tally"] if row[2]]
        return {name: sorted(rows, key=repr) for name, rows in tables.items()}


def open_house(folder: Path, furnished: bool = False) -> House:
    """`furnished`: the folder is a copy of such a house."""
    house = House(open_store(folder))
    owners = {"files": None, "spotify": ANA, "lastfm": ANA, "ben-spotify": BEN, "tickets": None}
    with house.store.write() as conn:
        for number, name in () if furnished else ((ANA, "Ana"), (BEN, "Ben")):
            conn.exec_driver_sql(
                "INSERT INTO listener (id, name, role, created_at) VALUES (?, ?, 'owner', 0)", (number, name)
            )
        for number, (key, owner) in enumerate(owners.items(), 1):
            house.accounts[key] = number
            if furnished:
                continue
            conn.exec_driver_sql(
                "INSERT INTO account (id, key, provider, name, listener_id, created_at) VALUES (?, ?, ?, ?, ?, 0)",
                (number, key, key.removeprefix("ben-"), key.replace("-", " ").title(), owner),
            )
    return house


def credits(*names: str) -> list[Credit]:
    return [Credit(name=name) for name in names]


def edition(id: str, title: str, artist: str = "The Lanterns", **more: object) -> Edition:
    return Edition(id=id, title=title, credits=credits(artist), **more)


def track(id: str, title: str, artist: str = "The Lanterns", **more: object) -> Track:
    return Track(id=id, title=title, credits=credits(artist), **more)


def file(id: str, title: str, artist: str = "The Lanterns", seconds: float = 185.0, **more: object) -> Track:
    audio = Audio(path=f"{id}.flac", codec="flac", size=1000, lossless=True)
    return track(id, title, artist, seconds=seconds, audio=audio, **more)


def play(minutes: float, title: str, artist: str = "The Lanterns", album: str | None = None, **more: object) -> Play:
    """A play that began so many minutes after Monday evening."""
    at = datetime.fromtimestamp(MONDAY, UTC) + timedelta(minutes=minutes)
    return Play(at=at, title=title, credits=credits(artist), album=album, **more)


def wait_a_day(house: House, days: int = 1) -> None:
    house.now += days * 86_400
