"""The `bandstand` command. The one place that may start everything; each command imports only what it needs."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

BLOCKING_THREADS = 64
"""Requests at once; long audio streams hold one each."""


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0 well, 1 something failed, 2 it cannot be done as asked."""
    options = _parser().parse_args(arguments)
    command: int = options.run(options)
    return command


def _parser() -> argparse.ArgumentParser:
    from aggregator import __version__

    parser = argparse.ArgumentParser(prog="bandstand", description="One library made of everything you listen to.")
    parser.add_argument("--version", action="version", version=f"bandstand {__version__}")
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration file (default: see the README)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    serve = commands.add_parser("serve", help="start Bandstand")
    serve.add_argument("--port", metavar="N", help="the dashboard's port, for this time")
    serve.add_argument("--demo", action="store_true", help="the demo, beside your own Bandstand")
    serve.set_defaults(run=_serve)
    sync = commands.add_parser("sync", help="read accounts now")
    sync.add_argument("account", nargs="?", help="only this one (its key)")
    sync.add_argument("--capability", choices=["library", "history", "friends", "shows"], help="only this part")
    sync.set_defaults(run=_sync)
    backup = commands.add_parser("backup", help="write everything Bandstand knows into one file")
    backup.add_argument("file", nargs="?", type=Path, help="where to (default: a dated file in this folder)")
    backup.add_argument("--without-pictures", action="store_true", help="a smaller file; they are fetched again")
    backup.set_defaults(run=_backup)
    restore = commands.add_parser("restore", help="put a backup in place of what is there")
    restore.add_argument("file", type=Path)
    restore.set_defaults(run=_restore)
    commands.add_parser("check", help="look whether everything is in order").set_defaults(run=_check)
    commands.add_parser("config-example", help="print a config.toml with every setting").set_defaults(run=_example)
    _for_authors(commands)
    for name, run in (("_web", _web), ("_steward", _steward)):  # the processes of `serve`
        part = commands.add_parser(name)
        part.add_argument("--until-closed", action="store_true", help="end when standard input is closed")
        part.set_defaults(run=run)
    return parser


def _for_authors(commands: Any) -> None:
    parts = ["library", "history", "friends", "shows", "discovery", "radio", "search"]
    new = commands.add_parser("new-provider", help="write a provider to begin with, its test and its replies")
    new.add_argument("name", help="small letters: its file, and its id")
    new.add_argument("--capability", action="append", choices=parts, required=True, help="may be given several times")
    new.add_argument(
        "--drop-in", action="store_true", help="into the data directory's plugins folder, not into this one"
    )
    new.set_defaults(run=_new_provider)
    trying = commands.add_parser("try", help="see what a provider would yield, with nothing stored")
    trying.add_argument("provider", help="a file, a package folder, or a provider's id")
    trying.add_argument("--capability", action="append", choices=parts, help="only this part (may be repeated)")
    source = trying.add_mutually_exclusive_group()
    source.add_argument("--recorded", dest="live", action="store_false", default=None, help="from its recorded replies")
    source.add_argument("--live", dest="live", action="store_true", help="from the service itself")
    trying.add_argument("--record", action="store_true", help="from the service, and write its replies file")
    trying.add_argument("--limit", type=int, default=20, metavar="N", help="rows to show of each part (default: 20)")
    trying.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting; VALUE may be env:X"
    )
    trying.add_argument("--near", metavar="LAT,LON", help="where shows are looked for (default: London)")
    trying.set_defaults(run=_try)


def _serve(options: argparse.Namespace) -> int:
    from aggregator import config
    from aggregator._host import supervise
    from aggregator.store import StoreError

    if options.port:
        os.environ["BANDSTAND_PORT"] = options.port  # its processes read the configuration themselves
    if options.demo:
        os.environ["BANDSTAND_DEMO"] = "1"
    try:
        supervise.serve(config.load(options.config))
    except (config.ConfigError, supervise.CannotServe, StoreError) as error:
        return _refuse(error)
    return 0


