"""The list of things in an answer, whatever the answer is written in: found, changed, and written back.

JSON, XML and iCalendar are read into the same shape, plain dicts and lists, so that a check that takes things apart is
written once.
"""

from __future__ import annotations

import copy
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.contract.replies import Reply

Path = tuple[str | int, ...]
Item = dict[str, Any]

_TOTAL = re.compile(r"total|count|hits|found|results", re.IGNORECASE)
_PAGES = re.compile(r"pages|last_?page", re.IGNORECASE)
_NO_TOTAL = re.compile(r"page|limit|offset|per_?page|play|listener|user", re.IGNORECASE)
_SLOT = "@@bandstand-items@@"


@dataclass(frozen=True)
class Form:
    """One way in which answers are written."""

    read: Callable[[str], Any]
    write: Callable[[Any], str]
    nonsense: tuple[str, ...]
    """Answers that are well-formed and mean nothing."""
    oddities: tuple[Any, ...]
    """What a field may be found to hold instead of what it should."""
    join: str = ","


# --- JSON, XML, iCalendar ---------------------------------------------------------------------------------------------


def _write_json(tree: Any) -> str:
    return json.dumps(tree, ensure_ascii=False)


def _read_xml(text: str) -> Any:
    return {"": _node(ET.fromstring(text))}  # noqa: S314


def _node(element: ET.Element) -> Item:
    """``{"tag", "@": attributes, "#": text, child tag: node, or a list of nodes}``; order among tags is lost."""
    node: Item = {"tag": element.tag, "@": dict(element.attrib), "#": (element.text or "").strip()}
    for child in element:
        kept = node.setdefault(f"<{child.tag}", [])
        kept.append(_node(child))
    return {name: value[0] if name.startswith("<") and len(value) == 1 else value for name, value in node.items()}


def _write_xml(tree: Any) -> str:
    if isinstance(tree, str):
        return tree
    if "" in tree:
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + _write_xml(tree[""])
    return ET.tostring(_element(tree), encoding="unicode")


def _element(node: Item) -> ET.Element:
    element = ET.Element(str(node.get("tag", "odd")), {k: str(v) for k, v in (node.get("@") or {}).items()})
    text = node.get("#")
    element.text = text if isinstance(text, str) else "" if text is None else str(text)
    for name, inside in node.items():
        if name.startswith("<"):
            for child in inside if isinstance(inside, list) else [inside]:
                if isinstance(child, dict):
                    element.append(_element(child))
                else:
                    odd = ET.SubElement(element, name[1:])
                    odd.text = str(child)
    return element


def _read_ics(text: str) -> Any:
    """``{"head": lines, "events": [{property with its parameters: value}], "tail": lines}``."""
    lines = re.sub(r"\r?\n[ \t]", "", text).splitlines()
    marks = [number for number, line in enumerate(lines) if line == "BEGIN:VEVENT"]
    ends = [number for number, line in enumerate(lines) if line == "END:VEVENT"]
    if not marks or not ends:
        return {"head": lines, "events": [], "tail": []}
    events = [_event(lines[begin + 1 : end]) for begin, end in zip(marks, ends, strict=False)]
    return {"head": lines[: marks[0]], "events": events, "tail": lines[ends[-1] + 1 :]}


def _event(lines: list[str]) -> Item:
    event: Item = {}
    for line in lines:
        name, _, value = line.partition(":")
        while name in event:
            name += " "
        event[name] = value
    return event


def _write_ics(tree: Any) -> str:
    if isinstance(tree, str):
        return tree
    if "events" not in tree:
        body = [f"{name.strip()}:{value}" for name, value in tree.items()]
        return "\r\n".join(["BEGIN:VEVENT", *body, "END:VEVENT"])
    inner = tree["events"] if isinstance(tree["events"], list) else [tree["events"]]
    return "\r\n".join([*tree["head"], *(_write_ics(each) for each in inner), *tree["tail"], ""])


JSON = Form(json.loads, _write_json, ('{"surprise": 42}', "[]", "null", '"text"', "42"), (None, {"odd": True}, "@odd@"))
XML = Form(_read_xml, _write_xml, ("<surprise/>",), ("", "@odd@"), "")
ICS = Form(_read_ics, _write_ics, ("BEGIN:VCARD\r\nVERSION:4.0\r\nEND:VCARD\r\n",), ("", "@odd@"), "\r\n")


def form_of(reply: Reply) -> Form | None:
    """None for what is written in no form known here."""
    text = reply.text.lstrip("\ufeff \r\n\t")
    form = ICS if text.startswith("BEGIN:VCALENDAR") else XML if text.startswith("<") else JSON
    try:
        form.read(text)
    except (ValueError, ET.ParseError):
        return None
    return form


# --- the list in an answer --------------------------------------------------------------------------------------------


