"""What something costs, by the clock and by CPU time, beside what others cost that do the same."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds that something took: of the clock, and of all cores together."""

    wall: float
    cpu: float

    @classmethod
    def of(cls, done: Callable[[], object]) -> Cost:
        """What a call costs, with the processes that it starts."""
        wall, cpu = time.perf_counter(), _cpu()
        done()
        return cls(time.perf_counter() - wall, _cpu() - cpu)

    @classmethod
    def median(cls, costs: Sequence[Cost]) -> Cost:
        """The medians of several."""
        return cls(statistics.median(one.wall for one in costs), statistics.median(one.cpu for one in costs))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def in_turn(rounds: int, **sides: Callable[[], object]) -> dict[str, Cost]:
    """What each side costs: they take turns, so that noise meets all of them."""
    costs: dict[str, list[Cost]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, done in sides.items():
            costs[name].append(Cost.of(done))
    return {name: Cost.median(some) for name, some in costs.items()}
