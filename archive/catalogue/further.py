"""Further pages of split stories: which capture of one belongs to a text, and which texts become others by one.

A text names the addresses of its further pages (`archive.article.Article.further`). Which capture of such an address is
joined follows from the captures alone, whoever made them: so a crawl, an import and a rebuild come to the same text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, delete, func, or_, select, true
from sqlalchemy.dialects.sqlite import insert

from archive.article import Article, CaptureRef, Refusal, from_json
from archive.capture import Capture
from archive.catalogue import blocking, losses, tables
from archive.catalogue.revisits import bound_to
from archive.catalogue.rows import capture_of_row
from archive.exchange import Role
from archive.url import normalise

# What a crawl fetches after the first page belongs to it, though the next look at that comes soon.
AFTER = 24 * 3600 * 1_000_000
# A broad crawl may take as long for all pages of a story; and a look that could not have one takes that of the last.
WITHIN = 30 * AFTER
NAMES = b'"further":[{'  # of canonical JSON: of a text that names further pages, and of hardly any other
_OK = 200

_captures, _texts, _further, _pending = tables.captures, tables.texts, tables.further, tables.pending


def chosen(connection: Connection, capture: str, key: str) -> str | None:
    """The capture of a further page's address that belongs to one of a first page; None where there is none.

    The first one within a day from then on; else the nearest within thirty days before or after.
    """
    table = _captures.c
    page = connection.execute(select(table.site, table.at).where(table.id == capture)).one_or_none()
    if page is None:
        return None
    held = _captures.alias("held").c
    payload = select(held.id).where(held.id == table.refers_to, held.kind == "response", ~losses.is_lost(held.file))
    is_page = or_(
        and_(table.kind != "revisit", table.status == _OK),
        and_(table.kind == "revisit", func.coalesce(table.status, _OK).in_((_OK, 304)), payload.exists()),
    )
    question = select(table.id).where(
        table.key == key,
        table.id != capture,
        table.site.is_(page.site) if page.site is None else table.site == page.site,
        table.method == "GET",
        table.role != Role.REQUISITE.value,  # a page's own answer, of which a browser has drawn the page
        is_page,
        ~losses.is_lost(table.file),
        blocking.allowed(table.id),
    )
    soon = question.where(table.at >= page.at, table.at < page.at + AFTER).order_by(table.at, table.id).limit(1)
    if (found := connection.scalar(soon)) is not None:
        return str(found)
    near = question.where(table.at > page.at - WITHIN, table.at < page.at + WITHIN)
    nearest = connection.scalar(near.order_by(func.abs(table.at - page.at), table.at, table.id).limit(1))
    return str(nearest) if nearest is not None else None


def is_page(ref: CaptureRef) -> bool:
    """Whether a capture is named in a provenance as a further page."""
    return ref.role.startswith(("further-page", "single-page"))


def named(text: Article) -> dict[str, str | None]:
    """The keys of the further pages that a text names, each with the capture that it was made with."""
    given = {normalise(one.url): one.id for one in text.provenance.captures if is_page(one)}
    return {key: given.get(key) for key in dict.fromkeys(normalise(one.url) for one in text.further)}


def note(connection: Connection, rows: Iterable[RowMapping | dict[str, Any]]) -> None:
    """Note what texts name that were entered, by their rows."""
    found = [
        {"cleaner": row["cleaner"], "capture": row["capture"], "key": key, "companion": companion}
        for row in rows
        for key, companion in _named_by(row["canonical"]).items()
    ]
    if found:
        connection.execute(insert(_further).on_conflict_do_nothing(), found)


def forget(connection: Connection, captures: Sequence[str], cleaner: str | None) -> None:
    """The texts of these captures are gone, of one cleaner or of all."""
    which = _further.c.cleaner == cleaner if cleaner is not None else true()
    connection.execute(delete(_further).where(_further.c.capture.in_(captures), which))


def outdated(connection: Connection, rows: Sequence[dict[str, Any]]) -> set[str]:
    """Of texts that are about to be entered, the captures of those whose further pages are others by now."""
    return {
        row["capture"]
        for row in rows
        for key, companion in _named_by(row["canonical"]).items()
        if chosen(connection, row["capture"], key) != companion
    }


def made_with(connection: Connection, captures: Collection[str]) -> list[str]:
    """The first pages whose texts have words of these captures, by whichever cleaner."""
    found: set[str] = set()
    for some in tables.in_parts(captures):
        found.update(connection.scalars(select(_further.c.capture).where(_further.c.companion.in_(some))))
    return sorted(found)


def touched(connection: Connection, keys: Collection[str]) -> None:
    """Captures of these keys came, or are free again: the texts that are others with them wait to be made anew.

    Those of the installed cleaner alone: no other could make them.
    """
    if not keys or connection.scalar(select(_further.c.capture).limit(1)) is None:
        return
    from archive.catalogue.texts import forget as forget_texts  # noqa: PLC0415 - it stands on what enters captures

    cleaner = connection.scalar(select(tables.about.c.value).where(tables.about.c.name == "cleaner"))
    others: set[str] = set()
    for some in tables.in_parts(keys):
        which = and_(_further.c.key.in_(some), _further.c.cleaner == cleaner)
        for row in connection.execute(select(_further).where(which)).all():
            if row.capture not in others and chosen(connection, row.capture, row.key) != row.companion:
                others.add(row.capture)
    if others and cleaner is not None:
        forget_texts(connection, sorted(others), cleaner)


def first_of(connection: Connection, key: str) -> list[str]:
    """The addresses of the first pages of stories that have a key among their further pages."""
    question = (
        select(_captures.c.url)
        .join_from(_further, _captures, _captures.c.id == _further.c.capture)
        .where(_further.c.key == key, blocking.allowed(_captures.c.id))
        .distinct()
        .order_by(_captures.c.url)
    )
    return list(connection.scalars(question))


def _named_by(canonical: str) -> dict[str, str | None]:
    if NAMES.decode() not in canonical:
        return {}
    text = from_json(canonical)
    return named(text) if isinstance(text, Article) else {}


def pages(connection: Connection, text: Article) -> Iterator[tuple[str, str]]:
    """The further pages of a text that are there now and were not given to it: keys and captures, the whole one first.

    Where there is one that has all of the story, that alone.
    """
    capture = text.provenance.captures[0].id
    known = named(text)
    for one in text.further:
        key = normalise(one.url)
        if known[key] is None and (found := chosen(connection, capture, key)) is not None:
            yield key, found
            if one.number == 0:
                return


def beside(
    connection: Connection, directory: Path, made: Sequence[Article | Refusal]
) -> dict[str, tuple[Capture, ...]]:
    """The captures of further pages that texts name, each with that of its payload, by the texts' own."""
    named: dict[str, list[tuple[str, str | None]]] = {}
    for text in made:
        refs = text.provenance.captures
        pages = [
            (one.id, following.id if following is not None and following.role == "payload" else None)
            for one, following in zip(refs, (*refs[1:], None), strict=True)
            if is_page(one)
        ]
        if pages:
            named[refs[0].id] = pages
    if not named:
        return {}
    held: dict[str, Capture] = {}
    for ids in tables.in_parts(one for pages in named.values() for one, _ in pages):
        rows = connection.execute(select(_captures).where(_captures.c.id.in_(ids))).mappings()
        held.update((row["id"], capture_of_row(row, directory)) for row in rows)
    found: dict[str, tuple[Capture, ...]] = {}
    for capture, pages in named.items():
        there = [(held[one], payload) for one, payload in pages if one in held]
        with_payload = iter(bound_to(connection, directory, [(one, of) for one, of in there if of is not None]))
        found[capture] = tuple(one if of is None else next(with_payload) for one, of in there)
    return found