class Listing:
    """An answer with its list of things."""

    def __init__(self, reply: Reply, form: Form, tree: Any, path: Path) -> None:
        self._reply = reply
        self._form = form
        self._tree = tree
        self._path = path
        self.items: list[Any] = at(tree, path)

    @property
    def oddities(self) -> tuple[Any, ...]:
        return self._form.oddities

    @property
    def bare(self) -> bool:
        """Whether something else than a thing may stand in the list."""
        return self._form is JSON

    def fresh(self) -> list[Any]:
        """The items, to be changed."""
        return copy.deepcopy(self.items)

    def reply(self, items: Any, total: int | None = None, before: int | None = None) -> Reply:
        """The answer with other items. Counts in it that told of `before` things in all now tell of `total`."""
        tree = self._counted(len(items) if isinstance(items, list) else 0, total, before)
        return self._written(replaced(tree, self._path, items))

    def crowded(self, items: Iterable[str], outside: Callable[[str, Any], Any]) -> Reply:
        """The answer with many items, each already written. `outside` makes what stands beside them, by its name."""
        tree = replaced(self._tree, self._path, [_SLOT])
        for path, value in list(leaves(replaced(self._tree, self._path, []))):
            tree = replaced(tree, path, outside(str(path[-1]), value))
        written = self._form.write(tree)
        slot = json.dumps(_SLOT) if self._form is JSON else _SLOT
        if self._form is XML:
            tag = str(self._path[-1])[1:]
            slot = f"<{tag}>{_SLOT}</{tag}>"
        return self._reply.but(body=written.replace(slot, self._form.join.join(items)).encode())

    def written(self, item: Any) -> str:
        return self._form.write(item)

    def _written(self, tree: Any) -> Reply:
        return self._reply.but(body=self._form.write(tree).encode())

    def _counted(self, here: int, total: int | None, before: int | None) -> Any:
        """The tree with its counts put right: of this page (`here`), and of all pages (`total`, once `before`)."""
        changes = {len(self.items): here}
        if total is not None and before is not None:
            changes[before] = total
        outside = replaced(self._tree, self._path, [])
        for path, value in leaves(outside):
            name = str(path[-1]) if path else ""
            if total == 0 and counts_pages(name, value):
                outside = replaced(outside, path, type(value)(0))
            elif counts_items(name, value) and int(value) in changes:
                outside = replaced(outside, path, type(value)(changes[int(value)]))
        return outside


def counts_items(name: str, value: Any) -> bool:
    """Whether a value beside the list seems to say how many items there are."""
    return bool(str(value).isdigit() and _TOTAL.search(name) and not _NO_TOTAL.search(name))


def counts_pages(name: str, value: Any) -> bool:
    return bool(str(value).isdigit() and _PAGES.search(name))


def listing(reply: Reply, where: str = "") -> Listing | None:
    """The list of things in an answer: at the dotted path `where`, or else the outermost one. None: there is none."""
    form = form_of(reply)
    if form is None or reply.status >= 300:
        return None
    tree = form.read(reply.text.lstrip("\ufeff \r\n\t"))
    path = _named(tree, where, form) if where else _outermost(tree)
    return Listing(reply, form, tree, path) if path is not None else None


def _named(tree: Any, where: str, form: Form) -> Path | None:
    path: list[str | int] = [""] if form is XML else []
    for step in where.split("."):
        name = f"<{step}" if form is XML else step
        inside = at(tree, tuple(path))
        if not isinstance(inside, dict) or name not in inside:
            return None
        path.append(name)
    found = at(tree, tuple(path))
    if form is XML and isinstance(found, dict):  # a list of one
        at(tree, tuple(path[:-1]))[path[-1]] = [found]
        found = [found]
    return tuple(path) if isinstance(found, list) else None


def _outermost(tree: Any) -> Path | None:
    level: list[tuple[Path, Any]] = [((), tree)]
    while level:
        lists = [(path, node) for path, node in level if isinstance(node, list) and _things(node)]
        if lists:
            return max(lists, key=lambda each: len(each[1]))[0]
        level = [
            ((*path, name), inside)
            for path, node in level
            for name, inside in (node.items() if isinstance(node, dict) else ())
        ]
    return None


def _things(node: list[Any]) -> bool:
    return any(isinstance(each, dict) for each in node)


# --- plain trees ------------------------------------------------------------------------------------------------------


def at(tree: Any, path: Path) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def replaced(tree: Any, path: Path, value: Any) -> Any:
    """The tree with another value at `path`; what lies beside the path is shared with the old one."""
    if not path:
        return value
    made = copy.copy(tree)
    made[path[0]] = replaced(tree[path[0]], path[1:], value)
    return made


def without(tree: Any, path: Path) -> Any:
    inner = copy.copy(at(tree, path[:-1]))
    del inner[path[-1]]
    return replaced(tree, path[:-1], inner)


def leaves(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every plain value with its place."""
    if isinstance(tree, dict):
        for name, inside in tree.items():
            if name != "tag":
                yield from leaves(inside, (*path, name))
    elif isinstance(tree, list):
        for number, inside in enumerate(tree):
            yield from leaves(inside, (*path, number))
    else:
        yield path, tree


def lists(tree: Any, path: Path = ()) -> Iterator[tuple[Path, list[Any]]]:
    """Every list in it with its place."""
    if isinstance(tree, list):
        yield path, tree
    inner: Sequence[tuple[str | int, Any]] = (
        list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)) if isinstance(tree, list) else []
    )
    for name, inside in inner:
        yield from lists(inside, (*path, name))
