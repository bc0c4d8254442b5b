"""Newcomers: a site that is to be declared, looked at through the same tap as everything else."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from archive.clock import to_datetime
from archive.errors import ConfigurationError, NotFound, PresskeepError, StorageFull, UsageError
from archive.store import Archive
from archive.url import host as host_of
from archive.url import is_fetchable
from crawler.discovery import Candidate, FoundSource, Rejected
from crawler.discovery.lists import ListedFeed
from crawler.jobs import Asked, ProbeJob, Progress, Stop, run_job
from crawler.probe import Probed
from crawler.running import require_delays
from crawler.sites import DEFAULT_DELAY, Site, Source, SourceKind, read_sites
from crawler.urls import Scope

# Between the requests of a probe, some fifteen in all, once: a person waits, and a browser sends them at once.
PROBE_DELAY = 1.0
# Lines above a site's table that tell what it names itself and was not taken: some papers name a hundred feeds.
MAX_NOT_TAKEN = 5
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_ERRORS: dict[int, type[PresskeepError]] = {
    kind.exit_code: kind for kind in (PresskeepError, ConfigurationError, StorageFull)
}


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A site as it would be declared, with what was found: ``sources`` in the order of ``site.sources``.

    ``moved_from`` is the host that was asked for, where its front page is on another one. ``notes`` are comments by
    source URL. ``declared`` is the site as sites.toml has it already, which only a look without writing allows.
    """

    site: Site
    probed: Probed
    sources: tuple[FoundSource, ...]
    left_out: tuple[Rejected, ...]
    moved_from: str | None
    notes: dict[str, str]
    heading: str
    declared: Site | None = None


class AlreadyDeclared(UsageError):
    """The site stands in sites.toml already."""


def look_at(
    archive: Archive,
    given: str,
    delay: float | None = None,
    asked: Callable[[str], None] = lambda _: None,
    *,
    feeds: Sequence[ListedFeed] = (),
    again: bool = False,
    stop: Stop | None = None,
) -> Newcomer:
    """Look at a site; everything that is fetched is archived. Nothing is declared yet.

    ``feeds`` are named by whoever adds it: they are declared, whichever host they are on. With ``again`` a site may be
    looked at that is declared already. Raises UsageError for what is no address, AlreadyDeclared, ConfigurationError,
    and PresskeepError with the reason where nothing can be had of the site.
    """
    starts = starts_of(given)
    host = host_of(starts[0])
    declared = _declared(archive, host)
    if declared is not None and not again:
        raise _already(archive, declared)
    archive.configuration.require_contact()
    if declared is not None:
        delay = declared.delay if delay is None else delay
    site = Site(host=host, delay=min(DEFAULT_DELAY if delay is None else delay, PROBE_DELAY))
    require_delays(archive.configuration, [site])
    listed = tuple(Candidate(SourceKind.FEED, one.url, _named(one), named=True) for one in feeds)
    job = ProbeJob(archive.path, f"urn:uuid:{uuid.uuid4()}", site, starts, listed)

    def hear(progress: Progress) -> None:
        if isinstance(progress, Asked):
            asked(progress.url)

    summary = run_job(job, hear, stop)
    if summary.probed is None:
        raise _ERRORS.get(summary.exit_code, PresskeepError)(summary.error or f"{host} could not be looked at")
    if summary.probed.problem is not None:
        raise PresskeepError(_advice(host, summary.probed))
    moved = _declared(archive, summary.probed.host)
    if moved is not None and not again:
        raise _already(archive, moved)
    return replace(_newcomer(host, summary.probed, delay, listed), declared=declared or moved)


def _named(feed: ListedFeed) -> str:
    return f'listed as "{feed.title}"' if feed.title else "listed"


