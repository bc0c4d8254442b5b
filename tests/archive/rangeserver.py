"""A server on loopback that gives ranges of files, and counts what it gave."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class RangeServer:
    """Files by path; ``given`` counts the bytes of bodies. Files may be changed while it runs."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.given = 0
        self.url = ""

    @contextmanager
    def running(self) -> Iterator[RangeServer]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self._answer(body=False)

            def do_GET(self) -> None:
                self._answer(body=True)

            def _answer(self, *, body: bool) -> None:
                content = outer.files.get(self.path)
                if content is None:
                    self.send_response(404)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                wanted = _RANGE.fullmatch(self.headers.get("Range") or "")
                whole = len(content)
                self.send_response(206 if wanted else 200)
                if wanted:
                    start, end = int(wanted[1]), min(int(wanted[2] or whole), whole - 1)
                    content = content[start : end + 1]
                    self.send_header("Content-Range", f"bytes {start}-{end}/{whole}")
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if body:
                    outer.given += len(content)
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            self.url = f"http://127.0.0.1:{server.server_address[1]}"
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()
