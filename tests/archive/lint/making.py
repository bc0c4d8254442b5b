"""WARC and WACZ files made byte by byte, right or wrong in exactly one respect."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence

import zstandard

Changes = Mapping[str, str | Sequence[str] | None]

DATE = "2026-11-24T09:30:00Z"
URL = "https://example-news.org/2026/11/24/bridge-reopens"
BODY = b"<!doctype html><title>Bridge reopens</title><p>The bridge is open again."
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(BODY)
HTTP = HEAD + BODY
ASKED = b"GET /2026/11/24/bridge-reopens HTTP/1.1\r\nHost: example-news.org\r\n\r\n"
IDENTICAL = "http://netpreserve.org/warc/%s/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/%s/revisit/server-not-modified"


def uid(number: int) -> str:
    """A record id."""
    return f"<urn:uuid:00000000-0000-4000-8000-{number:012d}>"


def sha1(data: bytes) -> str:
    """A digest as most writers state it."""
    return f"sha1:{base64.b32encode(hashlib.sha1(data).digest()).decode()}"


def chunked(body: bytes, size: int = 20) -> bytes:
    """A body in chunks, with its end."""
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def message(body: bytes, *fields: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    """An HTTP response."""
    return "\r\n".join((status, *fields, "", "")).encode("latin-1") + body


def record(
    fields: Mapping[str, str],
    block: bytes = b"",
    changes: Changes | None = None,
    *,
    version: str = "1.1",
    trailer: bytes = b"\r\n\r\n",
) -> bytes:
    """A record. ``changes`` sets fields to other values or several, drops those that are None, and adds new ones."""
    merged: dict[str, str | Sequence[str] | None] = {**fields, "Content-Length": str(len(block)), **(changes or {})}
    lines = [f"WARC/{version}"]
    for name, value in merged.items():
        if value is not None:
            lines += [f"{name}: {one}" for one in ([value] if isinstance(value, str) else value)]
    return "\r\n".join((*lines, "", "")).encode("utf-8", "surrogateescape") + block + trailer


def warcinfo(changes: Changes | None = None, *, version: str = "1.1", number: int = 1) -> bytes:
    """The record that begins a file."""
    block = b"software: made by hand\r\nformat: WARC File Format 1.1\r\n"
    fields = {
        "WARC-Type": "warcinfo",
        "WARC-Record-ID": uid(number),
        "WARC-Date": DATE,
        "Content-Type": "application/warc-fields",
        "WARC-Block-Digest": sha1(block),
    }
    return record(fields, block, changes, version=version)


def response(
    changes: Changes | None = None,
    block: bytes = HTTP,
    *,
    number: int = 2,
    version: str = "1.1",
    trailer: bytes = b"\r\n\r\n",
) -> bytes:
    """A response."""
    fields = {
        "WARC-Type": "response",
        "WARC-Record-ID": uid(number),
        "WARC-Date": DATE,
        "WARC-Target-URI": URL,
        "WARC-IP-Address": "192.0.2.7",
        "Content-Type": "application/http;msgtype=response",
        "WARC-Block-Digest": sha1(block),
        "WARC-Payload-Digest": sha1(block.partition(b"\r\n\r\n")[2]),
    }
    return record(fields, block, changes, version=version, trailer=trailer)


def request(changes: Changes | None = None, block: bytes = ASKED, *, number: int = 3, version: str = "1.1") -> bytes:
    """The request of response 2."""
    fields = {
        "WARC-Type": "request",
        "WARC-Record-ID": uid(number),
        "WARC-Date": DATE,
        "WARC-Target-URI": URL,
        "WARC-Concurrent-To": uid(2),
        "Content-Type": "application/http;msgtype=request",
        "WARC-Block-Digest": sha1(block),
    }
    return record(fields, block, changes, version=version)


def metadata(changes: Changes | None = None, block: bytes = b"fetchTimeMs: 12\r\n", *, number: int = 4) -> bytes:
    """Metadata of response 2."""
    fields = {
        "WARC-Type": "metadata",
        "WARC-Record-ID": uid(number),
        "WARC-Date": DATE,
        "WARC-Target-URI": URL,
        "WARC-Refers-To": uid(2),
        "Content-Type": "application/warc-fields",
    }
    return record(fields, block, changes)


def resource(changes: Changes | None = None, block: bytes = b"{}", *, number: int = 5) -> bytes:
    """A resource."""
    fields = {
        "WARC-Type": "resource",
        "WARC-Record-ID": uid(number),
        "WARC-Date": DATE,
        "WARC-Target-URI": "urn:example:settings",
        "Content-Type": "application/json",
        "WARC-Payload-Digest": sha1(block),
    }
    return record(fields, block, changes)


def revisit(changes: Changes | None = None, block: bytes = HEAD, *, number: int = 6, version: str = "1.1") -> bytes:
    """A revisit of response 2."""
    fields = {
        "WARC-Type": "revisit",
        "WARC-Record-ID": uid(number),
        "WARC-Date": "2026-11-25T09:30:00Z",
        "WARC-Target-URI": URL,
        "WARC-Profile": IDENTICAL % version,
        "WARC-Refers-To": uid(2),
        "WARC-Refers-To-Target-URI": URL,
        "WARC-Refers-To-Date": DATE,
        "WARC-Truncated": "length",
        "WARC-Payload-Digest": sha1(BODY),
        "Content-Type": "application/http;msgtype=response",
    }
    return record(fields, block, changes, version=version)


def conversion(changes: Changes | None = None, block: bytes = b"The bridge is open again.") -> bytes:
    """A conversion of response 2."""
    fields = {
        "WARC-Type": "conversion",
        "WARC-Record-ID": uid(7),
        "WARC-Date": DATE,
        "WARC-Target-URI": URL,
        "WARC-Refers-To": uid(2),
        "Content-Type": "text/plain",
    }
    return record(fields, block, changes)


def continuation(changes: Changes | None = None, block: bytes = BODY[20:], *, number: int = 8) -> bytes:
    """The second and last segment of a response 2 that holds the head and 20 bytes."""
    fields = {
        "WARC-Type": "continuation",
        "WARC-Record-ID": uid(number),
        "WARC-Date": DATE,
        "WARC-Target-URI": URL,
        "WARC-Segment-Origin-ID": uid(2),
        "WARC-Segment-Number": "2",
        "WARC-Segment-Total-Length": str(len(HTTP)),
    }
    return record(fields, block, changes)


def first_segment(changes: Changes | None = None) -> bytes:
    """The segment that `continuation` continues."""
    block = HEAD + BODY[:20]
    return response({"WARC-Segment-Number": "1", "WARC-Payload-Digest": sha1(BODY), **(changes or {})}, block)


def members(*records: bytes) -> bytes:
    """Each record a gzip member, as annex D recommends."""
    return b"".join(gzip.compress(one, mtime=0) for one in records)


def frames(*records: bytes) -> bytes:
    """Each record a zstd frame."""
    packer = zstandard.ZstdCompressor(write_checksum=True)
    return b"".join(packer.compress(one) for one in records)


def digest(data: bytes) -> str:
    """A hash as a WACZ states it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


