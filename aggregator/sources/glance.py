"""A first look into a folder: is it there, can it be read, how much music is in it. Bounded in time."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

FORMATS = frozenset("mp3 flac m4a m4b mp4 aac alac ogg oga opus wav aif aiff wma".split())  # noqa: SIM905
"""Endings of music files. An estimate for people: what a provider makes of them is its own affair."""
SECONDS = 2.0
PATIENCE = 1.0
"""Further seconds for a disk that does not answer, such as a share that is away."""


@dataclass
class Glance:
    """`whole` False: the time was up, and there is more than `songs`. `trouble`: why nothing can be said."""

    folder: str
    songs: int = 0
    whole: bool = False
    trouble: str = ""


def glance(text: str, seconds: float = SECONDS) -> Glance:
    """What is in the folder that was entered."""
    if not text.strip() or "\0" in text:
        return Glance("", trouble="Enter the full path of a folder on the machine that Bandstand runs on.")
    folder = os.path.expanduser(text.strip())  # noqa: PTH111 - Path.expanduser may raise
    if not folder.startswith("/"):
        return Glance(folder, trouble=f"“{folder}” is not a full path. It begins with /, like /home/you/Music.")
    seen = Glance(folder)
    looking = threading.Thread(target=_look, args=(seen, time.monotonic() + seconds), daemon=True)
    looking.start()
    looking.join(seconds + PATIENCE)
    if looking.is_alive():
        return Glance(
            folder, trouble=f"{folder} does not answer. If it is on another machine, see that it is connected."
        )
    return seen


def _look(seen: Glance, until: float) -> None:
    try:
        inside = list(Path(seen.folder).iterdir())
    except OSError as error:
        seen.trouble = _words(seen.folder, error)
        return
    seen.songs = sum(_is_music(path.name) for path in inside if not path.is_dir())
    for path in inside:
        for _, _, names in os.walk(path):
            seen.songs += sum(map(_is_music, names))
            if time.monotonic() > until:
                return
    seen.whole = True


def _is_music(name: str) -> bool:
    return not name.startswith(".") and name.rpartition(".")[2].lower() in FORMATS


def _words(folder: str, error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return f"There is no folder {folder} on the machine that Bandstand runs on."
        case NotADirectoryError():
            return f"{folder} is a file. Enter the folder that it is in."
        case PermissionError():
            return f"Bandstand may not look into {folder}. Let the user it runs as read it, then try again."
    return f"{folder} cannot be read ({error.strerror})."
