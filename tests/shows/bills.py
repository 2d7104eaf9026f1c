"""Show records in few words."""

from datetime import date, time

from aggregator.plugin import Credit, Show, Tickets, Venue

HALL = {"name": "Thalia Hall", "city": "Chicago", "region": "IL", "country": "US", "latitude": 41.8577}
HALL |= {"longitude": -87.6573, "zone": "America/Chicago"}


def act(name, **ids):
    return Credit(name=name, ids=ids, role="headliner")


def bill(id="1", day="2027-07-04", start="20:00", acts=("Wild Hollow",), venue=None, seller=None, **more):
    """A show at Thalia Hall in Chicago, unless `venue` says otherwise (None as a value takes a fact away)."""
    facts = {key: value for key, value in {**HALL, **(venue or {})}.items() if value is not None}
    lineup = [one if isinstance(one, Credit) else act(one) for one in acts]
    more.setdefault("title", lineup[0].name if lineup else "Somebody")
    url = f"https://{(seller or 'tickets').lower().replace(' ', '')}.example/{id}"
    return Show(
        id=id,
        day=date.fromisoformat(day),
        start=time.fromisoformat(start) if start else None,
        venue=Venue(**facts),
        lineup=lineup,
        **{"tickets": Tickets(seller=seller, url=url), **more},
    )
