"""The server of `benchmarks/crawl.py`: any number of hosts on one port, each with a sitemap and articles, and a log.

    python benchmarks/crawl_server.py LOG HOSTS URLS

Prints its port. A line of the log is a time (seconds since 1970), a host and a path.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

SENTENCE = "The ferry was late again on Thursday, and the harbour master blamed the fog, which nobody had seen. "
ROBOTS = b"User-agent: *\nDisallow: /private/\n"


def answer(body: bytes, kind: str) -> bytes:
    """A whole answer of this media type."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode("ascii") + body


def sitemap(host: str, pages: int) -> bytes:
    """A sitemap that names so many articles of a host."""
    urls = "".join(
        f"<url><loc>http://{host}/2026/11/24/story-number-{page}-of-many</loc></url>" for page in range(pages)
    )
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()


class Server:
    """Answers, and writes down what it was asked for."""

    def __init__(self, log: Path, pages: int) -> None:
        self._log = log.open("w", encoding="utf-8", buffering=1)
        self._pages = pages

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                at = time.time()
                line, *fields = head.decode("latin-1").split("\r\n")
                path = line.split(" ")[1]
                host = next(one[5:].strip() for one in fields if one.lower().startswith("host:"))
                self._log.write(f"{at:.6f} {host} {path}\n")
                writer.write(self._page(host, path))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _page(self, host: str, path: str) -> bytes:
        if path == "/robots.txt":
            return answer(ROBOTS, "text/plain")
        if path == "/sitemap.xml":
            return answer(sitemap(host, self._pages), "application/xml")
        words = f"<p>{SENTENCE * 4}{host}{path}</p>" * 20
        head = f"<html><head><title>Ferry {path}</title></head>"
        page = f"{head}<body><article><h1>Ferry</h1>{words}</article></body></html>"
        return answer(page.encode(), "text/html; charset=utf-8")


async def main() -> None:
    """Serve until it is terminated."""
    log, hosts, urls = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    server = Server(log, urls // hosts)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=1024)
    print(listening.sockets[0].getsockname()[1], flush=True)
    async with listening:
        await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
