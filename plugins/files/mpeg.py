"""The true length of MP3 files that do not state it.

Without a Xing, Info or VBRI header the length can only be guessed from the first bitrate, which is wrong as soon as
the bitrate varies. So a few frames are looked at; only where they differ is the whole file walked, frame by frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

_MPEG1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
LOOK = 64 * 1024


def true_length(stream: BinaryIO, first_frame: int, size: int) -> tuple[float, int] | None:
    """Seconds and mean bitrate where the bitrate varies; None where the first frame speaks for all."""
    if len(_bitrates(stream, first_frame) | _bitrates(stream, (first_frame + size) // 2)) < 2:
        return None
    stream.seek(first_frame)
    data = stream.read(size - first_frame)
    seconds = taken = 0.0
    for length, samples, _, rate in _frames(data, 0):
        seconds += samples / rate
        taken += length
    return (seconds, round(taken * 8 / seconds)) if seconds else None


def _bitrates(stream: BinaryIO, at: int) -> set[int]:
    stream.seek(at)
    data = stream.read(LOOK)
    return {bitrate for _, _, bitrate, _ in _frames(data, 0)}


def _frames(data: bytes, at: int) -> Iterator[tuple[int, int, int, int]]:
    """(bytes, samples, bitrate, sample rate) of layer III frames. A frame counts when another one follows it."""
    while (at := data.find(b"\xff", at)) >= 0 and at + 4 <= len(data):
        frame = _frame(data, at)
        if frame is None or (at + frame[0] + 4 <= len(data) and _frame(data, at + frame[0]) is None):
            at += 1
            continue
        yield frame
        at += frame[0]


def _frame(data: bytes, at: int) -> tuple[int, int, int, int] | None:
    _, second, third, _ = data[at : at + 4]
    version, layer, quality, speed = second >> 3 & 3, second >> 1 & 3, third >> 4, third >> 2 & 3
    if data[at] != 0xFF or second & 0xE0 != 0xE0 or version == 1 or layer != 1 or quality in (0, 15) or speed == 3:
        return None
    rate = _RATES[version][speed]
    bitrate = (_MPEG1 if version == 3 else _MPEG2)[quality] * 1000
    samples = 1152 if version == 3 else 576
    return samples // 8 * bitrate // rate + (third >> 1 & 1), samples, bitrate, rate
