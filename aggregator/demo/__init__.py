"""The demo: invented music and listeners, and sample services that speak the real ones' language."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.config import Config
    from aggregator.demo.service import Running

MARK = "demo.json"
"""In the demo's data directory: when its story began, when it was last told, and the ports the services had then."""


def lives_in(data: Path) -> bool:
    """Whether the demo has moved in there. The marked folder is its own for good."""
    return (data / MARK).exists()


def prepare(config: Config) -> list[Running]:
    """Start the sample services and, the first time, write the demo's listeners and sources. The caller closes them."""
    from aggregator.demo.house import prepare as begin  # imported late: the services themselves need none of it

    return begin(config)
