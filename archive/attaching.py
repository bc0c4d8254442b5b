"""Attaching: files of other writers catalogued where they lie, and only ever read; and letting go of them again."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

from sqlalchemy import delete, select

from archive import adoption, holdings, tables, texts
from archive.clock import from_datetime
from archive.digest import sha256
from archive.errors import DamagedRecord, NotFound, UsageError
from archive.importing import Brought, Heard, Progress, remarks, safe_name, sources
from archive.target import replacing
from archive.terms import ATTACH, DETACH, Filter, Known, Terms, in_force, lines
from archive.warc import places
from archive.warc.foreign import remote
from archive.warc.foreign.form import FormRefused
from archive.warc.foreign.source import open_source
from archive.warc.openfile import storage, sync_directory
from archive.warc.places import ATTACHED
from archive.warc.wellformed import well_formed

if TYPE_CHECKING:
    from archive.store import Archive
    from archive.writing import ArchiveWriter

Lines = Callable[[], Iterator[bytes]]  # those of an index that are about one file

_MAGIC = b"\x1f\x8b"
_LIST = ".cdxj"  # behind the name of an attached file: the lines by which it is read
_MOST_LINE = 2**20  # bytes of a line of a CDXJ


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants attached: paths, directories or URLs, by which index, what of it, and as whose."""

    given: tuple[str, ...]
    index: Path | None = None
    filter: Filter = Filter()  # noqa: RUF009 - a frozen value
    site: str | None = None
    by_host: bool = False


def attach(archive: Archive, asked: Asked, *, progress: Progress | None = None) -> Iterator[Brought]:
    """Attach files one by one; what became of each is told when it is done.

    What is attached or imported already is passed over. Killed anywhere, it can be done again and goes on with the
    file at which it stopped. Raises ArchiveBusy while the archive is rebuilt, StorageFull, NotFound, UsageError, and
    ConfigurationError where what reads URLs is not installed.
    """
    wanted = list(_wanted(archive, asked))
    heard = Heard(progress, len(wanted))
    with contextlib.ExitStack() as stack:
        stack.enter_context(archive.locked())
        writer: ArchiveWriter | None = None
        known = Known(archive.catalog)
        note(archive)

        def act(terms: Terms) -> None:
            nonlocal writer
            if writer is None:  # a run that brings nothing leaves no trace
                writer = stack.enter_context(archive.writer(ATTACH, worker="attach"))
            writer.add_act(ATTACH, terms.facts())
            writer.commit()
            known.add(terms)

        for place, lines_of in wanted:
            yield _attach(archive, asked, place, lines_of, known, act)
            heard.next(1)


def attachments(archive: Archive) -> tuple[Terms, ...]:
    """The terms of all attached files, in the order in which they were attached."""
    return tuple(terms for terms in in_force(archive.catalog).values() if terms.attached)


def detach(archive: Archive, given: str) -> tuple[Terms, ...]:
    """Let go of what is attached under a name, or from a path or URL; what was made from it goes, too.

    The files themselves are left alone, whatever they are. Raises NotFound where nothing is attached so.
    """
    path = str(_path(given))
    found = [
        one
        for one in attachments(archive)
        if given in {one.file, one.source} or one.source == path or one.source.startswith(f"{path.rstrip('/')}/")
    ]
    if not found:
        raise NotFound(f"nothing is attached as {given}: `presskeep attach --list` shows what is")
    with archive.locked(), archive.writer(DETACH, worker="detach") as writer:
        for one in found:
            writer.add_act(DETACH, (("file", one.file), ("source", one.source)))
        writer.commit()
        for one in found:
            forget(archive, one.file)
        note(archive)
    archive.compact()
    return tuple(found)


