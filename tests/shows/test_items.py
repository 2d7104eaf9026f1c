"""Rows of shows follow from what is claimed, not from who came first."""

import itertools
import json

from sqlalchemy import select

from aggregator.plugin import Tickets
from aggregator.store import open_store
from aggregator.store.schema import item_credit, show
from tests.shows.bills import act, bill
from tests.shows.town import ELSEWHERE, Town

LISTS = {
    "barn": [
        bill(
            "1",
            acts=[act("Wild Hollow", mbid="m1"), "Support"],
            tickets=Tickets(seller="Barn", url="https://a.example"),
        ),
        bill("2", title="VIP: Wild Hollow", start="18:30", acts=[]),
        bill("3", start="15:00"),
    ],
    "shed": [bill("x", start="19:30", acts=["Wild Hollow"], venue={"name": "Thalia", "latitude": 41.86})],
    "board": [bill("9", start=None, title="Wild Hollow: North of Here", venue={"latitude": None, "longitude": None})],
}


def told(store):
    """All shows without the numbers that the store happened to give."""
    with store.read() as conn:
        rows = conn.execute(select(show).where(show.c.title != ELSEWHERE.title).order_by(show.c.starts_at)).all()
        facts = []
        for row in rows:
            names = conn.scalars(
                select(item_credit.c.name)
                .where(item_credit.c.kind == "show", item_credit.c.item_id == row.id)
                .order_by(item_credit.c.position)
            ).all()
            sellers = [(one["seller"], one["extra"]) for one in json.loads(row.detail)["tickets"]]
            facts.append((row.title, row.day, row.start, row.venue, row.latitude, row.fingerprint, names, sellers))
        return facts


def test_the_order_in_which_sellers_answer_changes_nothing(tmp_path):
    seen = []
    for number, order in enumerate(itertools.permutations(LISTS)):
        store = open_store(tmp_path / str(number))
        town = Town(store)
        for key in order:
            town.lists(town.seller(key), *LISTS[key])
        seen.append(told(store))
        store.close()
    assert [start for _, _, start, *_ in seen[0] if start] == ["15:00", "20:00"]
    assert all(one == seen[0] for one in seen)


def test_a_bill_names_each_act_once_and_knows_it_by_the_better_listing(town, ana):
    known = town.knows(ana, "Wild Hollow", mbid="m1", owned=True)
    town.lists(town.seller("barn"), bill("1", acts=["Wild Hollow", "Support"]))
    town.lists(town.seller("shed"), bill("x", acts=[act("The Wild Hollow", mbid="m1")]))
    with town.store.read() as conn:
        [item] = town.show_ids()
        rows = conn.execute(select(item_credit).where(item_credit.c.item_id == item).order_by(item_credit.c.position))
        assert [(row.name, row.artist_id == known) for row in rows] == [("Wild Hollow", True), ("Support", False)]


def test_what_is_missing_in_one_listing_comes_from_another(town):
    town.lists(town.seller("barn"), bill("1", doors=None, venue={"address": None, "zone": None}))
    town.lists(town.seller("shed"), bill("x", start=None, note="All ages", venue={"address": "1807 S Allport St"}))
    with town.store.read() as conn:
        row = conn.execute(select(show).where(show.c.id == town.show_ids()[0])).one()
    detail = json.loads(row.detail)
    assert (row.start, row.zone) == ("20:00", "America/Chicago")
    assert (detail["address"], detail["note"]) == ("1807 S Allport St", "All ages")
