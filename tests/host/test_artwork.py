"""Artwork: from allowed places only, as thumbnails with a hue."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from aggregator import artwork
from aggregator._host import runs
from aggregator.artwork import hue_of
from aggregator.fetching import NotFetched, Place, _allow
from aggregator.library import merging
from aggregator.library.claims import Intake
from aggregator.plugin import Cover, Credit, Edition
from tests.host.conftest import Home, Service


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (800, 700)) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", size, colour).save(kept, "PNG")
    return kept.getvalue()


def album(home: Home, account: int, cover: Cover) -> None:
    with home.store.write() as conn:
        intake = Intake(account, "x", None, runs.ask(conn, "library", account, "start", 1), 1)
        intake.take(conn, [Edition(id="e", title="Album", credits=[Credit(name="A")], cover=cover)])
        intake.complete(conn)
    merging.merge(home.store)


def shown(home: Home) -> tuple[str | None, int | None]:
    with home.store.read() as conn:
        return tuple(conn.exec_driver_sql("SELECT art, hue FROM album").one())


def fetch(home: Home, demo: bool = False) -> dict[str, int]:
    return artwork.fetch(home.data, home.store, lambda done, total, doing: None, demo)


@pytest.fixture
def files(home: Home, tmp_path: Path) -> int:
    (tmp_path / "music").mkdir()
    return home.account("files", folder=str(tmp_path / "music"))


def test_a_folder_picture_becomes_thumbnails_and_a_hue(home: Home, files: int, tmp_path: Path) -> None:
    (tmp_path / "music" / "cover.png").write_bytes(picture((220, 30, 30)))
    album(home, files, Cover(path="cover.png"))
    assert fetch(home)["fetched"] == 1
    name, hue = shown(home)
    assert hue == 30  # sRGB red in OKLCH
    for side in (96, 300, 640):
        file = artwork.file(home.data, name or "", side)
        assert file is not None
        with Image.open(file) as thumbnail:
            assert thumbnail.size == (side, side)
    assert fetch(home) == {"fetched": 0, "failed": 0, "left": 0}


def test_an_embedded_picture_is_found(home: Home, files: int, tmp_path: Path) -> None:
    from mutagen.id3 import APIC, ID3

    tags = ID3()
    tags.add(APIC(encoding=0, mime="image/png", type=3, desc="", data=picture((20, 160, 60))))
    tags.save(tmp_path / "music" / "song.mp3")
    song = Path(__file__).parent.parent / "plugins" / "seeds" / "tone.mp3"
    (tmp_path / "music" / "song.mp3").write_bytes(song.read_bytes())
    tags.save(tmp_path / "music" / "song.mp3")
    album(home, files, Cover(path="song.mp3"))
    assert fetch(home)["fetched"] == 1


@pytest.mark.parametrize("path", ["../secret.png", "missing.png", "notes.png"])
def test_what_is_no_picture_or_outside_the_folder_is_not_shown(
    home: Home, files: int, tmp_path: Path, path: str
) -> None:
    (tmp_path / "secret.png").write_bytes(picture((1, 2, 3)))
    (tmp_path / "music" / "notes.png").write_text("not a picture")
    album(home, files, Cover(path=path))
    assert fetch(home)["failed"] == 1
    assert shown(home) == (None, None)


PLACE = Place(hosts=("i.scdn.co", "*.last.fm"), address=None)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://i.scdn.co/a.jpg", "Only https"),
        ("file:///etc/passwd", "Only https"),
        ("https://evil.example/a.jpg", "is not a host"),
        ("https://last.fm.evil.example/a.jpg", "is not a host"),
        ("https://xlast.fm/a.jpg", "is not a host"),
    ],
)
def test_only_the_providers_own_hosts_are_asked(url: str, words: str) -> None:
    with pytest.raises(NotFetched, match=words):
        _allow(url, PLACE)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "::1"])
def test_an_allowed_host_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_: [(2, 1, 6, "", (address, 443))])
    with pytest.raises(NotFetched, match="private network"):
        _allow("https://i.scdn.co/a.jpg", PLACE)


def test_a_host_that_leads_inside_among_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", (address, 443)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_: found)
    with pytest.raises(NotFetched, match="private network"):
        _allow("https://i.scdn.co/a.jpg", PLACE)


def test_the_demos_own_service_is_excepted_and_only_it(service: Service) -> None:
    demo = replace(PLACE, address=service.url)
    _allow(f"{service.url}/cover.jpg", demo)
    with pytest.raises(NotFetched):
        _allow(f"{service.url}/cover.jpg", PLACE)
    with pytest.raises(NotFetched):
        _allow(service.url.replace("http://", "http://evil@") + "/x", demo)


def test_a_grey_picture_has_no_hue() -> None:
    assert hue_of(Image.new("RGB", (50, 50), (128, 128, 128))) is None
    assert hue_of(Image.new("RGB", (50, 50), (0, 0, 255))) == 260


def test_names_lead_nowhere_else(home: Home) -> None:
    assert artwork.file(home.data, "../../secret", 96) is None
    assert artwork.file(home.data, "abc", 97) is None
