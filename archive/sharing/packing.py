"""Packing: an archive, or a part of it, as one WACZ file that ReplayWeb.page, pywb and others open.

The same archive and selection give the same bytes: all dates in the package are that of its latest capture.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain, count, groupby
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from archive import locking
from archive.capture import Capture
from archive.catalogue.holdings import FileState, awaits_cleaning, file_states
from archive.clock import to_datetime
from archive.errors import DamagedRecord, TakenDown, UsageError
from archive.exchange import Role
from archive.progress import Progress
from archive.sharing import cdxj, pages
from archive.sharing.copying import Copied, copy_file, copy_groups, is_copied_whole
from archive.sharing.package import Package
from archive.sharing.selection import Selection, Share
from archive.sharing.sorting import in_order
from archive.sharing.zipnum import write_blocks
from archive.target import open_target

if TYPE_CHECKING:
    from archive.store import Archive

SUFFIX = ".wacz"
INDEX, BLOCKS, PAGES = "indexes/index.idx", "indexes/index.cdx.gz", "pages/pages.jsonl"
GZIPPED, PLAIN = ".warc.gz", ".warc"
_ENDINGS = (".gz", ".zst", PLAIN, ".arc", ".wacz")  # of files whose records go into a package, in this order
_NAMED = 10  # sites that are named in a description
_TRIES = 3  # purges that may come between; each file is rewritten once by each
_PAUSE = 0.2  # seconds between two looks whether a purge has ended
_OFTEN = 500  # captures between two reports
# For members whose size is not known before: bytes that a capture may take in the index and among the pages, and how
# many times larger records may become that were packed more tightly.
_A_LINE, _A_PAGE, _MORE = 1_000, 200_000, 20


@dataclass(frozen=True, slots=True)
class Packed:
    """What a package holds: WARC files, captures, and pages.

    ``brought`` counts the captures that were not selected for themselves: pages draw them, or revisits refer to them.
    ``texts`` counts the pages that can be searched, ``uncleaned`` the captures of which the installed cleaner has yet
    to make the text: what such a capture is, and whether it is a page, cannot be known. ``lost`` counts what the
    selection lacks because of damage, ``withheld`` what is kept back because of what it reserves.
    """

    target: str
    files: int
    captures: int
    brought: int
    pages: int
    texts: int
    uncleaned: int
    lost: int
    withheld: int
    bytes: int


def pack(
    archive: Archive,
    target: str,
    selection: Selection,
    *,
    title: str = "",
    description: str = "",
    progress: Progress | None = None,
) -> Packed:
    """Write a WACZ of the captures of a selection to the file ``target``, whole or not at all.

    The whole archive takes its WARC files along as they are; a part of it the records of its captures, byte for byte,
    and those that its revisits refer to. ``title`` and ``description``, which is Markdown, are made where none are
    given. Memory does not grow with the archive. Where a purge or a repair rewrites a file before it was copied, it
    begins again with the archive as it is then: what was copied before may be what was removed. Raises UsageError for a
    target that is no ``.wacz`` file, NotFound where nothing is selected, DamagedRecord for what cannot be read,
    StorageFull.
    """
    path = Path(target)
    if path.suffix != SUFFIX or not path.stem or (path.exists() and not path.is_file()):
        raise UsageError(f"{target}: name a file that ends in {SUFFIX}, as WACZ 1.1.1 has it")
    for _ in range(_TRIES - 1):
        try:
            return _pack(archive, path, selection, title, description, progress)
        except _Rewritten:
            _wait(archive, progress)
    return _pack(archive, path, selection, title, description, progress)


class _Rewritten(DamagedRecord):
    """A file is not the one any more that the package was begun with."""


def _wait(archive: Archive, progress: Progress | None) -> None:
    """Wait until whoever rewrites files has told the catalogue of them, too."""
    while locking.is_alone(archive.catalog.path.parent):
        if progress is not None:
            progress(0, 0, "the end of a purge or repair")
        time.sleep(_PAUSE)


@contextlib.contextmanager
def _noticing(archive: Archive, connection: Connection) -> Iterator[None]:
    """Turn what cannot be read into `_Rewritten` where its file was, or is just being, rewritten."""
    try:
        yield
    except (DamagedRecord, TakenDown) as error:
        with archive.catalog.reading() as later:
            same = error.file is not None and file_states(connection, error.file) == file_states(later, error.file)
        if same and not locking.is_alone(archive.catalog.path.parent):
            raise
        raise _Rewritten(error.message, file=error.file) from error


def _pack(
    archive: Archive, path: Path, selection: Selection, title: str, description: str, progress: Progress | None
) -> Packed:
    target = str(path)
    with archive.catalog.reading() as connection, _noticing(archive, connection):
        share = Share(connection, archive.warc_path, selection)
        total, latest = share.sum_up()
        if not total:
            raise share.nothing()
        with open_target(target) as out, Package(out, latest) as package:
            packing = _Packing(share, package, total, progress)
            packing.write_archive()
            main = packing.write_pages()
            created = f"{to_datetime(latest):%Y-%m-%dT%H:%M:%SZ}"
            said = {
                "title": title or archive.configuration.name,
                "description": description or packing.described(),
                "created": created,
                "modified": created,
                "software": f"presskeep {version('presskeep')}",
                "mainPageUrl": main.url if main else "",
                "mainPageDate": main.date if main else "",
            }
            package.finish({name: value for name, value in said.items() if value})
    return packing.done(target)


class _Packing:
    """One package while it is written."""

    def __init__(self, share: Share, package: Package, total: int, progress: Progress | None) -> None:
        self._share = share
        self._package = package
        self._total = total
        self._progress = progress
        self._names = _Names()
        self._lost, self._withheld = share.count_lost(), share.count_withheld()
        self._sites: set[str] = set()
        self._first = self._last = 0
        self._files = self._captures = self._brought = self._pages = self._texts = self._uncleaned = 0

    def done(self, target: str) -> Packed:
        """What was written."""
        size = Path(target).stat().st_size
        return Packed(
            target=target,
            files=self._files,
            captures=self._captures,
            brought=self._brought,
            pages=self._pages,
            texts=self._texts,
            uncleaned=self._uncleaned,
            lost=self._lost,
            withheld=self._withheld,
            bytes=size,
        )

    def described(self) -> str:
        """What it holds, in a sentence."""
        said = f"{self._captures:,} captures" if self._captures > 1 else "One capture"
        if self._sites:
            named = sorted(self._sites)[:_NAMED]
            others = len(self._sites) - len(named)
            said += f" of {', '.join(named)}{f' and {others:,} more sites' if others else ''}"
        days = sorted({f"{to_datetime(one):%Y-%m-%d}" for one in (self._first, self._last)})
        return f"{said}, {' to '.join(days)}."

    def write_archive(self) -> None:
        """Write the WARC files, and then their index: lines are made while records are copied."""
        lines = in_order(self._lines())
        with self._package.member(BLOCKS, stored=True, most=self._total * _A_LINE) as blocks:
            index = list(write_blocks(lines, blocks, PurePosixPath(BLOCKS).name))
        with self._package.member(INDEX) as member:
            member.write(b"".join(index))

    def write_pages(self) -> pages.Page | None:
        """Write the list of pages; the latest front page, if all are of one address."""
        fronts: dict[str, pages.Page] = {}
        with self._package.member(PAGES, most=self._total * _A_PAGE) as member:
            member.write((json.dumps(pages.HEADER) + "\n").encode())
            for page in pages.pages(self._by_url()):
                member.write(page.line())
                self._pages += 1
                self._texts += page.text is not None
                if page.capture.role is Role.FRONT:
                    fronts[page.capture.key] = page
        return next(iter(fronts.values())) if len(fronts) == 1 else None

    def _report(self, number: int, what: str) -> None:
        if self._progress and (number % _OFTEN == 0 or number == self._total):
            self._progress(number, self._total, what)

    def _by_url(self) -> Iterator[tuple[Capture, str | None]]:
        for number, (capture, canonical) in enumerate(self._share.by_url(), 1):
            self._report(number, "pages")
            self._uncleaned += canonical is None and awaits_cleaning(capture)
            yield capture, canonical

    def _lines(self) -> Iterator[bytes]:
        for copied in self._copied():
            capture = copied.capture
            self._captures += 1
            self._first = min(self._first or capture.at, capture.at)
            self._last = max(self._last, capture.at)
            self._sites.update([capture.site] if capture.site else [])
            self._brought += not self._share.selection.takes(capture)
            self._report(self._captures, "captures")
            if cdxj.is_listed(capture):
                yield cdxj.line(capture, copied.place, sha256=copied.sha256)

    def _copied(self) -> Iterator[Copied]:
        """The captures while the WARC files are written."""
        states = file_states(self._share.connection)
        by_file = groupby(self._share.by_place(), key=lambda one: one.location.file if one.location else "")
        named, captures = next(by_file, ("", iter(())))
        for file, state in states.items():
            here = captures if named == file else iter(())
            if self._share.takes_whole(file) and is_copied_whole(self._share.directory, file):
                yield from self._whole(state, here)
            elif named == file:
                yield from self._part(state, here)
            if named == file:
                named, captures = next(by_file, ("", iter(())))

    def _whole(self, state: FileState, captures: Iterator[Capture]) -> Iterator[Copied]:
        name = self._names.of(state.file)
        with self._package.member(f"archive/{name}", stored=True, most=state.size) as member:
            yield from copy_file(self._share.directory, state, captures, name, member)
        self._files += 1

    def _part(self, state: FileState, captures: Iterator[Capture]) -> Iterator[Copied]:
        name = self._names.of(state.file, packed=True)
        with self._package.member(f"archive/{name}", stored=True, most=_MORE * state.size) as member:
            yield from copy_groups(self._share.directory, state.file, captures, name, member)
        self._files += 1


class _Names:
    """Names of the WARC files in a package, which has no directories for them: no two are the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, file: str, *, packed: bool = False) -> str:
        """The name of a file of the archive; ``packed`` tells that its records will be gzipped one by one."""
        stem = PurePosixPath(file).name
        ending = GZIPPED if packed or not stem.endswith(PLAIN) else PLAIN
        for known in _ENDINGS:
            stem = stem.removesuffix(known)
        name = next(one for one in _numbered(stem, ending) if one.lower() not in self._taken)
        self._taken.add(name.lower())
        return name


def _numbered(stem: str, ending: str) -> Iterator[str]:
    return chain([f"{stem}{ending}"], (f"{stem}-{number}{ending}" for number in count(2)))
