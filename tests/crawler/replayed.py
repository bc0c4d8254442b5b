"""A browser that draws pages, and a server that answers it from an archive alone."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

from archive.errors import NotFound
from archive.store import Archive
from crawler.drawing.chromium import find


def drawn(url: str, hosts: Iterable[str], port: int, folder: Path) -> bytes:
    """The page as a picture, the PNG's bytes; only these hosts are reached, at this port of loopback."""
    folder.mkdir()
    picture = folder / "page.png"
    rules = [*(f"MAP {host} 127.0.0.1:{port}" for host in hosts), "MAP * ~NOTFOUND"]
    done = subprocess.run(
        [
            *(
                str(find()),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
            ),
            *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *(f"--user-data-dir={folder / 'profile'}", f"--host-resolver-rules={', '.join(rules)}"),
            *("--window-size=1000,2400", "--virtual-time-budget=10000", f"--screenshot={picture}", url),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert picture.exists(), done.stderr
    return picture.read_bytes()


class Replaying:
    """Serves the last mementos of an archive while the context lasts; ``missed`` are the URLs that it does not have."""

    def __init__(self, archive: Archive) -> None:
        self.missed: list[str] = []
        path, missed = archive.path, self.missed

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = f"http://{self.headers['Host']}{self.path}"
                try:
                    with Archive.open(path) as own:  # connections are of one thread
                        message = own.memento(url).representation()
                        body, kind = message.decoded(), message.field("Content-Type") or ""
                except NotFound:
                    missed.append(url)
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
