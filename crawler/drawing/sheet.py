"""A sheet: one page while a browser draws it, what it asks for meanwhile, and what is on it in the end."""

from __future__ import annotations

import asyncio
import base64
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from archive.terminal import one_line
from crawler.drawing.devtools import BrowserGone, DevTools, Refused

# Requests of one page: five times those of scripts, styles and data that large papers' pages make.
MAX_REQUESTS = 100
# Characters of an address: data are asked for by longer ones than pages.
MAX_ADDRESS = 8000
# Bytes of the answers to them, once decoded; the largest bundles seen have ten.
MAX_BYTES = 64 * 2**20
# Bytes of the page as it is drawn: no more than the cleaner takes.
MAX_PAGE = 32 * 2**20
# Seconds of the page's own clock, which stands still while anything is fetched: what a person would wait for.
BUDGET = 5.0
# Seconds by ours, hosts waited for included: twenty files of one host at the usual delay, and some more.
LONGEST = 300.0
# Seconds in which nothing is fetched, and its clock does not come to the end: its scripts run in a circle.
STUCK = 20.0
# Tasks that a page may run at one point of its clock, before it is moved on.
STARVATION = 1000
_LOOK = 0.25  # seconds between two looks at these limits
_TAKING = 10.0  # seconds to hand the page over

# What text may depend on. Pictures, films and fonts only fill the page; frames are pages of their own, and `Browser`
# refuses them.
_FETCHED = frozenset({"Script", "Stylesheet", "XHR", "Fetch", "Other"})
_OFTEN = frozenset({"Script", "Stylesheet"})

_TAKE = """(() => {
  const kind = document.doctype;
  if (!document.documentElement) return "";
  const page = (kind ? new XMLSerializer().serializeToString(kind) + "\\n" : "") + document.documentElement.outerHTML;
  return page.length > %d ? null : page;
})()"""


# What reaches a network by ways that are not requests; the browser's settings keep it from that, too.
_WITHOUT = 'for (const one of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport"]) delete globalThis[one]'


class Halted(Exception):
    """The crawl ends before the page is drawn."""


class NotDrawn(Exception):
    """A page that could not be drawn: it would be the same the next time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a browser is told of an answer: its fields as they came, its body once decoded."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a page asks for: a GET. ``lasting`` says that other pages of the site will ask for the same."""

    url: str
    fields: Mapping[str, str]
    lasting: bool


def _names(request: Mapping[str, Any], field: str) -> bool:
    return any(name.lower() == field for name in request.get("headers", {}))


def _permit(request: Mapping[str, Any]) -> Reply:
    """The answer to a browser's question whether a script may ask another host (CORS): yes, without asking that host.

    Nothing of it is sent, and nothing archived. What the host then answers says itself whether the script may read it.
    """
    fields = {name.lower(): value for name, value in request.get("headers", {}).items()}
    granted = {
        "Access-Control-Allow-Origin": fields.get("origin", "*"),
        "Access-Control-Allow-Methods": fields.get("access-control-request-method", "GET"),
        "Access-Control-Allow-Headers": fields.get("access-control-request-headers", ""),
        "Access-Control-Allow-Credentials": "true",
    }
    return Reply(204, tuple(granted.items()), b"")


class Course(Protocol):
    """How the crawl is, for whom a page is drawn."""

    def halted(self) -> bool:
        """Whether it ends."""

    def paused(self) -> bool:
        """Whether it waits for room, and no answer comes: that time is not counted."""


