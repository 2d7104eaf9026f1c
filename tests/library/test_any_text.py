"""The rules on any text at all: they never fail, contradict themselves or take long."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.library import evidence
from aggregator.library.evidence import KINDS, Facts
from aggregator.mending import LONGEST

TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["C"]), max_size=60),
    st.lists(
        st.sampled_from(
            ["Harbour", "(Live)", "[feat. Ana]", " - ", "2011 Remaster", "vol", "II", "&", "/", "12", "3:45", "#1",
             "Track", "***", "(", ")", "…", "the", ", The", "$ 1.29", "_", "--", "‘’", "Pt.", "Кино", "東京", "e\u0301"]
        ),
        max_size=12,
    ).map("".join),
)  # fmt: skip
SHOWN = st.characters(exclude_categories=["C", "Z", "M"])
NAME = st.tuples(SHOWN, TEXT).map("".join)
"""What a record of today may be called, and a little more."""
LENGTH = st.one_of(st.none(), st.floats(0.001, 86_400))
FLOODS = (
    "x", " ", "(", ")", "[", "]", "-", " - ", "_", "a-", "(a) ", "1", "1:23 ", "#", "*", "a*b", "feat. ", "& ",
    "e\u0301", "\u0301", "🎸", "東", "?!", "the ", "Vol. 1 ", "II ", "$ 1.29 ", "rock ", "(Live) ", "((", "a, ",
    "'", "/", "No. 1 ", "2011 Remaster ", "\u202e", "a b ", "((a)", "--- ", "unk", "Part 1 of 2 ", "op. ", "[x (",
    "feat", "pop/", "a1",
)  # fmt: skip
"""What a text may be made of, over and over."""


def claim(kind: str, title: str, name: str, album: str, seconds: float | None) -> Facts:
    credits = [{"name": name}]
    payload: dict[str, Any] = {
        "artist": {"name": name, "aliases": [title] if title else []},
        "album": {"title": title, "credits": credits},
        "recording": {"title": title, "credits": credits, "album": album, "position": 3}
        | ({"seconds": seconds} if seconds else {}),
        "show": {"title": title, "lineup": credits, "day": "2026-05-01", "venue": {"name": album, "city": name}},
    }[kind]
    return Facts(payload, {"title": album, "credits": credits} if kind == "recording" and seconds else {}, "a/1")


SIDE = (NAME, NAME, NAME, LENGTH)
CLAIM = st.tuples(st.sampled_from(KINDS), *SIDE, *SIDE)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(CLAIM)
def test_any_two_claims_can_be_weighed(case):
    kind, *said = case
    rules = evidence.rules(kind)
    a, b = (rules.form(claim(kind, *side)) for side in (said[:4], said[4:]))
    assert a == rules.form(claim(kind, *said[:4])) and hash(a) == hash(rules.form(claim(kind, *said[:4])))
    assert all(isinstance(key, str) for form in (a, b) for key in rules.keys(form))
    assert rules.compare(a, b) == rules.compare(a, b) and rules.compare(b, a).word
    assert rules.compare(a, a).word not in ("different", "unsure")


@pytest.mark.parametrize("flood", FLOODS, ids=repr)
@pytest.mark.parametrize("kind", KINDS)
def test_no_text_takes_long(kind, flood):
    """As long as a title can be: some milliseconds; a second is for a machine that has much else to do."""
    text = "B" + (flood * LONGEST)[: LONGEST - 1]
    rules = evidence.rules(kind)
    begun = time.process_time()
    one = rules.form(claim(kind, text, text, text, 200.0))
    other = rules.form(claim(kind, f"Harbour {text}", f"{text} Ana", "Blue Room", None))
    list(rules.keys(one)), list(rules.keys(other))
    rules.compare(one, other)
    rules.compare(one, one)
    assert time.process_time() - begun < 1.0
