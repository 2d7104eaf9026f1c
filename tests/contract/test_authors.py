"""What an author types: `bandstand new-provider` and `bandstand try`, with real files and real children."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from aggregator import cli, config
from aggregator._host import draft, drafts, find, rehearse
from aggregator._host.rehearse import Asked, CannotTry
from aggregator.contract import check_provider

HERE = Path(__file__).parent
KEY = "k3y-of-the-author"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("BANDSTAND_DATA", str(tmp_path / "data"))


def failed(provider: Path) -> list[str]:
    return [str(each) for each in check_provider(provider) if each.outcome == "FAILED"]


# --- new-provider -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("capability", drafts.DRAFTS)
def test_what_is_written_passes_at_once(capability, tmp_path):
    written = draft.new_provider("gigfinder", [capability], tmp_path / "mine", tmp_path / "data")
    assert failed(written.provider) == []
    assert written.replies.is_file() and "Contract" in written.test.read_text()


def test_the_command_writes_three_files_and_says_what_comes_next(capsys):
    told = ["new-provider", "gigfinder", *(word for each in drafts.DRAFTS for word in ("--capability", each))]
    assert cli.main(told) == 0
    assert sorted(path.name for path in Path().iterdir()) == [
        "gigfinder.py",
        "gigfinder.replies.json",
        "test_gigfinder.py",
    ]
    assert "bandstand try gigfinder.py" in capsys.readouterr().out
    assert failed(Path("gigfinder.py")) == []


def test_into_the_drop_in_folder_where_the_host_finds_it_and_not_its_test():
    assert cli.main(["new-provider", "gigfinder", "--capability", "shows", "--drop-in"]) == 0
    catalogue = find.providers(config.load().data)
    assert catalogue.providers["gigfinder"].origin.how == "dropped in" and catalogue.broken == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("GigFinder", "'gigfinder', say"),
        ("2fast", "Small letters"),
        ("class", "cannot be a provider's name"),
        ("test_gigs", "taken for a test"),
        ("spotify", "already (bundled)"),
        ("../gigs", "Small letters"),
    ],
)
def test_names_that_will_not_do_are_refused_with_a_reason(name, words, capsys):
    assert cli.main(["new-provider", name, "--capability", "shows"]) == 2
    assert words in capsys.readouterr().err and list(Path().iterdir()) == []


def test_nothing_is_overwritten(capsys):
    Path("gigfinder.replies.json").write_text("mine")
    assert cli.main(["new-provider", "gigfinder", "--capability", "shows"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert [path.read_text() for path in Path().iterdir()] == ["mine"]


# --- try --------------------------------------------------------------------------------------------------------------


def tried(provider: object, **asked: object) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=140)
    code = rehearse.rehearse(Asked(str(provider), **asked), config.load(), console)
    return code, console.file.getvalue()


def test_recorded_answers_are_shown_as_rows_with_counts():
    code, told = tried(HERE / "sound_shows.py")
    assert code == 0 and "from gigs.replies.json" in told
    assert "2027-04-02 21:00" in told and "Vera Sund, Noor Haddad, Pim · De Kade" in told
    assert "5 shows" in told and "complete" in told


def test_only_what_was_asked_for_and_only_so_many_rows():
    _, told = tried(HERE / "sound_discovery.py", capabilities=["discovery"], limit=1)
    assert "shoegaze" in told and "dream pop" not in told and "3 tags (2 not shown)" in told and "search" not in told
    with pytest.raises(CannotTry, match="Near has no shows; it has discovery, search"):
        tried(HERE / "sound_discovery.py", capabilities=["shows"])


def test_what_is_skipped_and_what_fails_is_said_in_words(tmp_path):
    told = json.loads((HERE / "gigs.replies.json").read_text())
    del told["exchanges"][0]["body"]["events"][0]["starts"]
    told["exchanges"][1] |= {"status": 429, "headers": {"Retry-After": "77"}}
    (tmp_path / "mine.py").write_text((HERE / "sound_shows.py").read_text())
    (tmp_path / "mine.replies.json").write_text(json.dumps(told))
    code, printed = tried(tmp_path / "mine.py")
    assert code == 1 and "skipped  show 101: not understood: KeyError" in printed
    assert "RateLimited: api.gigs.example asks for fewer calls" in printed and "leave the service alone" in printed


def test_without_replies_or_provider_there_is_a_sentence(tmp_path, capsys):
    (tmp_path / "alone.py").write_text((HERE / "sound_shows.py").read_text().replace('"gigs"', '"alone"'))
    assert cli.main(["try", str(tmp_path / "alone.py"), "--recorded"]) == 2
    assert "alone.replies.json is not there" in capsys.readouterr().err
    assert cli.main(["try", "nobody"]) == 2
    assert "neither a file, a module nor a provider" in capsys.readouterr().err


@dataclass
class Service:
    url: str
    keys: list[str]


@pytest.fixture
def service() -> Iterator[Service]:
    """The drafts' service on loopback; it wants a key, and repeats it in its answer."""
    pages = {"page=1": (1, True), "page=2": (2, False)}
    keys: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys.append(self.headers["Authorization"])
            number, more = pages[self.path.partition("?")[2]]
            album = {"id": number, "title": f"Album {number}", "artists": [{"name": "Pim"}]}
            body = json.dumps({"items": [album], "more": more, "you": KEY, "session_key": "given"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Set-Cookie", "id=secret-cookie")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Service(f"http://127.0.0.1:{server.server_port}", keys)
    server.shutdown()
    server.server_close()


def test_live_answers_become_the_replies_without_secrets(service, tmp_path, monkeypatch):
    written = draft.new_provider("shelf", ["library"], tmp_path / "mine", tmp_path / "data")
    written.provider.write_text(written.provider.read_text().replace(drafts.API, service.url))
    written.replies.unlink()
    monkeypatch.setenv("SHELF_KEY", KEY)
    code, told = tried(written.provider, record=True, settings={"key": "env:SHELF_KEY"})
    assert code == 0 and "2 editions, 2 holdings" in told and "without your secrets" in told
    assert service.keys == [f"Bearer {KEY}"] * 2

    kept = written.replies.read_text()
    assert KEY not in kept and "secret-cookie" not in kept and "given" not in kept
    requests = [each["request"] for each in json.loads(kept)["exchanges"]]
    assert requests == [f"GET {service.url}/albums?page=1", f"GET {service.url}/albums?page=2"]
    assert failed(written.provider) == []
    assert tried(written.provider)[0] == 0 and len(service.keys) == 2, "recorded replies ask nobody"


def test_a_failure_does_not_take_the_place_of_good_replies(service, tmp_path):
    written = draft.new_provider("shelf", ["library"], tmp_path / "mine", tmp_path / "data")
    before = written.replies.read_text()
    written.provider.write_text(written.provider.read_text().replace(drafts.API, service.url.replace("http", "ftp")))
    code, told = tried(written.provider, record=True, settings={"key": KEY})
    assert code == 1 and "Nothing was recorded" in told and written.replies.read_text() == before


def test_a_recorded_folder_is_told_from_where_the_replies_are(tmp_path):
    (tmp_path / "crate").mkdir()
    (tmp_path / "crate" / "one.mp3").write_bytes(b"not a song")
    (tmp_path / "songs.py").write_text((HERE / "sound_folder.py").read_text())
    tried(tmp_path / "songs.py", record=True, settings={"folder": str(tmp_path / "crate")})
    assert json.loads((tmp_path / "songs.replies.json").read_text())["settings"] == {"folder": "crate"}


def test_what_is_written_is_laid_out_as_one_would_write_it(tmp_path):
    written = draft.new_provider("gigfinder", list(drafts.DRAFTS), tmp_path, tmp_path / "data")
    assert "\n\n\n    " not in written.provider.read_text()


def test_a_setting_that_is_missing_is_told_with_the_way_to_give_it(tmp_path):
    (tmp_path / "mine.py").write_text((HERE / "sound_shows.py").read_text())
    code, told = tried(tmp_path / "mine.py")
    assert code == 1 and "'key' is missing" in told and "--set NAME=VALUE" in told