def _sync(options: argparse.Namespace) -> int:
    from aggregator._host.spawn import spawn

    spawned = spawn()  # imports while this process does
    from aggregator import config
    from aggregator._host import once
    from aggregator.store import StoreError

    try:
        return once.sync(config.load(options.config), options.account, options.capability, spawned)
    except (config.ConfigError, StoreError) as error:
        return _refuse(error)
    finally:
        spawned.process.kill()


def _backup(options: argparse.Namespace) -> int:
    from aggregator import backup, config
    from aggregator.store import StoreError

    try:
        path = backup.make(config.load(options.config), options.file, pictures=not options.without_pictures)
    except (config.ConfigError, backup.BackupError, StoreError) as error:
        return _refuse(error)
    print(f"Backed up to {path} ({path.stat().st_size / 1e6:.1f} MB).")
    print("It holds the key to your saved credentials and all you have heard: keep it where only you can read it.")
    return 0


def _restore(options: argparse.Namespace) -> int:
    from aggregator import backup, config
    from aggregator.store import StoreError

    try:
        replaced = backup.restore(config.load(options.config), options.file)
    except (config.ConfigError, backup.BackupError, StoreError) as error:
        return _refuse(error)
    print(f"Restored {options.file}. Start Bandstand as usual; it brings an older backup up to date by itself.")
    if replaced:
        print(f"What was there before is in {replaced}. Delete it once all is well.")
    return 0


def _check(options: argparse.Namespace) -> int:
    from aggregator._host import check

    return check.check(options.config)


def _example(_options: argparse.Namespace) -> int:
    from aggregator._host import example

    print(example.text(), end="")
    return 0


def _new_provider(options: argparse.Namespace) -> int:
    from aggregator import config
    from aggregator._host import draft

    try:
        data = config.load(options.config).data
        folder = data / "plugins" if options.drop_in else Path()
        written = draft.new_provider(options.name, options.capability, folder, data)
    except (config.ConfigError, draft.CannotDraft) as error:
        return _refuse(error)
    for path in (written.provider, written.replies, written.test):
        print(f"wrote {path}")
    print(f"\nNext: bandstand try {written.provider}\n      python -m aggregator.contract {written.provider}")
    return 0


def _try(options: argparse.Namespace) -> int:
    from aggregator import config
    from aggregator._host import rehearse

    try:
        asked = rehearse.Asked(
            options.provider,
            tuple(options.capability or ()),
            options.live,
            options.record,
            options.limit,
            rehearse.told_settings(options.set),
            rehearse.told_place(options.near),
        )
        return rehearse.rehearse(asked, config.load(options.config))
    except (config.ConfigError, rehearse.CannotTry) as error:
        return _refuse(error)


def _steward(options: argparse.Namespace) -> int:
    from aggregator import config
    from aggregator._host import steward
    from aggregator._host.lock import AlreadyRunning
    from aggregator.store import StoreError

    _end_with_input(options)
    try:
        steward.main(config.load(options.config))
    except (AlreadyRunning, StoreError) as error:
        return _refuse(error)
    return 0


def _web(options: argparse.Namespace) -> int:
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    from aggregator import config

    _end_with_input(options)
    told = config.load(options.config)
    if told.path:
        os.environ["BANDSTAND_CONFIG"] = str(told.path)  # for granian's worker, which calls `web_application`
    Server(
        "aggregator.cli:web_application",
        address=told.server.host,
        port=told.server.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=BLOCKING_THREADS,
        factory=True,
        log_access=False,
        log_level=LogLevels.error,
        websockets=False,
    ).serve()
    return 0


def _end_with_input(options: argparse.Namespace) -> None:
    """Have this process asked to end when `serve`, which holds the other end, is gone."""

    def wait() -> None:
        while os.read(0, 1024):  # not sys.stdin: granian's worker is forked, and would wait for its lock
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    if options.until_closed:
        threading.Thread(target=wait, daemon=True).start()


def web_application() -> Any:
    """The WSGI application, as granian's worker asks for it."""
    from aggregator import config
    from aggregator.store import open_store
    from web import create_app

    told = config.load()
    application = create_app(told, open_store(told.data))
    gc.collect()
    gc.freeze()  # what is imported stays: looking through it again and again made one page in ten wait 35 ms
    return application


def _refuse(error: Exception) -> int:
    print(error, file=sys.stderr)
    return 2
