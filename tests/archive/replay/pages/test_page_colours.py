"""The sheet of the pages: the contrast of all its colours (WCAG 2.2), and a rule for each class of what is left out."""

from __future__ import annotations

import re
from colorsys import hls_to_rgb
from itertools import product
from pathlib import Path

import pytest

from archive.cleaning.chrome import Chrome
from archive.explanation import HUES

SHEET = (Path(__file__).parents[4] / "archive/replay/pages/static/pages.css").read_text(encoding="utf-8")
# Text on its ground, 4.5:1 (1.4.3).
TEXT = [
    *product(("ink", "dim", "link"), ("paper", "card", "soft")),
    ("on-shown", "shown"),
    ("on-ins", "ins"),
    ("on-del", "del"),
    ("on-note", "note"),
]
# What is no text but must be told apart, 3:1 (1.4.11): edges of fields, the focus, the timeline.
PARTS = [
    *product(("edge", "focus", "shown"), ("paper", "card")),
    ("on-ins", "paper"),
    ("on-del", "paper"),
    ("focus", "soft"),
]


def _colours(dark: bool) -> dict[str, str]:
    light, shaded = re.findall(r":root \{(.*?)\n *\}", SHEET, re.DOTALL)[:2]
    found = dict(re.findall(r"--([a-z-]+): ([^;]+);", light))
    return found | dict(re.findall(r"--([a-z-]+): ([^;]+);", shaded)) if dark else found


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return red, green, blue


def _luminance(rgb: tuple[float, float, float]) -> float:
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_colours_can_be_told_apart(dark: bool) -> None:
    colours = _colours(dark)
    for pairs, least in ((TEXT, 4.5), (PARTS, 3.0)):
        for front, ground in pairs:
            found = contrast(_rgb(colours[front]), _rgb(colours[ground]))
            assert found >= least, f"{front} on {ground}: {found:.2f}"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_ink_can_be_read_on_every_tint(dark: bool) -> None:
    colours = _colours(dark)
    tint, depth = (int(colours[name].rstrip("%")) / 100 for name in ("tint", "depth"))
    for hue in range(360):
        ground = hls_to_rgb(hue / 360, tint, depth)
        assert contrast(_rgb(colours["ink"]), ground) >= 7
        assert contrast(_rgb(colours["ink"]), hls_to_rgb(0, tint, 0)) >= 7


def test_no_colour_is_named_outside_the_roots() -> None:
    rest = re.sub(r":root \{.*?\n *\}", "", SHEET, flags=re.DOTALL).partition("@media print")[0]
    assert set(re.findall(r"#[0-9a-f]{3,8}\b(?![^{]*\{)", rest)) <= {"#ffffff"}
    assert "url(" not in SHEET
    assert "@import" not in SHEET


@pytest.mark.parametrize("kind", Chrome)
def test_each_class_of_what_is_left_out_has_its_hue_and_its_box(kind: Chrome) -> None:
    hue = HUES.get(kind)
    assert f".c-{kind} {{ --hue: {hue}; }}" in SHEET or (hue is None and f".c-{kind} {{ --chroma: 0; }}" in SHEET)
    assert f"body:has(#show-{kind}:not(:checked)) .overlay .c-{kind} {{ display: none; }}" in SHEET
