"""The code blocks of docs/plugin-reference.md, taken from aggregator/plugin.py::

    python -m tests.reference

rewrites the block below each name's heading and leaves the words alone. `tests/test_guide.py` holds both together.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from aggregator import plugin

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/plugin-reference.md"
SOURCE = ROOT / "aggregator/plugin.py"

ALSO = ("Record", "Told", "Name", "Text", "Identity", "Ids", "Credited", "PartialDate", "Seconds", "Moment", "Day")
"""Not for import, but signatures speak of them."""
FOREIGN = {
    "why": "def why(error: Exception) -> str: ...",
    "Field": "from pydantic import Field",
    "SecretStr": "from pydantic import SecretStr",
}

_SECTION = re.compile(r"^### `(?P<name>\w+)`\n(?P<body>.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"```python\n(.*?)```\n", re.DOTALL)


def names() -> list[str]:
    return [*plugin.__all__, *ALSO]


def signature(name: str) -> str:
    """The code that declares a name, without its docstrings and the bodies of its methods."""
    if name in FOREIGN:
        return FOREIGN[name]
    for node in ast.parse(SOURCE.read_text(encoding="utf-8")).body:
        if name in _declared(node):
            return _as_written(ast.unparse(_Bare().visit(node)))
    raise KeyError(name)


def _as_written(code: str) -> str:
    """In the project's own style, which `ast` does not know."""
    on_one_line = re.sub(r":\n +\.\.\.$", ": ...", code, flags=re.MULTILINE)
    return re.sub(r"\n\n(?= +def| +@property)", "\n", on_one_line).replace("'", '"')


def _declared(node: ast.stmt) -> set[str]:
    match node:
        case ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            return {target.id for target in targets if isinstance(target, ast.Name)}
    return set()


class _Bare(ast.NodeTransformer):
    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self.generic_visit(node)
        node.body = node.body or [ast.Expr(ast.Constant(...))]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.body = [ast.Expr(ast.Constant(...))]
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        return None if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str) else node


def sections(page: str) -> dict[str, tuple[str, str]]:
    """Code and words by name, as the page has them."""
    found = {}
    for match in _SECTION.finditer(page):
        code = _BLOCK.search(match["body"])
        found[match["name"]] = (code[1].rstrip() if code else "", _BLOCK.sub("", match["body"]).strip())
    return found


def renewed(page: str) -> str:
    """The page with every block as the source has it now."""

    def renew(match: re.Match[str]) -> str:
        block = f"```python\n{signature(match['name'])}\n```\n"
        return f"### `{match['name']}`\n\n{block}\n{_BLOCK.sub('', match['body']).strip()}\n\n"

    return _SECTION.sub(renew, page).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
