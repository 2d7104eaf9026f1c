"""Keeps a child out of private networks, where its account's address is anybody's word.

A venue's calendar is read from an address that a listener typed, and that leads on to others by redirects; a member may
type one for any other service, too. None of them may make Bandstand call what stands behind the household's router. The
check is made where a socket connects, after names are resolved, so that no trick with names passes it.
"""

from __future__ import annotations

import ipaddress
import sys
from typing import Any

from aggregator.plugin import AuthFailed


def stay_outside() -> None:
    """From now on no socket of this process connects to an address inside a private network, for good."""
    sys.addaudithook(_look)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple) and not is_public(str(arguments[1][0])):
        raise AuthFailed(
            f"{arguments[1][0]} is an address inside a private network, which is not read for a source like this. Check"
            " the address; who runs this Bandstand may allow it (private_addresses in the configuration)."
        )


def is_public(address: str) -> bool:
    """Whether an IP address is reachable from anywhere. A name that was not resolved is not."""
    try:
        told = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = getattr(told, "ipv4_mapped", None) or getattr(told, "sixtofour", None)
    return told.is_global and not told.is_multicast if inner is None else is_public(str(inner))
