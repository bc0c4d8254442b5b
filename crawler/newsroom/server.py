"""The newsroom's server: HTTP/1.1 on loopback in a thread of its own, told apart by the Host field."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Self

from crawler.newsroom import awkward as awkward_sites
from crawler.newsroom.answer import Answer, page
from crawler.newsroom.message import MAX_HEAD, Request, chunks, head, requests, unchanged
from crawler.newsroom.press import answer_of
from crawler.newsroom.site import HOSTS, load_site

ADDRESS = "127.0.0.1"
_LINKS = re.compile(rb'(href|src|action)="(?:http://(' + "|".join(HOSTS).replace(".", r"\.").encode() + rb"))?(/[^/])?")


@dataclass(frozen=True, slots=True)
class Served:
    """One request as the server saw it; ``status`` is 0 where nothing was answered."""

    time: datetime
    method: str
    host: str
    path: str  # with the query
    status: int
    agent: str


class Newsroom:
    """The fictional sites, served while the context lasts.

    ``visit`` says which state of the sites is seen, and may be set at any time: 2 shows what was changed and added
    since 1. ``clock`` gives the present as an aware datetime: pages carry its day in their header. With ``awkward``
    the hosts of `crawler.newsroom.awkward` are served too. ``log`` grows by one `Served` a request.
    Raises OSError when the port is taken.
    """

    def __init__(
        self,
        visit: int = 1,
        port: int = 0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        awkward: bool = False,
    ) -> None:
        self.visit = visit
        self.log: list[Served] = []
        self.hosts: tuple[str, ...] = (*HOSTS, *awkward_sites.HOSTS) if awkward else HOSTS
        self.port = port
        self._clock = clock
        self._awkward = awkward
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    @property
    def resolve(self) -> dict[str, str]:
        """Host name to address and port, as ``[network.resolve]`` of archive.toml takes it."""
        return dict.fromkeys(self.hosts, f"{ADDRESS}:{self.port}")

    def __enter__(self) -> Self:
        listening = socket.create_server((ADDRESS, self.port), backlog=128)
        self.port = listening.getsockname()[1]
        ready = threading.Event()
        # A daemon, so that a program which fails to close it still ends.
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._main(listening, ready)), name="newsroom", daemon=True
        )
        self._thread.start()
        ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends every connection and the thread; a second call does nothing."""
        if self._thread is None:
            return
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._thread = None

    async def _main(self, listening: socket.socket, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            server = await asyncio.start_server(self._serve, sock=listening, limit=MAX_HEAD)
        finally:
            ready.set()
        await self._stop.wait()
        server.close()
        serving = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async for request in requests(reader):
                answer = _answer_of_condition(request, self._answer(request))
                self._note(request, answer)
                if answer.silent:
                    await reader.read()  # until the client, or the server's end, closes
                    return
                await self._send(writer, request, answer)
                if not request.keeps or answer.status == 400:
                    return
        except (ConnectionError, TimeoutError):
            return  # the client went away, or fell silent: its own affair
        except asyncio.CancelledError:
            writer.transport.abort()  # the server is closing: what was not taken by now is not waited for
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def _note(self, request: Request, answer: Answer) -> None:
        status = 0 if answer.silent else answer.status
        agent = request.fields.get("user-agent", "")
        self.log.append(Served(datetime.now(UTC), request.method, request.host, request.target, status, agent))

    def _answer(self, request: Request) -> Answer:
        if request.method not in {"GET", "HEAD"}:
            if not request.method:
                return Answer(400, "text/plain", b"This is not an HTTP/1.x request.\n")
            return Answer(405, "text/plain", b"Only GET and HEAD here.\n", (("Allow", "GET, HEAD"),))
        host, path = request.host, request.target.partition("?")[0]
        if host in HOSTS:
            return answer_of(load_site(host), path, self.visit, self._clock())
        if self._awkward and host in awkward_sites.HOSTS:
            return awkward_sites.answer_of(host, path)
        if path.startswith("/_site/"):
            return self._preview(path)
        known = host in {"", ADDRESS, "localhost"}
        return page(_index(host, self.hosts, known), 200 if known and path == "/" else 404)

    def _preview(self, path: str) -> Answer:
        """A page of a site for a browser that knows only the address: links point back under ``/_site/``."""
        host, _, rest = path.removeprefix("/_site/").partition("/")
        if host not in HOSTS:
            return page(_index(host, self.hosts, known=False), 404)
        answer = answer_of(load_site(host), f"/{rest}", self.visit, self._clock())
        fields = tuple((name, value.replace("http://", "/_site/")) for name, value in answer.fields)
        if not answer.content_type.startswith("text/html"):
            return replace(answer, fields=fields)
        return replace(answer, fields=fields, body=_LINKS.sub(lambda match: _within(match, host), answer.body))

    async def _send(self, writer: asyncio.StreamWriter, request: Request, answer: Answer) -> None:
        short = answer.status == 304
        body, fields = answer.body, [] if short else [("Content-Type", answer.content_type)]
        if answer.modified:
            fields.append(("Last-Modified", format_datetime(answer.modified.astimezone(UTC), usegmt=True)))
        if answer.status in {200, 304} and not answer.stream:
            fields.append(("ETag", _tag(body)))
        if short:
            writer.write(head(304, fields, keeps=request.keeps))
            await writer.drain()
            return
        if answer.packed and not answer.stream and body:
            fields.append(("Vary", "Accept-Encoding"))
            if "gzip" in request.fields.get("accept-encoding", ""):
                body = gzip.compress(body, compresslevel=6, mtime=0)
                fields.append(("Content-Encoding", "gzip"))
        chunked = answer.chunked and request.version == "HTTP/1.1"
        length = answer.length if answer.stream else len(body)
        fields.append(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(length)))
        writer.write(head(answer.status, [*fields, *answer.fields], keeps=request.keeps))
        if request.method != "HEAD":
            for part in answer.stream() if answer.stream else chunks(body) if chunked else (body,):
                writer.write(part)
                await writer.drain()
        await writer.drain()


