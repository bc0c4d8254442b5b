"""Coverage: what the sources of a site announced, day by day, and what the archive has of it.

All of it comes from the WARC files: captures of listings are read again by the parsers of the crawl, so that also what
was announced and never fetched is known, and after a rebuild the same comes out.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from heapq import merge, nlargest

from archive import clock
from archive.article import Verdict
from archive.capture import Capture
from archive.errors import ConfigurationError, DamagedRecord, NotFound, PayloadRefused, TakenDown
from archive.event import StoredAttempt
from archive.exchange import NoAnswer, Role
from archive.progress import Progress
from archive.store import Archive
from archive.url import normalise
from crawler.absence import soft_404s
from crawler.agenda import MOST_SEEN
from crawler.discovery import Announcement, Feed, Sitemap, links, may_be_article, parse_date, read_listing
from crawler.scheduling.memory import SourceMemory
from crawler.scheduling.polling import Outcome, Polled, after_poll, estimated_loss
from crawler.sites import read_sites
from crawler.tally import Day, Days, Fate, SiteCoverage, SourceCoverage, day_of
from crawler.urls import Scope, refusal, resolve
from crawler.walk import BACKFILL

_LISTS = frozenset({Role.FEED, Role.SITEMAP})
_PAGES = frozenset({Role.FRONT, Role.SECTION})
_RULES = frozenset({NoAnswer.ROBOTS, NoAnswer.TAKEDOWN, NoAnswer.SCOPE, NoAnswer.ADDRESS, NoAnswer.OTHER})
# Of pages that no listing names: where a redirect leads, and the own address of a twin, which is the item.
_LED_TO = frozenset({"redirect", "canonical", None})
_DAY_ONLY = re.compile(r"\s*\d{4}(?:-\d\d){0,2}\s*")
_MAX_HOPS = 10
# What stands on a front page or in a feed is gone after that time, or never goes.
WARM = datetime.timedelta(days=31)
_MOST_READ = 1000  # payloads of one listing, the latest ones: a few days of polls


@dataclass(slots=True)
class _Item:
    """An announced URL: when a source showed it first, and the date that it gave."""

    seen: int
    date: int | None
    exact: bool  # whether the date has a time of day

    @property
    def day(self) -> datetime.date:
        """The day it is counted at: that of its date, but no later one than that on which it was seen."""
        return day_of(self.seen if self.date is None else min(self.date, self.seen))


@dataclass(slots=True)
class _Fetched:
    """What is known of one URL: its first capture that is a page, else the last that came instead."""

    at: int | None = None
    fate: Fate = Fate.MISSED
    reason: str = ""
    target: str | None = None  # the key that a redirect leads to


@dataclass(slots=True)
class _Listing:
    """One listing URL as its polls went."""

    memory: SourceMemory = field(default_factory=SourceMemory)
    seen: int = 0
    read: dict[str, int] = field(default_factory=dict)  # payloads that were read, with the number of items in each


@dataclass(slots=True)
class _Source:
    kind: str
    url: str
    items: dict[str, _Item] = field(default_factory=dict)
    days: Days = field(default_factory=dict)
    began: int | None = None  # when it was first asked, or a page of it captured


def coverage(
    archive: Archive,
    names: Sequence[str] = (),
    *,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    progress: Progress | None = None,
) -> list[SiteCoverage]:
    """What the archive has of what was announced, site by site; ``until`` is the last day.

    All sites of which it holds anything, or these: raises NotFound for one of which it holds nothing. ``progress`` is
    told of sites, in thousandths. With ``since``, polls are read from ``WARM`` days before: what comes back after a
    longer time counts as new.
    """
    held = archive.sites()
    for name in names:
        if name not in held:
            raise NotFound(f"the archive holds nothing of a site {name!r}: 'presskeep status' shows the sites")
    wanted = list(dict.fromkeys(names)) or list(held)
    verdicts = _verdicts(archive, set(wanted))
    scopes = _scopes(archive)
    found = []
    for number, name in enumerate(wanted):

        def report(share: float, number: int = number) -> None:
            if progress is not None:
                progress(round((number + share) * 1000), len(wanted) * 1000, "reading what sources announced")

        scope, start = scopes.get(name) or Scope.of((name,)), _start(since)
        reader = _Reader(archive, name, scope, verdicts.get(name, {}), report, start)
        found.append(_within(reader.read(), since, until))
    return found


def _start(since: datetime.date | None) -> int | None:
    """From when on polls are read, so that what is told of a day is right."""
    if since is None or since <= datetime.date(1970, 1, 1) + WARM:
        return None
    return clock.from_datetime(datetime.datetime.combine(since - WARM, datetime.time(), datetime.UTC))


def _within(site: SiteCoverage, since: datetime.date | None, until: datetime.date | None) -> SiteCoverage:
    def cut(days: Days) -> Days:
        return {
            day: days[day]
            for day in sorted(days)
            if (since is None or day >= since) and (until is None or day <= until)
        }

    sources = tuple(SourceCoverage(one.kind, one.url, kept) for one in site.sources if (kept := cut(one.days)))
    return SiteCoverage(site.site, cut(site.days), sources)


def _verdicts(archive: Archive, sites: set[str]) -> dict[str, dict[str, Verdict]]:
    """What the cleaner says of each URL: an article, where any capture of it was one."""
    found: dict[str, dict[str, Verdict]] = {}
    absent = frozenset(capture for site in sites for capture in soft_404s(archive, site))
    only = next(iter(sites)) if len(sites) == 1 else None
    for one in archive.outcomes(site=only):
        if one.site in sites:
            known = found.setdefault(one.site, {})
            if known.get(one.key) is not Verdict.ARTICLE:
                known[one.key] = Verdict.SOFT_404 if one.capture_id in absent else one.verdict
    return found


def _scopes(archive: Archive) -> dict[str, Scope]:
    try:
        return {site.host: site.scope for site in read_sites(archive.sites_path)}
    except ConfigurationError:  # what was archived can be told of without it
        return {}


class _Reader:
    """Reads all events of one site, in the order of time."""

    def __init__(
        self,
        archive: Archive,
        site: str,
        scope: Scope,
        verdicts: dict[str, Verdict],
        report: Callable[[float], None],
        start: int | None,
    ) -> None:
        self._start = start
        self._archive, self._site, self._scope, self._verdicts = archive, site, scope, verdicts
        self._report = report
        self._roots: dict[str, _Source] = {}  # by the URL of each listing
        self._listings: dict[str, _Listing] = {}
        self._sources: dict[str, _Source] = {}
        self._items: dict[str, _Item] = {}  # of all sources
        self._fetched: dict[str, _Fetched] = {}
        self._keys: dict[tuple[str, bool], str | None] = {}  # polls name the same URLs again and again
        self._polls: Days = {}  # of the site
        self._old: set[str] = set()  # URLs of listings that a backfill read

    def read(self) -> SiteCoverage:
        """The site's coverage."""
        captures = ((one.at, one.id, one) for one in self._captures())
        attempts = ((one.attempt.at, one.id, one) for one in self._archive.attempts(site=self._site))
        first: int | None = None
        now = clock.now()
        events: Iterator[tuple[int, str, Capture | StoredAttempt]] = merge(captures, attempts, key=lambda one: one[:2])
        for number, (at, _, event) in enumerate(events):
            first = at if first is None else first
            if number % 100 == 0:
                self._report(min(1.0, (at - first) / max(1, now - first)))
            if isinstance(event, Capture):
                self._capture(event)
            else:
                self._attempt(event)
        self._report(1.0)
        for source in self._sources.values():
            for key, item in source.items.items():
                if item.date is None:  # a front page has none, and a feed that names the same item may
                    item.date, item.exact = self._items[key].date, self._items[key].exact
                self._settle(key, item, source.days, source.began)
        days, began = self._polls, min((one.began for one in self._sources.values() if one.began), default=None)
        for key, item in self._items.items():
            self._settle(key, item, days, began)
        told = sorted(self._sources.values(), key=lambda one: (one.kind, one.url))
        return SiteCoverage(self._site, days, tuple(SourceCoverage(one.kind, one.url, one.days) for one in told))

    def _captures(self) -> Iterator[Capture]:
        """All captures that count: of the time before the start only articles, which may be announced later."""
        if self._start is not None:
            yield from self._archive.captures(site=self._site, role=Role.ARTICLE, until=self._start)
        yield from self._archive.captures(site=self._site, since=self._start)

    def _is_before(self, at: int) -> bool:
        return self._start is not None and at < self._start

    def _capture(self, capture: Capture) -> None:
        if capture.method != "GET":
            return
        if capture.role in _LISTS | _PAGES:
            if not self._is_old(capture.url, capture.source, capture.via):
                self._poll(capture)
        elif capture.role is Role.ARTICLE:
            self._page(capture)

    def _attempt(self, stored: StoredAttempt) -> None:
        attempt = stored.attempt
        if attempt.origin.role in _LISTS | _PAGES:
            if self._is_before(attempt.at) or self._is_old(attempt.url, attempt.origin.source, attempt.origin.via):
                return
            source = self._source(attempt.url, attempt.origin.role, attempt.origin.source, attempt.origin.via)
            self._note_poll(source, attempt.at, attempt.url, Polled(attempt.at, Outcome.FAILED))
        elif attempt.origin.role is Role.ARTICLE:
            known = self._fetched.setdefault(stored.key, _Fetched())
            if known.fate is not Fate.CAPTURED:
                known.fate = Fate.REFUSED if attempt.reason in _RULES else Fate.FAILED
                known.reason = str(attempt.reason)

    def _is_old(self, url: str, source: str | None, via: str | None) -> bool:
        """Whether a listing was read by a backfill: what it names was announced long ago, to others."""
        if source == BACKFILL or (source == "redirect" and via in self._old):
            self._old.add(url)
            return True
        return False

    def _page(self, capture: Capture) -> None:
        known = self._fetched.setdefault(capture.key, _Fetched())
        listed = capture.source in _LED_TO or capture.key in self._items
        if not listed and not self._is_before(capture.at):
            self._unlisted(capture)
        status = capture.status or 0
        if known.fate is Fate.CAPTURED or status == 304:
            return
        if 200 <= status < 300:
            known.fate, known.at, known.reason, known.target = Fate.CAPTURED, capture.at, "", None
        else:
            known.fate, known.reason = Fate.FAILED, f"status {status}"
            if 300 <= status < 400:
                known.target = self._target(capture) or known.target

    def _target(self, capture: Capture) -> str | None:
        try:
            location = capture.message().location
        except (DamagedRecord, TakenDown, OSError):
            return None
        url = resolve(capture.url, location) if location else None
        return normalise(url) if url else None

    def _unlisted(self, capture: Capture) -> None:
        """A page that no listing of ours names: of a spider, a backfill, `presskeep watch`, or of a lost listing."""
        old = capture.source == BACKFILL
        via = self._roots.get(capture.via or "") if not old else None
        url = via.url if via is not None else self._site if old else capture.via or ""
        source = via or self._sources.setdefault(url, _Source(capture.source or "", url))
        date = parse_date(capture.announced)
        exact = date is not None and not old and not _DAY_ONLY.fullmatch(capture.announced or "")
        item = _Item(capture.at, date, exact)
        source.items.setdefault(capture.key, item)
        self._items.setdefault(capture.key, item)

    def _source(self, url: str, role: Role, found: str | None, via: str | None) -> _Source:
        """The source that a listing belongs to: that of the index that names it, or of what led to it."""
        known = self._roots.get(url)
        if known is None:
            above = self._roots.get(via or "") if found in {"sitemap", "redirect"} else None
            known = above or self._sources.setdefault(url, _Source(str(role), url))
            self._roots[url] = known
        return known

    def _poll(self, capture: Capture) -> None:
        source = self._source(capture.url, capture.role, capture.source, capture.via)
        status = capture.status or 0
        if status != 304 and 300 <= status < 400:
            return  # what it leads to is the answer
        listing = self._listings.setdefault(capture.url, _Listing())
        # Also an older one: behind some addresses several servers take turns, each with a state of its own.
        read = listing.read.get(capture.payload_digest or "") if 200 <= status < 300 else None
        # Of the first one that is read, a 304 says only that an earlier one holds, which is read in its place.
        if (status == 304 and listing.read) or read is not None:
            listing.seen = listing.seen if read is None else read
            outcome = Outcome.UNCHANGED if status == 304 else Outcome.WHOLE
            self._note_poll(source, capture.at, capture.url, Polled(capture.at, outcome, listing.seen))
            return
        found = self._announced(capture) if 200 <= status < 300 or status == 304 else None
        if found is None:
            polled = Polled(capture.at, Outcome.FAILED)
            if status == 304:
                polled = Polled(capture.at, Outcome.UNCHANGED, listing.seen)
            self._note_poll(source, capture.at, capture.url, polled)
            return
        new: dict[str, int | None] = {}
        newest: list[tuple[int, str]] = []
        for one in found:
            key = self._key(one.url, listed=capture.role in _LISTS)
            if key is None:
                continue
            newest.append((one.at or 0, key))
            date = parse_date(one.announced)
            item = _Item(capture.at, date, not _DAY_ONLY.fullmatch(one.announced or ""))
            source.items.setdefault(key, item)
            known = self._items.get(key)
            if known is None:
                self._items[key] = replace(item)
                new[key] = one.at
            elif known.date is None:
                known.date, known.exact = item.date, item.exact
        kept = {key for _, key in nlargest(MOST_SEEN, newest)}
        listing.seen = len(kept)
        if capture.payload_digest is not None:
            if len(listing.read) >= _MOST_READ:
                del listing.read[next(iter(listing.read))]
            listing.read[capture.payload_digest] = len(kept)
        dates = [at for key, at in new.items() if key in kept and at is not None]
        polled = Polled(capture.at, Outcome.WHOLE, len(kept), len(kept & new.keys()), dates)
        self._note_poll(source, capture.at, capture.url, polled)

    def _note_poll(self, source: _Source, at: int, url: str, polled: Polled) -> None:
        listing = self._listings.setdefault(url, _Listing())
        lost = estimated_loss(listing.memory, polled)
        listing.memory = after_poll(listing.memory, polled)
        source.began = at if source.began is None else source.began
        for days in (source.days, self._polls):
            day = days.setdefault(day_of(at), Day())
            day.polls += 1
            day.silent += polled.outcome is Outcome.FAILED
            day.lost += lost

    def _announced(self, capture: Capture) -> list[Announcement] | None:
        """What a listing announces; None where it cannot be read."""
        try:
            message = capture.representation()
            body, charset = message.decoded(), message.charset
        except (DamagedRecord, PayloadRefused, TakenDown, OSError):
            return None
        if capture.role in _PAGES:
            page = links(body, capture.url, charset, platforms=False)
            return [] if page.nofollow else [Announcement(link.url) for link in page.articles]
        listing = read_listing(body, capture.url, charset)
        if isinstance(listing, Feed):
            return list(listing.announcements)
        if isinstance(listing, Sitemap):
            return list(listing.urls) if listing.kind != "index" else []
        return None

    def _key(self, url: str, *, listed: bool) -> str | None:
        """The key of an announced URL; None for one that a crawl passes over."""
        known = self._keys.get((url, listed), "")
        if known == "":
            taken = refusal(url, self._scope) is None and (not listed or may_be_article(url))
            known = self._keys[url, listed] = normalise(url) if taken else None
        return known

    def _settle(self, key: str, item: _Item, days: Days, began: int | None) -> None:
        """Count an item at its day, by what became of it in the end."""
        known = self._fetched.get(key, _Fetched())
        hops = 0
        while known.target is not None and known.fate is not Fate.CAPTURED and hops < _MAX_HOPS:
            key, hops = known.target, hops + 1
            known = self._fetched.get(key, _Fetched())
        day = days.setdefault(item.day, Day())
        verdict = self._verdicts.get(key) if known.fate is Fate.CAPTURED else None
        reason = known.reason
        if known.fate is Fate.CAPTURED and verdict is not Verdict.ARTICLE:
            reason = str(verdict) if verdict is not None else "not cleaned"
        day.count(known.fate, reason, cleaned=verdict is Verdict.ARTICLE)
        # What was published before we looked for the first time could not be had any sooner.
        if known.at is not None and item.date is not None and item.exact and (began or 0) <= item.date <= known.at:
            day.delays.append(known.at - item.date)
