"""Secrets in requests: hidden in what is stored, never in what is sent."""

from __future__ import annotations

from collections.abc import Collection

# Fields that carry credentials by definition (RFC 9110, sections 11.6.2 and 11.7.2; RFC 6265, section 4.2).
SECRET_FIELDS = frozenset({b"authorization", b"proxy-authorization", b"cookie"})
MASK = b"*"


def masked(request: bytes, names: Collection[str] = ()) -> tuple[bytes, tuple[str, ...]]:
    """The request with the values of secret fields masked at the same length, and those fields' names as sent.

    ``names`` are further fields to mask, in any case. The body is left as it is.
    """
    secret = SECRET_FIELDS.union(name.lower().encode("latin-1", "replace") for name in names)
    head, end, body = request.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    found: list[str] = []
    for index, line in enumerate(lines[1:], 1):
        name, colon, value = line.partition(b":")
        if colon and name.lower() in secret:
            bare = value.lstrip(b" ")
            lines[index] = name + colon + b" " * (len(value) - len(bare)) + MASK * len(bare)
            found.append(name.decode("latin-1"))
    if not found:
        return request, ()
    return b"\r\n".join(lines) + end + body, tuple(dict.fromkeys(found))
