"""Writes the stored old databases that upgrades are tried on: run it with the code of the revision that shall write.

git worktree add /tmp/old REVISION && cp tests/store/furnish.py /tmp/old/tests/store/
cd /tmp/old && python -m tests.store.furnish /tmp/data && tar -C /tmp/data -cJf 0001.tar.xz .
"""

import shutil
import sys
import time
from pathlib import Path

from aggregator import answers, listeners, recommendations, sources, stances, stars
from aggregator._host import accounts
from aggregator._host.settings import Vault
from aggregator.library import decisions, merging
from aggregator.plugin import Artist, Credit, Edition, Friend, Holding, Playlist, Record, Tag, Track
from aggregator.store import Store, open_store
from aggregator.store.schema import cursor
from tests.web import seed

SECRET = "a-secret-of-long-ago"


def main(folder: Path) -> None:
    store = open_store(folder)
    ana = seed.household(store, folder / "music", "a long enough one")
    shutil.rmtree(folder / "music")
    listeners.session_secret(folder)
    ben = listeners.create(store, "Ben", "member", "another long one")
    tickets = sources.create_account(store, "ticketmaster", ben.id, {"api_key": SECRET}, key="bens-key", check=False)
    more = seed.connect(store, "more", "spotify", "Ben's Spotify", ben.id, {})
    seed.bring(store, more, "more", ben.id, bens())
    seed.bring(store, more, "more", ben.id, [Friend(id="f1", name="Cleo")], what="friends")
    seed.bring(store, more, "more", ben.id, bens()[:-2])  # a playlist and what it holds are gone
    seed.bring(store, more, "more", ben.id, bens()[:2])  # far too much is gone: held
    with store.write() as conn:
        conn.execute(cursor.insert().values(account_id=more, capability="history", value="1700000000"))
        accounts.save_state(conn, more, {"seen": {"a": 1}})
        accounts.keep_secret(conn, tickets, "api_key", SECRET + "-renewed", Vault(folder))
        answers.save(
            conn, more, "tags", "halden", [Tag(name="ambient", weight=90).model_dump(mode="json")], 1_700_000_000
        )
    merging.merge(store)
    decide(store, ana.id)
    say(store, ana.id)
    recommendations.refresh(store, ana.id)
    with store.write() as conn:
        conn.exec_driver_sql("UPDATE run SET state = 'done' WHERE state = 'queued'")
        conn.exec_driver_sql(
            "INSERT INTO run (account_id, what, state, asked_by, queued_at, started_at) "
            "VALUES (?, 'library', 'running', 'schedule', ?, ?)",
            (more, *[int(time.time())] * 2),
        )
    with store.engine.connect() as conn:
        conn.exec_driver_sql("VACUUM")
        conn.exec_driver_sql("PRAGMA journal_mode=DELETE")
    store.close()


def bens() -> list[Record]:
    quist, other = [Credit(name="Nora Quist", id="b1")], [Credit(name="Norah Quist", id="b2")]
    return [
        Artist(id="b1", name="Nora Quist"),
        Edition(id="be1", title="Harbour Lights (Remastered)", credits=quist, released="2019", total_tracks=5),
        *[
            Track(id=f"bt{n}", title=title, credits=quist, edition="be1", position=n, seconds=12)
            for n, title in enumerate(("Slow harbour", "Salt", "Two lamps", "The ferry", "Evening tide"), 1)
        ],
        Edition(id="be2", title="Even numbers", credits=other, released="2023", total_tracks=3),
        Holding(of="edition", id="be1", how="saved"),
        Track(id="bt9", title="Lost song", credits=other, seconds=99),
        Playlist(id="bp", name="For the road", tracks=["bt1", "bt9", "bt1"]),
    ]


def decide(store: Store, listener: int) -> None:
    """One that stands, one taken back, one that keeps two apart."""
    with store.read() as conn:
        ids = {
            (kind, name): item
            for kind, name, item in conn.exec_driver_sql(
                "SELECT 'artist', name, id FROM artist UNION SELECT 'recording', title, id FROM recording "
                "UNION SELECT 'album', title, id FROM album"
            )
        }
    decisions.same(store, listener, "artist", [ids["artist", "Nora Quist"], ids["artist", "Norah Quist"]])
    taken_back = decisions.same(store, listener, "recording", [ids["recording", "Front"], ids["recording", "Fold"]])
    decisions.undo(store, listener, taken_back)
    decisions.apart(store, listener, "album", ids["album", "Glass weather"], ids["album", "Paper engines"])


def say(store: Store, listener: int) -> None:
    with store.write() as conn:
        albums = list(conn.exec_driver_sql("SELECT id FROM album ORDER BY title").scalars())
        artists = list(conn.exec_driver_sql("SELECT id FROM artist ORDER BY name").scalars())
        stances.say(conn, listener, artists[0], "shows", "follow", int(time.time()))
        stances.say(conn, listener, artists[1], "shows", "mute", int(time.time()))
    stars.put(store, listener, "album", albums[0])
    recommendations.say(store, listener, "album", albums[-1], "never")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
