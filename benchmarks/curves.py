"""Curves of `schedule.py`: which share of all items was captured within which time of their publication."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from math import log10

MINUTE = 60_000_000  # microseconds
MARKS = {"5 min": 5, "10 min": 10, "15 min": 15, "30 min": 30, "1 h": 60, "3 h": 180, "6 h": 360, "1 d": 1440}
_LEAST, _MOST = 1.0, 2880.0  # minutes
_STEPS = 120
_COLOURS = ("#b3123b", "#1f5fa8", "#3a9a5b", "#8a6bbf", "#d08a1d")  # told apart by the colour-blind, too
_WIDTH, _HEIGHT, _LEFT, _TOP = 640, 360, 56, 20


def shares(delays: Sequence[int], items: int) -> dict[str, float]:
    """The share of all items that was captured within each of `MARKS`."""
    ordered = sorted(delays)
    return {name: bisect_right(ordered, minutes * MINUTE) / max(1, items) for name, minutes in MARKS.items()}


def bars(found: Mapping[str, Mapping[str, float]]) -> str:
    """The shares as text, a row for each policy and a bar for each mark."""
    levels = " ▁▂▃▄▅▆▇█"
    rows = [f"{'captured in':14}" + "".join(f"{name:>9}" for name in MARKS)]
    for name, one in found.items():
        cells = [f"{levels[round(share * 8)]} {share:.1%}" for share in one.values()]
        rows.append(f"{name:14}" + "".join(f"{cell:>9}" for cell in cells))
    return "\n".join(rows)


def curve(delays: Sequence[int], items: int) -> list[tuple[float, float]]:
    """Minutes, in equal steps of their logarithm, and the share of all items that was captured within them."""
    ordered = sorted(delays)
    steps = [_LEAST * (_MOST / _LEAST) ** (step / _STEPS) for step in range(_STEPS + 1)]
    return [(minutes, bisect_right(ordered, round(minutes * MINUTE)) / max(1, items)) for minutes in steps]


def svg(curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """The curves as an image."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH + _LEFT + 110} {_HEIGHT + 60}" '
        'font-family="sans-serif" font-size="12">',
        "<title>Share of items captured within a time of publication</title>",
        f'<rect x="{_LEFT}" y="{_TOP}" width="{_WIDTH}" height="{_HEIGHT}" fill="none" stroke="#888"/>',
    ]
    for name, minutes in {"1 min": 1, **MARKS}.items():
        x = _x(minutes)
        parts.append(f'<path d="M{x:.1f} {_TOP}V{_TOP + _HEIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{_TOP + _HEIGHT + 16}" text-anchor="middle">{name}</text>')
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<path d="M{_LEFT} {_y(share):.1f}h{_WIDTH}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{_y(share) + 4:.1f}" text-anchor="end">{share:.0%}</text>')
    for number, (name, points) in enumerate(curves.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        path = "L".join(f"{_x(minutes):.1f} {_y(share):.1f}" for minutes, share in points)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = _TOP + 20 + 20 * number
        parts.append(f'<path d="M{_LEFT + _WIDTH + 10} {y - 4}h18" stroke="{colour}" stroke-width="3"/>')
        parts.append(f'<text x="{_LEFT + _WIDTH + 33}" y="{y}">{name}</text>')
    middle = _LEFT + _WIDTH / 2
    parts.append(f'<text x="{middle}" y="{_TOP + _HEIGHT + 36}" text-anchor="middle">publication to capture</text>')
    return "\n".join([*parts, "</svg>", ""])


def _x(minutes: float) -> float:
    return _LEFT + _WIDTH * log10(minutes / _LEAST) / log10(_MOST / _LEAST)


def _y(share: float) -> float:
    return _TOP + _HEIGHT * (1 - share)
