"""`bandstand new-provider`: a provider that passes the contract tests, to be changed into one's own.

What is written talks to an invented service (``api.example.org``) in the most usual way, JSON in pages; its author puts
the service's own addresses and fields in place of those.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aggregator._host import drafts, find
from aggregator._host.drafts import Draft

NAMES = re.compile(r"[a-z][a-z0-9_]{1,39}")


class CannotDraft(Exception):
    """It was not written; the message says why and what would do."""


@dataclass(frozen=True)
class Written:
    provider: Path
    replies: Path
    test: Path


def new_provider(name: str, capabilities: Sequence[str], folder: Path, data: Path) -> Written:
    """Write a provider, its recorded replies and its test into `folder`. Raises `CannotDraft`; nothing is replaced."""
    _look_at_name(name, data)
    chosen = [drafts.DRAFTS[word] for word in drafts.DRAFTS if word in capabilities]
    files = Written(folder / f"{name}.py", folder / f"{name}.replies.json", folder / f"test_{name}.py")
    taken = [path for path in (files.provider, files.replies, files.test, folder / name) if path.exists()]
    if taken:
        raise CannotDraft(f"{taken[0]} is there already. Choose another name, or another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files.provider.write_text(source(name, chosen), encoding="utf-8")
        files.replies.write_text(replies(chosen), encoding="utf-8")
        files.test.write_text(_test(name), encoding="utf-8")
    except OSError as error:
        raise CannotDraft(f"{error.filename} cannot be written: {error.strerror}.") from None
    return files


def _look_at_name(name: str, data: Path) -> None:
    if not NAMES.fullmatch(name) or keyword.iskeyword(name):
        like = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        meant = f": {like!r}, say" if NAMES.fullmatch(like) and not keyword.iskeyword(like) else ""
        raise CannotDraft(f"{name!r} cannot be a provider's name. Small letters, digits and _ do{meant}.")
    if name.startswith("test_") or name == "conftest":
        raise CannotDraft(f"{name!r} would be taken for a test. Choose another name.")
    for origin in find.origins(data):
        if Path(origin.label).stem == name:
            raise CannotDraft(f"There is a provider named {name!r} already ({origin.how}). Choose another name.")


def source(name: str, chosen: Sequence[Draft]) -> str:
    title = " ".join(word.capitalize() for word in name.split("_"))
    mixins = ", ".join(["Provider", *(draft.mixin for draft in chosen)])
    imports = sorted({"Provider", "Field", "SecretStr", "BadData", *(word for each in chosen for word in each.names)})
    helpers = [helper for helper in drafts.HELPERS if any(helper in draft.body for draft in chosen)]
    head = drafts.HEAD.format(title=title, times=_times(chosen), imports=_listed(imports), odd=drafts.ODD)
    body = drafts.CLASS.format(title=title, cls=title.replace(" ", ""), mixins=mixins, id=name)
    parts = [draft.body for draft in chosen] + [drafts.HELPERS[helper] for helper in helpers] + [drafts.ASK]
    return head + body + "\n".join(part.strip("\n") + "\n" for part in parts)


def _times(chosen: Sequence[Draft]) -> str:
    names = sorted({name for draft in chosen for name in draft.times})
    return f"from datetime import {', '.join(names)}\n\n" if names else ""


def _listed(names: Sequence[str]) -> str:
    line = f"from aggregator.plugin import {', '.join(names)}"
    if len(line) <= 100:
        return line
    return "from aggregator.plugin import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def replies(chosen: Sequence[Draft]) -> str:
    """One exchange a line."""
    told = [(path, body) for draft in chosen for path, body in draft.exchanges]
    lines = [
        json.dumps({"request": f"GET {drafts.API}/{path}", "body": body}, ensure_ascii=False) for path, body in told
    ]
    return '{\n  "exchanges": [\n    ' + ",\n    ".join(lines) + "\n  ]\n}\n"


def _test(name: str) -> str:
    return drafts.TEST.format(cls="".join(word.capitalize() for word in name.split("_")), file=f"{name}.py")
