"""What a run changed, and what would go: on the card, on the page, and page by page however much it is."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from aggregator import listeners, sources
from aggregator.config import Config
from aggregator.library import merging
from aggregator.sources import differences
from aggregator.store import Store
from web import create_app

from . import seed, seed_sources
from .conftest import PASSWORD


@pytest.fixture
def ana(many: Store) -> FlaskClient:
    return create_app(Config(data=many.folder, path=None), many).test_client()


@pytest.fixture
def owner(many: Store) -> int:
    return listeners.everyone(many)[0].id


@pytest.fixture
def news(ana: FlaskClient) -> str:
    """The address of the run that brought news of every sort, as Spotify's card links it."""
    card = ana.get("/sources").text.partition('data-key="spotify"')[2].partition("</article>")[0]
    found = re.search(r'href="(/sources/\d+/runs/\d+)">8 added', card)
    assert found is not None
    return found[1]


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html.partition("<main")[2].partition("</main>")[0]).split())


def listed(page: str, what: str) -> list[str]:
    """Titles of one list."""
    part = page.partition(f'id="things-{what}"')[2].partition("</section>")[0]
    return re.findall(r'class="thing-title"[^>]*>([^<]*)<', part)


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    said: list[str] = []

    def note(*args: object) -> None:
        said.append(str(args[2]))

    event.listen(store.engine, "before_cursor_execute", note)
    yield said
    event.remove(store.engine, "before_cursor_execute", note)


def test_the_card_says_it_in_a_line_and_leads_there(ana: FlaskClient, news: str) -> None:
    assert ">8 added, 4 merged, 1 changed, 4 removed, 1 could not be read, 1 needs you" in ana.get("/sources").text
    page = ana.get(news).text
    assert "<h1>8 added, 4 merged, 1 changed, 4 removed, 1 could not be read, 1 needs you</h1>" in page


def test_a_run_shows_what_came_and_what_it_joined(ana: FlaskClient, news: str) -> None:
    page = ana.get(news).text
    assert listed(page, "added") == ["Paper engines", "Winter numbers", "Mila Rook"]
    assert "The Tin Orchard, 3 songs" in page
    assert "One with what Last.fm and Music folder had: same title, same artist" in page
    assert re.search(r'<a class="thing-title" href="/albums/\d+">Winter numbers</a>', page)
    assert listed(page, "removed") == [seed.STREAMED[2][0]]
    assert "skipped sp-odd: it has no title" in plain(page)


def test_a_change_is_told_field_by_field(ana: FlaskClient, news: str) -> None:
    told = plain(ana.get(news).text)
    assert "Title Glass weather → became Glass weather, remastered" in told
    assert "Released 2020 → became 2021" in told
    assert "Number of songs 3 → became not said" in told


def test_what_needs_the_listener_leads_to_the_question(ana: FlaskClient, news: str) -> None:
    page = ana.get(news).text
    question = re.search(r'href="(/review\?run=\d+&amp;a=\d+&amp;b=\d+)"', page)
    assert question is not None
    assert "One artist or two? Ticketmaster and Spotify" in page
    assert "<h1>One artist or two?" in ana.get(html.unescape(question[1])).text


def test_one_list_is_shown_by_itself(ana: FlaskClient, news: str) -> None:
    page = ana.get(f"{news}?only=merged").text
    assert listed(page, "merged") == ["Paper engines"]
    assert listed(page, "added") == []
    assert ana.get(f"{news}?only=everything").status_code == 404
    for after in ("x-9", "7", "1-2-3", f"1-{'9' * 20}"):
        assert ana.get(f"{news}?only=added&after={after}").status_code == 404


def test_the_first_run_says_that_everything_was_new(ana: FlaskClient, numbers: dict[str, int]) -> None:
    runs = re.findall(r'href="(/sources/\d+/runs/\d+)"', ana.get(f"/sources/{numbers['files']}/runs").text)
    page = ana.get(runs[-1]).text
    assert "This was its first reading, so everything was new." in plain(page)
    assert listed(page, "added") == [*(title for title, *_ in seed.ALBUMS)]
    assert "4 albums, 15 songs" in plain(page)
    (spotify,) = re.findall(r'href="(/sources/\d+/runs/\d+)">8 added', ana.get("/sources").text)
    first = re.sub(r"runs/\d+", "runs/2", spotify)
    assert listed(ana.get(f"{first}?only=merged").text, "merged") == ["Harbour lights"]


