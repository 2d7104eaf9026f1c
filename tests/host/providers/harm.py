"""A provider that reads well once, and then does harm in one of many ways after two good records."""

import contextlib
import ctypes
import json
import os
import re
import signal
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

from aggregator.plugin import (
    Artist,
    BadData,
    Checkpoint,
    Complete,
    Credit,
    Discovery,
    Edition,
    History,
    Library,
    Play,
    Progress,
    Provider,
    RateLimited,
    Show,
    Shows,
    Unavailable,
    Venue,
)

MUCH = 10_000_000


class Harm(Provider, Library, History, Shows, Discovery):
    id = "harm"
    name = "Harm"
    deadline = timedelta(seconds=40)
    memory_mb = 512

    class Settings(Provider.Settings):
        way: str = "good"

    def library(self):
        if self.settings.way == "good":
            return (Edition(id=f"e{number}", title=f"Album {number}") for number in range(6))
        if self.settings.way == "gives_a_number":
            return 5
        if self.settings.way == "gives_nothing":
            return None
        return self._harm()

    def _harm(self):
        yield Edition(id="e0", title="Album 0")
        yield Edition(id="new", title="New")
        yield from getattr(self, self.settings.way)() or ()

    # --- what it raises -----------------------------------------------------------------------------------------------

    def raises(self):
        raise KeyError("artists")

    def raises_in_close(self):
        try:
            yield {"no": "record"}
        finally:
            raise ValueError("in close")

    def never_closes(self):
        while True:
            with contextlib.suppress(GeneratorExit):
                yield 5

    def exits(self):
        sys.exit(0)

    def interrupts(self):
        raise KeyboardInterrupt

    def stops(self):
        raise StopIteration

    def recurses(self):
        return self.recurses()

    def cannot_say(self):
        class Mute(Exception):
            def __str__(self):
                raise ValueError("no words")

        raise Mute

    def says_too_much(self):
        raise BadData("x" * MUCH)

    def says_half_characters(self):
        self.log.warning("caf\udce9")
        raise BadData("caf\udce9")

    def asks_for_no_number(self):
        raise RateLimited("later", "soon")

    def asks_for_ever(self):
        raise RateLimited("later", float("inf"))

    # --- how it ends --------------------------------------------------------------------------------------------------

    def dies(self):
        os._exit(3)

    def crashes(self):
        ctypes.string_at(0)

    def aborts(self):
        os.abort()

    def is_alarmed(self):
        signal.raise_signal(signal.SIGALRM)

    def is_signalled(self):
        os.kill(os.getpid(), signal.SIGRTMIN + 3)

    # --- how it takes ------------------------------------------------------------------------------------------------

    def takes_memory(self):
        self.held = bytearray(2 << 30)

    def takes_memory_slowly(self):
        self.held = []
        while True:
            self.held.append(bytearray(1 << 20))

    # --- how it hangs (as `HarmLate`) ---------------------------------------------------------------------------------

    def hangs(self):
        time.sleep(600)

    def hangs_in_c(self):
        ctypes.PyDLL(None).sleep(600)  # nobody else gets the interpreter

    def hangs_in_a_pattern(self):
        re.match(r"(a+)+$", "a" * 60 + "b")

    def hangs_deaf(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        time.sleep(600)

    def never_ends(self):
        number = 0
        while True:
            time.sleep(0.002)
            yield Edition(id=f"more{(number := number + 1)}", title="More")

    def stops_itself(self):
        os.kill(os.getpid(), signal.SIGSTOP)

    # --- what it yields -----------------------------------------------------------------------------------------------

    def yields_a_dict(self):
        yield {"type": "edition", "id": "b", "title": "B"}

    def yields_a_play(self):
        yield Play(at=datetime.now(UTC), title="Song", credits=[Credit(name="Somebody")])

    def yields_wrong_types(self):
        yield Edition.model_construct(id=5, title=["no text"])

    def yields_an_empty_id(self):
        yield Edition.model_construct(id="", title="Nothing")

    def yields_a_huge_record(self):
        yield Edition(id="huge", title="Big", label="x" * MUCH)

    def yields_a_million(self):
        for number in range(1_000_000):
            yield Edition(id=f"m{number % 10}", title="Many")

    def yields_after_complete(self):
        yield Complete()
        yield Edition(id="late", title="Late")

    def completes_twice(self):
        yield Complete(scope="part")
        yield Complete(scope="part")

    # --- what it does to its process ----------------------------------------------------------------------------------

    def writes_into_the_pipe(self):
        os.write(int(sys.argv[1]), b"hello host, " * 1000)
        time.sleep(600)

    def closes_the_pipe(self):
        os.close(int(sys.argv[1]))
        yield Edition(id="late", title="Late")

    def closes_all_files(self):
        os.closerange(0, 256)
        yield Edition(id="late", title="Late")

    # --- what it does to its state ------------------------------------------------------------------------------------

    def keeps_no_json(self):
        self.state["seen"] = {1, 2}

    def keeps_too_much(self):
        self.state["seen"] = "x" * (70 << 20)

    # --- what harms nobody --------------------------------------------------------------------------------------------

    def starts_a_thread(self):
        threading.Thread(target=time.sleep, args=(600,)).start()

    def patches_output(self):
        sys.stdout = sys.stderr = None
        print("nowhere")

    def closes_output(self):
        sys.stdout.close()
        os.close(2)

    def leaves(self):
        os.chdir("/")
        sys.path.clear()

    def forgets(self):
        self.state["kept"] = 1
        self.state.clear()
        del self.state

    def prints_without_end(self):
        for _ in range(200):
            os.write(1, b"x" * 100_000)

    def logs_without_end(self):
        for number in range(50_000):
            self.log.info("line %d", number)

    def counts_too_far(self):
        yield Progress(done=10**30, total=10**31, doing="x" * 1000)

    def lies_about_text(self):
        class Text(str):
            def __str__(self):
                raise ValueError("no text")

        class Mine(Edition):
            extra: int = 5

        yield Mine(id=Text("mine"), title=Text("Mine"))

    def forks(self):
        for lone in (False, True):
            pid = os.fork()
            if pid == 0:
                if lone:
                    os.setsid()
                time.sleep(600)
                os._exit(0)
            self.log.info("forked %d", pid)

    # --- a delta ------------------------------------------------------------------------------------------------------

    def plays(self, cursor):
        for number in range(2):
            at = datetime.fromtimestamp(1_700_000_000 + number, UTC)
            yield Play(at=at, title=f"Song {number}", credits=[Credit(name="Somebody")])
        yield Checkpoint(cursor="good")
        yield Play(at=datetime.now(UTC), title="Song 3", credits=[Credit(name="Somebody")])
        if self.settings.way == "dies":
            os._exit(3)
        yield Checkpoint(cursor="x" * MUCH)

    # --- shows --------------------------------------------------------------------------------------------------------

    def shows(self, artists, area):
        yield Show(id=f"s{area.radius_km:g}", title="Gig", day=area.until, venue=Venue(name="Hall"))
        time.sleep(0.3)  # so that the end leaves as a batch of its own
        if area.radius_km == 7:
            raise KeyError("the last one")

    # --- live answers -------------------------------------------------------------------------------------------------

    def similar(self, artist):
        match artist.name:
            case "endless":
                return self._endless()
            case "wrong":
                return [(Artist(id="a", name="A"), "much")]
            case "dead":
                os._exit(3)
            case "none":
                return None
        raise Unavailable(json.dumps(artist.ids))

    def _endless(self):
        while True:
            yield Artist(id="a", name="A"), 0.5

    def tags(self, artist):
        return ["folk"]

    def albums_of(self, artist):
        time.sleep(600)


class HarmLate(Harm):
    """The same, with little time."""

    id = "harm_late"
    name = "Late"
    deadline = timedelta(seconds=1.5)
