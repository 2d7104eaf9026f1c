"""Deezer's catalogue, against the sample service."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from aggregator import answers
from aggregator._host import accounts, chores
from aggregator.demo.deezer import number_of
from aggregator.demo.neighbours import chart, listeners, named
from aggregator.plugin import Artist, BadData, Credit, Edition, RateLimited, Track, Unavailable
from plugins import deezer
from plugins.deezer import Deezer
from tests.plugins.conftest import Account

MARROW = Artist(id="1", name="Marrow & Quince")


@pytest.fixture
def provider(service) -> Any:
    return Account(Deezer, address=service.url).provider()


# --- what it knows of an artist ---------------------------------------------------------------------------------------


def test_similar_artists_come_nearest_first_with_their_numbers(provider):
    near = provider.similar(MARROW)
    matches = [match for _, match in near]
    assert len(near) == 8 and matches == sorted(matches, reverse=True) and 0 < matches[-1] < matches[0] < 1
    assert all(artist.ids == {"deezer": artist.id} and artist.url for artist, _ in near)


def test_an_artist_whose_number_is_known_is_not_searched_for(provider, service):
    asked = len(service.log())
    number = str(number_of("artist", "marrow-quince"))
    assert provider.similar(MARROW.model_copy(update={"name": "?", "ids": {"deezer": number}}))
    assert len(service.log()) - asked == 1


def test_an_id_that_is_no_number_never_becomes_part_of_an_address(provider, service):
    odd = MARROW.model_copy(update={"ids": {"deezer": "../user/1"}})
    assert provider.similar(odd) == provider.similar(MARROW)
    assert not any("user" in str(asked) for asked in service.log())


def test_one_name_is_searched_for_once(provider, service):
    asked = len(service.log())
    provider.similar(MARROW), list(provider.albums_of(MARROW)), provider.radio(MARROW)
    assert len(service.log()) - asked == 4


def test_albums_come_with_their_fans_most_first(provider):
    fans = [album.popularity for album in provider.albums_of(MARROW)]
    assert fans == sorted(fans, reverse=True) and fans[-1] > 0


def test_fans_of_an_artist_and_the_chart(provider):
    assert provider.listeners(MARROW) == listeners(named(MARROW.name))
    assert provider.listeners(Artist(id="1", name="Nobody Whatsoever")) is None
    assert provider.listeners(MARROW.model_copy(update={"ids": {"deezer": "1"}})) is None
    assert [artist.name for artist in provider.chart()] == [act.name for act in chart()][:100]


def test_albums_are_credited_to_the_artist_and_unknown_days_are_left_out(provider):
    albums = list(provider.albums_of(MARROW))
    assert {album.title for album in albums} == {"Kitchen Weather", "Orange Enamel"}
    assert all(album.credits[0].name == MARROW.name and album.cover for album in albums)
    days = [album.released for artist, _ in provider.similar(MARROW) for album in provider.albums_of(artist)]
    assert None in days and "0000-00-00" not in days


def test_the_radio_plays_several_artists_with_samples_that_sound(provider):
    tracks = provider.radio(MARROW)
    assert len({track.credits[0].name for track in tracks}) > 3 and all(track.seconds for track in tracks)
    sample = next(track.preview for track in tracks if track.preview)
    assert requests.get(sample, timeout=5).headers["Content-Type"] == "audio/mpeg"
    assert any(track.preview is None for artist, _ in provider.similar(MARROW) for track in provider.radio(artist))


def test_songs_heard_most_and_samples_of_an_artist_an_album_and_a_song(provider, service):
    songs = list(provider.top_songs(MARROW))
    assert songs and all(song.credits[0].name == MARROW.name for song in songs)
    heard = list(provider.previews(MARROW))
    assert {song.id for song in heard} == {song.id for song in songs if song.preview}
    album = next(each for each in provider.albums_of(MARROW) if each.title == "Orange Enamel")
    by_number = [song.title for song in provider.previews(album)]
    by_name = [song.title for song in provider.previews(album.model_copy(update={"ids": {}}))]
    assert by_number and by_number == by_name and set(by_number) <= {song.title for song in songs}
    asked = len(service.log())
    [again] = provider.previews(heard[0])
    assert again.id == heard[0].id and len(service.log()) - asked == 1
    assert requests.get(again.preview, timeout=5).headers["Content-Type"] == "audio/mpeg"


def test_a_song_is_found_by_its_isrc_or_by_name_and_never_taken_for_another(provider):
    song = Track(id="9", title="Saucepan Symphony", credits=[Credit(name=MARROW.name)])
    [found] = provider.previews(song)
    isrc = provider._ask(f"track/{found.id}")["isrc"]
    assert [each.id for each in provider.previews(song.model_copy(update={"ids": {"isrc": isrc}}))] == [found.id]
    for odd in ({"isrc": "../user/1"}, {"deezer": "../user/1"}):
        assert [each.id for each in provider.previews(song.model_copy(update={"ids": odd}))] == [found.id]
    for other in ({"title": "Saucepan"}, {"credits": [Credit(name="Somebody Else")]}, {"title": "Never Sold"}):
        assert list(provider.previews(song.model_copy(update=other))) == []
    assert list(provider.previews(Edition(id="9", title="Never Sold", credits=song.credits))) == []


def test_an_artist_nobody_knows_is_no_error(provider):
    nobody = Artist(id="1", name="Nobody Whatsoever")
    assert (provider.similar(nobody), list(provider.albums_of(nobody)), provider.radio(nobody)) == ([], [], [])
    assert provider.similar(nobody.model_copy(update={"ids": {"deezer": "1"}})) == []


def test_of_two_artists_with_one_name_the_better_known_is_taken(provider, monkeypatch):
    hits = [{"id": 1, "name": "Tin Harbour Trio", "nb_fan": 9}, {"id": 2, "name": "Tin Harbour", "nb_fan": None},
            {"id": 3, "name": "TIN HÁRBOUR", "nb_fan": 5}]  # fmt: skip
    monkeypatch.setattr(provider, "_list", lambda path, **query: hits)
    assert provider._number_of("Tin Harbour") == "3"


def test_search_answers_with_artists_albums_and_songs(provider):
    found = list(provider.search("marrow quince"))
    assert {type(each) for each in found} == {Artist, Edition, Track} and all(each.url for each in found)


# --- shapes -----------------------------------------------------------------------------------------------------------


def test_a_picture_nobody_uploaded_is_none():
    bare = {
        "id": 1,
        "name": "X",
        "picture_big": "https://cdn-images.dzcdn.net/images/artist//500x500-000000-80-0-0.jpg",
    }
    assert deezer.artist_of(bare).image is None


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2013-05-17", "2013-05-17"),
        ("2013-00-00", "2013"),
        ("2013-05-00", "2013-05"),
        ("0000-00-00", None),
        (None, None),
    ],
)
def test_dates_with_zeros(said, day):
    assert deezer.edition_of({"id": 1, "title": "X", "release_date": said}).released == day


def test_everybody_who_contributed_is_credited():
    said = {"id": 1, "title": "X", "contributors": [{"id": 7, "name": "A"}, {"id": 8, "name": "B"}]}
    assert [(credit.name, credit.join) for credit in deezer.track_of(said).credits] == [("A", ", "), ("B", "")]


# --- trouble ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switches", "error", "words"),
    [
        ({"status": 429}, RateLimited, "fewer"),
        ({"code": 700}, Unavailable, "busy"),
        ({"status": 500}, Unavailable, "status 500"),
        ({"status": 400}, BadData, "did not understand"),
        ({"html": True}, BadData, "not JSON"),
        ({"truncate": True}, BadData, "half"),
    ],
)
def test_errors_are_told_though_the_status_is_200(provider, service, switches, error, words):
    service.switch(**switches)
    with pytest.raises(error) as caught:
        provider.similar(MARROW)
    assert words in str(caught.value)


def test_the_quota_is_a_short_pause():
    error = deezer.refusal({"type": "Exception", "message": "Quota limit exceeded", "code": 4})
    assert isinstance(error, RateLimited) and error.retry_after == 5.0


@pytest.mark.parametrize("body", [[], {"data": None}, {"error": "Not Found"}, None, {"data": {}}])
def test_an_answer_in_another_form_is_bad_data(provider, monkeypatch, body):
    monkeypatch.setattr(provider, "http", type("Gate", (), {"json": staticmethod(lambda *_, **__: body)}))
    with pytest.raises(BadData):
        provider.similar(MARROW)


# --- in the host ------------------------------------------------------------------------------------------------------


def test_the_host_asks_it_live_and_understands_its_answers(home, service):
    number = home.account("deezer", address=service.url)
    argument = MARROW.model_dump(mode="json", exclude_none=True)
    try:
        near = answers.decoded("similar", home.house.warm.call(number, "similar", argument))
        songs = home.house.warm.call(number, "radio", argument)
        hits = answers.decoded("search", home.house.warm.call(number, "search", "marrow quince"))
    finally:
        home.house.warm.close()
    assert len(near) == 8 and len(hits) > 3
    assert any(Track.model_validate(song).preview for song in songs)


def test_a_silent_service_says_so_once_and_is_asked_again_when_it_answers(home, service):
    """Nothing of Deezer is read, so no run tells that it is well again."""
    number = home.account("deezer", address="http://127.0.0.1:9")
    try:
        with pytest.raises(answers.Refused):
            home.house.warm.ask(number, "chart", None)
        silent = home.state(number)
        assert silent.state == "backing off" and "does not answer" in silent.state_words
        assert number not in chores._able(home.house, "chart"), "not before its pause is over"
        with home.store.write() as conn:
            accounts.change(conn, number, settings={"address": service.url}, blocked_until=1)
        assert number in chores._able(home.house, "chart") and number not in chores._able(home.house, "tags")
        assert home.house.warm.ask(number, "chart", None)
        assert (home.state(number).state, home.state(number).state_words) == ("ready", "")
    finally:
        home.house.warm.close()
