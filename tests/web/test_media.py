"""Files of one's own, whole or in parts, and never anything else."""

from __future__ import annotations

import json
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from aggregator import listeners
from aggregator.library.claims import Intake
from aggregator.plugin import Audio, Credit, Track
from aggregator.store import Store
from aggregator.store.schema import account, claim
from web.media import sleeves

SOUND = bytes(range(256)) * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    music = tmp_path / "music"
    (music / "album").mkdir(parents=True)
    (music / "album/song.flac").write_bytes(SOUND)
    (music / "album/song.m4a").write_bytes(SOUND)
    (tmp_path / "secret.txt").write_text("not music")
    (tmp_path / "music-else").mkdir()
    (tmp_path / "music-else/song.flac").write_bytes(b"not yours")
    (music / "way-out.flac").symlink_to(tmp_path / "secret.txt")
    return music


def files_account(store: Store, folder: Path, owner: int | None = None) -> int:
    values = {
        "key": f"files-{owner}",
        "provider": "files",
        "name": "Music folder",
        "listener_id": owner,
        "settings": json.dumps({"folder": str(folder)}),
        "created_at": int(time.time()),
    }
    with store.write() as conn:
        return int(conn.execute(insert(account).values(values).returning(account.c.id)).scalar_one())


def own(store: Store, account_id: int, path: str, codec: str = "flac") -> int:
    """The claim of a file at that path."""
    audio = Audio(path=path, codec=codec, size=len(SOUND))
    track = Track(id=path, title="Song", credits=[Credit(name="Ana")], audio=audio)
    with store.write() as conn:
        Intake(account_id, f"files-{account_id}", None, None, int(time.time())).take(conn, [track])
        return int(conn.scalar(select(claim.c.id).where(claim.c.pid == path, claim.c.account_id == account_id)) or 0)


@pytest.fixture
def song(store: Store, folder: Path) -> int:
    return own(store, files_account(store, folder), "album/song.flac")


def test_a_file_is_streamed_in_parts(client: FlaskClient, song: int) -> None:
    whole = client.get(f"/stream/{song}")
    assert (whole.status_code, whole.mimetype, whole.data) == (200, "audio/flac", SOUND)
    assert whole.headers["Accept-Ranges"] == "bytes"
    part = client.get(f"/stream/{song}", headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(SOUND)}"
    assert part.data == SOUND[100:200]
    assert client.get(f"/stream/{song}", headers={"Range": "bytes=999999-"}).status_code == 416


def test_a_file_can_be_taken_along(client: FlaskClient, song: int) -> None:
    answer = client.get(f"/stream/{song}?download")
    assert answer.headers["Content-Disposition"] == "attachment; filename=song.flac"


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "../music-else/song.flac", "/etc/passwd", "album/../../secret.txt", "way-out.flac", "album"],
)
def test_nothing_outside_the_folder_is_ever_sent(client: FlaskClient, store: Store, folder: Path, path: str) -> None:
    answer = client.get(f"/stream/{own(store, files_account(store, folder), path)}")
    assert answer.status_code == 404
    assert "not in “Music folder” any more" in answer.text


def test_a_file_belongs_to_its_listener_or_the_household(
    client: FlaskClient, store: Store, folder: Path, ana: listeners.Listener
) -> None:
    ben = listeners.create(store, "Ben", "member")
    hers, his = files_account(store, folder, ana.id), files_account(store, folder, ben.id)
    assert client.get(f"/stream/{own(store, hers, 'album/song.flac')}").status_code == 200
    assert client.get(f"/stream/{own(store, his, 'album/song.flac')}").status_code == 404


def test_what_is_no_file_is_not_streamed(client: FlaskClient, store: Store, folder: Path) -> None:
    assert client.get("/stream/999").status_code == 404
    assert client.get("/stream/../secret.txt").status_code == 404


# --- drawn sleeves ----------------------------------------------------------------------------------------------------


def test_a_sleeve_is_the_same_each_time_and_differs_by_title(visitor: FlaskClient) -> None:
    titles = [f"Album {i}" for i in range(60)]
    drawn = [sleeves.draw(sleeves.seed(title)) for title in titles]
    assert drawn == [sleeves.draw(sleeves.seed(title.upper())) for title in titles]
    assert len(set(drawn)) == len(titles)
    for picture in drawn:
        ElementTree.fromstring(picture)
    answer = visitor.get(f"/sleeves/{sleeves.seed('Album 1')}.svg")
    assert answer.data.decode() == drawn[1]
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("seed", ["0", "xyzxyzxy", "0123ABCD", "0123abcd9"])
def test_other_addresses_draw_nothing(visitor: FlaskClient, seed: str) -> None:
    assert visitor.get(f"/sleeves/{seed}.svg").status_code == 404