def _tag(body: bytes) -> str:
    return f'W/"{hashlib.sha256(body).hexdigest()[:16]}"'  # weak: the same for the plain and the packed form


def _answer_of_condition(request: Request, answer: Answer) -> Answer:
    """The answer, or 304 in its place where the client's copy will do."""
    whole = answer.status == 200 and not answer.stream and not answer.silent
    if whole and unchanged(request, _tag(answer.body), answer.modified):
        return replace(answer, status=304)
    return answer


def _within(match: re.Match[bytes], host: str) -> bytes:
    attribute, named, rest = match.groups()
    if rest is None or rest.startswith(b"/_"):
        return match.group()
    return b'%b="/_site/%b%b' % (attribute, named or host.encode(), rest)


def _index(host: str, hosts: tuple[str, ...], known: bool) -> str:
    """The page for those who come by address, and for those who ask for a host that is not here."""
    sites = "".join(
        f'<li><a href="/_site/{name}/">{load_site(name).name}</a> <code>{name}</code></li>' for name in HOSTS
    )
    others = ", ".join(f"<code>{name}</code>" for name in hosts if name not in HOSTS)
    lost = "" if known else f"<p><strong>No site called <code>{escape(host or '?')}</code> is served here.</strong></p>"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>The Presskeep newsroom</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<style>body{font:1.1rem/1.6 Georgia,serif;max-width:38rem;margin:12vh auto;padding:0 1.2rem;color:#222}"
        "code{font-size:.85em;color:#666}li{margin:.6rem 0}</style></head>\n<body>\n<h1>The Presskeep newsroom</h1>\n"
        f"{lost}<p>Two news sites that do not exist, for trying out Presskeep. Places, people and events are invented. "
        f"A crawler reaches them by their host names; to look at them here, follow a link:</p>\n<ul>{sites}</ul>\n"
        f"{f'<p>Awkward hosts, for tests: {others}.</p>' if others else ''}</body>\n</html>\n"
    )
