"""A desk for tests of requisites: a state, a web, and an archive made of what was asked of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from web import Page, Web, rss

from archive.capture import Capture
from archive.configuration import Requisites as Limits
from archive.event import StoredAttempt
from archive.exchange import Attempt, NoAnswer, Origin, Role
from archive.url import normalise
from crawler.agenda import Agenda
from crawler.frontier import Frontier
from crawler.requisites.gathering import Gathering, Stored
from crawler.requisites.known import LeftOut
from crawler.requisites.memory import Requisites
from crawler.scheduling.durations import MINUTE, SECOND
from crawler.sites import Keep, Site, Source, SourceKind
from crawler.state import State
from crawler.visit import Visit
from crawler.walk import Answer, Want

NEWS, OTHER, CDN = "a.example", "b.example", "cdn.example"
STORY = f"https://{NEWS}/2026/11/30/a-story-of-some-length"
NOON = 1_796_126_400_000_000  # 2026-12-01 12:00, UTC


def html(*names: str) -> bytes:
    """A page with these pictures and, where a name ends so, sheets."""
    return "".join(
        f"<link rel=stylesheet href='{name}'>" if name.endswith(".css") else f"<img src='{name}'>" for name in names
    ).encode()


def declared(host: str = NEWS, keep: Keep = Keep.PAGE, **given: object) -> Site:
    source = Source(kind=SourceKind.FEED, url=f"https://{host}/feed")
    return Site(host=host, sources=(source,), keep=keep, **given)  # type: ignore[arg-type]


@dataclass
class Desk:
    """A state with all that visits remember, a web, and an archive that is made of what was asked of it."""

    state: State
    pages: dict[str, Page] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    now: int = NOON
    size: int = 1000  # bytes of each answer
    left: list[LeftOut] = field(default_factory=list)
    held: bool = False  # whether commits wait for room
    urgent: bool = False

    def __post_init__(self) -> None:
        self.frontier, self.agenda = Frontier(self.state), Agenda(self.state)
        self.requisites = Requisites(self.state, self.limits)
        self.noted = 0
        self._bodies: dict[str, Stored] = {}

    def visit(self, site: Site | None = None, *, due: bool = False) -> list[str]:
        """A visit to its end; gives the requisites that were asked for, in their order."""
        web, made = self.begun(site, due=due)
        web.visit(made)
        assert made.finished
        made.close()
        self.note(web, made.site.host)
        return [want.url for want in web.asked if want.role is Role.REQUISITE]

    def begun(self, site: Site | None = None, *, due: bool = False) -> tuple[Web, Visit]:
        """A web, and a visit that has not begun."""
        site = site or declared()
        self.now += MINUTE
        web, self.noted = Web(self.pages), 0
        self.frontier.steps[site.host] = site.steps
        keeps = [site.host] if site.keep is Keep.PAGE else []
        self.requisites.declare(keeps, [] if keeps else [site.host], self.now)
        gathering = Gathering(
            site.host,
            self.requisites,
            lambda: self.now,
            read=self._bodies.get,
            commit=lambda: self.note(web, site.host),
            leave=self.left.append,
            urgent=lambda: self.urgent,
            unpaced=site.delay == 0,
        )
        chosen = gathering if keeps else None
        now = lambda: self.now  # noqa: E731 - a clock
        return web, Visit(site, self.frontier, lambda _: None, now, agenda=self.agenda, due=due, gathering=chosen)

    def note(self, web: Web, site: str) -> None:
        """What the archive would commit."""
        if self.held:
            return
        captures, attempts = [], []
        for want in web.asked[self.noted :]:
            self.now += SECOND
            answer = web.pages.get(want.url, 404)
            if callable(answer):
                answer = answer(0)
            if isinstance(answer, Answer) and answer.failure is not None:
                attempts.append(self.attempt(want, answer.failure.reason, site))
                continue
            captures.append(self.capture(want, answer, site))
        self.noted = len(web.asked)
        self.frontier.note(captures, attempts)
        self.requisites.note(captures, attempts)

    def attempt(self, want: Want, reason: NoAnswer, site: str = NEWS) -> StoredAttempt:
        origin = Origin(site=site, role=want.role, hops=want.hops)
        attempt = Attempt(want.url, self.now, reason, "so it is", origin=origin)
        return StoredAttempt(f"attempt {self.now}", normalise(want.url), attempt)

    def capture(self, want: Want, answer: Answer | bytes | int, site: str = NEWS) -> Capture:
        status = answer.status if isinstance(answer, Answer) else answer if isinstance(answer, int) else 200
        body = answer if isinstance(answer, bytes) else b""
        made = Capture(
            f"capture {self.now}",
            want.url,
            normalise(want.url),
            self.now,
            status=status,
            mime="text/css" if want.url.endswith(".css") else "text/html" if want.role is Role.ARTICLE else "image/png",
            role=want.role,
            site=site,
            hops=want.hops,
            payload_digest=f"sha256:{hash(body)}",
            payload_length=self.size,
        )
        self._bodies[made.id] = Stored(want.url, body, "utf-8")
        if isinstance(answer, Answer) and answer.location:
            head = f"HTTP/1.1 {status} Moved\r\nLocation: {answer.location}\r\n\r\n".encode()
            return replace(made, block=lambda: head)
        return made

    def publish(self, *names: str, host: str = NEWS, url: str = STORY) -> None:
        """An article with these requisites, which a feed announces; those on other hosts come as they are."""
        self.pages[f"https://{host}/feed"] = rss(url)
        self.pages[url] = html(*names)
        for name in names:
            whole = name if name.startswith("https://") else f"https://{host}{name}"
            self.pages.setdefault(whole, b"a { b: url(deep.png) }" if name.endswith(".css") else b"x")


def on(host: str, *names: str) -> list[str]:
    return [f"https://{host}{name}" for name in names]
