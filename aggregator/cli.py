"""The `bandstand` command. The one place that may start everything; each command imports only what it needs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


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
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    sync = commands.add_parser("sync", help="read accounts now")
    sync.add_argument("account", nargs="?", help="only this one (its key)")
    sync.add_argument("--capability", choices=["library", "history", "friends", "shows"], help="only this part")
    sync.set_defaults(run=_sync)
    return parser


def _sync(options: argparse.Namespace) -> int:
    from aggregator._host.spawn import spawn

    spawned = spawn()  # imports while this process does
    from aggregator import config
    from aggregator._host import once

    try:
        return once.sync(config.load(options.config), options.account, options.capability, spawned)
    except config.ConfigError as error:
        return _refuse(error)
    finally:
        spawned.process.kill()


def _refuse(error: Exception) -> int:
    print(error, file=sys.stderr)
    return 2
