"""Terms: as what a foreign file is part of the archive, as the act of its import or attachment says.

Reading a foreign file on its terms gives the same captures whenever that is done: when it comes in, in a rebuild, and
when it is verified.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, func, select

from archive.capture import Capture
from archive.catalogue import holdings, tables
from archive.catalogue.chains import REWRITE, in_order
from archive.catalogue.database import Catalog
from archive.catalogue.rows import act_of_row
from archive.clock import parse_warc_date, warc_date
from archive.errors import DamagedRecord
from archive.event import Act, Event
from archive.url import host
from archive.warc.places import ATTACHED, Place, is_foreign
from archive.warc.reader import Gap, Piece, read_listed, read_on

IMPORT, ATTACH, DETACH = "import", "attach", "detach"
ACTS = (IMPORT, ATTACH, DETACH, REWRITE)  # by which foreign files are what they are
Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which captures are taken: all that meet what is given; times are microseconds, ``until`` is not among them.

    A host stands for its subdomains too; a media type may end with ``/*``.
    """

    hosts: tuple[str, ...] = ()
    mimes: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None

    def takes(self, url: str, mime: str | None, at: int) -> bool:
        """Whether a capture is taken."""
        return self._takes_time(at) and self._takes_mime(mime) and self._takes_host(url)

    def _takes_time(self, at: int) -> bool:
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)

    def _takes_mime(self, mime: str | None) -> bool:
        if not self.mimes:
            return True
        given = mime or ""
        return any(given == one or (one.endswith("/*") and given.startswith(one[:-1])) for one in self.mimes)

    def _takes_host(self, url: str) -> bool:
        if not self.hosts:
            return True
        given = host(url)
        return any(given == one or given.endswith(f".{one}") for one in self.hosts)


@dataclass(frozen=True, slots=True)
class Terms:
    """How a foreign file is part of the archive: its name there, where it came from or lies, and what is taken of it.

    ``identity`` is the labelled SHA-256 of the file (of a remote one, see `archive.warc.places.Place`). With ``site``
    all its captures are of that site; with ``by_host`` those that name none are of the site that is named after their
    host. ``listed`` is the name, below ``warc/``, of the CDXJ by which alone it is read, and ``listed_sha256`` its
    digest. ``run`` is the run whose act says so, ``act`` the id of that act; they are no part of what the terms are.
    """

    file: str
    source: str = ""
    size: int = 0
    identity: str = ""
    form: str = ""
    site: str | None = None
    by_host: bool = False
    filter: Filter = Filter()
    listed: str | None = None
    listed_sha256: str | None = None
    run: str | None = field(default=None, compare=False)
    act: str | None = field(default=None, compare=False)

    def facts(self) -> Facts:
        """The facts of the act that says so."""
        facts = [
            ("file", self.file),
            ("source", self.source),
            ("size", str(self.size)),
            ("identity", self.identity),
            ("form", self.form),
        ]
        facts += [("into-site", self.site)] if self.site is not None else []
        facts += [("site-by", "host")] if self.by_host else []
        facts += [("only-host", one) for one in self.filter.hosts] + [("only-mime", one) for one in self.filter.mimes]
        facts += [("since", warc_date(self.filter.since))] if self.filter.since is not None else []
        facts += [("until", warc_date(self.filter.until))] if self.filter.until is not None else []
        if self.listed is not None:
            facts += [("listed", self.listed), ("listed-identity", self.listed_sha256 or "")]
        return tuple(facts)

    def let_go(self) -> Facts:
        """The facts of the act by which the archive lets go of the file."""
        return ("file", self.file), ("source", self.source), *self.superseded()

    def superseded(self) -> Facts:
        """The fact by which a later act about the file names the one that it stands in the place of."""
        return (("supersedes", self.act),) if self.act is not None else ()

    @classmethod
    def of(cls, act: Act) -> Terms | None:
        """The terms that an act of import or attachment says; None for one that cannot be followed."""
        size = act.first("size") or ""
        file = act.first("file") or ""
        if not is_foreign(file) or not (size.isascii() and size.isdigit() and len(size) < 16):
            return None
        try:
            since, until = (
                parse_warc_date(given) if (given := act.first(name)) is not None else None
                for name in ("since", "until")
            )
        except ValueError:
            return None
        return cls(
            file=file,
            source=act.first("source") or "",
            size=int(size),
            identity=act.first("identity") or "",
            form=act.first("form") or "",
            site=act.first("into-site"),
            by_host=act.first("site-by") == "host",
            filter=Filter(act.all("only-host"), act.all("only-mime"), since, until),
            listed=act.first("listed"),
            listed_sha256=act.first("listed-identity"),
            run=act.run,
            act=act.id,
        )

    def rewritten(self, act: Act) -> Terms:
        """The terms of the file that has taken the place of this one."""
        size, identity = act.first("is-size") or "", act.first("is")
        return replace(self, size=int(size), identity=identity) if size.isdecimal() and identity else self

    @property
    def attached(self) -> bool:
        """Whether the file lies elsewhere."""
        return self.file.startswith(f"{ATTACHED}/")

    @property
    def place(self) -> Place:
        """Where an attached file lies."""
        return Place(self.file, self.source, self.size, self.identity)

    def taken(self, event: Event | Gap) -> Event | Gap | None:
        """An event of the file as the archive has it; None for one that is not taken."""
        if not isinstance(event, Capture):
            return event
        if not self.filter.takes(event.url, event.mime, event.at):
            return None
        site = self.site
        if site is None and self.by_host and event.site is None:
            site = host(event.url).removeprefix("www.") or None
        return event if site is None else replace(event, site=site)