def test_a_run_that_failed_says_why(ana: FlaskClient, numbers: dict[str, int]) -> None:
    page = ana.get(f"/sources/{numbers['misset']}/runs").text
    assert "Bug: no number" in page
    told = ana.get(re.findall(r'href="(/sources/\d+/runs/\d+)"', page)[0]).text
    assert "It did not come to its end" in told
    assert "Bug: no number" in told
    assert "Traceback …" in told


def test_a_run_is_seen_by_its_listener_alone(ana: FlaskClient, many: Store, news: str) -> None:
    listeners.create(many, "Ben", "member", PASSWORD)
    ben = ana.application.test_client()
    ben.post("/sign-in", data={"name": "Ben", "password": PASSWORD})
    assert ben.get(news).status_code == 404
    assert ana.get(re.sub(r"/sources/\d+/", "/sources/1/", news)).status_code == 404, "of another account"


def test_many_changes_come_in_pages_by_as_many_queries_as_few(
    ana: FlaskClient, many: Store, owner: int, numbers: dict[str, int], news: str
) -> None:
    with counted(many) as few:
        ana.get(news)
    seed.bring(many, numbers["spotify"], "spotify", owner, [*seed_sources.news(), *seed_sources.albums("New", 80)])
    merging.merge(many)
    newest = re.findall(r'href="(/sources/\d+/runs/\d+)"', ana.get(f"/sources/{numbers['spotify']}/runs").text)[0]
    with counted(many) as some:
        page = ana.get(newest).text
    assert len(some) <= len(few)
    assert len(listed(page, "added")) == 12
    assert "See all that was added" in page
    found, address = [], f"{newest}?only=added"
    while address:
        page = ana.get(address).text
        found += listed(page, "added")
        more = re.search(r'class="next-page" href="([^"]+)"', page)
        address = more[1].replace("&amp;", "&") if more else ""
    assert found == [f"New volume {n}" for n in range(1, 81)]


def test_the_history_goes_back_in_pages(ana: FlaskClient, many: Store, numbers: dict[str, int]) -> None:
    with many.write() as conn:
        for n in range(45):
            conn.exec_driver_sql(
                "INSERT INTO run (account_id, what, state, asked_by, queued_at, started_at, finished_at)"
                " VALUES (?, 'library', 'done', 'schedule', ?, ?, ?)",
                (numbers["files"], n, n, n + 1),
            )
    page = ana.get(f"/sources/{numbers['files']}/runs").text
    assert page.count('class="run-line"') == 30
    more = re.search(r'class="next-page" href="([^"]+)"', page)
    assert more is not None
    older = ana.get(more[1]).text
    assert older.count('class="run-line"') == 16
    assert "next-page" not in older


# --- what would go ----------------------------------------------------------------------------------------------------


def question(ana: FlaskClient) -> str:
    found = re.search(r'href="(/sources/held/\d+)"', ana.get("/sources").text)
    assert found is not None
    return found[1]


def test_what_would_go_is_listed_by_kind_with_what_each_answer_does(ana: FlaskClient) -> None:
    address = question(ana)
    told = plain(ana.get(address).text)
    assert "Attic did not name 9 albums, 27 songs any more, of 36 it named before." in told
    assert "All 36 stay. You are not asked about these again" in told
    assert "Just what is listed here goes, now." in told
    assert re.findall(r"Attic volume \d Attic band, \d+", told) == [
        f"Attic volume {n} Attic band, {1990 + n}" for n in range(1, 10)
    ]
    songs = plain(ana.get(f"{address}?kind=recording").text)
    assert songs.count("Attic band, Attic volume") == 27
    assert ana.get(f"{address}?kind=nothing").status_code == 404


