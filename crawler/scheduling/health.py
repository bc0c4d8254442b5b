"""A source's health, for people who look at `presskeep status`: in one word, with a reason and since when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from crawler.scheduling.durations import DAY
from crawler.scheduling.memory import SourceMemory
from crawler.scheduling.rhythm import UNIT

# After a week of failures it is a person's turn; it goes on being asked, ever more rarely.
DEAD = 7 * DAY
# By chance nothing comes where 15 items were expected once in three million times. News comes in bursts, so wait a day.
SILENCE = 15.0
SILENT = DAY
# Whatever the rhythm: a source that brought nothing for so long is worth a look.
LONG_SILENT = 30 * DAY
# How long it is told that items may have been lost.
LOSS_TOLD = 7 * DAY


class State(StrEnum):
    """How a source is, the worst first."""

    DEAD = "dead"
    FAILING = "failing"
    QUIET = "quiet"
    LOSSY = "lossy"
    OK = "ok"
    NEW = "new"  # never polled


@dataclass(frozen=True, slots=True)
class Health:
    """A source's state, since when (microseconds since 1970, UTC), and why, in a few words."""

    state: State
    since: int | None = None
    reason: str = ""

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody should look at it: it does not mend itself."""
        return self.state in {State.DEAD, State.QUIET}


def health_of(memory: SourceMemory, now: int) -> Health:
    """How a source is now."""
    if memory.failing_since is not None:
        state = State.DEAD if now - memory.failing_since >= DEAD else State.FAILING
        return Health(state, memory.failing_since, f"{memory.problem} ({memory.failures} times in a row)")
    if memory.known is None:
        return Health(State.NEW)
    last = memory.news if memory.news is not None else memory.first
    silent = now - last if last is not None else 0
    if silent >= LONG_SILENT or (silent >= SILENT and memory.silence >= SILENCE * UNIT):
        expected = round(memory.silence / UNIT)
        return Health(State.QUIET, last, f"nothing new, where {expected} items were expected")
    if memory.lost_at is not None and now - memory.lost_at < LOSS_TOLD:
        return Health(
            State.LOSSY, memory.lost_at, f"all it showed was new, so some may have been missed; {memory.losses} times"
        )
    return Health(State.OK, last)
