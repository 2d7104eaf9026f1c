"""Covers drawn by code: one strong hue each, shapes from the title, small files."""

from __future__ import annotations

import colorsys
import io
import math
import random

from PIL import Image, ImageDraw

SIDE = 360
LARGEST = 10_000
"""Bytes; the quality is lowered until a picture is smaller."""


def draw(title: str, hue: int) -> bytes:
    """A JPEG of 360 by 360 pixels. The same title and hue give the same bytes."""
    dice = random.Random(title)  # noqa: S311 - a picture, not a secret
    image = Image.new("RGB", (SIDE, SIDE), _colour(hue, 0.62, 0.30))
    pen = ImageDraw.Draw(image)
    dice.choice((_arcs, _bars, _hills, _grid))(pen, dice, hue)
    image = image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return next(data for quality in (80, 68, 56, 44, 0) if len(data := _jpeg(image, quality)) < LARGEST or not quality)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb((hue % 360) / 360, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def _shade(dice: random.Random, hue: int) -> tuple[int, int, int]:
    return _colour(hue + dice.uniform(-14, 14), dice.uniform(0.55, 0.9), dice.uniform(0.5, 0.95))


def _arcs(pen: ImageDraw.ImageDraw, dice: random.Random, hue: int) -> None:
    x, y = dice.uniform(60, 300), dice.uniform(60, 300)
    for radius in range(300, 20, -dice.choice((34, 42, 56))):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_shade(dice, hue))


def _bars(pen: ImageDraw.ImageDraw, dice: random.Random, hue: int) -> None:
    count = dice.choice((5, 7, 9))
    width = SIDE / count
    for number in range(count):
        top = dice.uniform(20, 260)
        pen.rectangle((number * width, top, (number + 1) * width - 6, SIDE), fill=_shade(dice, hue))


def _hills(pen: ImageDraw.ImageDraw, dice: random.Random, hue: int) -> None:
    x, y, radius = dice.uniform(70, 290), dice.uniform(60, 120), dice.uniform(24, 52)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_colour(hue, 0.35, 0.98))
    for layer in range(4):
        phase, height, length = dice.uniform(0, 6), dice.uniform(14, 44), dice.uniform(40, 110)
        ridge = [(x, 150 + layer * 52 + height * math.sin(phase + x / length)) for x in range(0, SIDE + 10, 10)]
        pen.polygon([*ridge, (SIDE, SIDE), (0, SIDE)], fill=_shade(dice, hue))


def _grid(pen: ImageDraw.ImageDraw, dice: random.Random, hue: int) -> None:
    cell = dice.choice((60, 72, 90))
    for left in range(0, SIDE, cell):
        for top in range(0, SIDE, cell):
            start, quarter = dice.choice((0, 90, 180, 270)), cell / 4
            box = (left - cell, top - cell, left + cell, top + cell)
            pen.pieslice(box, start, start + 90, fill=_shade(dice, hue))
            dot = (left + quarter, top + quarter, left + 3 * quarter, top + 3 * quarter)
            pen.ellipse(dot, fill=_shade(dice, hue))
