"""Probing a new site: where its front page really is, and which of its candidates are sources worth declaring."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace

from archive.url import host as host_of
from archive.url import normalise
from crawler.discovery import Candidate, Chosen, FoundSource, Rejected, candidates, choose, judge
from crawler.sites import SourceKind
from crawler.sources import MAX_BLOCKED, MAX_NAMED, ROLES, RobotsBody, home, is_blocked, want_candidate
from crawler.walk import Answer, Want, fetch

# Feeds of single sections and sitemaps of single years are named by the hundred: so many are declared at most.
MAX_DECLARED = 30


@dataclass(frozen=True, slots=True)
class Probed:
    """What was found out about a site.

    ``home`` is where the front page really is, None where there is none, for the reason in ``problem``. ``asked`` is
    the address that was tried.
    """

    asked: str
    home: str | None
    host: str
    title: str | None = None
    language: str | None = None
    chosen: Chosen = field(default_factory=lambda: Chosen((), (), {}))
    rejected: tuple[Rejected, ...] = ()
    problem: str | None = None

    @property
    def moved(self) -> bool:
        """Whether the front page is on another host than the one that was asked for (``www.`` does not count)."""
        return host_of(self.asked).removeprefix("www.") != self.host.removeprefix("www.")


def probe(
    starts: Sequence[str], robots_body: RobotsBody, listed: Sequence[Candidate] = ()
) -> Generator[Want, Answer, Probed]:
    """Ask for the front page, then for what it and robots.txt name, then for well-known places of kinds not found.

    What is ``listed`` is asked for first: sources that a person, or a list of theirs, names.
    """
    front = yield from home(starts)
    asked, host = starts[0], host_of(front.url) or host_of(starts[0])
    if front.answer.failure is not None:
        return Probed(asked, None, host, problem=front.answer.why)
    found: list[FoundSource] = []
    rejected: list[Rejected] = []
    blocked = 0
    listed_keys = {normalise(one.url) for one in listed}
    tried = [
        *listed,
        *(
            one
            for one in candidates(front.url, robots_body(front.url), front.page)
            if normalise(one.url) not in listed_keys
        ),
    ]
    named = 0
    for one in tried:
        if one.kind is SourceKind.FRONT:
            judged = judge(one, front.answer.status, front.answer.body, front.answer.charset, front.url)
        elif one in listed:
            judged = yield from _asked(one, Want(one.url, ROLES[one.kind], source="list"))
        elif one.named:
            named += 1
            if named > MAX_NAMED:
                rejected.append(Rejected(one, f"one of more than {MAX_NAMED} that the site names"))
                continue
            judged = yield from _asked(one, want_candidate(one, front.url))
        elif blocked >= MAX_BLOCKED or _has(found, one.kind):
            continue
        else:
            answer = yield from fetch(want_candidate(one, front.url), retries=0)
            blocked = blocked + 1 if is_blocked(answer) else 0
            judged = judge(one, answer.status, answer.body, answer.charset, answer.url)
        if isinstance(judged, FoundSource):
            found.append(judged)
        else:
            rejected.append(judged)
    chosen = choose(found)
    problem = None
    if not chosen.sources:
        problem = (
            f"the front page: {front.answer.why}" if not front.answer.ok else "it has no feed, no sitemap, no articles"
        )
    page = front.page
    return Probed(
        asked,
        front.url if front.answer.ok else None,
        host,
        title=page.title if page else None,
        language=page.language if page else None,
        chosen=replace(chosen, sources=chosen.sources[:MAX_DECLARED]),
        rejected=tuple(rejected),
        problem=problem,
    )


def _asked(candidate: Candidate, want: Want) -> Generator[Want, Answer, FoundSource | Rejected]:
    answer = yield from fetch(want)
    if answer.failure is not None:
        return Rejected(candidate, answer.why)
    return judge(candidate, answer.status, answer.body, answer.charset, answer.url)


def _has(found: list[FoundSource], kind: SourceKind) -> bool:
    """Whether a source of a kind is there already, so that no more guesses at that kind are needed."""
    if kind is SourceKind.FEED:
        return any(one.kind is SourceKind.FEED and one.items for one in found)
    return any(one.kind in {SourceKind.SITEMAP, SourceKind.NEWS_SITEMAP} and one.items for one in found)
