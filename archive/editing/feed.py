"""Edits as an Atom feed (RFC 4287): the newest first, each with an id that stays and the time that it was seen."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from html import escape
from itertools import chain

from archive.clock import warc_date
from archive.editing.edit import Edit
from archive.editing.markup import address, body_of, safe
from archive.editing.wording import kinds_said, title_of
from archive.terminal import one_line

MEDIA_TYPE = "application/atom+xml"
_FEEDS = uuid.UUID("b4a5c0de-0d2c-5f4e-8f0c-52f4e6f0a1d7")  # the name space of feeds' ids, made for them


def feed(
    edits: Iterable[Edit],
    *,
    archive: str,
    name: str,
    about: str = "",
    self_url: str | None = None,
    link: Callable[[Edit], str] | None = None,
) -> Iterator[str]:
    """The feed piece by piece, to be written as UTF-8; the edits come newest first.

    ``archive`` is the archive's URN and ``about`` what of it the feed is about: both make its id. ``link`` gives the
    address where an edit is shown; without one it is that of the page. The time of a feed is that of its newest edit:
    the same edits make the same bytes.
    """
    some = iter(edits)
    first = next(some, None)
    updated = warc_date(first.new.at if first is not None else 0)
    title = f"Edits in {name}" + (f": {about}" if about else "")
    yield (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<id>{uuid.uuid5(_FEEDS, f'{archive} {about}').urn}</id>\n"
        f"<title>{safe(one_line(title))}</title>\n<updated>{updated}</updated>\n"
        f"<author><name>{safe(one_line(name))}</name></author>\n<generator>Presskeep</generator>\n"
    )
    if self_url is not None:
        yield f'<link rel="self" type="{MEDIA_TYPE}" href="{escape(self_url)}"/>\n'
    for edit in chain([] if first is None else [first], some):
        yield _entry(edit, link)
    yield "</feed>\n"


def _entry(edit: Edit, link: Callable[[Edit], str] | None) -> str:
    said = ", ".join(kinds_said(edit))
    where = escape(link(edit)) if link is not None else address(edit.url)
    marks = [str(kind) for kind in edit.kinds] + ["silent"] * edit.silent + ["test"] * edit.test
    site = f'<category term="{safe(one_line(edit.site))}" label="site"/>' if edit.site else ""
    return (
        f"<entry>\n<id>{edit.id}</id>\n<title>{safe(one_line(f'{title_of(edit)} ({said})'))}</title>\n"
        f"<updated>{warc_date(edit.new.at)}</updated>\n"
        + (f'<link rel="alternate" type="text/html" href="{where}"/>\n' if where else "")
        + "".join(f'<category term="{mark}"/>' for mark in marks)
        + f'{site}\n<content type="html">{escape(body_of(edit))}</content>\n</entry>\n'
    )
