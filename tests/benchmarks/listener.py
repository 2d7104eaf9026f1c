"""Sixty days with the product's own list: one invented listener looks at Discover every day, plays, and says things.

Everything is real but the music and the people: the store, the nightly ranking from stored answers, the rows of the
page, what being seen does, and each word of feedback. The listener has five tastes of known shares and puts a child to
bed with nursery rhymes at seven. Reported is what a reader of docs/recommendations.md wants to know: how often the same
things are shown, whether tastes have their share, how much is new, and what each word does.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from pathlib import Path
from statistics import mean

from aggregator import listeners, recommendations
from aggregator.library.folding import fold_name
from aggregator.plugin import Artist, Credit, Edition, Play
from aggregator.recommendations.rows import HAD
from aggregator.store import open_store
from tests.recommendations.house import House

SEED = 20261122
DAYS = 60
FIRST_DAY = date(2026, 3, 1)
TASTES = {"dream pop": 0.40, "jazz": 0.22, "doom metal": 0.14, "techno": 0.08, "nursery rhymes": 0.16}
BEDTIME = 19
ACTS = 120  # of each taste, of which the listener knows
KNOWN = 9
LISTENS_BEFORE = 3000
LISTENS_A_DAY = 15
LOOKED_AT = 40  # albums at the beginning of the list, before and after a word


@dataclass(frozen=True)
class Act:
    """An invented artist: number 0 of a taste has the most listeners."""

    taste: str
    number: int

    @property
    def name(self) -> str:
        return f"{self.taste.title()} {self.number:02}"

    @property
    def record(self) -> Artist:
        return Artist(id=f"act:{self.name}", name=self.name)

    @property
    def albums(self) -> list[str]:
        return [f"{word} of {self.name}" for word in ("Beginnings", "Rooms", "Letters", "Returns")]

    @property
    def fans(self) -> int:
        return int(400_000 / (1 + self.number) ** 0.8)

    @property
    def tags(self) -> dict[str, float]:
        return {self.taste: 100.0, f"{self.taste} {self.number % 3}": 60.0, ("live", "studio")[self.number % 2]: 20.0}


class Services:
    """What providers say about the acts: near numbers are similar, and the best known of other tastes now and then."""

    def __init__(self) -> None:
        self.acts = {fold_name(act.name): act for act in (Act(taste, n) for taste in TASTES for n in range(ACTS))}
        self.stars = sorted(self.acts.values(), key=lambda act: (-act.fans, act.taste))[:50]

    def answer(self, method: str, key: str) -> list:
        if method == "chart":
            return [_json(act) for act in self.stars]
        if method == "tag_artists":
            return [[_json(act), int(act.tags[key] * act.fans)] for act in self.acts.values() if key in act.tags][:100]
        act = self.acts.get(key)
        return getattr(self, f"_{method}")(act) if act else []

    def _similar(self, act: Act) -> list:
        dice = random.Random(act.name)
        same = [other for other in self.acts.values() if other.taste == act.taste and other != act]
        same.sort(key=lambda other: abs(other.number - act.number) + dice.uniform(0, 25))
        near = same[:35] + dice.sample(self.stars, 5)
        return [[_json(other), round(1 - place / 45, 3)] for place, other in enumerate(near) if other != act]

    def _tags(self, act: Act) -> list:
        return [{"name": tag, "weight": weight} for tag, weight in act.tags.items()]

    def _listeners(self, act: Act) -> list:
        return [act.fans]

    def _top_songs(self, _act: Act) -> list:
        """Nothing: the report is of albums and artists."""
        return []

    def _albums_of(self, act: Act) -> list:
        credits = [Credit(name=act.name)]
        albums = [Edition(id=f"album:{title}", title=title, credits=credits) for title in act.albums]
        return [album.model_dump(mode="json", exclude_none=True) for album in albums]


@dataclass
class Life:
    """The listener's sixty days; `pages` are those of Discover, one a day."""

    house: House
    services: Services = field(default_factory=Services)
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))
    pages: list[recommendations.Discover] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    answered: set[tuple[str, str]] = field(default_factory=set)

    def begin(self) -> None:
        start = FIRST_DAY - timedelta(days=365)
        self._listen(self._picked(LISTENS_BEFORE), start, 365)
        tops = {"Mika": ("dream pop", "techno"), "Zoe": ("jazz", "doom metal")}
        for name, tastes in tops.items():
            self.house.befriend(name)
            plays = [[_json(Act(taste, n)), 300 - 5 * n] for taste in tastes for n in range(5, 40, 2)]
            self.house.answer("top_artists", name.lower(), plays)
        self.night(FIRST_DAY)

    def day(self, number: int) -> None:
        """Look, listen; every third day put on the first album shown; then the night."""
        today = FIRST_DAY + timedelta(days=number)
        with self.house.store.read() as conn:
            page = recommendations.discover(conn, self.house.me, today)
        recommendations.note_seen(self.house.store, self.house.me, page.cards, today)
        self.pages.append(page)
        heard = self._picked(LISTENS_A_DAY)
        if number % 3 == 0:
            first = next(card for row in page.rows if row.key not in HAD for card in row.cards if card.kind == "album")
            heard += [(self.services.acts[fold_name(first.credit)], first.title)] * 4
        self._listen(heard, today, 1)
        self.night(today + timedelta(days=1))

    def night(self, day: date) -> None:
        """Answer what the product wants to know until it wants nothing more; rank."""
        for _ in range(4):
            if not self._asked():
                break
        began = time.perf_counter()
        recommendations.refresh(self.house.store, self.house.me, int(_noon(day).timestamp()))
        self.seconds.append(time.perf_counter() - began)

    def _asked(self) -> int:
        with self.house.store.read() as conn:
            wanted = recommendations.wanted(conn, self.house.me)
        new = [each for each in wanted if (each.method, each.key) not in self.answered and each.method != "top_artists"]
        for each in new:
            self.answered.add((each.method, each.key))
            self.house.answer(each.method, each.key, self.services.answer(each.method, each.key))
        return len(new)

    def _picked(self, count: int) -> list[tuple[Act, str]]:
        """So many listens by the shares of the tastes, the favourites of each more often."""
        ladder = list(accumulate(1 / (1 + place) for place in range(KNOWN)))
        found = []
        for taste in self.dice.choices(list(TASTES), list(TASTES.values()), k=count):
            place = self.dice.choices(range(KNOWN), cum_weights=ladder)[0]
            act = Act(taste, 3 + 5 * place)
            found.append((act, act.albums[self.dice.randrange(2)]))
        return found

    def _listen(self, heard: list[tuple[Act, str]], day: date, days: int) -> None:
        plays = []
        for n, (act, album) in enumerate(heard):
            hour = BEDTIME if act.taste == "nursery rhymes" else 9 + n % 9
            at = datetime(day.year, day.month, day.day, hour, n % 60, n // 60 % 60, tzinfo=UTC)
            at += timedelta(days=n * days // len(heard))
            title = f"Song {self.dice.randint(1, 8)} from {album}"
            plays.append(Play(at=at, title=title, credits=[Credit(name=act.name)], album=album))
        self.house.take(self.house.scrobbles, plays)


def main(days: int = DAYS) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        life = Life(House(store, listeners.create(store, "Ana", "owner").id))
        life.begin()
        for number in range(days):
            life.day(number)
        for line in [*_repeats(life), *_shares(life), *_newness(life), *_words(life), *_keeping_out(life)]:
            print(line)
        store.close()


# --- what is reported -------------------------------------------------------------------------------------------------


def _repeats(life: Life) -> Iterator[str]:
    shown = [{card.item for card in _new_cards(page)} for page in life.pages]
    days = Counter(item for page in shown for item in page)
    again = mean(len(page & before) / len(page) for before, page in pairwise(shown))
    in_a_month = max(Counter(item for page in shown[:30] for item in page).values())
    yield f"{len(days)} different things in {len(shown)} days, {mean(map(len, shown)):.0f} on a page"
    yield f"each shown on {mean(days.values()):.1f} days, at most {max(days.values())} ({in_a_month} in thirty)"
    yield f"on the page of the day before: {again:.0%}"
    by = [Counter(card.credit for card in _new_cards(page) if card.kind == "album") for page in life.pages]
    yield f"albums by one artist on a page: at most {max(max(each.values()) for each in by)}"
    yield f"a night's ranking: {mean(life.seconds):.2f} s"


def _shares(life: Life) -> Iterator[str]:
    shown = Counter(_taste(life, card) for page in life.pages for card in _new_cards(page))
    for taste, share in TASTES.items():
        yield f"{taste:15} {share:4.0%} of plays, {shown[taste] / shown.total():4.0%} of what is shown"


def _newness(life: Life) -> Iterator[str]:
    known = {Act(taste, 3 + 5 * place).name for taste in TASTES for place in range(KNOWN)}
    cards = [card for page in life.pages for card in _new_cards(page)]
    yield f"things never heard: {mean(card.plays == 0 for card in cards):.0%}"
    yield f"by artists never heard: {mean(card.credit not in known for card in cards):.0%}"


def _words(life: Life) -> Iterator[str]:
    """Each word about the first album of jazz, or its artist; taken back before the next."""
    house, day = life.house, FIRST_DAY + timedelta(days=len(life.pages))
    one = next(card for card in house.albums() if _taste(life, card) == "jazz")
    before, on_page = _count(life), _on_pages(life, day)["jazz"]
    for word in ("more", "less", "know", "never"):
        kind, item = ("artist", one.artist_id) if word == "never" else ("album", one.id)
        said = recommendations.say(house.store, house.me, kind, item, word)
        after, page = _count(life), _on_pages(life, day)["jazz"]
        there = sum(card.credit == one.credit for card in house.albums())
        recommendations.take_back(house.store, house.me, said.id)
        undone = "as before" if _count(life) == before else "NOT as before"
        yield (
            f"{word:5} {kind:6} jazz in the first {LOOKED_AT} {before['jazz']} -> {after['jazz']},"
            f" of the page {on_page:.0%} -> {page:.0%}, albums by the artist left {there}, taken back: {undone}"
        )


def _keeping_out(life: Life) -> Iterator[str]:
    house, day = life.house, FIRST_DAY + timedelta(days=len(life.pages))
    before = _on_pages(life, day)
    told = recommendations.exclude(house.store, house.me, "hours", f"{BEDTIME}-{BEDTIME + 1}")
    life.night(day)
    after = _on_pages(life, day)
    change = f"{before['nursery rhymes']:.0%} -> {after['nursery rhymes']:.0%}"
    yield f"hours from {BEDTIME} kept out: nursery rhymes {change} of what is shown"
    yield f"  ({told})"


def _on_pages(life: Life, day: date) -> dict[str, float]:
    shown: Counter[str] = Counter()
    with life.house.store.read() as conn:
        for ahead in range(5):
            page = recommendations.discover(conn, life.house.me, day + timedelta(days=ahead))
            shown.update(_taste(life, card) for card in _new_cards(page))
    return defaultdict(float, {taste: count / shown.total() for taste, count in shown.items()})


def _count(life: Life) -> Counter[str]:
    return Counter(_taste(life, card) for card in life.house.albums(LOOKED_AT))


def _new_cards(page: recommendations.Discover) -> list[recommendations.Card]:
    """What the listener does not have."""
    return [card for row in page.rows if row.key not in HAD for card in row.cards]


def _taste(life: Life, card: recommendations.Card) -> str:
    return life.services.acts[fold_name(card.credit)].taste


def _json(act: Act) -> dict[str, str]:
    return act.record.model_dump(mode="json", exclude_defaults=True)


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


if __name__ == "__main__":
    main()
