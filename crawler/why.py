"""Why an address is what it is: found, normalised, scheduled, refused, captured and cleaned how. Nothing is fetched."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from archive import clock
from archive.article import Article, Verdict
from archive.capture import Capture
from archive.errors import ConfigurationError, DamagedRecord
from archive.event import StoredAttempt
from archive.store import Archive
from archive.url import host as host_of
from archive.url import normalise
from crawler import pairs
from crawler.discovery import may_be_article
from crawler.further import FURTHER
from crawler.pairs import Claim, Pair
from crawler.requisites.known import FRESH, Known
from crawler.requisites.memory import known, of_page
from crawler.robots import RobotsMemory
from crawler.scheduling.articles import MAX_TRIES, WAITING, Phase
from crawler.sites import Site, read_sites
from crawler.state import State
from crawler.urls import is_file, refusal

_SHELVED = {
    "due": "It lists old articles, and waits to be walked by the backfill of its site.",
    "walked": "It lists old articles, and was walked by the backfill of its site.",
    "failed": "It was to list old articles, and could not be read by the backfill of its site: {}.",
}
AGENT = "Presskeep"  # the product token of every run

# All sites of the frontier, each by one look into its key: a walk over millions of URLs would take seconds.
_SITES = (
    "WITH RECURSIVE known(site) AS (SELECT min(site) FROM urls UNION ALL"
    " SELECT (SELECT min(site) FROM urls WHERE urls.site > known.site) FROM known WHERE site IS NOT NULL)"
    " SELECT site FROM known WHERE site IS NOT NULL"
)


_REMOVED = "It is taken down: it is neither handed out nor fetched again."


@dataclass(frozen=True, slots=True)
class Normalised:
    """A URL's key: the ``dropped`` parameters, what else differs in words, and spellings that meet the same key."""

    key: str
    dropped: tuple[str, ...]
    changes: tuple[str, ...]
    spellings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A URL in the frontier of a site. Times in microseconds since 1970, UTC; None where there is none."""

    site: str
    state: str
    announced: str | None
    via: str | None
    source: str | None
    hops: str
    tries: int
    reason: str
    at: int | None
    captured: int | None
    edited: int | None
    watch: str | None
    next: int | None
    verdict: str | None


@dataclass(frozen=True, slots=True)
class Twinned:
    """That a page is a twin: ``stands`` tells whether its ``own`` address is looked at in its place, and ``said`` why.

    Pages that name this one as their own are ``twins``.
    """

    form: str | None = None
    own: str | None = None
    stands: bool = False
    said: str = ""
    twins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruled:
    """What robots.txt says: ``line`` and its ``number`` where a rule counts; ``at`` is when it came."""

    allowed: bool | None  # None while it was never asked for
    said: str
    at: int | None = None
    line: str | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What the installed cleaner made of a capture; a refusal has a ``reason``, and no edition."""

    capture: str
    at: int
    verdict: str
    reason: str
    edition: int | None
    editions: int
    words: int
    cleaner: str


@dataclass(frozen=True, slots=True)
class NotCleaned:
    """A capture that the cleaner could not do."""

    at: int
    reason: str
    detail: str
    tries: int


