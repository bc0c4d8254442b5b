"""Growth: how the work of a parser grows with its input, as a ratio of processor times: whoever else is busy here."""

from __future__ import annotations

import time
from collections.abc import Callable

from crawler import urls
from crawler.discovery import announcement, shape, xml

# What the smaller of two inputs should take at least, in seconds: below that, the clock measures itself.
_MEASURABLE = 0.004
# Four times the input: four times the work where it is linear, sixteen times where it is quadratic. Caches and
# allocators blur both.
FACTOR = 4
LINEAR = 9.0
_REMEMBERED = (urls._resolve_again, shape._known_shape, announcement._date, xml._usual_name)


def growth(
    parse: Callable[[bytes], object], made: Callable[[int], bytes], size: int = 500, largest: int = 32_000
) -> float:
    """How many times the processor time grows when an input does by ``FACTOR``; the best of three rounds each.

    What looks too much is measured again: another process may have had the caches for a while.
    """
    while size < largest and _cost(parse, made(size), 1) < _MEASURABLE:
        size *= 2
    small, large = made(size), made(FACTOR * size)
    for _ in range(3):
        grown = _cost(parse, large, 3) / max(_cost(parse, small, 3), 1e-6)
        if grown < LINEAR:
            break
    return grown


def _cost(parse: Callable[[bytes], object], body: bytes, rounds: int) -> float:
    costs = []
    for _ in range(rounds):
        for remembered in _REMEMBERED:  # the smaller input fits into them, the larger one does not
            remembered.cache_clear()
        before = time.thread_time()
        parse(body)
        costs.append(time.thread_time() - before)
    return min(costs)
