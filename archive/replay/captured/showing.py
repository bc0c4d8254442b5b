"""What is shown of a capture: by what it is asked for as, and with nothing of its head but its media type."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from archive.capture import DRAWN_MIME, Capture
from archive.cleaning.charset import decode
from archive.errors import PayloadRefused
from archive.http import DECODED_LIMIT, REDIRECTS, HttpMessage
from archive.replay.answers import Problem
from archive.replay.captured.markup import rewritten
from archive.replay.captured.styles import styled
from archive.replay.captured.targets import Targets, Use
from archive.replay.payload import is_large

_PAGES = frozenset({"text/html", "application/xhtml+xml", "application/vnd.wap.xhtml+xml"})
# XHTML: `<script src="x"/>` has an end, which HTML would look for until the page's own.
_SELF_CLOSED = re.compile(r"<(script|style|title|textarea|iframe|a|b|i|p|div|span|td|th|li|ul|ol)(\s[^<>]*)?/>", re.I)
_TEXTS = re.compile(r"text/[a-z0-9.+-]+|application/(?:json|ld\+json|xml|[a-z0-9.-]+\+(?:json|xml))")
_UNKNOWN = frozenset({None, "", "application/octet-stream", "binary/octet-stream", "text/plain", "unknown/unknown"})
_TYPES = {
    Use.PICTURE: re.compile(r"image/[a-z0-9.+-]{1,60}"),
    Use.FONT: re.compile(
        r"font/[a-z0-9.+-]{1,60}|application/(?:x-)?font-[a-z0-9.+-]{1,60}|application/vnd\.ms-fontobject"
    ),
    Use.MEDIA: re.compile(r"(?:audio|video)/[a-z0-9.+-]{1,60}|text/vtt|application/ogg"),
}
# What files of a type begin with, for those whose head says nothing (WHATWG MIME Sniffing, section 6).
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\0\0\1\0", "image/x-icon"),
    (b"BM", "image/bmp"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"OTTO", "font/otf"),
    (b"\0\1\0\0", "font/ttf"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_TOLD = "cannot be shown here: its payload can be had from the application"


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer: nothing of it but these is sent. ``target`` is the archived URL to which a redirect leads."""

    status: int
    media_type: str
    body: bytes
    target: str | None = None


def shown(capture: Capture, use: Use, at: int) -> Shown:
    """A capture, as it is asked for; ``at`` is the time of the page that refers to it.

    Raises Problem for what cannot be shown so, and as reading a capture does.
    """
    if is_large(capture, DECODED_LIMIT):
        raise Problem(415, f"it is too large, and {_TOLD}")
    message = capture.representation()
    if message.status in REDIRECTS and (given := message.location):
        target = Targets(capture.url, at).absolute(given)
        if target is None:
            raise Problem(404, "it led to what is no web address")
        return Shown(302, "text/plain", b"", target)
    try:
        payload = message.decoded()
    except PayloadRefused as error:
        raise Problem(415, f"this {_TOLD}") from error
    mime = DRAWN_MIME if capture.kind == "conversion" else message.mime
    match use:
        case Use.PAGE:
            return _page(capture, message, mime, payload)
        case Use.STYLE:
            if mime != "text/css" and mime not in _UNKNOWN:
                raise Problem(415, "this is no stylesheet")
            text = styled(decode(payload, message.charset)[0], Targets(capture.url, at))
            return Shown(200, "text/css; charset=utf-8", text.encode("utf-8", "replace"))
        case _:
            return Shown(200, _type_of(use, mime, payload), payload)


def _page(capture: Capture, message: HttpMessage, mime: str | None, payload: bytes) -> Shown:
    status = message.status if 200 <= message.status < 600 and message.status not in {204, 205, 206, 304} else 200
    if mime in _PAGES or (mime in _UNKNOWN - {"text/plain"} and _looks_like_a_page(payload)):
        text, _ = decode(payload, message.charset)
        if mime != "text/html" and mime in _PAGES:
            text = _SELF_CLOSED.sub(r"<\1\2></\1>", text)
        try:
            page = rewritten(text, Targets(capture.url, capture.at))
        except PayloadRefused as error:
            raise Problem(415, f"{error.message}; this {_TOLD}") from error
        return Shown(status, "text/html; charset=utf-8", page.encode("utf-8", "replace"))
    if mime is not None and _TYPES[Use.PICTURE].fullmatch(mime):
        return Shown(status, mime, payload)
    if mime in {None, "", "text/plain"} or (mime is not None and _TEXTS.fullmatch(mime)):
        return Shown(
            status, "text/plain; charset=utf-8", decode(payload, message.charset)[0].encode("utf-8", "replace")
        )
    raise Problem(415, f"a file of the type {mime} {_TOLD}")


def _looks_like_a_page(payload: bytes) -> bool:
    return payload[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html", b"<head", b"<!--"))


def _type_of(use: Use, mime: str | None, payload: bytes) -> str:
    """The media type with which a file is sent; raises Problem for one that is not what it is asked for as."""
    wanted = _TYPES[use]
    if mime and wanted.fullmatch(mime):
        return mime
    if mime in _UNKNOWN or (mime or "").startswith(("font/", "application/")):
        begins = next((kind for start, kind in _BEGINNINGS if payload.startswith(start)), None)
        if payload[8:12] == b"WEBP" and payload.startswith(b"RIFF"):
            begins = "image/webp"
        elif payload[4:8] == b"ftyp":
            begins = "image/avif" if payload[8:12] in {b"avif", b"avis"} else "video/mp4"
        if begins is not None and wanted.fullmatch(begins):
            return begins
    raise Problem(415, "this is not what it is asked for as")


def drawn(capture: Capture, conversions: list[Capture]) -> Capture:
    """The page as a browser drew it from a capture, where the archive has that: no script runs here to draw it."""
    own = [one for one in conversions if one.kind == "conversion" and one.refers_to == capture.id]
    return replace(own[-1], url=capture.url) if own else capture
