"""Scheduling: when a source is asked, and when an article is due or looked at again. Pure; clocks are passed in."""

from crawler.scheduling.health import Health, State, health_of
from crawler.scheduling.memory import SourceMemory, read_memory
from crawler.scheduling.pattern import Cron, Every, Pattern, parse_pattern
from crawler.scheduling.polling import (
    Outcome,
    Polled,
    after_poll,
    estimated_loss,
    may_ask_conditionally,
    next_poll,
)
from crawler.scheduling.revisits import DEFAULT_STEPS, Looks, next_look, next_watched, parse_steps

__all__ = [
    "DEFAULT_STEPS",
    "Cron",
    "Every",
    "Health",
    "Looks",
    "Outcome",
    "Pattern",
    "Polled",
    "SourceMemory",
    "State",
    "after_poll",
    "estimated_loss",
    "health_of",
    "may_ask_conditionally",
    "next_look",
    "next_poll",
    "next_watched",
    "parse_pattern",
    "parse_steps",
    "read_memory",
]
