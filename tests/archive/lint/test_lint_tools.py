"""Files that other tools write here and now: they give notes, neither errors nor warnings."""

from __future__ import annotations

import gzip
import http.client
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from peers import ask, needs_peers
from warcio.capture_http import capture_http

from archive.lint.linter import lint

from .making import BODY, chunked

WGET = shutil.which("wget")
PATHS = ("/plain", "/chunked", "/gzip", "/moved")


class Pages(BaseHTTPRequestHandler):
    """The same page, as servers send pages."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None:
        """Nothing is logged."""

    def do_GET(self) -> None:
        """Answers."""
        body = gzip.compress(BODY) if self.path == "/gzip" else BODY
        self.send_response(302 if self.path == "/moved" else 200)
        self.send_header("Content-Type", "text/html")
        if self.path == "/moved":
            self.send_header("Location", "/plain")
        if self.path == "/gzip":
            self.send_header("Content-Encoding", "gzip")
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            body = chunked(BODY)
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def rules(path: Path) -> set[str]:
    [file] = lint([path]).files
    assert file.records > 1
    return {one.rule.id for one in file.findings}


@pytest.mark.skipif(WGET is None, reason="no wget here")
@pytest.mark.parametrize("options", [(), ("--no-warc-compression",)])
def test_wget(options: tuple[str, ...], port: int, tmp_path: Path) -> None:
    urls = [f"http://127.0.0.1:{port}{path}" for path in PATHS]
    command = [str(WGET), "--quiet", "--no-config", "--delete-after", "--warc-file=case", *options, *urls]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    [path] = tmp_path.glob("case.warc*")
    assert rules(path) == {"payload-digest-framing"}


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_recording_of_warcio(version: str, port: int, tmp_path: Path) -> None:
    path = tmp_path / "case.warc.gz"
    with capture_http(str(path), warc_version=version):
        for method, target in (*(("GET", one) for one in PATHS), ("HEAD", "/plain")):
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request(method, target)
            connection.getresponse().read()
            connection.close()
    assert rules(path) == {"warcinfo-first", "payload-digest-framing", "http-no-body"}


FASTWARC = """
import sys
from fastwarc.stream_io import GzipWriter
from fastwarc.warc import WarcRecord, WarcRecordType

def put(stream, kind, block, **fields):
    record = WarcRecord()
    record.init_headers(kind)
    for name, value in fields.items():
        record.headers[name.replace("_", "-")] = value
    record.set_bytes_content(block)
    if kind is WarcRecordType.response:
        record.parse_http()
    record.write(stream, checksum_data=True)
    stream.finish()

with open(sys.argv[1], "wb") as out:
    with GzipWriter(out) as stream:
        put(stream, WarcRecordType.warcinfo, b"software: FastWARC\\r\\n", Content_Type="application/warc-fields")
        put(
            stream, WarcRecordType.response, b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello",
            WARC_Target_URI="https://example-news.org/", Content_Type="application/http; msgtype=response",
        )
"""


class TestPeers:
    """Tools that are installed in an environment of their own."""

    pytestmark = needs_peers

    def test_fastwarc(self, tmp_path: Path) -> None:
        path = tmp_path / "case.warc.gz"
        done = ask("python", "-c", FASTWARC, path)
        assert done.returncode == 0, done.stderr
        assert rules(path) == set()
