"""``/files/``: WARC and WACZ files as they are, in whole or in parts, for ReplayWeb.page and other readers."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from archive.errors import DamagedRecord
from archive.replay.answers import Problem
from archive.replay.filed import REMOTE, Files
from archive.replay.ranges import Part, Version, is_unchanged, wanted
from archive.replay.rawpath import RawRoute
from archive.replay.service import Service
from archive.warc.paths import resolve

STEP = 256 * 1024  # bytes read at a time
_TYPES = {
    ".wacz": "application/wacz",
    ".warc": "application/warc",
    ".gz": "application/gzip",
    ".zst": "application/zstd",
}
_BOUNDARY = "presskeep-part-of-a-file"


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file: whatever is put in its place meanwhile, this one is read to its end."""

    number: int
    name: str
    size: int
    version: Version

    @classmethod
    def of(cls, path: Path, name: str, identity: str) -> Opened:
        """Open a file; raises OSError."""
        number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        about = os.fstat(number)
        tag = f'"{identity[-16:]}-{about.st_size:x}-{about.st_mtime_ns:x}"'
        return cls(number, name, about.st_size, Version(tag, formatdate(about.st_mtime, usegmt=True)))

    def close(self) -> None:
        """Close it."""
        os.close(self.number)

    def read(self, start: int, size: int) -> bytes:
        """Bytes from a place on."""
        return os.pread(self.number, size, start)


def routes(service: Service) -> list[BaseRoute]:
    """The list of files, and the files."""
    files = Files(service.archive, service.mementos)

    async def listed(request: Request) -> JSONResponse:
        known = await service.read(files.now)
        base = service.base(request)
        handed_out = [
            {"name": one.file, "size": one.size, "sha256": one.sha256, "url": f"{base}/files/warc/{quote(one.file)}"}
            for one in known.files.values()
            if one.file not in known.refused
        ]
        kept = [{"name": name, "why": why} for name, why in sorted(known.refused.items()) if name in known.files]
        return JSONResponse({"archive": service.archive.configuration.name, "files": handed_out, "kept_back": kept})

    def opened(name: str) -> Opened:
        known = files.now()
        state = known.files.get(name)
        if state is None:
            raise Problem(404, "there is no such file: /files/ lists them")
        if (why := known.refused.get(name)) is not None:
            raise Problem(403, f"the file is not handed out as it is: {why}. /files/pack.wacz makes one without that")
        try:
            return Opened.of(resolve(service.archive.warc_path, name), name, state.sha256 or "")
        except DamagedRecord as error:
            raise Problem(404, REMOTE if "://" in error.message else "the file is missing or has changed") from error
        except OSError as error:
            raise Problem(500, "the file cannot be opened: the server's log says why") from error

    async def file(request: Request, rest: str) -> Response:
        name = unquote(rest.partition("?")[0], errors="replace")
        return answered(service, request, await service.read(opened, name))

    return [Route("/files/", listed), RawRoute("/files/warc/", file)]


def answered(service: Service, request: Request, file: Opened) -> Response:
    """A file, or the parts of it that were asked for. It is closed when all was sent, or nobody listens any more."""
    try:
        common = {
            "Accept-Ranges": "bytes",
            "ETag": file.version.tag,
            "Last-Modified": file.version.modified,
            "Cache-Control": "private, no-cache",  # asked for again each time: it may be taken down by then
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        if is_unchanged(request.headers, file.version):
            file.close()
            return Response(status_code=304, headers=common)
        parts = wanted(request.headers, file.size, file.version)
        if parts is not None and not parts:
            raise Problem(416, f"the file has {file.size:,} bytes", {"Content-Range": f"bytes */{file.size}"})
        kind = _TYPES.get(PurePosixPath(file.name).suffix, "application/octet-stream")
        body: AsyncIterator[bytes]
        if parts is None or len(parts) == 1:
            part = Part(0, file.size) if parts is None else parts[0]
            common["Content-Length"] = str(part.length)
            if parts is not None:
                common["Content-Range"] = part.said(file.size)
            body = _bytes(service, file, [(b"", part)], b"")
        else:
            heads = [_head(part, file.size, kind) for part in parts]
            end = f"\r\n--{_BOUNDARY}--\r\n".encode()
            common["Content-Length"] = str(sum(map(len, heads)) + sum(part.length for part in parts) + len(end))
            kind = f"multipart/byteranges; boundary={_BOUNDARY}"
            body = _bytes(service, file, list(zip(heads, parts, strict=True)), end)
        name = "".join(one if one.isalnum() or one in "._-" else "_" for one in PurePosixPath(file.name).name)
        common["Content-Disposition"] = f'attachment; filename="{name.encode("ascii", "replace").decode()}"'
        if request.method == "HEAD":
            file.close()
            return Response(status_code=200 if parts is None else 206, headers=common, media_type=kind)
        return _Sent(file, body, 200 if parts is None else 206, common, kind)
    except BaseException:
        file.close()
        raise


class _Sent(StreamingResponse):
    """A response that closes its file, also where it was never begun to be sent."""

    def __init__(
        self, file: Opened, body: AsyncIterator[bytes], status: int, headers: dict[str, str], media_type: str
    ) -> None:
        super().__init__(body, status, headers, media_type)
        self._file = file

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI has it
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def _head(part: Part, size: int, kind: str) -> bytes:
    return f"\r\n--{_BOUNDARY}\r\nContent-Type: {kind}\r\nContent-Range: {part.said(size)}\r\n\r\n".encode()


async def _bytes(
    service: Service, file: Opened, parts: Sequence[tuple[bytes, Part]], end: bytes
) -> AsyncIterator[bytes]:
    for head, part in parts:
        if head:
            yield head
        at = part.start
        while at < part.end:
            some = await service.read(file.read, at, min(STEP, part.end - at))
            if not some:
                raise OSError(f"{file.name} became shorter while it was read")
            yield some
            at += len(some)
    if end:
        yield end