def starts_of(given: str) -> tuple[str, ...]:
    """The URLs to try for what a person wrote: a bare host over https, then http; raises UsageError."""
    text = given.strip()
    scheme, mark, _ = text.partition("://")
    if mark and scheme.lower() not in {"http", "https"}:
        raise UsageError(f"{scheme}:// is not fetched: a news site has an http or https address")
    addresses = (text,) if mark else (f"https://{text}", f"http://{text}")
    starts = tuple(one if urlsplit(one).path else f"{one}/" for one in _parsed(given, addresses))
    if not all(is_fetchable(one) for one in starts) or any(letter.isspace() for letter in text):
        raise UsageError(f"{given!r} is no address of a site: write https://example-news.org/ or example-news.org")
    return starts


def _parsed(given: str, addresses: tuple[str, ...]) -> tuple[str, ...]:
    try:
        for one in addresses:
            urlsplit(one)
    except ValueError as error:
        raise UsageError(f"{given!r} is no address of a site: {error}") from error
    return tuple(one.partition("#")[0] for one in addresses)


def _declared(archive: Archive, host: str) -> Site | None:
    if not archive.sites_path.exists():
        return None
    try:
        return read_sites(archive.sites_path).get(host)
    except NotFound:
        return None


def _already(archive: Archive, known: Site) -> AlreadyDeclared:
    return AlreadyDeclared(
        f"{known.host} is already declared in {archive.sites_path}: edit it there, or remove it first"
        f" ('presskeep add {known.host} --dry-run' looks at it anew)"
    )


def _advice(host: str, probed: Probed) -> str:
    where = probed.host if probed.moved else host
    return f"{where} was not declared: {probed.problem}"


def _newcomer(host: str, probed: Probed, delay: float | None, listed: Sequence[Candidate] = ()) -> Newcomer:
    """The declaration of what was found. A source on a host below the site's own belongs to it, others do not.

    But those that were listed do: somebody said so.
    """
    moved = probed.moved
    if moved:
        host = probed.host
    scope, bare = Scope.of((host,)), host.removeprefix("www.")
    hosts: list[str] = []
    kept: list[FoundSource] = []
    left_out = [*probed.rejected, *probed.chosen.dropped]
    for one in probed.chosen.sources:
        other = host_of(one.url)
        if scope.in_scope(one.url):
            kept.append(one)
        elif other.endswith(f".{bare}") or one.candidate in listed:
            kept.append(one)
            if other not in hosts:
                hosts.append(other)
        else:
            left_out.append(Rejected(one.candidate, f"{other} is another host: name it in hosts if it belongs to it"))
    home = probed.home
    usual = {f"https://{host}/", f"http://{host}/"} if home is None else {f"https://{host}/"}
    site = Site(
        host=host,
        start=home if home is not None and home not in usual and scope.in_scope(home) else None,
        hosts=tuple(hosts),
        language=probed.language if probed.language and _LANGUAGE.fullmatch(probed.language) else None,
        sources=tuple(Source(kind=one.kind, url=one.url) for one in kept),
        delay=DEFAULT_DELAY if delay is None else delay,
    )
    return Newcomer(
        site,
        probed,
        tuple(kept),
        tuple(left_out),
        host_of(probed.asked) if moved else None,
        {one.url: _note(one, probed.chosen.overlap.get(one.url, 0)) for one in kept},
        heading=_heading(probed, left_out),
    )


def _note(found: FoundSource, elsewhere: int) -> str:
    newest = f", newest {to_datetime(found.newest):%Y-%m-%d}" if found.newest is not None else ""
    twice = f", {elsewhere:,} of them elsewhere too" if elsewhere else ""
    items = "1 item" if found.items == 1 else f"{found.items:,} items"
    return f"{found.form}, {items}{newest}{twice}; {found.candidate.why}"


def _heading(probed: Probed, left_out: Sequence[Rejected]) -> str:
    """What stands above the table: the site's title, and what it names itself that was not taken, with the reason."""
    named = [one for one in left_out if one.candidate.named]
    lines = [probed.title or "", *(f"not taken: {one.candidate.url} ({one.reason})" for one in named[:MAX_NOT_TAKEN])]
    if len(named) > MAX_NOT_TAKEN:
        lines.append(f"not taken: {len(named) - MAX_NOT_TAKEN} more")
    return "\n".join(" ".join(line.split()) for line in lines if line.strip())
