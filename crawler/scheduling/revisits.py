"""When an article is looked at again for edits: soon after it was published, then ever more rarely.

By default after 15 minutes, 1 hour, 6 hours, and 1, 7 and 30 days: near what newsdiffs.org found worth its while. An
article whose text has just changed is looked at sooner: edits come in runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from crawler.scheduling.durations import DAY, HOUR, MINUTE, parse_duration
from crawler.scheduling.jitter import jitter
from crawler.scheduling.pattern import Pattern

DEFAULT_STEPS = (15 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY)
MAX_STEPS = 24
# A look stands for the next step, too, if that comes within this share of the step: no two looks at 24 hours.
CLOSE = 4
# After an edit the next look comes after an eighth of the article's age: a live blog of a day every three hours.
EDITED_SHARE = 8
# An article that is still being edited after so long is no news any more: `presskeep watch` follows it.
EDITED_AGE = 90 * DAY
# No news site is older (1 January 1995): a date before that is a broken one.
EARLIEST = 788_918_400_000_000
# Looks are moved by up to this share of the step, so that what was published at once is not looked at at once.
MOVED = 10


@dataclass(frozen=True, slots=True)
class Looks:
    """What is known of an article: its first capture, the last one, and the last one that showed an edited text.

    ``published`` is the date that the source gives. All in microseconds since 1970, UTC.
    """

    captured: int
    looked: int
    published: int | None = None
    edited: int | None = None

    @property
    def born(self) -> int:
        """The time from which its age counts: its date where that can be true, else its first capture.

        So what is found years later, in an archive, is not looked at again.
        """
        if self.published is not None and EARLIEST <= self.published <= self.captured:
            return self.published
        return self.captured


def parse_steps(written: Sequence[str]) -> tuple[int, ...]:
    """The steps of ``revisits = ["15m", "1h"]``, none for an empty list; raises ValueError."""
    if len(written) > MAX_STEPS:
        raise ValueError(f"write at most {MAX_STEPS} times")
    steps = tuple(parse_duration(one) for one in written)
    if any(after <= before for before, after in pairwise(steps)):
        raise ValueError('write them in order, such as ["15m", "1h", "6h", "1d"]: each is counted from publication')
    return steps


def next_look(looks: Looks, key: str, steps: Sequence[int] = DEFAULT_STEPS) -> int | None:
    """When an article is to be looked at again: perhaps a time that has gone by, None for never.

    Steps that were missed, since the machine was off, are made up for by one look. ``key`` tells articles apart.
    """
    born, looked = looks.born, max(looks.looked, looks.captured)
    due: int | None = None
    for step in steps:
        if born + step - looked >= step // CLOSE:
            due = born + step + jitter(key, step, step // MOVED)
            break
    if steps and looks.edited is not None and abs(looks.edited - looked) < MINUTE and looked - born < EDITED_AGE:
        gap = max(steps[0], (looked - born) // EDITED_SHARE)
        soon = looked + gap + jitter(key, looked, gap // MOVED)
        due = soon if due is None else min(due, soon)
    return due


def next_watched(looked: int | None, now: int, key: str, pattern: Pattern) -> int:
    """When an article that is followed for good is due: now if it never was, or if the clock has been set back."""
    if looked is None or looked > now + MINUTE:
        return now
    return pattern.after(looked, key)
