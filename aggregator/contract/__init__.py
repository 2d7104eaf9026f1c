"""The contract tests: whether a provider keeps what `aggregator.plugin` asks of it, offline and within a second.

From the command line, one line per check (``ok``, ``n/a`` with the reason, ``FAILED`` with the reason)::

    python -m aggregator.contract gigfinder.py

With pytest, by naming the file (``pytest gigfinder.py``), or in a test file of one's own::

    from aggregator.contract import Contract
    from gigfinder import GigFinder

    class TestGigFinder(Contract):
        provider = GigFinder            # or the path of its file

**Recorded replies.** A check never talks to the service. It runs the provider in this process behind the real gate,
whose last step to the network is replaced by a file of recorded answers: *NAME*``.replies.json`` beside the provider, a
folder above, or among the tests of its project (*NAME* is the name of its file, or its id). ``bandstand try PROVIDER
--record`` writes that file from live answers, with the secrets cut out; by hand it is::

    {
      "settings": {"city": "Ghent"},
      "exchanges": [
        {"request": "GET https://api.example.org/gigs?page=1", "body": {"gigs": [{"id": 1}], "pages": 2}},
        {"request": "GET https://api.example.org/gigs?page=2", "body": {"gigs": [{"id": 2}], "pages": 2}}
      ]
    }

settings   what the listener would have entered. Secrets need not be given: the checks make some up, and look for them
           afterwards in everything that the provider left behind. A path is taken from where the file is.
exchanges  `request`: method and address; ``*`` stands for anything, and only the parameters that are named have to be
           in the query (or in a form that is sent). Of several that fit, the one with most parameters is taken; one
           address told twice answers in turn. `body`: JSON or text, or `file`: a file beside this one. `status`,
           `headers`.
artists, area, cursor, artist, friend, search, tag
           what to ask with, where the answers depend on it: see `aggregator.plugin`. All may be left out.
trouble    how this service says no, where it does not use the usual status: ``{"unauthorized": {"status": 400, "body":
           …}, "rate-limited": …, "unavailable": …}``.
items      where the list of things is in an answer (``"data.events"``), where it is not the outermost list.
sign_in    what the service sends back to the redirect, for `finish`: ``{"code": "abc"}``.
memory_mb  how much 10,000 items may take, where a provider has to read the whole list first (6, unless told).

**How odd answers are made.** The recorded answers are changed in every way that services were seen to change them:
the list of things in them (JSON, XML or iCalendar) is found, and its items are taken out, mangled one field at a time,
named oddly, doubled, emptied, or multiplied to 10,000. So two pages with two or three items each are all that it
takes, and the fuller they are, the more is tried. What cannot be tried with a provider or its replies is said to be not
applicable, with the reason. It is never counted as passed.
"""

from aggregator.contract.case import Verdict, check_provider, load
from aggregator.contract.suite import Contract

__all__ = ["Contract", "Verdict", "check_provider", "load"]
