"""The music folder, on real files: seeds of a second's tone, tagged by mutagen."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import mutagen
import pytest
from mutagen.easymp4 import EasyMP4Tags
from mutagen.flac import FLAC, Picture
from mutagen.id3 import ID3, TALB, TDRC, TIT2, TPE1, TRCK, TXXX, UFID
from mutagen.mp4 import MP4, MP4FreeForm
from mutagen.oggopus import OggOpus

from aggregator.plugin import Edition, Progress, Track, Unavailable
from plugins.files import Files
from tests.plugins.conftest import Account, Run

SEEDS = Path(__file__).parent / "seeds"
EasyMP4Tags.RegisterFreeformKey("musicbrainz_releasegroupid", "MusicBrainz Release Group Id")
MBID = "d5cdb7fd-c7e9-460a-9549-8a369655cc5{}".format


class Music(Account):
    """A music folder and the account that reads it."""

    def __init__(self, root: Path) -> None:
        super().__init__(Files, folder=str(root))
        self.root = root

    def add(self, path: str, seed: str | None = None, **tags: Any) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SEEDS / (seed or f"tone{file.suffix}"), file)
        if tags:
            tag(file, **tags)
        return file

    def distinct(self, path: str, number: int, **tags: Any) -> Path:
        """A FLAC file whose audio has a checksum of its own."""
        file = self.add(path, **tags)
        data = bytearray(file.read_bytes())
        data[26:42] = number.to_bytes(16, "big")
        file.write_bytes(data)
        return file

    def album(self, folder: str = "Tin Harbour/Low Water", songs: int = 3) -> None:
        for number in range(1, songs + 1):
            tags = {
                "album": "Low Water",
                "artist": "Tin Harbour",
                "title": f"Song {number}",
                "tracknumber": f"{number}",
            }
            self.distinct(f"{folder}/{number:02} Song {number}.flac", number, **tags)


def tag(file: Path, **tags: Any) -> None:
    opened = mutagen.File(file, easy=True)
    for key, value in tags.items():
        opened[key] = value
    opened.save()


def ids(run: Run) -> dict[str, str]:
    """Ids by path of the tracks that were read."""
    return {track.audio.path: track.id for track in run.of(Track)}


@pytest.fixture
def music(tmp_path: Path) -> Music:
    (tmp_path / "music").mkdir()
    return Music(tmp_path / "music")


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "seed", "codec", "seconds"),
    [
        ("a.flac", None, "flac", 1.0),
        ("a.mp3", None, "mp3", 1.0),
        ("a.ogg", None, "vorbis", 1.0),
        ("a.opus", None, "opus", 1.0),
        ("a.m4a", None, "aac", 1.0),
        ("b.m4a", "lossless.m4a", "alac", 1.0),
        ("a.wav", None, "pcm", 0.25),
        ("a.aiff", None, "pcm", 0.25),
        ("a.wma", None, "wma", 1.0),
    ],
)
def test_every_format_tells_its_sound_and_falls_back_to_its_path(music, name, seed, codec, seconds):
    music.add(f"Tin Harbour/2003 - Low Water/02 - Slack Tide{Path(name).suffix}", seed)
    run = music.run()
    track, edition = run.one(Track), run.one(Edition)
    assert (track.title, track.position, track.credits[0].name) == ("Slack Tide", 2, "Tin Harbour")
    assert (edition.title, edition.released) == ("Low Water", "2003")
    assert track.audio.codec == codec and track.audio.lossless == (codec in ("flac", "alac", "pcm"))
    assert track.seconds == pytest.approx(seconds, abs=0.08)
    assert track.audio.sample_rate and track.audio.bitrate and track.audio.size


@pytest.mark.parametrize("kind", ["flac", "mp3", "ogg", "opus", "m4a"])
def test_the_same_tags_mean_the_same_in_every_format(music, kind):
    tags = {
        "title": "Slack Tide",
        "artist": "Tin Harbour",
        "album": "Low Water",
        "albumartist": "Tin Harbour",
        "date": "2003-05",
        "tracknumber": "2/9",
        "discnumber": "1/2",
        "genre": "Dream Pop",
        "musicbrainz_trackid": MBID(1),
        "musicbrainz_albumid": MBID(2),
        "musicbrainz_releasegroupid": MBID(3),
        "musicbrainz_artistid": MBID(4),
    }
    music.add(f"x.{kind}", **tags)
    run = music.run()
    track, edition = run.one(Track), run.one(Edition)
    assert (track.title, track.disc, track.position, track.genres) == ("Slack Tide", 1, 2, ["Dream Pop"])
    assert track.ids["mbid"] == MBID(1) and track.credits[0].ids == {"mbid": MBID(4)}
    assert edition.ids == {"mbid": MBID(2), "release_group": MBID(3)} and edition.released == "2003-05"
    assert edition.id == f"release:{MBID(2)}" == track.edition
    assert edition.total_tracks is None  # the second disc's number of tracks is not known


def test_several_artists_keep_the_words_between_them(music):
    file = music.add("x.flac", title="Both")
    opened = FLAC(file)
    opened["artist"] = "Tin Harbour feat. Ola Grey"
    opened["artists"] = ["Tin Harbour", "Ola Grey"]
    opened["musicbrainz_artistid"] = [MBID(1), MBID(2)]
    opened["composer"] = "Ola Grey"
    opened.save()
    credits = music.run().one(Track).credits
    assert [(c.name, c.join, c.role) for c in credits] == [
        ("Tin Harbour", " feat. ", "artist"),
        ("Ola Grey", "", "artist"),
        ("Ola Grey", "", "composer"),
    ]
    assert [c.ids.get("mbid") for c in credits] == [MBID(1), MBID(2), None]


def id3v23(file: Path, *frames: Any) -> None:
    tags = ID3()
    for frame in frames:
        tags.add(frame)
    tags.save(file, v2_version=3)


def test_a_slash_is_a_name_unless_the_artists_tag_says_otherwise(music):
    id3v23(music.add("1.mp3"), TIT2(text="One"), TPE1(text="AC/DC"))
    id3v23(music.add("2.mp3"), TIT2(text="Two"), TPE1(text="AC/DC"), TXXX(desc="ARTISTS", text="AC/DC"))
    id3v23(
        music.add("3.mp3"),
        TIT2(text="Three"),
        TPE1(text="Tin Harbour & Ola Grey"),
        TXXX(desc="ARTISTS", text="Tin Harbour/Ola Grey"),
    )
    names = {track.title: [credit.name for credit in track.credits] for track in music.run().of(Track)}
    assert names == {"One": ["AC/DC"], "Two": ["AC/DC"], "Three": ["Tin Harbour", "Ola Grey"]}


def test_picards_id3_frames_are_understood(music):
    id3v23(
        music.add("x.mp3"),
        TIT2(text="x"),
        TALB(text="Low Water"),
        TDRC(text="2003-05-01"),
        TRCK(text="3/9"),
        UFID(owner="http://musicbrainz.org", data=MBID(1).encode()),
        TXXX(desc="MusicBrainz Album Id", text=MBID(2)),
        TXXX(desc="MusicBrainz Album Type", text="album/live"),
        TXXX(desc="REPLAYGAIN_TRACK_GAIN", text="-7.35 dB"),
    )
    run = music.run()
    track, edition = run.one(Track), run.one(Edition)
    assert track.ids == {"mbid": MBID(1)} and track.audio.track_gain == -7.35
    assert (edition.ids["mbid"], edition.form, edition.total_tracks) == (MBID(2), "live", 9)


def test_gains_of_opus_become_replaygain(music):
    file = music.add("x.opus")
    opened = OggOpus(file)
    opened["R128_TRACK_GAIN"] = "-1536"  # -6 dB in steps of 1/256
    opened.save()
    assert music.run().one(Track).audio.track_gain == -1.0


def test_an_mp4_isrc_and_compilation_are_read(music):
    file = music.add("x.m4a")
    opened = MP4(file)
    opened["\xa9alb"], opened["cpil"] = "Harbour Songs", True
    opened["----:com.apple.iTunes:ISRC"] = MP4FreeForm(b"DE-AB1-03-00001")
    opened.save()
    run = music.run()
    assert run.one(Track).ids == {"isrc": "DEAB10300001"} and run.one(Edition).form == "compilation"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("2003", "2003"), ("20030501", "2003-05-01"), ("2003-02-31", "2003-02"), ("2003-00-00", "2003"), ("0000", None)],
)
def test_dates_are_only_as_exact_as_they_are_right(music, written, meant):
    music.add("x.flac", album="A", date=written)
    assert music.run().one(Edition).released == meant


def test_an_mp3_that_does_not_state_its_length_is_walked(music):
    music.add("x.mp3", "unstated.mp3")
    assert music.run().one(Track).seconds == pytest.approx(3.03, abs=0.01)  # mutagen alone guesses 4.6


def test_a_folder_picture_wins_over_an_embedded_one(music):
    file = music.add("A/x.flac", album="A")
    opened = FLAC(file)
    picture = Picture()
    picture.data, picture.type, picture.mime = b"\x89PNG", 3, "image/png"
    opened.add_picture(picture)
    opened.save()
    assert music.run().one(Edition).cover.path == "A/x.flac"
    (music.root / "A" / "Folder.JPG").write_bytes(b"jpeg")
    assert music.run().one(Edition).cover.path == "A/Folder.JPG"


def test_disc_folders_are_one_album(music):
    for disc in (1, 2):
        music.add(f"Tin Harbour/Tides/CD{disc}/01 One.flac", title=f"One {disc}")
    run = music.run()
    edition = run.one(Edition)
    assert edition.title == "Tides"
    assert [(t.edition, t.disc) for t in run.of(Track)] == [(edition.id, 1), (edition.id, 2)]


def test_an_album_of_many_artists_is_by_various_artists(music):
    for name in ("Tin Harbour", "Ola Grey"):
        music.add(f"Mix/{name}.flac", album="Mix", artist=name)
    assert music.run().one(Edition).credits[0].name == "Various Artists"


# --- again ------------------------------------------------------------------------------------------------------------


def test_what_did_not_change_is_not_opened(music, monkeypatch):
    music.album()
    first = music.run()
    monkeypatch.setattr("plugins.files.scan.os.open", lambda *_: pytest.fail("opened a file"))
    again = music.run()
    assert again.of(Track) == [] and sorted(again.unchanged("track")) == sorted(ids(first).values())
    assert again.unchanged("edition") == [first.one(Edition).id]


def test_only_the_folder_that_changed_is_read_again(music):
    music.album("A")
    music.album("B")
    music.run()
    tag(music.root / "A/01 Song 1.flac", title="Another")
    again = music.run()
    assert {track.audio.path[0] for track in again.of(Track)} == {"A"}
    assert len(again.unchanged("track")) == 3


@pytest.mark.parametrize("kind", ["flac", "mp3", "ogg", "opus", "m4a", "wav", "aiff", "wma"])
def test_a_file_that_is_moved_and_tagged_anew_keeps_its_id(music, kind):
    file = music.add(f"Old/x.{kind}")
    before = music.run().one(Track)
    target = music.root / f"New/Place/y.{kind}"
    target.parent.mkdir(parents=True)
    if kind in ("wav", "aiff", "wma"):
        opened = mutagen.File(file)
        if kind == "wma":
            opened["Title"] = "Now with a title, and a long one"
        else:
            opened.add_tags()
            opened.tags.add(TIT2(text="Now with a title"))
        opened.save()
    else:
        tag(file, title="Now with a title" * 50, artist="Somebody")
    shutil.copyfile(file, target)  # another inode, another time
    file.unlink()
    after = music.run().one(Track)
    assert after.id == before.id and after.audio.path == f"New/Place/y.{kind}" and "title" in after.title


def test_renumbering_an_album_in_place_swaps_no_songs(music):
    music.album()
    before = {track.title: track.id for track in music.run().of(Track)}
    folder = music.root / "Tin Harbour/Low Water"
    for number in (3, 2, 1):  # 03 becomes 04, 02 becomes 03 … with the numbers in the tags
        file = folder / f"{number:02} Song {number}.flac"
        tag(file, tracknumber=str(number + 1))
        file.rename(folder / f"{number + 1:02} Song {number}.flac")
        (folder / f"{number + 1:02} Song {number}.flac").rename(folder / f"{number + 1:02}.flac")
    after = {track.title: track.id for track in music.run().of(Track)}
    assert after == before


def test_a_copy_gets_an_id_of_its_own(music):
    music.album(songs=1)
    original = music.root / "Tin Harbour/Low Water/01 Song 1.flac"
    before = music.run().one(Track).id
    shutil.copy2(original, original.with_name("copy.flac"))
    tag(original, title="And the first was tagged anew")
    after = ids(music.run())
    assert after["Tin Harbour/Low Water/01 Song 1.flac"] == before
    assert after["Tin Harbour/Low Water/copy.flac"] != before


def test_a_new_song_in_an_old_place_is_new_when_the_old_one_lives_on(music):
    file = music.distinct("A/01.flac", 1)
    before = music.run().one(Track).id
    (music.root / "B").mkdir()
    file.rename(music.root / "B/01.flac")
    music.distinct("A/01.flac", 2)
    after = ids(music.run())
    assert after["B/01.flac"] == before and after["A/01.flac"] != before


def test_an_album_keeps_its_id_through_a_move_and_new_tags(music):
    music.album("A")
    before = music.run().one(Edition).id
    (music.root / "A").rename(music.root / "B")
    for file in (music.root / "B").iterdir():
        tag(file, album="Low Water (Remastered)", albumartist="Tin Harbour")
    assert music.run().one(Edition).id == before
    tag(music.root / "B/01 Song 1.flac", album="A single")
    editions = {edition.title: edition.id for edition in music.run().of(Edition)}
    assert editions["Low Water (Remastered)"] == before != editions["A single"]


def test_a_new_cover_has_the_folder_read_again(music):
    music.album()
    music.run()
    (music.root / "Tin Harbour/Low Water/cover.png").write_bytes(b"png")
    assert music.run().one(Edition).cover.path == "Tin Harbour/Low Water/cover.png"


# --- trouble ----------------------------------------------------------------------------------------------------------


def test_files_that_cannot_be_read_are_listed_each_time(music):
    music.album()
    (music.root / "empty.mp3").write_bytes(b"")
    (music.root / "broken.flac").write_bytes(b"fLaC" + b"\0" * 10)
    (music.root / "page.ogg").write_text("<html>")
    for _ in range(2):
        assert set(music.run().skipped()) == {"empty.mp3", "broken.flac", "page.ogg"}


def test_a_song_that_breaks_stays_protected_with_its_album(music):
    file = music.add("A/x.flac", album="A")
    before = music.run()
    file.write_bytes(b"broken")
    after = music.run()
    assert set(after.skipped()) == {before.one(Track).id}
    assert after.unchanged("edition") == [before.one(Edition).id]
    music.add("A/x.flac", album="A")
    assert music.run().one(Track).id == before.one(Track).id


def test_a_file_with_the_wrong_extension_is_read_anyway(music):
    music.add("x.mp3", "tone.flac")
    assert music.run().one(Track).audio.codec == "flac"


def test_a_missing_folder_is_unavailable(music):
    music.album()
    music.run()
    music.root.rename(music.root.with_name("away"))
    assert isinstance(music.run().error, Unavailable)


def test_an_empty_mount_point_is_not_an_empty_library(music):
    music.album()
    music.run()
    shutil.rmtree(music.root)
    music.root.mkdir()
    gone = music.run()
    assert isinstance(gone.error, Unavailable) and "3 files" in str(gone.error) and gone.records == []
    music.album()
    assert music.run().error is None


def test_another_disk_at_the_same_place_is_not_taken_for_the_library(music):
    music.album()
    music.run()
    shutil.rmtree(music.root)
    music.root.mkdir()
    music.add("Something/else.mp3")
    root, mounts = music.state["place"]
    music.state["place"] = [root, mounts | {"": -1}]
    assert isinstance(music.run().error, Unavailable)


def test_a_disk_below_the_folder_that_is_away_takes_nothing_with_it(music):
    music.album("Here")
    music.album("Disk/There")
    before = music.run()
    root, mounts = music.state["place"]
    music.state["place"] = [root, mounts | {"Disk": -1}]
    shutil.rmtree(music.root / "Disk")
    (music.root / "Disk").mkdir()
    for _ in range(2):
        assert sorted(music.run().unchanged("track")) == sorted(ids(before).values())


def test_a_folder_that_cannot_be_listed_protects_its_tracks(music, monkeypatch):
    music.album("A")
    music.album("B")
    before = music.run()
    scan = os.scandir

    def refuse(path: str) -> Any:
        if path.endswith("/B"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr("plugins.files.tree.os.scandir", refuse)
    after = music.run()
    assert sorted(after.unchanged("track")) == sorted(ids(before).values())
    assert after.skipped() == {"B": "The system says: Permission denied."}


def test_links_are_followed_once_and_loops_end(music, tmp_path):
    music.album("Real")
    (music.root / "Again").symlink_to(music.root / "Real")
    (music.root / "Real/loop").symlink_to(music.root)
    outside = Music(tmp_path / "outside")
    outside.album("Far")
    (music.root / "Linked").symlink_to(tmp_path / "outside")
    (music.root / "dead.mp3").symlink_to("nowhere")
    run = music.run()
    assert {path.split("/")[0] for path in ids(run)} == {"Real", "Linked"}
    assert list(run.skipped()) == ["dead.mp3"]


def test_odd_names_do_no_harm(music):
    music.album()
    seed = (SEEDS / "tone.mp3").read_bytes()
    Path(os.fsdecode(os.fsencode(music.root) + b"/caf\xe9.mp3")).write_bytes(seed)
    for name in ("._01 Song.mp3", ".hidden.mp3", "notes.txt", "no extension"):
        (music.root / name).write_bytes(seed)
    (music.root / ("long " * 48 + ".mp3")).write_bytes(seed)
    (music.root / "Ünïcödé — 音楽.mp3").write_bytes(seed)
    run = music.run()
    assert run.error is None and list(run.skipped()) == [r"caf\xe9.mp3"]
    assert len(run.of(Track)) == 5


def test_nothing_is_written_into_the_folder(music):
    def everything() -> list[tuple[Path, int, int]]:
        return [(path, path.stat().st_mtime_ns, path.stat().st_size) for path in (music.root, *music.root.rglob("*"))]

    music.album()
    before = everything()
    music.run()
    music.run()
    assert everything() == before


def test_progress_counts_the_files_to_be_read(music):
    for number in range(250):
        music.add(f"{number // 10:02}/{number}.mp3")
    progress = music.run().of(Progress)
    assert [mark.done for mark in progress] == sorted({mark.done for mark in progress})
    assert {mark.total for mark in progress} == {250} and len(progress) >= 3
