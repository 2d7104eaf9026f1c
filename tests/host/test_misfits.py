"""Settings and providers that do not fit, in words that say what to write instead."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from aggregator import listeners, sources
from aggregator._host import accounts
from aggregator.wording import sentence
from tests.host.conftest import Home
from tests.host.test_cli import bandstand, configure, pin


def test_check_names_file_account_and_setting_for_each_thing_that_is_wrong(home: Home) -> None:
    music = home.data / "music"
    music.mkdir()
    configure(home, pin("changed", "good", size=2))
    bandstand(home, "sync", "changed")
    configure(
        home,
        pin("changed", "good", size=-1)
        + pin("typo", "filez", folder=str(music))
        + pin("field", "files", foldr="/x")
        + pin("nowhere", "files", folder="/no/such/folder")
        + pin("unset", "files", folder="env:NO_SUCH_VARIABLE")
        + pin("fits", "files", folder=str(music)),
    )
    told = bandstand(home, "check")
    assert told.returncode == 1
    for account, words in (
        ("changed", "'size' does not fit: it should be greater than or equal to 0."),
        ("typo", "There is no provider 'filez'; did you mean 'files'?"),
        ("field", "'folder' is missing."),
        ("field", "'foldr' is not a setting of Music folder; did you mean 'folder'?"),
        ("nowhere", "There is no folder /no/such/folder. Write its full path, and connect its disk."),
        ("unset", "The environment variable NO_SUCH_VARIABLE is not set"),
    ):
        assert f"wrong  {home.data / 'config.toml'}, account {account}: {words}" in told.stdout
    assert "good   account fits: its settings fit; it is not read yet" in told.stdout
    assert "account changed: ready" not in told.stdout


def test_a_setting_taken_out_of_the_file_is_forgotten(home: Home) -> None:
    configure(home, pin("mine", "good", tokn="env:WRONG"))
    assert bandstand(home, "sync", WRONG="sesame-42").returncode == 1
    configure(home, pin("mine", "good", token="env:WRONG"))
    told = bandstand(home, "sync", WRONG="sesame-42")
    assert told.returncode == 0, told.stdout


def test_the_page_says_the_same(home: Home) -> None:
    account = home.account("files", foldr="/x")
    home.run(account)
    assert home.state(account).state_words == (
        "The settings do not fit. 'folder' is missing. 'foldr' is not a setting of Music folder; "
        "did you mean 'folder'? Nothing is read until they are corrected."
    )


def test_what_was_connected_in_the_dashboard_is_named_as_there(home: Home) -> None:
    account = home.account("files", foldr="/x")
    home.run(account)
    robin = listeners.create(home.store, "Robin", "owner").id
    (card,) = sources.cards(home.store, robin)
    assert "“Folder” is missing." in card.words
    sources.rename(home.store, robin, account, "Attic")
    configure(home, "")
    assert "wrong  account Attic (files): " in (told := bandstand(home, "check").stdout)
    assert "“Folder” is missing." in told


def test_a_provider_that_never_was_is_not_said_to_be_gone(home: Home) -> None:
    with home.store.write() as conn:
        values = {"key": "typo", "provider": "filez", "name": "Typo", "settings": {}}
        account = accounts.add(conn, int(time.time()), **values)
    home.run(account)
    words = home.state(account).state_words
    assert "There is no provider 'filez'; did you mean 'files'? What it brought stays" in words
    assert "everything else goes on" in words
    assert "any more" not in words


def test_a_folder_that_is_not_there_is_refused_when_it_is_entered(home: Home, tmp_path: Path) -> None:
    with pytest.raises(sources.SettingsRefused) as caught:
        sources.create_account(home.store, "files", None, {"folder": str(tmp_path / "nowhere")})
    assert caught.value.fields["folder"].startswith(f"There is no folder {tmp_path / 'nowhere'}.")


def test_a_disk_that_went_is_told_in_whole_sentences(home: Home, tmp_path: Path) -> None:
    account = home.account("files", folder=str(tmp_path / "unplugged"))
    home.run(account)
    assert "Is its disk connected? Your library stays as it is. Bandstand tries" in home.state(account).state_words


@pytest.mark.parametrize(
    ("words", "told"), [("Gone", "Gone."), ("Gone.", "Gone."), ("Gone?", "Gone?"), ("Gone …", "Gone …")]
)
def test_a_sentence_ends_once(words: str, told: str) -> None:
    assert sentence(words) == told
