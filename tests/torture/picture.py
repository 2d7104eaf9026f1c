"""What a household has, written so that two histories of it can be compared: by names instead of numbers, without the
hour at which anything was done, and without the record of runs."""

from collections.abc import Iterable

from sqlalchemy import Connection

from aggregator.store import Store

Picture = dict[str, list[list[object]]]

NAMES = """
CREATE TEMP TABLE named AS SELECT claim.id, a.key || ' / ' || kind || ' / ' || pid AS name FROM claim
    JOIN account a ON a.id = claim.account_id;
CREATE UNIQUE INDEX temp.by_id ON named (id);
CREATE TEMP TABLE item AS SELECT kind AS of_kind, item_id AS number, MIN(name) AS name FROM link
    JOIN named ON named.id = claim_id GROUP BY kind, item_id;
CREATE UNIQUE INDEX temp.by_number ON item (of_kind, number)
"""
CLAIM = "(SELECT name FROM named WHERE named.id = {})"
ITEM = "(SELECT name FROM item WHERE of_kind = {} AND number = {})"
ACCOUNT = "(SELECT key FROM account WHERE account.id = {})"


def _claim(column: str) -> str:
    return CLAIM.format(column)


def _item(kind: str, column: str) -> str:
    return ITEM.format(kind, column)


def _account(column: str = "account_id") -> str:
    return ACCOUNT.format(column)


ARTIST, ALBUM, RECORDING, SHOW = (_item(f"'{kind}'", "id") for kind in ("artist", "album", "recording", "show"))
ARTIST_CREDITED, SHOWN_WITH = _item("'artist'", "artist_id"), _item("'album'", "album_id")

PREVIOUS = "CASE WHEN previous ->> '$.from' IS NULL THEN previous END"
"""Without what was only implied before: that depends on where batches end."""

SHOWN = {
    "account": "SELECT key, provider, listener_id, enabled, state FROM account",
    "cursor": f"SELECT {_account()}, capability, value FROM cursor",
    "keep": f"SELECT {_account()}, key, value FROM keep",
    "held": f'SELECT {_account()}, scope, items, "of", reason, decision FROM held',
    "scope_size": f"SELECT {_account()}, scope, MAX(items) FROM scope_size GROUP BY 1, 2",
    "claim": f"SELECT {_claim('claim.id')}, payload, {PREVIOUS}, scope, {_claim('about')}, present FROM claim",
    "credit": f'SELECT {_claim("claim_id")}, position, {_claim("artist_claim_id")}, name, "join", role FROM credit',
    "claim_key": f"SELECT key, {_claim('claim_id')} FROM claim_key",
    "dirty": f"SELECT {_claim('claim_id')} FROM dirty",
    "decision": "SELECT listener_id, kind, verdict, words, undone_at IS NOT NULL FROM decision",
    "decision_claim": "SELECT words, side, account_key, pid FROM decision_claim JOIN decision ON id = decision_id",
    "pick": "SELECT listener_id, kind, field, account_key, pid, words, value, undone_at IS NOT NULL FROM pick",
    "ordering": "SELECT listener_id, kind, field, providers, undone_at IS NOT NULL FROM ordering",
    "precedence": "SELECT kind, field, providers, listener_id, reached FROM precedence",
    "link": f"SELECT {_claim('claim_id')}, kind, {_item('kind', 'item_id')}, {_claim('to_claim')}, points, decided_by,"
    " evidence, verdict FROM link",
    "unsure": f"SELECT MIN({_claim('a')}, {_claim('b')}), MAX({_claim('a')}, {_claim('b')}), kind, points FROM unsure",
    "question": f"SELECT listener_id, MIN({_claim('claim_a')}, {_claim('claim_b')}), MAX({_claim('claim_a')},"
    f" {_claim('claim_b')}), kind, points, plays, kept, skipped FROM question",
    "artist": f"SELECT {ARTIST}, name, sort, folded, ids, genres, sources FROM artist",
    "album": f"SELECT {ALBUM}, title, sort, credit, artist_sort, year, ids, genres, sources FROM album",
    "recording": f"SELECT {RECORDING}, title, sort, credit, {SHOWN_WITH}, album_title,"
    f" seconds, {_claim('audio_claim')}, ids, sources FROM recording",
    "show": f"SELECT {SHOW}, title, day, start, until, zone, starts_at, status, venue, place, detail,"
    " sources, gone_at IS NOT NULL FROM show",
    "item_credit": f"SELECT kind, {_item('kind', 'item_id')}, position, {ARTIST_CREDITED}, name, role FROM item_credit",
    "shelf": f"SELECT listener_id, kind, {_item('kind', 'item_id')}, owned, saved, service, loved, plays, seconds,"
    " first_heard, last_heard FROM shelf",
    "tally": "SELECT listener_id, kind, total, owned, saved, service, heard FROM tally",
    "report": f"SELECT {_account()}, key, at, {_claim('claim_id')}, seconds, leads, (SELECT key FROM report leader"
    " WHERE leader.id = report.listen_id) FROM report",
    "play_total": f"SELECT listener_id, {_claim('claim_id')}, plays, seconds, first_at, last_at FROM play_total",
    "play_day": "SELECT listener_id, day, plays FROM play_day",
    "star": f"SELECT listener_id, kind, {_claim('claim_id')}, copy FROM star",
    "find": f"SELECT kind, {_item('kind', 'item_id')}, words FROM find",
    "recommended": f"SELECT listener_id, kind, {_item('kind', 'item_id')} FROM recommended"
    " WHERE kind IN ('artist', 'album')",  # the rest is of one's own, as it was when the list was last made
}


def take(store: Store) -> Picture:
    with store.engine.connect() as conn:
        for statement in NAMES.split(";"):
            conn.exec_driver_sql(statement)
        found = {table: _rows(conn, query) for table, query in SHOWN.items()}
        conn.exec_driver_sql("DROP TABLE named")
        conn.exec_driver_sql("DROP TABLE item")
    return found


def _rows(conn: Connection, query: str) -> list[list[object]]:
    return sorted((list(row) for row in conn.exec_driver_sql(query)), key=repr)


def broken(store: Store) -> str | None:
    """What SQLite itself finds wrong, if anything."""
    with store.read() as conn:
        verdict = conn.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        strays = conn.exec_driver_sql("PRAGMA foreign_key_check").all()
    return verdict if verdict != "ok" else f"rows that point nowhere: {strays[:3]}" if strays else None


def differences(told: Picture, expected: Picture) -> list[str]:
    """A line for each row that only one of the two has."""
    lines = []
    for table, rows in expected.items():
        here, there = (sorted(map(repr, each)) for each in (told[table], rows))
        lines += [f"{table}: lost {row}" for row in _without(there, here)]
        lines += [f"{table}: strange {row}" for row in _without(here, there)]
    return lines


def _without(rows: Iterable[str], others: Iterable[str]) -> list[str]:
    """As bags: a row that is there twice counts twice."""
    left = list(others)
    found = []
    for row in rows:
        if row in left:
            left.remove(row)
        else:
            found.append(row)
    return found
