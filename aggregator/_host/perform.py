"""Doing one queued account run from its row to its verdict. The steward and the one-shot `bandstand sync` share it."""

from __future__ import annotations

import contextlib
import time
import traceback

from aggregator._host import accounts, find, runs, states
from aggregator._host.accounts import Account
from aggregator._host.process import Child, Failure
from aggregator._host.run import Done, House, Wanted, Watch, redacted, run_account
from aggregator._host.schedule import WAITING

GONE = "The account is no longer there."
NO_PLACE = "Nobody has said where they go out yet, so no shows were looked for. The place is on the Settings page."


def perform(
    house: House,
    catalogue: find.Catalogue,
    queued: runs.Queued,
    *,
    child: Child | None = None,
    watch: Watch | None = None,
) -> Done | states.Verdict:
    """Run it and write down how it ended, on the run and on its account."""
    with house.store.write() as conn:
        assert queued.account_id is not None
        account = accounts.by_id(conn, queued.account_id)
        if account is None:
            return states.Verdict("gone", GONE)
        runs.start(conn, queued.id, int(time.time()))
    try:
        done = _run(house, catalogue, account, queued, child, watch)
    except Failure as failure:
        return _failed(house, catalogue, account, queued.id, failure)
    except Exception as error:  # Bandstand's own mistake: it ends this run, not the steward
        own = Failure("host", f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error)))
        with contextlib.suppress(ValueError):  # without the key file no secret was opened
            own = redacted(own, account.opened(house.vault)[1])
        return _failed(house, catalogue, account, queued.id, own)
    _succeeded(house, catalogue, account, queued.id, done)
    return done


def _run(
    house: House,
    catalogue: find.Catalogue,
    account: Account,
    queued: runs.Queued,
    child: Child | None,
    watch: Watch | None,
) -> Done:
    provided = catalogue.providers.get(account.provider)
    if provided is None:
        raise Failure("load", catalogue.missing(account.provider))
    wanted = None
    if queued.what == "shows":
        from aggregator._host.wanted import wanted as everyones

        wanted = everyones(house.store, account)
        if not wanted.areas:
            with house.store.write() as conn:
                runs.lines(conn, queued.id, [(int(time.time()), "warning", NO_PLACE)])
    return run_account(
        house, account, provided, queued.what, queued.id, wanted=wanted or Wanted(), child=child, watch=watch
    )


def _succeeded(house: House, catalogue: find.Catalogue, account: Account, run_id: int, done: Done) -> None:
    until = house.limits.blocked_until(account.id)
    verdict = states.resting(_name(catalogue, account), until) if until else states.Verdict("ready", "")
    with house.store.write() as conn:
        runs.succeed(conn, run_id, int(time.time()), done.counts)
        runs.forget_old_lines(conn, account.id)
        if until or account.state != "ready" or account.failures:
            accounts.judge(conn, account.id, **verdict.columns)


def _failed(house: House, catalogue: find.Catalogue, account: Account, run_id: int, failure: Failure) -> states.Verdict:
    now = int(time.time())
    blocked = house.limits.blocked_until(account.id)
    verdict = states.after(failure, _name(catalogue, account), account.failures, blocked, now)
    with house.store.write() as conn:
        runs.fail(conn, run_id, now, failure.kind, verdict.words, failure.traceback, failure.counts)
        accounts.judge(conn, account.id, **verdict.columns)
        if verdict.state in WAITING:
            runs.give_up(conn, account.id, now, failure.kind, verdict.words)
    return verdict


def _name(catalogue: find.Catalogue, account: Account) -> str:
    manifest = catalogue.manifest(account.provider)
    return manifest.name if manifest else account.provider
