"""Failures of cleaning: what is recorded of a page that has no text for now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FailureReason(StrEnum):
    """Why a page has no text for now: operational, unlike a refusal, and worth another try."""

    TIMEOUT = "timeout"  # killed after the wall-clock limit
    MEMORY = "memory"  # met the memory limit, or came near it
    CRASH = "crash"  # the child died
    UNREAD = "unread"  # the capture's bytes could not be read


@dataclass(frozen=True, slots=True)
class CleaningFailure:
    """A page that could not be cleaned this time: never an article, and no part of what a rebuild must equal."""

    reason: FailureReason
    detail: str = ""
