"""The laws of the merge, on the stored library: no order, batch, kill or earlier merge changes what is one thing."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.library import decisions, merging
from aggregator.store import faults
from tests.library.house import ANA
from tests.library.worlds import KINDS, LAWS, WORLD, a_house, a_house_of, decide, differences, picture, tell

pytestmark = pytest.mark.timeout(600)

ORDER = st.randoms(use_true_random=False)
BATCHES = st.sampled_from([1, 3, 1000])
NIGHTS = st.lists(WORLD, min_size=2, max_size=3)


@contextmanager
def batches_of(claims: int) -> Iterator[None]:
    """A merge decides so many claims in one transaction."""
    before, merging.BATCH = merging.BATCH, claims
    try:
        yield
    finally:
        merging.BATCH = before


@LAWS
@given(NIGHTS, ORDER, BATCHES, BATCHES, st.integers())
def test_neither_order_nor_batches_change_anything(nights, order, batch, claims, seed):
    """Two houses are told the same in other orders, night by night: records come, change, go and come back. By day a
    listener decides the same in both."""
    with a_house() as one, a_house() as other:
        for number, world in enumerate(nights):
            tell(one, world)
            one.merge()
            tell(other, world, order, batch)
            with batches_of(claims):
                other.merge()
            assert differences(picture(one), picture(other)) == {}
            for house in (one, other):
                decide(house, KINDS[(seed + number) % 4], random.Random(seed))
                house.now += 86_400
            assert differences(picture(one), picture(other)) == {}


@LAWS
@given(NIGHTS, ORDER, BATCHES)
def test_one_merge_in_the_end_ends_where_merging_after_each_sync_ends(nights, order, claims):
    with a_house() as often, a_house() as once:
        for world in nights:
            with batches_of(claims):
                tell(often, world, nightly=True)
            tell(once, world, order)
            often.now, once.now = often.now + 86_400, once.now + 86_400
        once.merge()
        assert differences(picture(often), picture(once)) == {}


@LAWS
@given(NIGHTS, ORDER, st.booleans(), BATCHES)
def test_nightly_merges_end_where_a_rebuild_from_zero_ends(nights, order, deciding, claims):
    """Numbers, rows, totals: all equal."""
    with a_house() as house:
        for world in nights:
            tell(house, world, order, nightly=True)
            house.now += 86_400
            if deciding:
                decide(house, order.choice(KINDS), order)
        merged = house.derived()
        with batches_of(claims):
            merging.rebuild(house.store)
        assert merged == house.derived()


@LAWS
@given(NIGHTS, st.sampled_from([1, 2, 5]), st.data())
def test_a_merge_that_is_killed_goes_on_where_it_stopped(nights, claims, data):
    """Whichever commit it dies at, and however often."""
    with a_house() as house:
        for world in nights:
            tell(house, world)
        house.store.close()
        with a_house(house.store.folder) as undisturbed, a_house(house.store.folder) as killed, batches_of(claims):
            faults.arm("")
            undisturbed.merge()
            commits = faults.commits
            for _ in range(data.draw(st.integers(1, 3))):
                when = data.draw(st.sampled_from(["before", "after"]))
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(faults, "die", _die)
                    faults.arm(f"{when}:{data.draw(st.integers(1, max(1, commits)))}")
                    try:
                        killed.merge()
                    except Killed:
                        pass
                    finally:
                        faults.arm("")
            killed.merge()
            assert killed.derived() == undisturbed.derived()


class Killed(BaseException):
    """What stands for SIGKILL here; tests/torture does it to real processes."""


def _die() -> None:
    raise Killed


@LAWS
@given(WORLD, st.sampled_from(KINDS), ORDER)
def test_a_decision_taken_back_leaves_everything_as_it_was(world, kind, pick):
    with a_house_of(world) as house:
        before = house.derived()
        decision = decide(house, kind, pick)
        if decision is None:
            return
        during = house.derived()
        merging.rebuild(house.store)
        assert during == house.derived()
        decisions.undo(house.store, ANA, decision)
        assert before == house.derived()
