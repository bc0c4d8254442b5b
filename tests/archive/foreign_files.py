"""Files as other writers make them, in every form, each of three pages of one invented paper."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import uuid
import zipfile
from collections.abc import Iterable, Sequence

import zstandard
from exchanges import page

NAMES = ("crane", "quay", "ferry")


def http(name: str, *, status: int = 200) -> bytes:
    """An answer as it came from a server."""
    return f"HTTP/1.1 {status} Such\r\nContent-Type: text/html; charset=utf-8\r\n\r\n".encode() + page(name)


def warc_record(
    name: str,
    number: int = 0,
    *,
    block: bytes | None = None,
    host: str = "herald.example",
    kind: str = "response",
    record_id: str | None = "",
    date: str | None = None,
    extra: str = "",
    version: str = "1.0",
) -> bytes:
    """One WARC record of a page; ``record_id`` is made from its number where it is empty, and None for none."""
    content = http(name) if block is None else block
    told = [
        f"WARC/{version}",
        f"WARC-Type: {kind}",
        f"WARC-Date: {date or f'2019-03-0{number + 1}T10:00:00Z'}",
        f"WARC-Target-URI: http://{host}/{name}",
        "Content-Type: application/http; msgtype=response",
        f"Content-Length: {len(content)}",
    ]
    if record_id is not None:
        told.append(f"WARC-Record-ID: <{record_id or f'urn:uuid:00000000-0000-4000-8000-{number:012d}'}>")
    head = "\r\n".join(told) + "\r\n" + extra + "\r\n"
    return head.encode() + content + b"\r\n\r\n"


def warcinfo() -> bytes:
    """The first record of a file."""
    block = b"software: Quill/2.0\r\nformat: WARC File Format 1.0\r\n"
    head = (
        "WARC/1.0\r\nWARC-Type: warcinfo\r\nWARC-Date: 2019-03-01T09:59:59Z\r\n"
        "WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-00000000ffff>\r\n"
        f"Content-Type: application/warc-fields\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


def warc_records(names: Sequence[str] = NAMES, host: str = "herald.example") -> list[bytes]:
    """A whole file, record by record; ids differ from host to host."""
    ids = [
        "" if host == "herald.example" else f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, host + one)}" for one in names
    ]
    made = (warc_record(name, n, host=host, record_id=ids[n]) for n, name in enumerate(names))
    return [warcinfo(), *made]


def filedesc(version: int = 1) -> bytes:
    """The first record of an ARC file."""
    fields = b"URL IP-address Archive-date Content-type Archive-length\n"
    if version == 2:
        fields = fields.replace(b"Archive-length", b"Result-code Checksum Location Offset Filename Archive-length")
    block = b"%d 0 Quill\n" % version + fields + b"\n"
    return b"filedesc://quill.arc 0.0.0.0 20030405060708 text/plain %d\n" % len(block) + block + b"\n"


def arc_record(
    name: str,
    number: int = 0,
    *,
    block: bytes | None = None,
    version: int = 1,
    date: str | None = None,
    declared: int | None = None,
    url: str | None = None,
) -> bytes:
    """One ARC record of a page."""
    content = http(name) if block is None else block
    between = "200 - - 12 quill.arc " if version == 2 else ""
    when = date or f"2003040506070{number}"
    length = len(content) if declared is None else declared
    line = f"{url or f'http://herald.example/{name}'} 192.0.2.9 {when} text/html {between}{length}\n"
    return line.encode() + content + b"\n"


def arc_records(version: int = 1, host: str = "herald.example") -> list[bytes]:
    """A whole ARC file, record by record."""
    made = (arc_record(name, n, version=version, url=f"http://{host}/{name}") for n, name in enumerate(NAMES))
    return [filedesc(version), *made]


def gzipped(records: Iterable[bytes]) -> bytes:
    """Records in a gzip member each."""
    return b"".join(gzip.compress(one, mtime=0) for one in records)


def framed(records: Iterable[bytes]) -> bytes:
    """Records in a zstd frame each."""
    return b"".join(zstandard.ZstdCompressor().compress(one) for one in records)


def wacz(
    warc: bytes | None = None,
    *,
    compression: int = zipfile.ZIP_STORED,
    name: str = "archive/data.warc.gz",
    digest: str | None = None,
    package: bool = True,
) -> bytes:
    """A WACZ of one WARC file."""
    content = gzipped(warc_records()) if warc is None else warc
    stated = digest or f"sha256:{hashlib.sha256(content).hexdigest()}"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        zipped.writestr(name, content, compression)
        zipped.writestr("pages/pages.jsonl", '{"format": "json-pages-1.0", "id": "pages"}\n', zipfile.ZIP_DEFLATED)
        resources = [{"name": "data.warc.gz", "path": name, "hash": stated, "bytes": len(content)}]
        if package:
            zipped.writestr("datapackage.json", json.dumps({"profile": "data-package", "resources": resources}))
    return out.getvalue()


def _host(name: str, *, apart: bool) -> str:
    return f"{name.replace('.', '-')}.example" if apart else "herald.example"


def forms(*, apart: bool = False) -> dict[str, bytes]:
    """The same pages in every form that is read, by file name; with ``apart`` each of a host of its own."""

    def warc(name: str) -> list[bytes]:
        return warc_records(host=_host(name, apart=apart))

    def arc(name: str, version: int = 1) -> list[bytes]:
        return arc_records(version, _host(name, apart=apart))

    return {
        "members.warc.gz": gzipped(warc("members.warc.gz")),
        "plain.warc": b"".join(warc("plain.warc")),
        "whole.warc.gz": gzip.compress(b"".join(warc("whole.warc.gz")), mtime=0),
        "frames.warc.zst": framed(warc("frames.warc.zst")),
        "whole.warc.zst": zstandard.ZstdCompressor().compress(b"".join(warc("whole.warc.zst"))),
        "members.arc.gz": gzipped(arc("members.arc.gz")),
        "plain.arc": b"".join(arc("plain.arc")),
        "second.arc": b"".join(arc("second.arc", 2)),
        "whole.arc.gz": gzip.compress(b"".join(arc("whole.arc.gz")), mtime=0),
        "crawl.wacz": wacz(gzipped(warc("crawl.wacz"))),
    }
