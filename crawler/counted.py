"""Counted: what a service has done since it began, kept for whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from archive.traffic import Traffic
from crawler.visited import VisitCounts


@dataclass(slots=True)
class Counted:
    """One thread writes it; others may read it, since each value is replaced as a whole.

    ``beat`` is the last heartbeat as it was written, ``processes`` counts the crawling processes that were started,
    ``deaths`` those that failed.
    """

    traffic: Traffic = field(default_factory=Traffic)
    visits: VisitCounts = field(default_factory=VisitCounts)
    processes: int = 0
    deaths: int = 0
    running: int = 0  # crawling processes now
    beat: Mapping[str, Any] = field(default_factory=dict)
