"""Whatever stands in an address or a form, the answer is never an error of the server."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule

HOSTILE = ("99999999999999999999", "9" * 5000, "-1", "nan", "²", "harbour " * 625, "a\0b", "🎺", "")
QUERIES = (
    "after", "before", "day", "download", "genre", "kind", "limit", "month", "name", "next", "only", "page", "path",
    "q", "recommended", "seen", "show", "sort", "state", "text", "title", "view", "year",
)  # fmt: skip
FORMS = (
    "a", "account_name", "address", "answer", "b", "back", "claims", "code", "current", "density", "folder", "from",
    "kind", "latitude", "longitude", "name", "new", "next", "novelty", "on", "other", "own_after_plays", "owner",
    "password", "radius", "role", "sure", "text", "theme", "topic", "unit", "until", "value", "verdict", "week_start",
    "what", "word", "zip", "zone",
)  # fmt: skip
ENDS_THE_SESSION = ("sign_in.leave",)


def addresses(rule: Rule, value: str) -> set[str]:
    """The rule with the first item in every gap, and with the value in every gap that takes any text or number."""
    first = re.sub(r"<any\((\w+).*?\):\w+>", r"\1", rule.rule)
    return {re.sub(r"<(?:\w+:)?\w+>", filled, first) for filled in ("1", quote(value or "1", safe=""))}


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value[:12]))
def test_no_address_and_no_form_breaks_a_page(at_home: FlaskClient, value: str) -> None:
    walked = 0
    for rule in at_home.application.url_map.iter_rules():
        if rule.endpoint in ("static", *ENDS_THE_SESSION):
            continue
        for address in addresses(rule, value):
            for method in rule.methods & {"GET", "POST"}:
                form = dict.fromkeys(FORMS, value) if method == "POST" else None
                answer = at_home.open(address, method=method, query_string=dict.fromkeys(QUERIES, value), data=form)
                assert answer.status_code < 500, f"{method} {address[:80]} answered {answer.status}"
                walked += 1
    assert walked > 40


@pytest.mark.parametrize("kind", ["albums", "artists", "tracks", "shows", "stream"])
def test_a_number_beyond_all_numbers_is_not_found(at_home: FlaskClient, kind: str) -> None:
    assert at_home.get(f"/{kind}/99999999999999999999").status_code == 404


def test_a_long_question_is_cut(at_home: FlaskClient) -> None:
    assert at_home.get("/search", query_string={"q": "harbour " * 400}).status_code == 200
