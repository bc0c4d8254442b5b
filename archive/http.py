"""HTTP/1.x response messages as they are stored: head, entity and decoded payload, read from exact bytes."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from email.message import Message
from functools import cached_property

import brotli
import zstandard

from archive.errors import DamagedRecord, NotHttp, PayloadRefused, PayloadTooLarge

# Nothing that news sites publish as a page is larger once decoded; 1 GiB of zeros is 13.5 KB of brotli.
DECODED_LIMIT = 64 * 2**20
# Codings one over the other: two are seen in the wild by mistake, more are an attack.
MAX_CODINGS = 4
STEP = 256 * 1024  # bytes decoded at a time: what a bomb may cost beyond the limit
_SLICE = 64 * 1024  # bytes given to zlib at a time
MAX_MEMBERS = 1000  # of one gzip body; servers send one
# RFC 8878, section 3.1.1.1.2 and RFC 9659: a decoder for HTTP needs no larger window than 8 MiB.
ZSTD_WINDOW = 8 * 2**20

# "HTTP/2 200" is what some archives write for exchanges that had no HTTP/1.x text at all.
_STATUS_LINE = re.compile(rb"HTTP/(\d(?:\.\d)?)[ \t]+(\d{3})(?:[ \t]+([^\r\n]*?))?[ \t]*\r?(?:\n|\Z)", re.IGNORECASE)
_HEAD_END = re.compile(rb"\n\r?\n")
# A line as most servers write it, that has nothing to be stripped and is not continued.
_PLAIN_LINE = re.compile(r"^([^\s:]+): ([!-~][ -~]*)\r\n", re.MULTILINE)
REDIRECTS = frozenset({301, 302, 303, 307, 308})  # statuses whose Location says where else the answer is
SWITCHING = 101  # the one interim status that ends the HTTP conversation
CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")
# Chunks as nearly all servers write them: what is between their data can be made again from the sizes alone.
_PLAIN_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})\r\n")
_FRAMING = re.compile(r"[0-9A-Fa-f]{1,15}(?: [0-9A-Fa-f]{1,15})*")
MAX_FRAMING = 4096  # characters: more chunks than that are an oddity to be kept as it came
GZIP_MAGIC, ZSTD_MAGIC = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"

Field = tuple[str, str]
Decoder = Callable[[bytes], Iterator[bytes]]


@dataclass(frozen=True)
class HttpMessage:
    """A stored response message (RFC 9112): its exact bytes, and what its head says.

    ``fields`` are in their order, names as they were sent, values read as latin-1. ``body_offset`` is where the body
    begins in ``raw``, behind interim heads; it is ``len(raw)`` where the head was cut. ``framed`` is False where the
    body was put behind the head without the framing that the head declares: in revisits of other writers.
    """

    raw: bytes
    version: str  # "1.1"
    status: int
    reason: str
    fields: tuple[Field, ...]
    body_offset: int
    framed: bool = True

    @classmethod
    def parse(cls, raw: bytes) -> HttpMessage:
        """The message in these bytes; raises NotHttp where they do not begin with a status line.

        Interim responses (1xx) before the final one are skipped; heads with bare line feeds, folded fields and lines
        that are no field are accepted, as clients accept them.
        """
        start = 0
        while True:
            line = _STATUS_LINE.match(raw, start)
            if line is None:
                raise NotHttp("the stored message has no HTTP status line")
            status = int(line[2])
            # The line feed of the status line may be half of the empty line that ends the head.
            end = _HEAD_END.search(raw, max(line.end() - 1, start))
            body = end.end() if end else len(raw)
            if not 100 <= status < 200 or status == SWITCHING or _STATUS_LINE.match(raw, body) is None:
                break
            start = body
        fields = _fields(raw[line.end() : end.start() + 1 if end else len(raw)])
        reason = (line[3] or b"").decode("latin-1")
        return cls(raw, line[1].decode("ascii"), status, reason, fields, body)

    @property
    def location(self) -> str | None:
        """The field Location. Of addresses outside of ASCII its bytes are UTF-8, as browsers and crawlers read them."""
        given = self.field("location")
        try:
            return None if given is None else given.encode("latin-1").decode("utf-8")
        except UnicodeError:
            return given

    def field(self, name: str) -> str | None:
        """The value of the first field of this name, in any case; None where there is none."""
        return next((value for value in self.all(name)), None)

    def all(self, name: str) -> tuple[str, ...]:
        """The values of all fields of this name, in their order."""
        return tuple(self._by_name.get(name.lower(), ()))

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in self.fields:
            found.setdefault(name.lower(), []).append(value)
        return found

    @cached_property
    def _content_type(self) -> Message:
        parsed = Message()
        parsed["Content-Type"] = (self.field("content-type") or "").strip()[:1000]
        return parsed

    @property
    def mime(self) -> str | None:
        """The media type in lower case, without parameters; None where the head gives none."""
        given = (self.field("content-type") or "").partition(";")[0].strip().lower()
        return given or None

    @property
    def charset(self) -> str | None:
        """The charset parameter of the content type, as written; None where there is none."""
        given = self._content_type.get_param("charset")
        found = given[2] if isinstance(given, tuple) else given
        return found.strip() or None if found else None

    def entity(self) -> bytes:
        """The entity body: transfer coding removed, content coding kept (RFC 9112, sections 6 and 7).

        What stands behind its end is not part of it. A cut body gives what is there; one that is declared as chunked
        but has no chunks, as some archives store it, is taken as it stands.
        """
        return bytes(self.entity_view())

    def entity_view(self) -> memoryview:
        """The same, without a copy where it stands in the message as it is."""
        body = memoryview(self.raw)[self.body_offset :]
        if not self.framed:
            return body
        codings = [one for value in self.all("transfer-encoding") for one in _tokens(value)]
        if codings:
            entity = _dechunked(self.raw, self.body_offset) if codings[-1] == "chunked" else None
            if codings[-1] != "chunked" or (entity is None and len(codings) == 1):
                return body
            # A transfer coding under the chunks: no browser asks for it, but the standard knows it.
            whole = bytes(body) if entity is None else entity
            return memoryview(_decoded(whole, codings[:-1], DECODED_LIMIT) if len(codings) > 1 else whole)
        lengths = {value.strip() for given in self.all("content-length") for value in given.split(",")}
        if len(lengths) == 1 and (length := lengths.pop()).isascii() and length.isdigit() and len(length) < 16:
            return body[: int(length)]
        return body

    def framing(self) -> str | None:
        """How the body is framed, so that `with_entity` can frame it again.

        Empty where the entity body stands behind the head as it is; the sizes of the chunks, as they were written and
        separated by spaces, where it is chunked. None where that does not tell everything that stands behind the head:
        chunk extensions, trailers, bytes behind the end, a body that was cut.
        """
        if not any(_tokens(value) for value in self.all("transfer-encoding")):
            return "" if len(self.entity()) == len(self.raw) - self.body_offset else None
        sizes: list[str] = []
        at, length = self.body_offset, 0
        while (size := _PLAIN_SIZE.match(self.raw, at)) is not None and length < MAX_FRAMING:
            sizes.append(size[1].decode("ascii"))
            length += len(sizes[-1]) + 1
            at = size.end() + int(size[1], 16)
            if self.raw[at : at + 2] != b"\r\n":
                return None
            at += 2
            if not int(size[1], 16):
                return " ".join(sizes) if at == len(self.raw) else None
        return None

    def with_entity(self, entity: bytes, framing: str | None) -> HttpMessage:
        """The same head before another body, framed as `framing` says; None leaves the framing out.

        Raises DamagedRecord where the framing is not one of this entity.
        """
        head = self.raw[: self.body_offset]
        body = entity if not framing else _chunked(entity, framing)
        return replace(self, raw=head + body, framed=framing is not None)

    def decoded(self, limit: int = DECODED_LIMIT) -> bytes:
        """The payload: transfer and content coding removed.

        A cut stream gives what can be decoded of it. Raises PayloadTooLarge past ``limit`` bytes, PayloadRefused for
        an unknown coding, and for bytes that are not what their coding says; a body declared as gzip or zstd that
        does not begin like one is taken as it stands (servers that lie, archives that store decoded bodies).
        """
        codings = [one for value in self.all("content-encoding") for one in _tokens(value)]
        return _decoded(self.entity(), codings, limit)

    def beginning(self, size: int) -> bytes:
        """At most so many bytes of the payload, its first; no more than that is decoded. Raises as `decoded` does."""
        codings = [one for value in self.all("content-encoding") for one in _tokens(value)]
        if len(codings) > 1:
            return self.decoded()[:size]
        parts: list[bytes] = []
        left = size
        for part in _decoding(self.entity(), codings[0] if codings else "identity"):
            parts.append(part[:left])
            left -= len(parts[-1])
            if left <= 0:
                break
        return b"".join(parts)


def _fields(head: bytes) -> tuple[Field, ...]:
    """The fields of a head without its status line; a line that begins with white space continues the one before."""
    text = head.decode("latin-1")
    plain = _PLAIN_LINE.findall(text)
    if len(plain) == text.count("\n") and " \r" not in text and (text[-1:] == "\n" or not text):
        return tuple(plain)
    found: list[tuple[str, list[str]]] = []
    for whole in text.split("\n"):
        line = whole.rstrip("\r")
        if line[:1] in {" ", "\t"}:
            if found and line.strip(" \t"):
                found[-1][1].append(line.strip(" \t"))
            continue
        name, colon, value = line.partition(":")
        if colon and name.strip():
            found.append((name.strip(), [value.strip(" \t")]))
    return tuple((name, " ".join(part for part in parts if part)) for name, parts in found)


def _tokens(value: str) -> list[str]:
    return [token for one in value.split(",") if (token := one.partition(";")[0].strip().lower())]


def _chunked(entity: bytes, framing: str) -> bytes:
    """An entity in chunks of these sizes, the last of which is 0."""
    sizes = framing.split(" ") if _FRAMING.fullmatch(framing) else []
    lengths = [int(size, 16) for size in sizes]
    if not sizes or lengths[-1] or 0 in lengths[:-1] or sum(lengths) != len(entity):
        raise DamagedRecord("the recorded framing is not that of the payload")
    view, at = memoryview(entity), 0
    parts: list[bytes | memoryview] = []
    for size, length in zip(sizes, lengths, strict=True):
        parts += [size.encode("ascii"), b"\r\n", view[at : at + length], b"\r\n"]
        at += length
    return b"".join(parts)


def _dechunked(raw: bytes, at: int) -> bytes | None:
    """The chunks' data, as far as they go; None where not even the first chunk size is there."""
    parts: list[memoryview] = []
    view = memoryview(raw)
    first = True
    while (size := CHUNK_SIZE.match(raw, at)) is not None:
        first = False
        length = int(size[1], 16)
        if length == 0:
            break
        at = size.end()
        parts.append(view[at : at + length])
        at += length
        if raw[at : at + 2] == b"\r\n":
            at += 2
        elif raw[at : at + 1] == b"\n":
            at += 1
        else:
            break  # the body was cut here, or is no longer chunked
    if first and at < len(raw):
        return None
    return b"".join(parts)