def in_force(catalog: Catalog) -> dict[str, Terms]:
    """The terms of all foreign files, by name, in the order of the first act about each; the last one decides.

    An act names the one about the same file that it stands in the place of: that one decides nothing, also where a
    clock was set back between and it seems to be the later one. Files that were detached are left out; attached again
    they come last. Of those from which something was purged, size and identity are what the purge has made of them.
    """
    with catalog.reading() as connection:
        return in_force_of(connection)


def in_force_of(connection: Connection) -> dict[str, Terms]:
    """The same, by what a connection sees."""
    table = tables.acts
    question = select(table).where(table.c.act.in_(ACTS)).order_by(table.c.at, table.c.id)
    acts = list(in_order(act_of_row(row) for row in connection.execute(question).mappings()))
    superseded = {one for act in acts for one in act.all("supersedes")}
    found: dict[str, Terms] = {}
    passing: set[str] = set()  # files that are found by an act that another one stands in the place of
    ahead: dict[str, list[Act]] = {}  # rewritten before it came: a clock was set back between
    for act in acts:
        file = act.first("file") or ""
        if act.act == DETACH:
            if file in passing or act.first("supersedes") is None:
                found.pop(file, None)
                passing.discard(file)
        elif act.act == REWRITE:
            if file in found:
                found[file] = found[file].rewritten(act)
            else:
                ahead.setdefault(file, []).append(act)
        elif (terms := Terms.of(act)) is None:
            continue
        elif act.id in superseded:
            if file not in found:
                found[file] = terms  # its place in the order is that of the first act
                passing.add(file)
        else:
            for rewritten in ahead.pop(file, ()):
                if rewritten.first("was") == terms.identity:
                    terms = terms.rewritten(rewritten)
            found[file] = terms
            passing.discard(file)
    return {file: terms for file, terms in found.items() if file not in passing}