WARC = members(warcinfo(), response())
WARC_NAME = "archive/data.warc.gz"
INDEX_NAME = "indexes/index.cdxj"
_AT = len(members(warcinfo()))
PAGES = (
    b'{"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}\n'
    b'{"id": "1", "url": "%s", "ts": "%s", "title": "Bridge reopens"}\n' % (URL.encode(), DATE.encode())
)


def cdxj(url: str = URL, **changes: object) -> bytes:
    """A line of an index, which leads to the response."""
    entry: dict[str, object] = {
        "url": url,
        "mime": "text/html",
        "status": "200",
        "digest": sha1(BODY),
        "length": len(WARC) - _AT,
        "offset": _AT,
        "filename": "data.warc.gz",
    }
    entry.update(changes)
    kept = {name: value for name, value in entry.items() if value is not None}
    return f"org,example-news)/2026/11/24/bridge-reopens 20261124093000 {json.dumps(kept)}\n".encode()


def parts(changes: Mapping[str, bytes | None] | None = None) -> dict[str, bytes]:
    """The files of a WACZ, some of them changed, dropped (None) or added; without the manifest."""
    whole: dict[str, bytes | None] = {
        WARC_NAME: WARC,
        INDEX_NAME: cdxj(),
        "pages/pages.jsonl": PAGES,
        **(changes or {}),
    }
    return {name: data for name, data in whole.items() if data is not None}


def manifest(files: Mapping[str, bytes], changes: Mapping[str, object] | None = None) -> bytes:
    """A datapackage.json of the files; ``changes`` sets or drops (None) its properties."""
    resources = [
        {"name": name.rpartition("/")[2], "path": name, "hash": digest(data), "bytes": len(data)}
        for name, data in files.items()
    ]
    package: dict[str, object] = {
        "profile": "data-package",
        "wacz_version": "1.1.1",
        "title": "Bridges",
        "description": "All about the bridge",
        "created": DATE,
        "software": "made by hand",
        "resources": resources,
        **(changes or {}),
    }
    return json.dumps({name: value for name, value in package.items() if value is not None}).encode()


def signed(package: bytes) -> bytes:
    """The datapackage-digest.json of a manifest."""
    return json.dumps({"path": "datapackage.json", "hash": digest(package)}).encode()


def zipped(files: Mapping[str, bytes], deflated: Sequence[str] = ()) -> bytes:
    """A ZIP file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, data in files.items():
            method = zipfile.ZIP_DEFLATED if name in deflated else zipfile.ZIP_STORED
            made.writestr(zipfile.ZipInfo(name, (2026, 11, 24, 9, 30, 0)), data, method)
    return out.getvalue()


def wacz(
    changes: Mapping[str, bytes | None] | None = None,
    package: Mapping[str, object] | None = None,
    *,
    deflated: Sequence[str] = (),
    last: Mapping[str, bytes | None] | None = None,
) -> bytes:
    """A WACZ. ``changes`` are made before the manifest, which knows them; ``last`` ones behind its back."""
    files = parts(changes)
    described = manifest(files, package)
    whole: dict[str, bytes | None] = {
        **files,
        "datapackage.json": described,
        "datapackage-digest.json": signed(described),
        **(last or {}),
    }
    return zipped({name: data for name, data in whole.items() if data is not None}, deflated)
