"""Songs as the player takes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import url_for

from aggregator import playback
from aggregator.library.items import SongCard
from web import shell, words
from web.context import listener


def listed(conn: Any, songs: Iterable[SongCard]) -> dict[str, Any]:
    """The songs that are files of the listener's, in their order, as JSON."""
    songs = [song for song in songs if song.audio_claim is not None]
    sounds = playback.sounds(conn, listener().id, [song.audio_claim for song in songs if song.audio_claim is not None])
    return {"songs": [_song(song, sounds[song.audio_claim]) for song in songs if song.audio_claim in sounds]}


def _song(song: SongCard, sound: playback.Sound) -> dict[str, Any]:
    return {
        "src": url_for("media.stream", claim_id=sound.claim_id),
        "type": sound.type,
        "title": song.title,
        "credit": song.credit,
        "href": url_for("library.track", item_id=song.id),
        "sleeve": shell.picture(song, 96),
        "hue": words.hue(song),
        "chip": sound.words,
        "seconds": song.seconds,
    }