def forget(archive: Archive, file: str) -> None:
    """Take out of the catalogue what it has of a file: captures, their texts, and what waits."""
    captures = tables.captures.c
    while True:
        with archive.catalog.writing() as connection:
            some = list(connection.scalars(select(captures.id).where(captures.file == file).limit(holdings.FETCH)))
            if not some:
                connection.execute(delete(tables.files).where(tables.files.c.file == file))
                return
            texts.forget(connection, some)
            connection.execute(delete(tables.pending).where(tables.pending.c.file == file))
            connection.execute(delete(tables.blocked).where(tables.blocked.c.id.in_(some)))
            connection.execute(delete(tables.captures).where(captures.id.in_(some)))


def note(archive: Archive) -> None:
    """Write down for all readers where the attached files lie, as the acts say."""
    with storage(places.NAME):
        places.note(archive.warc_path, (one.place for one in attachments(archive)))


def _attach(
    archive: Archive,
    asked: Asked,
    place: str,
    lines_of: Lines | None,
    known: Known,
    act: Callable[[Terms], None],
) -> Brought:
    if not _is_text(place):
        # No record could name it, and a rebuild would not find it again.
        return Brought(well_formed(place), refused="its name is not UTF-8: rename it, or import it")
    try:
        size, identity = _looked(place, listed=lines_of is not None)
        file = f"{ATTACHED}/{_short(place, identity)}/{safe_name(_name(place))}"
        there = next((one for one in known.of(identity) if known.is_whole(one.file)), None)
        if there is not None:
            return Brought(place, there.file, size, there.form, there=True)
        terms = known.by_file.get(file)
        if terms is None:
            terms = Terms(
                file=file,
                source=place,
                size=size,
                identity=identity,
                site=asked.site,
                by_host=asked.by_host,
                filter=asked.filter,
            )
            terms = _agreed(archive, terms, lines_of, act)
        with open_source(archive.warc_path, terms.file) as source:
            said = remarks(source)
        entered = adoption.enter_foreign(archive.catalog, archive.warc_path, terms)
        return Brought(place, terms.file, size, terms.form, entered=entered, remarks=said)
    except (FormRefused, DamagedRecord, NotFound) as error:
        return Brought(place, refused=error.message)
    except OSError as error:
        return Brought(place, refused=error.strerror or str(error))


def _agreed(archive: Archive, terms: Terms, lines_of: Lines | None, act: Callable[[Terms], None]) -> Terms:
    """The terms, once the file has been looked at and the act is durable."""
    # Noted for the look at it; if it comes to nothing, nobody asks for the place, and the next note leaves it out.
    with storage(places.NAME):
        places.add(archive.warc_path, terms.place)
    with open_source(archive.warc_path, terms.file) as source:
        terms = replace(terms, form=str(source.form))
    if lines_of is not None:
        terms = _with_list(archive, terms, lines_of())
    act(terms)
    return terms


def _with_list(archive: Archive, terms: Terms, given: Iterable[bytes]) -> Terms:
    """The terms with the lines of the index that they take, kept beside the archive's own files."""
    name = f"{terms.file}{_LIST}"
    path = archive.warc_path / name
    digest = hashlib.sha256()
    with storage(name):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as out:
            for line in given:
                digest.update(line)
                out.write(line)
        for directory in (path.parent.parent, path.parent.parent.parent):
            sync_directory(directory)
    return replace(terms, listed=name, listed_sha256=digest.hexdigest())


def _wanted(archive: Archive, asked: Asked) -> Iterator[tuple[str, Lines | None]]:
    """The places that are asked for, with the lines of the index that are about each, where there is one."""
    if asked.index is None:
        for given in asked.given:
            if _is_url(given):
                yield given, None
            else:
                for path in sources([str(_path(given))], archive.path):
                    yield str(path), None
        return
    if len(asked.given) != 1:
        raise UsageError("with --cdxj name one place: the file that the index is of, or what its file names begin at")
    for name, place in _by_name(asked.given[0], asked.index).items():
        yield place, _lines_of(asked.index, name, asked.filter)


