"""Tokens that say what they are good for, so that the sample services need remember nothing across restarts."""

from __future__ import annotations

import base64
import hashlib
import hmac

_KEY = b"opens nothing but the sample services"


def first_refresh(client: str) -> str:
    """What a listener who signed in long ago through this app holds."""
    return sign("refresh", client, "first")


def sign(*parts: str) -> str:
    text = "\n".join(parts).encode()
    return base64.urlsafe_b64encode(hmac.digest(_KEY, text, "sha256")[:12] + text).decode().rstrip("=")


def verify(kind: str, token: str) -> list[str] | None:
    """What was signed, without the kind; None for a token that is not ours or of another kind."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        found, *parts = raw[12:].decode().split("\n")
    except ValueError:
        return None
    return parts if found == kind and hmac.digest(_KEY, raw[12:], "sha256")[:12] == raw[:12] else None


def challenge(verifier: str) -> str:
    """What a client without a secret shows beforehand of what it will know later (PKCE, S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