# Gives the answer, or None where there is none; what was fetched or refused is recorded by whoever does it.
Fetch = Callable[[Wanted, int], Awaitable[Reply | None]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as it was drawn: its markup, by which limit it was ended, and what it did without."""

    page: bytes = field(repr=False)
    cut: str
    without: tuple[str, ...]


class Sheet:
    """One page. ``frame`` is the id of its frame, and ``session`` that of the session with it."""

    def __init__(self, tools: DevTools, session: str, frame: str, url: str, first: Reply, fetch: Fetch) -> None:
        self._tools = tools
        self._session = session
        self._url = url
        self._first: Reply | None = first
        self._fetch = fetch
        self._tasks: set[asyncio.Task[None]] = set()
        self._settled = asyncio.Event()
        self._is_shown = False
        self._failed = ""
        self._requests = self._bytes = 0
        self._without = Counter[str]()
        self._moved = time.monotonic()  # when something happened last
        self._cut = ""
        self.frame = frame

    async def draw(self, course: Course) -> Picture:
        """The page, drawn; raises NotDrawn, BrowserGone, or Halted where the crawl ends."""
        await self._tools.ask("Inspector.enable", self._session)  # which tells of crashes
        await self._tools.ask("Page.enable", self._session)
        await self._tools.ask("Page.addScriptToEvaluateOnNewDocument", self._session, source=_WITHOUT)
        # Its clock begins with the page, not with the empty one before it.
        await self._tools.ask("Emulation.setVirtualTimePolicy", self._session, policy="pause")
        self._tools.tell("Page.navigate", self._session, url=self._url)
        await self._settle(course)
        # What is still under way comes, and is archived, though the page does not hear of it any more.
        return Picture(await self._taken(), self._cut, tuple(self._told()))

    def hear(self, method: str, told: Mapping[str, Any]) -> None:
        """An event of its session."""
        if method == "Page.frameNavigated" and "parentId" not in told["frame"]:
            if told["frame"].get("unreachableUrl") or self._is_shown:
                # To about:blank and the like leads no request that could be refused.
                shown = one_line(str(told["frame"].get("url", "")))[:100]
                self.fail(f"it leaves for {shown}" if self._is_shown else "the browser does not show it")
                return
            self._is_shown = True
            self._tools.tell(
                *("Emulation.setVirtualTimePolicy", self._session),
                policy="pauseIfNetworkFetchesPending",
                budget=BUDGET * 1000,
                maxVirtualTimeTaskStarvationCount=STARVATION,
            )
        elif method == "Emulation.virtualTimeBudgetExpired":
            self._settled.set()
        elif method == "Page.javascriptDialogOpening":
            self._tools.tell("Page.handleJavaScriptDialog", self._session, accept=False)
        self._moved = time.monotonic()

    def fail(self, why: str) -> None:
        """It ends: its process did, or the whole browser."""
        self._failed = self._failed or why
        self._settled.set()

    def asked(self, paused: Mapping[str, Any]) -> None:
        """The page asks for something: it is answered, or refused."""
        request, number = paused["request"], paused["requestId"]
        why = self._refusal(paused)
        if request["method"] == "OPTIONS" and _names(request, "access-control-request-method"):
            self._answer(number, _permit(request))
        elif why:
            self._without[why] += 1
            # What fails takes the place of the page; what is aborted leaves it as it is.
            self.refuse(self._tools, number, "Aborted" if self._is_page(paused) else "BlockedByClient")
        elif self._is_page(paused):
            assert self._first is not None
            first, self._first = self._first, None
            self._answer(number, first)
        else:
            self._requests += 1
            wanted = Wanted(request["url"], request.get("headers", {}), paused["resourceType"] in _OFTEN)
            task = asyncio.get_running_loop().create_task(self._fetched(number, wanted))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._moved = time.monotonic()

    @staticmethod
    def refuse(tools: DevTools, number: str, reason: str = "BlockedByClient") -> None:
        """Let a request fail; unless told otherwise, as a browser's own filter does."""
        tools.tell("Fetch.failRequest", requestId=number, errorReason=reason)

    def _is_page(self, paused: Mapping[str, Any]) -> bool:
        return paused["resourceType"] == "Document" and paused.get("frameId") == self.frame

    def _refusal(self, paused: Mapping[str, Any]) -> str:
        """Why something is not fetched, in one word or two; empty where it is."""
        request, kind = paused["request"], paused["resourceType"]
        if self._is_page(paused):
            # A script that leads elsewhere, or wants the same once more: neither is the page that was asked for.
            return "" if self._first is not None else "navigation"
        if request["method"] != "GET":
            return str(request["method"]).lower()[:10]
        fields = {name.lower(): value for name, value in request.get("headers", {}).items()}
        if kind not in _FETCHED or (kind == "Other" and fields.get("accept", "").startswith("image/")):
            return "icon" if kind == "Other" else str(kind).lower()[:20]
        if "text/event-stream" in fields.get("accept", ""):
            return "eventsource"  # it has no end
        if not request["url"].lower().startswith(("http://", "https://")) or len(request["url"]) > MAX_ADDRESS:
            return "address"
        if self._requests >= MAX_REQUESTS:
            self._cut = self._cut or f"{MAX_REQUESTS} requests"
            return "limit"
        return ""

    async def _fetched(self, number: str, wanted: Wanted) -> None:
        left = MAX_BYTES - self._bytes
        reply = await self._fetch(wanted, left) if left > 0 else None
        self._moved = time.monotonic()
        if reply is not None and len(reply.body) > MAX_BYTES - self._bytes:
            reply = None
        if left <= 0 or (reply is None and self._bytes >= MAX_BYTES):
            self._cut = self._cut or f"{MAX_BYTES} bytes"
        if reply is None:
            self._without["unanswered"] += 1
            self.refuse(self._tools, number)
            return
        self._bytes += len(reply.body)
        self._answer(number, reply)

    def _answer(self, number: str, reply: Reply) -> None:
        self._tools.tell(
            "Fetch.fulfillRequest",
            requestId=number,
            responseCode=reply.status,
            responseHeaders=[{"name": name, "value": value} for name, value in reply.fields],
            body=base64.b64encode(reply.body).decode("ascii"),
        )

    async def _settle(self, course: Course) -> None:
        """Until its clock has come to the end, or a limit ends it."""
        end = time.monotonic() + LONGEST
        while not self._settled.is_set():
            try:
                await asyncio.wait_for(self._settled.wait(), _LOOK)
            except TimeoutError:
                now = time.monotonic()
                if course.halted():
                    raise Halted from None
                if self._tasks:
                    self._moved = now
                if course.paused():
                    end += _LOOK
                if now > end or now - self._moved > STUCK:
                    self._cut = self._cut or (f"{LONGEST:g} s" if now > end else "scripts without an end")
                    break
        if self._tools.gone:
            raise BrowserGone(self._failed)
        if self._failed or not self._is_shown:  # else it would be the empty page before it that is taken
            raise NotDrawn(self._failed or self._cut)

    async def _taken(self) -> bytes:
        """The page's markup, read from a world of our own: what its scripts have made of the usual one is not asked."""
        try:
            made = await self._tools.ask(
                "Page.createIsolatedWorld", self._session, patience=_TAKING, frameId=self.frame
            )
            told = await self._tools.ask(
                *("Runtime.evaluate", self._session),
                patience=_TAKING,
                contextId=made["executionContextId"],
                expression=_TAKE % MAX_PAGE,
                returnByValue=True,
            )
        except Refused as error:
            raise NotDrawn(str(error)) from error
        except BrowserGone as error:
            if self._tools.gone:
                raise
            raise NotDrawn(self._cut or str(error)) from error
        page = told.get("result", {}).get("value")
        if not isinstance(page, str):
            raise NotDrawn(f"its markup has more than {MAX_PAGE} characters")
        drawn = page.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
        if len(drawn) > MAX_PAGE:
            raise NotDrawn(f"its markup has more than {MAX_PAGE} bytes")
        return drawn

    def _told(self) -> list[str]:
        return [f"{why} {number}" for why, number in sorted(self._without.items())]