def _decoded(data: bytes, codings: list[str], limit: int) -> bytes:
    if len(codings) > MAX_CODINGS:
        raise PayloadRefused(f"{len(codings)} codings one over the other; {MAX_CODINGS} are decoded")
    for coding in reversed(codings):
        if not data:
            return data
        parts: list[bytes] = []
        total = 0
        for part in _decoding(data, coding):
            total += len(part)
            if total > limit:
                raise PayloadTooLarge(f"more than {limit} bytes once decoded")
            parts.append(part)
        data = b"".join(parts)
    if len(data) > limit:
        raise PayloadTooLarge(f"{len(data)} bytes, the limit is {limit}")
    return data


def _decoding(data: bytes, coding: str) -> Iterator[bytes]:
    """What one coding hides, piece by piece."""
    decoder = _DECODERS.get(coding)
    if decoder is None:
        raise PayloadRefused(f"the content coding {coding[:40]!r} is not known")
    try:
        yield from decoder(data)
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise PayloadRefused(f"the body is not valid {coding}: {error}") from error


def _plain(data: bytes) -> Iterator[bytes]:
    yield data


_ZLIB, _RAW, _GZIP = 15, -15, 31


def _gzip(data: bytes) -> Iterator[bytes]:
    """RFC 1952: one or several members; what follows the last one is ignored, as browsers ignore it."""
    return _members(data) if data.startswith(GZIP_MAGIC) else _plain(data)


