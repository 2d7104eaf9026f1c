"""The first page: the moment, the week in one sentence, shelves, and what to do where there is nothing yet."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from sqlalchemy import event

from aggregator.store import Store


def test_home_says_the_moment_and_the_week(at_home: FlaskClient) -> None:
    page = at_home.get("/").text
    assert re.search(r"<h1>\w+day (morning|afternoon|evening|night)</h1>", page)
    assert "<strong>22 plays</strong> this week" in page
    assert "Nora Quist plays 13 mi away on" in page
    shelf = page.partition('id="heard"')[2].partition("</section>")[0]
    assert re.findall(r'class="card-link" href="[^"]+">([^<]+)<', shelf)[0] == "Harbour lights"


def test_the_shelf_of_albums_to_buy_carries_its_reasons(
    at_home: FlaskClient, house: Store, ids: dict[str, int]
) -> None:
    assert 'hx-get="/suggested"' in at_home.get("/").text
    with house.write() as conn:
        conn.exec_driver_sql("DELETE FROM shelf WHERE item_id = ?", (ids["album Glass weather"],))
        conn.exec_driver_sql(
            "INSERT INTO recommended (listener_id, kind, rank, item_id, score, reasons, made_at)"
            " VALUES (1, 'album', 1, ?, 1, ?, 1)",
            (ids["album Glass weather"], f'[["similar", {ids["artist Nora Quist"]}]]'),
        )
    page = at_home.get("/suggested").text
    assert f'data-item="albums/{ids["album Glass weather"]}"' in page
    assert re.search(r'<p class="why">[^<]*Nora Quist', page)


def test_it_asks_the_database_ten_times_at_most(at_home: FlaskClient, house: Store) -> None:
    asked: list[str] = []

    def note(*told: object) -> None:
        asked.append(str(told[2]))

    event.listen(house.engine, "before_cursor_execute", note)
    for address in ("/", "/suggested"):
        asked.clear()
        assert at_home.get(address).status_code == 200
        reading = [one for one in asked if one.startswith(("SELECT", "WITH"))]
        assert len(reading) <= 10, address
    event.remove(house.engine, "before_cursor_execute", note)


def test_a_new_household_is_led_through_three_steps(client: FlaskClient) -> None:
    page = client.get("/").text
    for step in ("Point at a folder", "Connect a service", "Say where you go out"):
        assert step in page
    assert "every 2s" not in page


def test_while_sources_are_read_the_page_renews_itself(at_home: FlaskClient, house: Store) -> None:
    assert "is being read" not in at_home.get("/").text
    at_home.post("/sources/sync")
    page = at_home.get("/").text
    assert 'aria-label="What is being read"' in page
    assert re.search(r"\d tasks to go", page)
