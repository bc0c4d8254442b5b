"""Charsets, cheaply: what encodes a page or feed, found without statistics.

A detector that guesses by letter frequency costs most of the CPU of fetching; links and dates do not need it.
"""

from __future__ import annotations

import codecs
import html
import re

from w3lib.encoding import html_body_declared_encoding, read_bom, resolve_encoding

FALLBACK = "cp1252"  # decodes every byte but five, and is what undeclared Western pages are in (WHATWG Encoding)
_CHUNK = 1 << 20
_DECLARED_WITHIN = 4096  # bytes in which a declaration must stand; HTML asks for 1,024

# Python registers codecs that are no charsets of pages: punycode raises and is quadratic, rot13 makes no text.
_CHARSET = re.compile(
    r"ascii|utf-8|utf-(?:16|32)(?:-[bl]e)?|iso8859-\d+|cp\d+|koi8-[rtu]|mac[-_]\w+|tis-620|gb\w+|hz|big5\w*|euc_\w+"
    r"|shift_jis\w*|iso2022_\w+|johab|ptcp154|kz1048|hp-roman8"
)
_XML_ENCODING = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s{0,20}=\s{0,20}["']([A-Za-z0-9._:-]{1,40})["']""")
_XML_DECLARATION = re.compile(rb"\s{0,1000}<\?xml[^>]{0,300}>")
# CDATA is matched first, to be left alone; one without an end reaches to the end, so that no text is read twice.
_AMPERSAND = re.compile(
    rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?!(?:amp|lt|gt|quot|apos);)(?:([A-Za-z][A-Za-z0-9]{1,31});|#x?[0-9A-Fa-f]+;)?",
    re.DOTALL,
)
_REFERENCE = re.compile(rb"&#x?[0-9A-Fa-f]+;")
_REPLACEMENT = "\ufffd".encode()
# The largest real feeds have some 200,000 of them. Fifty million ampersands are fifty kilobytes of gzip, and would be
# gigabytes of work.
MAX_REPLACED = 1_000_000
# Control characters that XML 1.0 forbids (section 2.2): feeds carry them, and parsers stop at them.
_FORBIDDEN = bytes(one for one in range(0x20) if one not in {0x09, 0x0A, 0x0D})


def encoding_of(body: bytes, charset: str | None = None) -> str:
    """The Python codec of a body: byte order mark, then valid UTF-8, then the HTTP charset, then its own declaration.

    Valid UTF-8 goes before what is declared: text in another charset hardly ever happens to be valid UTF-8, and
    declarations are often those of an older template.
    """
    marked, _ = read_bom(body)
    if marked:
        return str(marked)
    head = body[:_DECLARED_WITHIN]
    if b"\0" not in head and b"\x1b" not in head and is_utf8(body):  # UTF-16 and ISO-2022 are valid UTF-8, too
        return "utf-8"
    found = _XML_ENCODING.search(head)
    for declared in (charset, found[1].decode("ascii") if found else None, html_body_declared_encoding(head)):
        codec = resolve_encoding(declared) if declared else None
        if codec and _CHARSET.fullmatch(codec):
            return str(codec)
    if b"\0" in head[:4]:
        return "utf-16-le" if head[:1] != b"\0" else "utf-16-be"
    return FALLBACK


def is_utf8(body: bytes) -> bool:
    """Whether the bytes are UTF-8, a cut last character allowed; in chunks, so that 50 MB need no 200 MB of text."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        for start in range(0, len(body), _CHUNK):
            decoder.decode(body[start : start + _CHUNK])
    except UnicodeDecodeError:
        return False
    return True


def decode(body: bytes, charset: str | None = None) -> str:
    """The text of a body; what its charset cannot decode becomes U+FFFD. The byte order mark is dropped."""
    return body.decode(encoding_of(body, charset), "replace").removeprefix("\ufeff")


def utf8_xml(body: bytes, charset: str | None = None) -> tuple[bytes, bool]:
    """The XML of a body as UTF-8 without declaration, byte order mark and forbidden control characters; and if whole.

    HTML's named entities, which XML does not know, become characters, and bare ampersands, which feeds leave in
    links, are escaped. So a parser that is told ``utf-8`` reads it whatever it declared. With more than
    ``MAX_REPLACED`` of these it is cut where the last one stands.
    """
    codec = encoding_of(body, charset)
    if codec != "utf-8" or body.startswith(codecs.BOM_UTF8):
        body = body.decode(codec, "replace").removeprefix("\ufeff").encode("utf-8", "replace")
    body = body.translate(None, _FORBIDDEN)
    declaration = _XML_DECLARATION.match(body)
    body = body[declaration.end() :] if declaration else body.lstrip()
    return _replaced(body)


def _replaced(body: bytes) -> tuple[bytes, bool]:
    parts = bytearray()
    at = 0
    for number, hit in enumerate(_AMPERSAND.finditer(body)):
        if number >= MAX_REPLACED:
            return bytes(parts), False
        parts += body[at : hit.start()]
        parts += _as_character(hit)
        at = hit.end()
    return (bytes(parts + body[at:]) if at else body), True


def _as_character(hit: re.Match[bytes]) -> bytes:
    found = hit[0]
    if found.startswith(b"<"):
        # What looks like CDATA within an attribute is none: its references are read after all.
        return _REFERENCE.sub(lambda inner: _reference(inner[0]), found)
    if found.startswith(b"&#"):
        return _reference(found)
    if hit[1] is None:
        return b"&amp;"
    character = html.unescape(found.decode("ascii"))
    # Names that HTML does not know either stay as they were written.
    return b"&amp;" + found[1:] if character.startswith("&") else character.encode()


def _reference(found: bytes) -> bytes:
    """A numeric reference that XML allows (section 2.2); others become U+FFFD.

    libxml2 lets references to surrogates through into attributes, where lxml then cannot decode its own tree.
    """
    digits = found[2:-1]
    try:
        code = int(digits[1:], 16) if digits.startswith(b"x") else int(digits)
    except ValueError:  # letters in a decimal number, or thousands of digits
        return _REPLACEMENT
    allowed = code in {9, 10, 13} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    return found if allowed else _REPLACEMENT