def test_yes_takes_just_what_was_listed(ana: FlaskClient, many: Store, numbers: dict[str, int]) -> None:
    address = question(ana)
    assert ana.post(address, data={"answer": "maybe"}).status_code == 400
    ana.post(address, data={"answer": "yes"})
    assert "36 went from Attic." in ana.get("/sources").text
    with many.read() as conn:
        left = conn.exec_driver_sql(
            "SELECT COUNT(*) FROM claim WHERE account_id = ? AND present", (numbers["attic"],)
        ).scalar_one()
    assert left == 0
    answered = ana.get(address).text
    assert "answered with yes" in answered and "Nothing was removed" not in answered
    assert ana.post(address, data={"answer": "no"}).status_code == 404


def test_home_leads_to_the_question(ana: FlaskClient) -> None:
    assert f'href="{question(ana)}"' in ana.get("/").text


def test_a_member_is_told_and_an_owner_answers(ana: FlaskClient, many: Store) -> None:
    address = question(ana)
    listeners.create(many, "Ben", "member", PASSWORD)
    ben = ana.application.test_client()
    ben.post("/sign-in", data={"name": "Ben", "password": PASSWORD})
    assert "an owner answers this" in ben.get(address).text
    assert ben.post(address, data={"answer": "yes"}).status_code == 403


def test_eighty_thousand_are_looked_through_page_by_page(
    ana: FlaskClient, many: Store, numbers: dict[str, int], owner: int
) -> None:
    """Each page takes as many queries, and about as long, as that of a handful."""
    address = question(ana)
    with counted(many) as few:
        ana.get(address)
    with many.write() as conn:
        conn.exec_driver_sql(
            "WITH RECURSIVE n(x) AS (SELECT 1000000 UNION ALL SELECT x + 1 FROM n WHERE x < 1079999)"
            " INSERT INTO claim (id, account_id, kind, pid, payload, first_seen, changed_at)"
            " SELECT x, ?, 'recording', x, json_object('title', 'Song ' || x), 1, 1 FROM n",
            (numbers["attic"],),
        )
        conn.exec_driver_sql(
            "INSERT INTO held_claim (held_id, claim_id) SELECT ?, id FROM claim WHERE id >= 1000000",
            (int(address.rpartition("/")[2]),),
        )
    with counted(many) as said:
        page = ana.get(f"{address}?kind=recording&after=1040000").text
    assert len(said) == len(few)
    assert page.count('class="thing-title"') == 60
    assert "kind=recording&amp;after=1040060" in page
    began = time.monotonic()
    assert sources.question(many, owner, int(address.rpartition("/")[2]), "recording", 1_079_000) is not None
    assert time.monotonic() - began < 5


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('{"seconds":185}', '{"seconds":186.2}', [("length", "3:05", "3:06")]),
        ('{"day":"2026-12-01"}', '{"day":"2026-12-03"}', [("date", "1 December 2026", "3 December 2026")]),
        ('{"ids":{"mbid":"a"}}', '{"ids":{"mbid":"b","odd":"1"}}', [("MusicBrainz id", "a", "b"), ("odd id", "", "1")]),
        ('{"credits":[{"name":"A"}]}', '{"credits":[{"name":"A"},{"name":"B"}]}', [("artists", "A", "A, B")]),
        ('{"venue":{"name":"Hall"}}', '{"venue":{"name":"Barn"}}', [("venue", "Hall", "Barn")]),
        ('{"tracks":["1"]}', '{"tracks":["1","2"]}', [("songs", "1 song", "2 songs")]),
        ('{"explicit":false}', '{"explicit":true,"genres":["jazz","dub"]}',
         [("explicit", "no", "yes"), ("genres", "", "jazz, dub")]),
        (None, '{"title":"x"}', []),
        ('{"title":"x"}', '{"title":"x"}', []),
    ],
)  # fmt: skip
def test_differences_are_told_in_words(before: str | None, after: str, told: list[tuple[str, str, str]]) -> None:
    found = differences.between(before, after)
    assert [(each.field, each.before, each.after) for each in found] == told
