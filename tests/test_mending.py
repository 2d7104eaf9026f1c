"""What is made of nonsense: every record a service could send is kept, kept in part, or refused with a reason."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from aggregator import mending
from aggregator.plugin import (
    Artist,
    Audio,
    Credit,
    Edition,
    Friend,
    Holding,
    Play,
    Playlist,
    Record,
    Show,
    Skipped,
    Track,
    Unchanged,
    Venue,
    why,
)

ANA = {"name": "Ana"}
WHOLE: dict[type[Record], dict[str, Any]] = {
    Artist: {"id": "1", "name": "Ana"},
    Edition: {"id": "1", "title": "Blue Room", "credits": [ANA]},
    Track: {"id": "1", "title": "Harbour", "credits": [ANA]},
    Play: {"at": "2026-03-02T20:00:00Z", "title": "Harbour", "credits": [ANA]},
    Show: {"id": "1", "title": "Ana", "day": "2026-05-01", "venue": {"name": "The Hall"}, "lineup": [ANA]},
    Playlist: {"id": "1", "name": "Slow", "tracks": ["1"]},
    Friend: {"id": "1", "name": "Ben"},
    Holding: {"of": "track", "id": "1", "how": "loved"},
}
"""By class, a record as it should be."""
NAMED = [cls for cls in WHOLE if cls is not Holding]


def label(cls: type[Record]) -> str:
    return "name" if "name" in cls.model_fields else "title"


@pytest.mark.parametrize("cls", WHOLE, ids=lambda cls: cls.__name__)
def test_what_makes_sense_is_taken_as_it_is(cls):
    assert cls(**WHOLE[cls]).mended == ()


@pytest.mark.parametrize("cls", NAMED, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("text", ["", " ", "\u200b\u2060", "\x00\x01", "\ud800", "\u202e\u202c", None, 5, ["a"]])
def test_without_a_name_there_is_no_record_and_the_reason_says_so(cls, text):
    with pytest.raises(ValidationError) as refused:
        cls(**{**WHOLE[cls], label(cls): text})
    assert label(cls) in why(refused.value) and "\n" not in why(refused.value)


@pytest.mark.parametrize("cls", NAMED, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize(
    "text",
    [
        "🎸🔥", "???", "…", "!!!", "مشروع ليلى", "\u202egnilttes\u202c", "Łódź ﬁn ‌join", "Кино and 東京事変",
        "Z̸̢̛̖͎̈́a̷̡͇̿l̵̰̿g̶̘͝o̴̩͒", "a" + "\u0301" * 500, "null", "\\x00", " Blanks  inside ", "N" * 1000,
    ],
)  # fmt: skip
def test_whatever_can_be_read_stays_as_it_is(cls, text):
    record = cls(**{**WHOLE[cls], label(cls): text})
    assert getattr(record, label(cls)) == text and record.mended == ()


@pytest.mark.parametrize("cls", NAMED, ids=lambda cls: cls.__name__)
def test_what_cannot_be_shown_is_taken_out_and_what_has_no_end_is_cut(cls):
    dirty = cls(**{**WHOLE[cls], label(cls): "Blue\x00 \ud800Room\x1b"})
    assert getattr(dirty, label(cls)) == "Blue Room"
    assert "holds control characters, which are taken out" in dirty.mended[0]
    endless = cls(**{**WHOLE[cls], label(cls): "x" * 10_000})
    assert getattr(endless, label(cls)) == "x" * 1000
    assert "has 10,000 characters, of which the first 1,000 are kept" in endless.mended[0]
    broken = cls(**{**WHOLE[cls], label(cls): "Blue\r\nRoom\t2"})
    assert getattr(broken, label(cls)) == "Blue  Room 2" and broken.mended == ()


@pytest.mark.parametrize(
    ("cls", "field", "value", "kept", "words"),
    [
        *((Track, "seconds", seconds, None, "Its length") for seconds in (0, -1, math.nan, math.inf, 200_000, "long")),
        *((Play, "seconds", seconds, None, "Its length") for seconds in (0, -1, math.nan, 3e9)),
        (Track, "position", 10**9, None, "Its number on the album (1000000000) makes no sense and is left out."),
        (Track, "position", -1, None, "Its number on the album"),
        (Track, "disc", 0, 1, "Its disc number (0) makes no sense and is left out."),
        (Track, "edition", 7, None, "Its edition (7) makes no sense and is left out."),
        (Track, "audio", {"path": ""}, None, "Its audio makes no sense and is left out."),
        (Track, "genres", ["rock", 5, None], ["rock"], "One genre (5) makes no sense and is left out."),
        (Track, "ids", {"isrc": 5, "mbid": "m"}, {"mbid": "m"}, "One id (5) makes no sense and is left out."),
        (Edition, "released", "0000", None, "is of no year in which there is music"),
        (Edition, "released", "9999", None, "is of no year in which there is music"),
        (Edition, "released", "0001-01-01", None, "is of no year in which there is music"),
        (Edition, "released", "1994-13-45", "1994", "is not in the calendar, so that only its year is kept."),
        (Edition, "released", "1995-02-29", "1995-02", "is not in the calendar, so that only its month is kept."),
        (Edition, "released", "last year", None, "Its date (last year) makes no sense and is left out."),
        (Edition, "form", "cassette", None, "Its kind of album (cassette) makes no sense and is left out."),
        (Edition, "total_tracks", -2, None, "Its number of songs (-2) makes no sense and is left out."),
        (Edition, "credits", [{"name": " "}, {"name": "Ana"}], [Credit(name="Ana")], "One artist has no name"),
        (Edition, "credits", [None, {"name": "Ana"}], [Credit(name="Ana")], "One artist makes no sense"),
        (Artist, "begun", 0, None, "Its year of beginning (0) makes no sense and is left out."),
        (Artist, "aliases", ["", "Anna"], ["Anna"], "One other name is empty and is left out."),
        (Show, "until", "9999-12-31", None, "Its last day"),
        (Show, "lineup", [{"name": ""}], [], "One artist has no name and is left out."),
        (Show, "start", "25:61", None, "Its hour (25:61) makes no sense and is left out."),
        (Show, "status", "maybe", "scheduled", "Its status (maybe) makes no sense and is left out."),
        (Playlist, "tracks", ["1", None, "2"], ["1", "2"], "One song makes no sense and is left out."),
        (Holding, "since", "0001-01-01T00:00:00Z", None, "Its since"),
        (Play, "album", "x" * 5000, "x" * 1000, "has 5,000 characters"),
        (Credit, "role", "roadie", "artist", "Its role (roadie) makes no sense and is left out."),
        (Venue, "latitude", 95, None, "Its latitude (95) makes no sense and is left out."),
    ],
)
def test_a_field_that_makes_no_sense_goes_and_the_record_stays(cls, field, value, kept, words):
    whole = {**WHOLE, Credit: ANA, Venue: {"name": "The Hall"}}[cls]
    record = cls(**{**whole, field: value})
    assert getattr(record, field) == (kept if kept is not None or field != "form" else cls.model_fields[field].default)
    assert words in " ".join(record.mended)


@pytest.mark.parametrize(
    ("cls", "field", "value", "words"),
    [
        (Show, "day", "0001-01-01", "Its date (0001-01-01) makes no sense"),
        (Show, "day", "9999-12-31", "Its date"),
        (Show, "venue", {"name": ""}, "Its name is empty."),
        (Play, "at", "0001-01-01T00:00:00Z", "Its time"),
        (Play, "at", "yesterday", "Its time (yesterday) makes no sense"),
        (Play, "credits", [{"name": ""}], "It has no artist."),
        (Play, "credits", [], "It has no artist."),
        (Track, "id", "", "It has no id."),
        (Track, "id", None, "It has no id."),
        (Holding, "how", "borrowed", "Its how (borrowed) makes no sense"),
        (Track, "tilte", "Harbour", "Its tilte (Harbour) makes no sense"),
    ],
)
def test_without_what_is_needed_there_is_no_record(cls, field, value, words):
    with pytest.raises(ValidationError) as refused:
        cls(**{**WHOLE[cls], field: value})
    assert words in why(refused.value)


def test_an_id_of_any_length_is_told_apart_and_stays_the_same():
    one, other = (Track(**{**WHOLE[Track], "id": "a" * 5000 + end}).id for end in "xy")
    assert one != other and len(one) <= 1000 and one == Track(**{**WHOLE[Track], "id": "a" * 5000 + "x"}).id
    assert Track(**{**WHOLE[Track], "id": one}).id == one
    assert Track(**{**WHOLE[Track], "id": "a\x00\udc80"}).id == "a\\x00\\xdc80"
    assert Unchanged(of="track", ids=["a\x00"]).ids == Skipped(of="track", id="a\x00", reason="?").id.split("?")


def test_five_thousand_artists_are_kept():
    record = Edition(**{**WHOLE[Edition], "credits": [{"name": f"Ana {number}"} for number in range(5000)]})
    assert len(record.credits) == 5000 and record.mended == ()


def test_a_line_names_the_record_and_tells_what_is_inside_it_too():
    audio = Audio(path="a/b.flac", codec="flac", size=1, bitrate=-1.5)
    track = Track(id="1", title="Harbour", credits=[Credit(name="A\x00na")], seconds=-1, audio=audio)
    assert mending.line(track) == (
        "“Harbour” by Ana: Its length (-1) makes no sense and is left out. Its name (A�na) holds control characters,"
        " which are taken out. Its bitrate (-1.5) makes no sense and is left out."
    )
    assert mending.called({"title": "", "audio": {"path": "a/b.flac"}}) == "a/b.flac"
    assert mending.line(Track(**WHOLE[Track])) == ""


# --- anything at all --------------------------------------------------------------------------------------------------

ODD = st.one_of(
    st.text(st.characters(codec=None), max_size=30),
    st.sampled_from(["", " ", "x" * 10_000, "\x00", "\ud800", "2026-05-01", "0000-00-00", "é" * 3000, "artist", "1"]),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.integers(10**25, 10**30), st.floats(), ODD),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(ODD, inner, max_size=4)),
    max_leaves=8,
)


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[type[Record], dict[Any, Any]]:
    """A record in which some fields are something else, or gone."""
    cls = draw(st.sampled_from(list(WHOLE)))
    said = dict(WHOLE[cls])
    for field in draw(st.lists(st.sampled_from([*cls.model_fields]), max_size=4, unique=True)):
        if field not in ("type", "mended"):
            said[field] = draw(st.one_of(JSON, st.lists(st.one_of(st.just(ANA), JSON), max_size=3)))
    for field in draw(st.lists(st.sampled_from([*WHOLE[cls]]), max_size=1)):
        said.pop(field, None)
    return cls, said


@settings(max_examples=300, deadline=2000)
@given(spoilt())
def test_anything_is_a_record_or_a_reason(case):
    cls, said = case
    try:
        record = cls(**said)
    except ValidationError as error:
        assert why(error).endswith(".") and len(why(error)) < 600
        return
    mending.line(record)
    body = json.dumps(mending.storable(record.model_dump(mode="json", exclude_none=True)))
    again = TypeAdapter(cls).validate_json(body)
    assert again.mended == () and again.model_dump() == TypeAdapter(cls).validate_json(body).model_dump()


@settings(max_examples=200, deadline=2000)
@given(st.sampled_from(list(WHOLE)), st.dictionaries(ODD, JSON, max_size=4))
def test_any_dictionary_is_a_record_or_a_reason(cls, said):
    try:
        TypeAdapter(cls).validate_python(said)
    except ValidationError as error:
        assert why(error)
