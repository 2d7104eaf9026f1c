"""`bandstand check`: one line for each thing that has to be in order."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from aggregator import config
from aggregator._host import accounts, find, fitting, pinned
from aggregator._host.accounts import Account
from aggregator._host.process import Child, Failure
from aggregator._host.run import House, open_child
from aggregator._host.settings import form, titled
from aggregator.config import Config, ConfigError
from aggregator.store import StoreError, open_store

Line = tuple[bool, str]


def check(path: Path | None) -> int:
    """Prints what was looked at; returns 1 when something is wrong."""
    try:
        told = config.load(path)
    except ConfigError as error:
        print(f"wrong  {error}")
        return 1
    lines = []
    for step in _steps(told):
        for good, words in step():
            print(f"{'good ' if good else 'wrong'}  {words}", flush=True)
            lines.append(good)
    return 0 if all(lines) else 1


def _steps(told: Config) -> Iterator[Callable[[], Iterator[Line]]]:
    yield lambda: iter([(True, f"configuration: {told.path or 'none, so this is the demo'}")])
    yield lambda: _folder(told.data)
    yield lambda: _store(told.data)
    yield lambda: _providers(told.data)
    yield lambda: _accounts(told)


def _folder(data: Path) -> Iterator[Line]:
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        trial = data / f".check-{os.getpid()}"
        trial.write_bytes(b"")
        trial.unlink()
        yield True, f"data directory: {data}"
    except OSError as error:
        yield False, f"data directory {data} cannot be written: {error.strerror}. Change its owner, or choose another."


def _store(data: Path) -> Iterator[Line]:
    try:
        store = open_store(data)
    except StoreError as error:
        yield False, str(error)
        return
    with store.read() as conn:
        verdict = conn.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    store.close()
    yield verdict == "ok", f"database: {verdict}"


def _providers(data: Path) -> Iterator[Line]:
    find.try_again(data)
    catalogue = find.providers(data)
    for provided in catalogue.providers.values():
        words = ", ".join(provided.manifest.capabilities)
        yield True, f"provider {provided.manifest.name} ({provided.origin.how}): {words}"
    for broken in catalogue.broken:
        yield False, f"provider {broken.origin.label} ({broken.origin.how}): {broken.reason}"


def _accounts(told: Config) -> Iterator[Line]:
    """Whether each account's settings are what its provider expects; no service is called."""
    try:
        house = House(told.data, open_store(told.data))
    except StoreError:
        return  # told already, by the line about the database
    catalogue = house.catalogue()
    with house.store.read() as conn:
        known = {account.key: account for account in accounts.every(conn)}
    for key in _with_bar([*told.accounts, *(key for key in known if key not in told.accounts)]):
        if key in told.accounts:
            yield from _pinned(house, catalogue, told, key, known.get(key))
        else:
            yield _stored(house, catalogue, known[key])
    house.store.close()


def _pinned(house: House, catalogue: find.Catalogue, told: Config, key: str, known: Account | None) -> Iterator[Line]:
    """An account as config.toml has it now. How it last fared counts only where the file has not changed since."""
    wanted = told.accounts[key]
    provided = catalogue.providers.get(wanted.provider)
    try:
        if provided is None:
            raise ConfigError(catalogue.missing(wanted.provider))
        plain, secret = pinned.entered(house, known, wanted, provided.manifest)
        fitting.look(provided, {**plain, **secret})
    except (ConfigError, Failure) as error:
        for words in getattr(error, "fields", {}).values() or [str(error)]:
            yield False, f"{told.path}, account {key}: {words}"
        return
    if known and known.provider == wanted.provider and pinned.as_stored(house, known, plain, secret):
        yield _fares(known)
    else:
        yield True, f"account {key}: its settings fit; it is not read yet"


def _stored(house: House, catalogue: find.Catalogue, account: Account) -> Line:
    """An account that was connected in the dashboard."""
    provided = catalogue.providers.get(account.provider)
    if provided is None:
        return False, f"{_called(account)}: {catalogue.missing(account.provider)}"
    fields = form(provided.manifest.settings)
    with Child() as child:
        try:
            open_child(house, account, provided, child)
        except Failure as failure:
            return False, f"{_called(account)}: {titled(failure.words, fields)}"
    good, words = _fares(account)
    return good, titled(words, fields)


def _called(account: Account) -> str:
    """By its key in config.toml; what was connected in the dashboard, by the name it has there too."""
    return f"account {account.key}" if account.pinned else f"account {account.name} ({account.key})"


def _fares(account: Account) -> Line:
    good = account.state in ("ready", "disabled", accounts.ERASING)
    return good, f"{_called(account)}: {account.state}. {account.state_words}".rstrip(" .")


def _with_bar(keys: list[str]) -> Iterable[str]:
    """Checking takes a child per account: a bar on a terminal."""
    from rich.console import Console
    from rich.progress import track

    return track(keys, "accounts", console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
