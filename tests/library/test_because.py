"""Every line of evidence reads as plain words, whatever the rules call the field."""

import pytest

from aggregator.library import because
from aggregator.library.evidence import Evidence
from aggregator.library.items.provenance import words as in_one_line
from tests.library.house import House, file, track


@pytest.mark.parametrize(
    ("field", "a", "b", "points", "words"),
    [
        ("title", "harbour", "harbour", 30, "same title"),
        ("length", "3:05", "3:06", 25, "length 3:05 and 3:06"),
        ("mbid", "x", "x", 100, "same MusicBrainz id"),
        ("mbid id", "x", "y", -100, "MusicBrainz id x and y"),
        ("isrc", "x", "x", 80, "same recording code"),
        ("upc", "1", "1", 100, "same barcode"),
        ("release group", "x", "y", -100, "MusicBrainz release group x and y"),
        ("deezer id", "1", "1", 100, "same deezer id"),
        ("songs", "5 listed", "5 listed", 30, "same songs"),
        ("songs", "5 listed", "1 listed", 30, "songs in common, 5 listed and 1 listed"),
        ("songs", "5 listed", "7 listed", -30, "other songs, 5 listed and 7 listed"),
        ("version", "none", "live", -40, "live on one side"),
        ("version", "acoustic", "live", -40, "version acoustic and live"),
        ("soundtrack", "True", "False", -40, "a soundtrack on one side"),
        ("called", "", "blue album", -60, "blue album on one side"),
        ("form", "single", "None", -40, "a single and not said"),
        ("albums", "attic", "attic", 30, "both made attic"),
        ("albums", "attic", "barn", -30, "no album in common (attic; barn)"),
        ("spelling", "kesha", "ke$ha", 60, "one name spelt kesha and ke$ha"),
        ("country", "DE", "IS", -20, "from two countries, DE and IS"),
        ("who", "The Lanterns", "Röyk", 10, "names on the bill The Lanterns and Röyk"),
    ],
)
def test_a_field_is_told_in_words(field: str, a: str, b: str, points: float, words: str) -> None:
    assert because.told(Evidence(field, a, b, points)) == words


def test_what_speaks_for_comes_first_and_what_speaks_against_behind_a_but() -> None:
    parts = [Evidence("length", "3:05", "4:05", -60), Evidence("title", "a", "a", 30), Evidence("upc", "1", "1", 100)]
    assert because.summed(parts) == "same title, same barcode, but length 3:05 and 4:05"
    assert because.agreeing(["songs"], ("agrees", "agree")) == "songs agree"
    assert because.agreeing(["isrc", "when"], ("agrees", "agree")) == "recording code and day and hour agree"


def test_no_line_of_a_real_library_names_a_scheme_or_a_blank(house: House) -> None:
    house.sync("files", file("t", "Harbour", ids={"isrc": "GBAYE6800011", "mbid": "m"}), file("u", "Salt (Live)"))
    house.sync("spotify", track("t", "Harbour", ids={"isrc": "GBAYE6800011"}), track("u", "Salt"), track("v", "Salt"))
    house.merge()
    stored = [row[0] for row in house.rows("SELECT evidence FROM link UNION ALL SELECT evidence FROM unsure")]
    lines = [in_one_line(str(one)) for one in stored]
    assert any("same recording code" in line for line in lines)
    assert not [line for line in lines for word in ("mbid", "isrc", "upc", "None", "_") if word in line]