@dataclass(frozen=True, slots=True)
class Shelved:
    """A listing in the backfill of a site: ``state`` is due, walked or failed."""

    site: str
    kind: str
    state: str
    via: str | None
    at: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of an address, and ``answer``: in a sentence, what becomes of it."""

    url: str
    answer: str
    normalised: Normalised
    site: str | None
    scope: str
    refused: str | None
    taken_down: bool
    robots: Ruled
    frontier: tuple[Waiting, ...]
    twin: Twinned
    captures: tuple[Capture, ...]
    attempts: tuple[StoredAttempt, ...]
    texts: tuple[Cleaned, ...]
    failures: tuple[NotCleaned, ...]
    requisite: tuple[Known, ...] = ()  # what is remembered of it as a part of pages, by site
    parts: tuple[tuple[Phase, int], ...] = ()  # of a page: what became of that to which it refers first
    shelves: tuple[Shelved, ...] = ()


def explain(archive: Archive, url: str) -> Explanation:
    """Why an address is what it is in this archive."""
    key = normalise(url)
    site, scope = _site(archive, url)
    refused = refusal(url, site.scope) if site is not None else None
    detail = refused.detail if refused is not None else None
    with State(archive.state_path) as state:
        frontier = tuple(_waiting(state, key))
        robots = _robots(state, url)
        shelves = tuple(_shelved(state, key))
        twin = _twinned(state, frontier, site.host if site is not None else None, key)
        requisite = tuple(known(state, key))
        parts = tuple(sorted(of_page(state, frontier[0].site, key).items())) if frontier else ()
    removed = archive.taken_down()(url)
    captures, attempts = archive.timeline(url), tuple(archive.attempts(url=url))
    texts = tuple(_cleaned(archive, url))
    failures = tuple(
        NotCleaned(one.at, str(one.reason), one.detail, one.tries)
        for one in archive.failures()
        if normalise(one.url) == key
    )
    seen = {*(one.url for one in captures), *(one.attempt.url for one in attempts)}
    shape = Normalised(key, _dropped(url), tuple(_changes(url, key)), tuple(sorted(seen - {url})))
    if requisite and not frontier:
        detail = None  # scope is not asked of what a page refers to
        answer = _as_a_part(requisite[0], removed=removed)
    elif shelves and not removed and detail is None:
        answer = _SHELVED[shelves[0].state].format(shelves[0].reason)
    else:
        answer = _answer(url, site, scope, detail, robots, frontier, twin, removed=removed, captured=bool(captures))
    return Explanation(
        *(url, answer, shape, site.host if site is not None else None, scope, detail, removed, robots),
        *(frontier, twin, captures, attempts, texts, failures, requisite, parts),
        shelves=shelves,
    )


def _cleaned(archive: Archive, url: str) -> Iterator[Cleaned]:
    for one in sorted(archive.entries(url=url), key=lambda one: (one.capture.at, one.capture.id)):
        text = one.text
        reason, words = ("", text.word_count) if isinstance(text, Article) else (text.reason, 0)
        yield Cleaned(
            *(one.capture.id, one.capture.at, str(text.verdict), reason),
            *(one.edition, one.editions, words, text.provenance.cleaner),
        )


def _site(archive: Archive, url: str) -> tuple[Site | None, str]:
    """The site that a URL belongs to, an enabled one before others, and in words why."""
    try:
        declared = read_sites(archive.sites_path)
    except ConfigurationError as error:
        return None, f"sites.toml cannot be read: {error}"
    name = host_of(url)
    own = [site for site in declared if site.scope.in_scope(url)]
    if not own:
        return None, f"{name} is a host of none of the {len(declared)} sites in sites.toml"
    site = next((one for one in own if one.enabled), own[0])
    also = ", ".join(one.host for one in own if one is not site)
    said = f"{name} is one of its hosts" + (f", and of {also}" if also else "")
    return site, said if site.enabled else f"{said}; it is not enabled, and crawled only when it is asked for by name"


def _dropped(url: str) -> tuple[str, ...]:
    """The parameters that the key does not have."""
    query = urlsplit(url).query if "?" in url else ""
    return tuple(one for one in query.split("&") if one and "?" not in normalise(f"https://a.example/?{one}"))


def _changes(url: str, key: str) -> list[str]:
    """What differs between a URL and its key beside parameters."""
    given, kept = urlsplit(url), urlsplit(key)
    said = []
    if given.scheme != kept.scheme:
        said.append(f"{given.scheme} is written as {kept.scheme}: both are one page")
    if given.netloc != kept.netloc:
        said.append(f"the host {given.netloc} is written as {kept.netloc}")
    if given.path != kept.path:
        said.append(f"the path {given.path or '(empty)'} is written as {kept.path}")
    if given.fragment:
        said.append(f"the fragment #{given.fragment} is left out: no server is sent it")
    return said


def _waiting(state: State, key: str) -> list[Waiting]:
    found = []
    for (site,) in state.read(_SITES):
        for row in state.read(
            "SELECT site, state, announced, via, source, hops, tries, reason, nullif(at, 0),"
            " captured, edited, watch, next, verdict FROM urls WHERE site = ? AND key = ?",
            (site, key),
        ):
            found.append(Waiting(*row))
    return found


def _twinned(state: State, frontier: tuple[Waiting, ...], site: str | None, key: str) -> Twinned:
    """What is known of a page as a twin, or of its twins, at its site; where that is not declared, where it is held."""
    for name in dict.fromkeys([*([site] if site else []), *(one.site for one in frontier)]):
        named = [one.key for one in pairs.of_own(state.read, name, key)]
        standing = pairs.standing(state.read, name, [*named, key])
        twins = tuple(one for one in named if one in standing)
        pair = pairs.of(state.read, name, key)
        if pair is not None:
            stands = key in standing
            return Twinned(pair.form, pair.url, stands, _told(state, pair, stands=stands), twins)
        if twins:
            return Twinned(twins=twins)
    return Twinned()


def _told(state: State, pair: Pair, *, stands: bool) -> str:
    if pair.claim is Claim.REFUSED:
        return f"not believed: {pair.reason}"
    if stands:
        return "both were fetched, and are one story" if pair.claim is Claim.TWIN else "it is fetched first"
    rows = state.read("SELECT state, verdict FROM urls WHERE site = ? AND key = ?", (pair.site, pair.own))
    became, verdict = rows[0] if rows else ("unknown", None)
    return f"it is no article now ({became}{f', {verdict}' if verdict else ''}): this page is"


def _shelved(state: State, key: str) -> Iterator[Shelved]:
    for (site,) in state.read("SELECT site FROM backfills"):
        for row in state.read(
            "SELECT site, kind, state, via, nullif(at, 0), reason FROM shelves WHERE site = ? AND key = ?", (site, key)
        ):
            yield Shelved(*row)


def _robots(state: State, url: str) -> Ruled:
    try:
        known = RobotsMemory(state).last(url)
    except (ValueError, zlib.error) as error:
        raise DamagedRecord(f"the kept robots.txt cannot be read ({error})", file=str(state.path)) from error
    if known is None:
        return Ruled(None, "never asked for: it is fetched before the first page of this host")
    refused, rule = known.refusal(url, AGENT), known.rule(url, AGENT)
    if rule is not None:
        verb = "allows" if rule.allow else "disallows"
        return Ruled(rule.allow, f"line {rule.number} {verb} it: {rule.line}", known.at, rule.line, rule.number)
    if refused is not None:
        return Ruled(False, refused, known.at)
    why = f" ({known.detail})" if known.detail else ""
    return Ruled(True, f"no rule is about it{why}: allowed", known.at)


def _answer(
    url: str,
    site: Site | None,
    scope: str,
    refused: str | None,
    robots: Ruled,
    frontier: tuple[Waiting, ...],
    twin: Twinned,
    *,
    removed: bool,
    captured: bool,
) -> str:
    if removed:
        return _REMOVED
    if site is None:
        return f"It is never fetched: {scope}. To crawl it: presskeep add {host_of(url)}"
    if refused is not None:
        return f"It is never fetched: {refused}."
    row = next((one for one in frontier if one.site == site.host), None)
    if row is not None and row.state == Phase.DONE and twin.stands and row.watch is None:
        return f"It was captured, and is not looked at again: it is a twin ({twin.form}) of {twin.own}, which is."
    if row is not None and row.state not in {Phase.DISALLOWED, *WAITING}:
        return _became(row)
    if robots.allowed is False:
        return f"It is not fetched while robots.txt says so: {robots.said}."
    if row is not None:
        return _became(row)
    if captured:
        return "It was captured, and nothing is planned for it: no source of the site has announced it."
    if is_file(url) or not may_be_article(url):
        said = f"should a feed or sitemap of {site.host} name it, it is passed over"
        return f"Nobody has seen it; {said}: its address is not like an article's."
    return f"Nobody has seen it. Once a source of {site.host} announces it, the next visit fetches it."


def _as_a_part(one: Known, *, removed: bool) -> str:
    """What becomes of an address that is known as a part of pages."""
    if removed:
        return _REMOVED
    said = f"It is a part of pages of {one.site} ({one.kind})"
    match one.state:
        case Phase.DUE:
            when = (
                "after the articles of the next visit" if one.next <= clock.now() else f"not before {_time(one.next)}"
            )
            return f"{said}, and waits to be fetched, {when}."
        case Phase.DONE:
            return f"{said}: it was fetched, and is again when a page refers to it after {_time(one.at + FRESH)}."
        case Phase.GONE:
            return f"{said}, but it is gone: {one.reason}."
        case _:
            return f"{said}, but it could not be had: {one.reason or 'no reason is known'}."


def _became(row: Waiting) -> str:
    now = clock.now()
    when = "with the next visit" if row.next is None or row.next <= now else f"not before {_time(row.next)}"
    match row.state:
        case Phase.DUE:
            failed = f" It failed in {row.tries} of {MAX_TRIES} crawls." if row.tries else ""
            return f"It waits to be fetched, {when}.{failed}"
        case Phase.DONE if row.verdict == Verdict.SOFT_404:
            return (
                "It was captured, and is no article: it answers 200 with the page that the site shows for what it has"
                f" not got. It is looked at again{f' {when}' if row.next else ' if a source announces a change'}."
            )
        case Phase.BACKFILL:
            failed = f" It failed in {row.tries} of {MAX_TRIES} crawls." if row.tries else ""
            return (
                f"It waits for the backfill of {row.site}: 'presskeep crawl {row.site} --archive' fetches it.{failed}"
            )
        case Phase.DONE if row.source == FURTHER:
            return f"It was captured as a further page of {row.via}, and is again whenever that page is."
        case Phase.DONE if row.next is not None:
            return f"It was captured, and is looked at again for edits {when}."
        case Phase.DONE:
            return "It was captured, and is not looked at again unless a source announces a change."
        case Phase.GONE:
            return "It is gone: the server said that there is no such page."
        case Phase.FAILED:
            return f"It is given up: it failed in {row.tries} crawls ({row.reason or 'no reason is known'})."
        case Phase.DISALLOWED:
            said = "announced again after a week, it is tried again"
            return f"It was not allowed ({row.reason or 'no reason is known'}); {said}."
        case _:
            return f"It was refused and is not tried again: {row.reason or 'no reason is known'}."


def _time(at: int) -> str:
    return clock.to_datetime(at).strftime("%Y-%m-%d %H:%M UTC")