def _members(data: bytes) -> Iterator[bytes]:
    at = 0
    for _ in range(MAX_MEMBERS):
        stream = zlib.decompressobj(_GZIP)
        at = yield from _inflated(stream, data, at)
        if not data.startswith(GZIP_MAGIC, at):
            return
    raise PayloadRefused(f"more than {MAX_MEMBERS} gzip members")


def _deflate(data: bytes) -> Iterator[bytes]:
    """RFC 9110, section 8.4.1.2: the zlib format (RFC 1950); some servers send raw deflate (RFC 1951)."""
    wrapped = len(data) > 1 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
    yield from _inflated(zlib.decompressobj(_ZLIB if wrapped else _RAW), data, 0)


def _inflated(stream: zlib._Decompress, data: bytes, at: int) -> Generator[bytes, None, int]:
    """What a stream beginning at an offset gives, in steps; returns the offset behind its end, or that of the input.

    Fed in slices: zlib copies what it has not used yet, which would make large bodies quadratic.
    """
    view = memoryview(data)
    while at < len(data) and not stream.eof:
        piece: bytes | memoryview = view[at : at + _SLICE]
        at += len(piece)
        while piece and not stream.eof:
            yield stream.decompress(piece, STEP)
            piece = stream.unconsumed_tail
    while not stream.eof and (part := stream.decompress(b"", STEP)):
        yield part
    return at - len(stream.unused_data)


def _brotli(data: bytes) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    part = stream.process(data, output_buffer_limit=STEP)
    while part:
        yield part
        # Asked until nothing comes: of a cut stream it hands out 32 KiB at a time, and says that it could take more.
        part = b"" if stream.is_finished() else stream.process(b"", output_buffer_limit=STEP)


def _zstd(data: bytes) -> Iterator[bytes]:
    if not data.startswith(ZSTD_MAGIC):
        yield data
        return
    reader = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).stream_reader(
        io.BytesIO(data), read_across_frames=True
    )
    while part := reader.read(STEP):
        yield part


_DECODERS: dict[str, Decoder] = {
    "identity": _plain,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
