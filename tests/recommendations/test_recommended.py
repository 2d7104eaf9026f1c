"""What is recommended, and why: through the store, the library's intake and merging."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import event, select

from aggregator import recommendations, sources
from aggregator.library import decisions
from aggregator.plugin import Artist, Credit, Edition
from aggregator.recommendations import ranking
from aggregator.store.schema import album, link, recording, shelf, tally


def test_albums_of_new_artists_come_with_true_reasons_in_words(house):
    card = house.albums()[0]
    assert (card.title, card.credit) == ("Crossing", "Glass Ferry")
    assert card.why == ("Because you play Slow Harbour; Mika has 412 plays; tagged dream pop like 2 of your artists")


def test_a_tag_that_says_nothing_of_the_music_is_no_reason_where_there_is_a_better_one(house):
    for artist in ("Slow Harbour", "Tin Lanterns", "Glass Ferry"):
        house.says_tags(artist, "seen live")
    house.refresh()
    assert card(house, "Crossing").why == "Because you play Slow Harbour; Mika has 412 plays"
    for artist in ("Slow Harbour", "Glass Ferry"):
        house.says_tags(artist, "seen live", "shoegaze")
    house.refresh()
    assert card(house, "Crossing").why.endswith("; tagged shoegaze like one of your artists")
    with house.store.read() as conn:
        assert "seen live" not in {part.name for part in recommendations.parts(conn, house.me)}


def test_a_missing_album_of_a_much_played_artist_is_recommended(house):
    card = next(card for card in house.albums() if card.title == "High Water")
    assert card.why == "Because you play Slow Harbour (41 plays) and do not have this one"


def test_what_is_owned_is_not_recommended_in_another_edition_either(house):
    assert not [title for title in house.titles() if title.startswith("Low Tide")]


def test_a_single_called_as_an_album_one_has_is_not_recommended(house):
    single = Edition(id="single", title="Low Tide", credits=[Credit(name="Slow Harbour")], form="single")
    other = Edition(id="other", title="High Water", credits=[Credit(name="Slow Harbour")])
    house.says_editions("Slow Harbour", single, other)
    house.refresh()
    assert "Low Tide" not in house.stored()


def test_albums_go_before_singles(house):
    credits = [Credit(name="Paper Moose")]
    single = Edition(id="moose:1", title="Hoof", credits=credits, form="single")
    house.says_editions("Paper Moose", single, Edition(id="moose:2", title="Antlers", credits=credits))
    house.refresh()
    titles = house.titles()
    assert titles.index("Antlers") < titles.index("Hoof")


def test_the_album_that_is_next_in_popularity_goes_before_one_that_gathers_songs(house):
    credits = [Credit(name="Paper Moose")]
    forms = {"Best of": "compilation", "Antlers": "album", "Hooves": "album", "In Oslo": "live"}
    house.says_editions(
        "Paper Moose", *(Edition(id=title, title=title, credits=credits, form=form) for title, form in forms.items())
    )
    house.refresh()
    assert [title for title in house.titles() if title in forms] == ["Antlers", "Best of"]


def test_the_album_that_friends_play_goes_first(house):
    house.says_albums("Glass Ferry", *(f"Crossing {n}" for n in range(4)))
    liked = Edition(id="x", title="Crossing 2", credits=[Credit(name="Glass Ferry")]).model_dump(mode="json")
    house.refresh()
    assert crossings(house) == ["Crossing 0", "Crossing 1"]
    house.answer("top_albums", "mika", [[liked, 412]])
    house.refresh()
    assert crossings(house) == ["Crossing 2", "Crossing 0"]


def test_an_album_that_was_passed_over_for_days_leaves_its_place_to_the_next_of_its_artist(house):
    house.says_albums("Glass Ferry", *(f"Crossing {n}" for n in range(4)))
    first, second = (f"Crossing {n}" for n in range(2))
    for day in range(5):
        for _ in range(2):  # looking changes nothing until the day is over
            refresh_on(house, day)
            assert crossings(house) == [first, second]
            recommendations.note_seen(house.store, house.me, [card(house, first)], date.today() + timedelta(days=day))
    refresh_on(house, 5)
    assert crossings(house) == [second, first]


def refresh_on(house, day):
    noon = datetime.combine(date.today() + timedelta(days=day), time(12), UTC)
    recommendations.refresh(house.store, house.me, int(noon.timestamp()))


def crossings(house):
    return [title for title in house.titles() if title.startswith("Crossing")]


def card(house, title):
    return next(card for card in house.albums() if card.title == title)


def test_an_artist_known_under_another_name_is_not_new_and_neither_are_the_albums(house):
    same = {"mbid": "77c7a6ad-0000-4000-8000-000000000001"}
    house.take(house.files, [Artist(id="harbour", name="Slow Harbour", ids=same)])
    alias = Artist(id="alias", name="The Slow Harbour Orchestra", ids=same)
    house.answer("similar", "tin lanterns", [[alias.model_dump(mode="json", exclude_defaults=True), 1.0]])
    house.says_albums("The Slow Harbour Orchestra", "Orchestral Tides")
    house.refresh()
    assert "Orchestral Tides" not in house.stored()
    assert "The Slow Harbour Orchestra" not in {card.title for card in house.artists()}


def test_artists_the_listener_knows_are_not_recommended(house):
    assert {card.title for card in house.artists()} == {"Glass Ferry", "Night Bakery", "Paper Moose"}


def test_what_was_heard_is_not_recommended(house):
    house.play("Night Bakery", 1, "Crust", "Rye")
    assert "Rye" not in house.titles(), "heard a moment ago"
    house.refresh()
    assert "Rye" not in house.titles()
    assert "Night Bakery" not in {card.title for card in house.artists()}


def test_at_most_two_albums_of_one_artist(house):
    assert [title for title in house.titles() if "Crossing" in title] == ["Crossing", "Second Crossing"]


def test_all_firsts_go_before_any_second(house):
    titles = house.titles()
    assert titles.index("Rye") < titles.index("Second Crossing")


def test_a_recommended_album_has_a_page_and_counts_nowhere(house):
    ids = [card.id for card in house.albums()]
    with house.store.read() as conn:
        assert set(conn.scalars(select(album.c.id).where(album.c.id.in_(ids)))) == set(ids)
        counted = shelf.c.owned | shelf.c.saved | shelf.c.service | (shelf.c.plays > 0)
        on_shelf = conn.execute(select(shelf).where(shelf.c.kind == "album", shelf.c.item_id.in_(ids), counted))
        assert on_shelf.all() == []
        sizes = {row.kind: row.total for row in conn.execute(select(tally).where(tally.c.listener_id == house.me))}
    assert sizes["album"] == 2
    assert sizes["artist"] == 2


def test_a_card_links_to_the_page_of_the_service_that_named_it(house):
    ferry = next(card for card in house.artists() if card.title == "Glass Ferry")
    assert ferry.where == (("Scrobbles", "https://scrobbles.example/Glass Ferry"),)


def test_refreshing_again_changes_nothing(house):
    before = house.albums(), house.artists()
    house.refresh()
    assert (house.albums(), house.artists()) == before


def test_an_album_that_is_bought_afterwards_leaves_the_list_and_keeps_its_page(house):
    card = next(card for card in house.albums() if card.title == "Rye")
    house.own("Night Bakery", "Rye")
    assert "Rye" not in house.titles()
    with house.store.read() as conn:
        item = conn.scalar(select(link.c.item_id).where(link.c.claim_id == card.id))
        owned = select(shelf.c.owned).where(shelf.c.kind == "album", shelf.c.item_id == item)
        assert conn.scalars(owned).all() == [True]


def test_five_artists_are_enough(empty_house):
    for n in range(5):
        empty_house.own(f"Act {n}", f"Album {n}")
        empty_house.says_similar(f"Act {n}", [f"Neighbour {n}", "Everybody's Neighbour"])
    empty_house.says_albums("Everybody's Neighbour", "Fence")
    empty_house.refresh()
    assert empty_house.artists()[0].title == "Everybody's Neighbour"
    assert empty_house.albums()[0].why == "Because Act 0 and Act 1 are in your library"


def test_without_answers_the_page_is_empty_and_says_what_is_known(empty_house):
    empty_house.own("Slow Harbour", "Low Tide")
    assert empty_house.refresh() == 0
    page = empty_house.discover()
    assert [row.key for row in page.rows] == ["unplayed"], "needs no service"
    assert (page.standing.artists, page.standing.asked, page.standing.running) == (1, 0, False)


def test_the_product_ranks_by_the_one_scoring_function(house, monkeypatch):
    before = [card.title for card in house.artists()]
    monkeypatch.setattr(ranking, "score", lambda signals, known: {a: -len(a) for s in signals.values() for a in s})
    house.refresh()
    assert [card.title for card in house.artists()] != before


def test_another_listeners_services_and_friends_say_nothing_to_me(house):
    from aggregator import listeners

    other = listeners.create(house.store, "Bo", "member").id
    theirs = house.account("theirs", other)
    house.says_similar("Slow Harbour", ["Secret Band"], theirs)
    house.befriend("Zoe", [("Secret Band", 5), ("Night Bakery", 700)], theirs)
    page = "https://theirs.example/rye"
    house.take(theirs, [Edition(id="rye", title="Rye", credits=[Credit(name="Night Bakery")], url=page)])
    house.refresh()
    assert "Secret Band" not in {card.title for card in house.artists()}
    assert not any("Zoe" in card.why for card in house.albums())
    assert not any(page in place for card in house.albums() for place in card.where)
    with house.store.read() as conn:
        assert recommendations.albums_for(conn, other, 50) == []


def test_shows_ask_for_artists_with_their_places(house):
    ferry = next(card for card in house.artists() if card.title == "Glass Ferry")
    with house.store.read() as conn:
        assert [(ferry.why, 0)] == [
            (card.why, place) for card, place in recommendations.artists_among(conn, house.me, [ferry.id, 999_999])
        ]


def test_the_page_asks_the_database_a_constant_number_of_questions(house):
    asked: list[str] = []
    event.listen(house.store.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))
    house.discover()
    assert len([statement for statement in asked if statement.startswith("SELECT")]) <= 9, (
        "one more finds out who is asking"
    )


def test_what_is_only_recommended_is_not_counted_as_what_a_source_has(house):
    card = next(card for card in sources.cards(house.store, house.me) if card.key == "scrobbles")
    assert card.sizes == {"artist": 2, "album": 2, "recording": 2, "friend": 1}


def test_who_was_heard_in_the_words_of_one_source_alone_is_not_recommended_either(house):
    house.play("Glass Ferry", 2, "Low Tide, as they have it")
    with house.store.read() as conn:
        songs = conn.scalars(select(recording.c.id).where(recording.c.title.like("Low Tide%"))).all()
    decisions.same(house.store, house.me, "recording", songs)
    house.refresh()
    assert "Glass Ferry" not in {card.title for card in house.artists()}
