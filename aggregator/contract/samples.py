"""Checks of what can be heard of something new: an answer without a sample that plays is a silent button."""

from __future__ import annotations

from urllib.parse import urlsplit

from aggregator import fetching
from aggregator.contract.case import Failed, NotApplicable, Subject, check, told
from aggregator.plugin import Track


@check("live")
def samples_play(subject: Subject) -> None:
    """Each song of previews() has a sample, at an https address on one of the provider's `artwork_hosts`, and has it
    again when that song is asked for by itself."""
    if subject.method != "previews":
        raise NotApplicable(f"{subject.method} is not asked for samples")
    songs = subject.whole.of(Track)
    for song in songs:
        _sounds(subject, song)
    again = subject.run(argument=songs[0])
    if again.unanswered:
        raise Failed(f"Nothing is recorded for one of its songs alone: {again.unanswered[0].url}")
    if again.error:
        raise Failed(f"Asked for one of its own songs, {told(again.error)}.")
    if [song.id for song in again.of(Track)] != [songs[0].id]:
        raise Failed(f"Asked for its own song {songs[0].id!r}, it answered with {[s.id for s in again.of(Track)]}.")
    _sounds(subject, again.of(Track)[0])


def _sounds(subject: Subject, song: Track) -> None:
    if not song.preview:
        raise Failed(f"{song.title!r} has no preview: previews() leaves out what cannot be heard.")
    parts = urlsplit(song.preview)
    if parts.scheme != "https" or not fetching.named(parts.hostname or "", subject.case.cls.artwork_hosts):
        raise Failed(f"The preview of {song.title!r} is not at https on a host of artwork_hosts: it is never fetched.")
