"""Sleeves for music without artwork: drawn from the title, the same each time, never a grey box."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator

SIDE = 300


def seed(text: str) -> str:
    """Eight hexadecimal digits; upper and lower case make no difference."""
    return hashlib.blake2s(" ".join(text.casefold().split()).encode(), digest_size=4).hexdigest()


def hue(seed: str) -> int:
    """The sleeve's main hue in OKLCH, a multiple of 10."""
    return int(seed[:4], 16) % 36 * 10


def draw(seed: str) -> str:
    """An SVG picture. `seed` is what `seed()` answers."""
    number = int(seed, 16)
    main = hue(seed)
    partner = main + (40, 120, 160, 200)[number >> 5 & 3]
    ground, middle, front = oklch(0.34, 0.07, main), oklch(0.62, 0.14, main), oklch(0.86, 0.12, partner)
    if number >> 9 & 1:  # half of them by day
        ground, middle, front = oklch(0.88, 0.06, main), oklch(0.66, 0.15, partner), oklch(0.38, 0.09, main)
    design = DESIGNS[number % len(DESIGNS)]
    shapes = "".join(design(_numbers(seed), middle, front))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}">'
        f'<rect width="{SIDE}" height="{SIDE}" fill="{ground}"/>{shapes}</svg>'
    )


def bars(chance: Iterator[float], middle: str, front: str) -> Iterator[str]:
    lit = int(next(chance) * 8)
    for i in range(8):
        height = 60 + next(chance) * 190
        colour = front if i == lit else middle
        yield f'<rect x="{26 + i * 32}" y="{SIDE - height:.0f}" width="20" height="{height:.0f}" fill="{colour}"/>'


def sun(chance: Iterator[float], middle: str, front: str) -> Iterator[str]:
    x, y, radius = 90 + next(chance) * 120, 100 + next(chance) * 60, 48 + next(chance) * 34
    yield f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:.0f}" fill="{front}"/>'
    for i in range(5):
        top = 176 + i * 26
        yield f'<rect y="{top}" width="{SIDE}" height="{5 + i * 4}" fill="{middle}"/>'


def peaks(chance: Iterator[float], middle: str, front: str) -> Iterator[str]:
    yield f'<circle cx="{50 + next(chance) * 200:.0f}" cy="{58 + next(chance) * 24:.0f}" r="22" fill="{front}"/>'
    for base, colour, opacity in ((130, middle, 0.55), (175, middle, 1), (225, front, 0.9)):
        points = [f"{x},{base + (next(chance) - 0.5) * 90:.0f}" for x in range(0, SIDE + 1, 60)]
        yield f'<path d="M0,{SIDE} L{" ".join(points)} L{SIDE},{SIDE}Z" fill="{colour}" opacity="{opacity}"/>'


def rings(chance: Iterator[float], middle: str, front: str) -> Iterator[str]:
    x, y = 90 + next(chance) * 120, 90 + next(chance) * 120
    for i in range(9):
        width = 3 + next(chance) * 9
        colour = front if i % 4 == 1 else middle
        line = f'fill="none" stroke="{colour}" stroke-width="{width:.1f}"'
        yield f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{14 + i * 25}" {line}/>'
    yield f'<circle cx="{x:.0f}" cy="{y:.0f}" r="9" fill="{front}"/>'


DESIGNS: tuple[Callable[[Iterator[float], str, str], Iterator[str]], ...] = (bars, sun, peaks, rings)


def _numbers(seed: str) -> Iterator[float]:
    """Numbers in 0..1, as many as are asked for, always the same ones for a seed."""
    block = seed.encode()
    while True:
        block = hashlib.blake2s(block).digest()
        yield from (byte / 255 for byte in block)


def oklch(lightness: float, chroma: float, hue: float) -> str:
    """`#rrggbb`: what every program that draws SVG understands. Matrices by Björn Ottosson (OKLab)."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _gamma(min(1.0, max(0.0, value)))):02x}" for value in linear)


def _gamma(value: float) -> float:
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
