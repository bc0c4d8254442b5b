"""Arrivals: the sites of a list, looked at several at a time and declared one by one; one that fails stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from archive.errors import ConfigurationError, PresskeepError, StorageFull, UsageError
from archive.store import Archive
from crawler.adding import append_site
from crawler.discovery.lists import Listed, NotAList, parse_list
from crawler.jobs import Stop
from crawler.newcomer import AlreadyDeclared, Newcomer, look_at

# Sites looked at together: each is a process that mostly waits for its next turn.
TOGETHER = 4

Outcome = Literal["added", "found", "declared", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of one listed site.

    ``added`` stands in sites.toml now; ``found`` would, had it been asked for; ``declared`` did before; ``failed`` says
    why in ``error``; ``stopped`` was not looked at any more.
    """

    listed: Listed
    outcome: Outcome
    found: Newcomer | None = None
    error: str | None = None


def read_list(path: Path) -> tuple[Listed, ...]:
    """The sites that a file names; raises UsageError where it is no such list, OSError where it cannot be read."""
    found = parse_list(path.read_bytes())
    if isinstance(found, NotAList):
        raise UsageError(f"{path} is no list of sites: {found.reason}; write one address a line, or give an OPML file")
    return found


def welcome(
    archive: Archive,
    listed: Sequence[Listed],
    delay: float | None = None,
    *,
    write: bool = True,
    asked: Callable[[str], None] = lambda _: None,
    stop: Stop | None = None,
) -> Iterator[Arrival]:
    """Look at each listed site and, with ``write``, declare it at once; gives them in the order of the list.

    ``asked`` is called from several threads. Raises what concerns all of them: ConfigurationError, StorageFull.
    """
    stop = stop or Stop()
    archive.configuration.require_contact()

    def arrive(one: Listed) -> Arrival:
        if stop.asked.is_set():
            return Arrival(one, "stopped")
        try:
            found = look_at(archive, one.given, delay, asked, feeds=one.feeds, again=not write, stop=stop)
        except AlreadyDeclared as error:
            return Arrival(one, "declared", error=str(error))
        except (ConfigurationError, StorageFull):
            stop.asked.set()
            raise
        except PresskeepError as error:
            return Arrival(one, "stopped" if stop.asked.is_set() else "failed", error=str(error))
        if not write:
            return Arrival(one, "found", found)
        try:
            append_site(archive.sites_path, found.site, found.notes, found.heading)
        except UsageError as error:  # another line of the list led to the same site
            return Arrival(one, "declared", error=str(error))
        except PresskeepError:
            stop.asked.set()
            raise
        return Arrival(one, "added", found)

    with ThreadPoolExecutor(max_workers=TOGETHER, thread_name_prefix="add") as executor:
        try:
            yield from executor.map(arrive, listed)
        finally:
            stop.asked.set()  # an error, or nobody listens any more: those that are under way end in order
