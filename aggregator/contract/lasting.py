"""Checks over everything that a provider did in all the others, and of what lasts from one run to the next."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from pydantic import SecretStr

from aggregator._host.settings import form
from aggregator.contract import refusals
from aggregator.contract.case import Case, Failed, NotApplicable, Subject, check, things, told
from aggregator.contract.records import identity
from aggregator.contract.replies import Reply
from aggregator.contract.stage import Run
from aggregator.plugin import AuthFailed, Record, Unavailable

REDIRECT = "http://127.0.0.1:8099/sources/back?from=1"
STATE = "st4te-of-the-check"


@check("snapshot", "delta", "live")
def nothing_shared(subject: Subject) -> None:
    """Another account, whose key is refused, sees nothing of the first one's answers and uses none of its secrets."""
    asked = subject.need_requests()
    other = {name: f"other-{name}-c0ffee" for name in subject.case.stage.secrets}
    run = subject.run(refusals.always(Reply(401, {}, b"{}")), settings=other)
    mine = set(map(identity, things(subject.whole)))
    if seen := mine & set(map(identity, things(run))):
        raise Failed(f"A second account was told of {' '.join(map(str, min(seen, key=str)))[:80]}, the first one's.")
    if len(run.asked) == 0 and run.error is None:
        raise Failed(f"A second account was answered without asking; the first had made {len(asked)} requests.")
    used = [name for name, value in subject.case.stage.secrets.items() if value in _sent(run)]
    if used:
        raise Failed(f"A second account's requests carried the first one's {used[0]}.")


def _sent(run: Run) -> str:
    return "\n".join(f"{each.request.url} {each.request.form} {each.request.headers}" for each in run.asked)


@check("sign-in")
def sign_in(subject: Subject) -> None:
    """The page to sign in at is an address with the redirect and the state as they were given; a refusal is
    AuthFailed; what `finish` returns are values of secret settings."""
    begun = subject.run(argument={"redirect": REDIRECT, "state": STATE})
    if begun.error or not begun.records:
        raise Failed(f"begin() was called, and {told(begun.error)}.")
    url = begun.records[0]
    if not isinstance(url, str) or urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise Failed(f"begin() gave {url!r:.80}, which is no address.")
    spelled = urllib.parse.unquote_plus(urllib.parse.unquote_plus(url))
    for what, value in (("redirect", REDIRECT), ("state", STATE)):
        if value not in spelled:
            raise Failed(f"The {what} is not in the address as it was given.")
    _finish(subject, begun)


def _finish(subject: Subject, begun: Run) -> None:
    stage = subject.case.stage
    refused = stage.run("finish", argument={"redirect": REDIRECT, "params": {"error": "access_denied"}})
    subject.case.runs.append(refused)
    if not isinstance(refused.error, AuthFailed):
        raise Failed(f"The listener refused, finish() was called, and {told(refused.error)}; AuthFailed was expected.")
    if not stage.replies.sign_in:
        return
    params = {"state": STATE, **stage.replies.sign_in}
    ended = stage.run("finish", argument={"redirect": REDIRECT, "params": params}, state=begun.state)
    subject.case.runs.append(ended)
    if ended.error or not isinstance(ended.records[0], dict):
        raise Failed(f"The listener allowed it, finish() was called, and {told(ended.error)}.")
    if strange := set(ended.records[0]) - set(_secret_fields(subject.case)):
        raise Failed(f"finish() gave {min(strange)!r}, which is no secret setting.")


def _secret_fields(case: Case) -> Iterator[str]:
    for name, field in case.cls.Settings.model_fields.items():
        if SecretStr.__name__ in str(field.annotation):
            yield name


# --- folders ----------------------------------------------------------------------------------------------------------


@check("snapshot")
def folder_gone(subject: Subject) -> None:
    """A folder that is not there is Unavailable: a disk that is not connected is no empty library."""
    name = _folder(subject.case)
    run = subject.run(settings={name: "/nowhere/at/all"})
    if not isinstance(run.error, Unavailable):
        raise Failed(f"Where the folder is not there, {told(run.error)}; Unavailable was expected.")


@check("snapshot")
def folder_untouched(subject: Subject) -> None:
    """Nothing in the folder is written, renamed or removed."""
    name = _folder(subject.case)
    root = Path(str(getattr(subject.case.stage.settings({}), name)))
    before = _listed(root)
    if not before:
        raise NotApplicable("its recorded replies name no folder with anything in it")
    subject.run()
    if _listed(root) != before:
        raise Failed(f"Something in {root} is not as it was before the run.")


def _folder(case: Case) -> str:
    fields = form(case.cls.Settings.model_json_schema())
    found = next((field.name for field in fields if field.kind == "folder"), None)
    if found is None:
        raise NotApplicable("it reads no folder")
    case.need_replies()
    return found


def _listed(root: Path) -> dict[str, tuple[int, int]]:
    found = {path: path.stat() for path in root.rglob("*")} if root.is_dir() else {}
    return {str(path): (stat.st_size, stat.st_mtime_ns) for path, stat in found.items()}


# --- over all runs ----------------------------------------------------------------------------------------------------


@check("provider")
def secrets_hidden(case: Case) -> None:
    """No secret is in a record, in the log, in an error, in the state or in an address that is kept."""
    secrets = case.stage.secrets
    if not secrets:
        raise NotApplicable("it has no secrets")
    for run in _every(case):
        for place, text in _left_behind(run):
            for secret in run.secrets:
                if len(secret) > 3 and (secret in text or urllib.parse.quote_plus(secret) in text):
                    name = next((name for name, value in secrets.items() if value == secret), "a renewed secret")
                    raise Failed(f"The value of {name} is in {place}: {text.replace(secret, '•••')[:160]!r}")


def _left_behind(run: Run) -> Iterator[tuple[str, str]]:
    for record in run.records:
        for part in record if isinstance(record, tuple) else (record,):
            if isinstance(part, Record):
                yield "a record", part.model_dump_json(exclude_none=True)
    yield "what it logged or printed", run.log
    yield "an error", run.told
    yield "its state", repr(run.state)
    yield "an address that it had remembered", " ".join(run.remembered)


@check("provider")
def gate_only(case: Case) -> None:
    """It reaches the network through `self.http` alone, and starts no process."""
    touched = [each for run in _every(case) for each in run.touched]
    if touched:
        raise Failed(f"It went past the gate: {touched[0]}.")


def _every(case: Case) -> list[Run]:
    """All runs of all checks; at least a good one and one of each trouble."""
    if not case.__dict__.get("troubled"):
        case.__dict__["troubled"] = True
        for subject in case.subjects:
            if subject.shape != "sign-in":
                _ = subject.plain
                for change in (refusals.always(Reply(401, {}, b"{}")), refusals.always(refusals.HTML), refusals.cut):
                    subject.run(change)
    return case.runs
