"""Pages that try to call out, to run, and to lead away, by every way that is known; and one that means well."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from archive.exchange import Exchange, Origin
from archive.store import Archive

AT = 1_795_600_000_000_000  # 2026-11-25T09:46:40Z
HOST = "http://courier.example"


def png(width: int, height: int) -> bytes:
    """A red picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\xff\0\0" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    whole = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + whole


def answered(
    path: str, body: bytes, kind: str = "text/html; charset=utf-8", *, status: int = 200, head: str = "", after: int = 0
) -> Exchange:
    """One exchange, so many seconds after the first."""
    fields = f"HTTP/1.1 {status} Such\r\n{f'Content-Type: {kind}{chr(13)}{chr(10)}' if kind else ''}{head}\r\n"
    return Exchange(
        f"{HOST}{path}",
        AT + after * 1_000_000,
        b"GET / HTTP/1.1\r\nHost: courier.example\r\n\r\n",
        fields.encode("latin-1") + body,
        origin=Origin(site="courier.example"),
    )


def archived(path: Path, *exchanges: Exchange) -> Path:
    """The directory of an archive with these exchanges."""
    with Archive.create(path, contact="tests@example.org") as archive, archive.writer("test") as writer:
        for one in exchanges:
            writer.add(one)
    return path


# `{evil}` is an origin that counts who connects to it, `{app}` that of the application.
_TEXT = (Path(__file__).parent / "ways.txt").read_text("utf-8")
# By name: markup in which ``@EVIL@`` is an origin that counts who connects to it, ``@APP@`` that of the application.
WAYS = {name: markup.rstrip("\n") for name, _, markup in (one.partition("\n") for one in _TEXT.split("=== ")[1:])}
HEAD = """Set-Cookie: hostile=1
Refresh: 0; url=@EVIL@/refresh
Link: <@EVIL@/l.css>; rel=preload; as=style, <@EVIL@>; rel=preconnect
Content-Security-Policy: default-src *
Clear-Site-Data: "*"
Service-Worker-Allowed: /
Strict-Transport-Security: max-age=31536000
Alt-Svc: h2="evil.example:443"
NEL: {}
Report-To: {"endpoints":[{"url":"@EVIL@/report"}]}
Reporting-Endpoints: a="@EVIL@/r"
Speculation-Rules: "@EVIL@/s"
X-Frame-Options: ALLOWALL
Access-Control-Allow-Origin: *
""".replace("\n", "\r\n")


def aimed(text: str, evil: str, app: str = "http://127.0.0.1:8321") -> str:
    """The same, aimed at real origins."""
    return text.replace("@EVIL@", evil).replace("@APP@", app)