class Known:
    """The foreign files that an archive has, found by what tells them from others, while more come in."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._mark: tuple[int, int] | None = None
        self._read()

    def refresh(self) -> None:
        """Take in what other processes have done meanwhile."""
        if self._mark != self._acts():
            self._read()

    def _read(self) -> None:
        self._mark = self._acts()
        self.by_file: dict[str, Terms] = {}
        self._by_identity: dict[str, list[Terms]] = {}
        self._by_source: dict[str, Terms] = {}
        self._sizes: set[int] = set()
        for terms in in_force(self._catalog).values():
            self._put(terms)

    def _acts(self) -> tuple[int, int]:
        table = tables.acts.c
        with self._catalog.reading() as connection:
            row = connection.execute(select(func.count(), func.max(table.at)).where(table.act.in_(ACTS))).one()
        return row[0], row[1] or 0

    def add(self, terms: Terms) -> None:
        """One more file, about which there is an act now, or other terms of one; nobody else adds any meanwhile."""
        self.remove(terms.file)
        self._put(terms)
        self._mark = self._acts()

    def _put(self, terms: Terms) -> None:
        self.by_file[terms.file] = terms
        self._by_identity.setdefault(terms.identity, []).append(terms)
        self._sizes.add(terms.size)
        if terms.attached:
            self._by_source[terms.source] = terms

    def remove(self, file: str) -> None:
        """A file of which the archive lets go."""
        terms = self.by_file.pop(file, None)
        if terms is not None:
            self._by_identity[terms.identity].remove(terms)
            if self._by_source.get(terms.source) is terms:
                del self._by_source[terms.source]

    def of(self, identity: str) -> list[Terms]:
        """The files of this identity, in the order of their acts."""
        return self._by_identity.get(identity, [])

    def attached_from(self, source: str) -> Terms | None:
        """The file that is attached from a path or URL; None where none is."""
        return self._by_source.get(source)

    def has_size(self, size: int) -> bool:
        """Whether there is a file of so many bytes."""
        return size in self._sizes

    def is_whole(self, file: str) -> bool:
        """Whether the catalogue has all of a file."""
        with self._catalog.reading() as connection:
            state = holdings.file_states(connection, file).get(file)
        return state is not None and state.sha256 is not None


def told(
    directory: Path,
    file: str,
    terms: Mapping[str, Terms],
    start: int = 0,
    *,
    watch: Callable[[Piece, BinaryIO], None] | None = None,
    left_out: Callable[[], None] | None = None,
) -> Iterator[Event | Gap]:
    """What any file of the archive tells, a foreign one on its terms; as `archive.warc.reader.read_on` gives it.

    ``left_out`` hears of each capture that the terms leave out. Raises DamagedRecord where a foreign file, or the
    CDXJ by which it is read, is missing.
    """
    agreed = terms.get(file)
    if agreed is None:
        yield from read_on(directory, file, start, watch=watch)
        return
    if agreed.listed is None:
        events = read_on(directory, file, start, watch=watch)
    else:
        events = read_listed(directory, file, offsets(directory, agreed))
    for event in events:
        taken = agreed.taken(event)
        if taken is not None:
            yield taken
        elif left_out is not None:
            left_out()


def offsets(directory: Path, terms: Terms) -> Iterable[int]:
    """The offsets at which a file is read by its CDXJ, in their order; raises DamagedRecord where that is missing."""
    path = directory / (terms.listed or "")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DamagedRecord(
            f"the index {path} by which {terms.file} is read is missing ({error.strerror}): copy it from a backup",
            file=terms.file,
        ) from error
    if hashlib.sha256(content).hexdigest() != terms.listed_sha256:
        raise DamagedRecord(f"the index {path} has changed: copy it from a backup", file=terms.file)
    return sorted({offset for offset, _ in lines(content.split(b"\n"))})


def lines(content: Iterable[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The captures that lines of a CDXJ list: the offset of each, and what is said of it, with its ``timestamp``.

    Lines that say nothing of the kind (headers, comments, broken ones) are passed over.
    """
    for line in content:
        head, brace, rest = line.partition(b"{")
        parts = head.split()
        if not brace or len(parts) < 2 or not parts[-1].isdigit():
            continue
        try:
            said = json.loads(brace + rest)
            offset = int(said["offset"])
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            continue
        if 0 <= offset < 2**62:
            yield offset, {**said, "timestamp": parts[-1].decode("ascii")}