def _by_name(given: str, index: Path) -> dict[str | None, str]:
    """The places that the file names in an index stand for; None for all of its lines, of one file."""
    directory = given.endswith("/") if _is_url(given) else _path(given).is_dir()
    if not directory:
        return {None: given if _is_url(given) else str(_path(given))}
    names = {said.get("filename") for _, said in lines(_read(index))}
    found: dict[str | None, str] = {}
    for name in sorted(one for one in names if isinstance(one, str)):
        if not name or "\0" in name or not _is_text(name):
            raise UsageError(f"{index}: {name[:80]!r} is no file name")
        if ".." in PurePosixPath(name).parts or name.startswith("/") or "://" in name:
            raise UsageError(f"{index}: the file name {name[:80]!r} leads out of {given}")
        found[name] = urljoin(given, name) if _is_url(given) else str(_path(given) / name)
    if not found:
        raise UsageError(f"{index} names no file")
    return found


def _lines_of(index: Path, name: str | None, wanted: Filter) -> Lines:
    def given() -> Iterator[bytes]:
        for line in _read(index):
            for _, said in lines([line]):
                if (name is None or said.get("filename") == name) and _may_take(wanted, said):
                    yield line.rstrip(b"\r\n") + b"\n"

    return given


def _may_take(wanted: Filter, said: dict[str, Any]) -> bool:
    """Whether a line can be about a capture that is wanted; what it does not say is left to the record."""
    url, mime = said.get("url"), said.get("mime")
    at = _time(str(said["timestamp"]))
    if at is not None and not replace(wanted, hosts=(), mimes=()).takes("", None, at):
        return False
    if isinstance(url, str) and not Filter(hosts=wanted.hosts).takes(url, None, 0):
        return False
    # Of revisits an index has another type than the record; "unk" says that it knows none.
    return mime in {None, "", "-", "unk", "warc/revisit"} or Filter(mimes=wanted.mimes).takes("", str(mime), 0)


def _is_text(name: str) -> bool:
    """Whether UTF-8 can hold a name."""
    return well_formed(name) == name


def _time(timestamp: str) -> int | None:
    """Microseconds of the 14 digits of a CDXJ, or of the first of them; None for what is no time."""
    digits = timestamp[:14]
    try:
        return from_datetime(datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC))
    except ValueError:
        return None


def _read(index: Path) -> Iterator[bytes]:
    """The lines of a CDXJ, gzipped or not; raises NotFound, DamagedRecord."""
    try:
        with index.open("rb") as raw:
            packed = raw.read(2) == _MAGIC
            raw.seek(0)
            with gzip.open(raw) if packed else contextlib.nullcontext(raw) as content:
                while line := content.readline(_MOST_LINE):
                    yield line
    except EOFError as error:
        raise DamagedRecord(f"{index} is cut", file=str(index)) from error
    except zlib.error as error:
        raise DamagedRecord(f"{index} cannot be unpacked: its bytes have changed", file=str(index)) from error
    except OSError as error:
        raise NotFound(f"the index {index} cannot be read: {error.strerror or error}") from error


def _looked(place: str, *, listed: bool) -> tuple[int, str]:
    """Size and identity of a file: its digest, or what else tells it from others where reading it all is too much."""
    if _is_url(place):
        return remote.look(place)
    path = Path(place)
    if listed:
        about = path.stat()
        return about.st_size, sha256(f"{place}\n{about.st_size}\n{about.st_mtime_ns}".encode())
    return adoption.measure(path)


def _short(place: str, identity: str) -> str:
    return hashlib.sha256(f"{place}\n{identity}".encode()).hexdigest()[:16]


def _name(place: str) -> str:
    return PurePosixPath(unquote(urlsplit(place).path) if _is_url(place) else place).name


def _is_url(given: str) -> bool:
    return "://" in given and not given.startswith("file://")


def _path(given: str) -> Path:
    named = unquote(urlsplit(given).path) if given.startswith("file://") else given
    return Path(os.path.abspath(named))  # noqa: PTH100 - without its "..", and through no links
