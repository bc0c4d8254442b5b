"""Importing: files of other writers copied, unmodified, below ``warc/imported/``, and entered into the catalogue."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from archive.catalogue.terms import IMPORT, Terms
from archive.digest import sha256_of_file
from archive.entering import standing
from archive.entering.adoption import TOLD, Entered, measure
from archive.entering.bringing import Bringing, Brought, Heard, blocked, remarks, safe_name, said, size_of
from archive.entering.sources import Absent
from archive.errors import DamagedRecord, StorageFull
from archive.progress import Progress
from archive.warc.foreign.form import Coding, FormRefused, detect
from archive.warc.foreign.source import SEEK, Source, open_place, open_source
from archive.warc.incoming import Incoming, copied, opened
from archive.warc.places import IMPORTED, SUFFIXES
from archive.warc.scan import Gap

if TYPE_CHECKING:
    from archive.store import Archive

# Of files that were named otherwise.
_SUFFIX_OF = {
    Coding.PLAIN: ".warc",
    Coding.MEMBERS: ".warc.gz",
    Coding.GZIP: ".warc.gz",
    Coding.FRAMES: ".warc.zst",
    Coding.ZSTD: ".warc.zst",
    Coding.WACZ: ".wacz",
}


@dataclass(frozen=True, slots=True)
class _Site:
    """Whose captures are said to be: those of one site, of that of their host, or nothing is said."""

    site: str | None = None
    by_host: bool = False

    def given(self, terms: Terms) -> Terms:
        """Terms as they are asked for: where nothing is said, they stay as they are."""
        return replace(terms, site=self.site, by_host=self.by_host) if self.site or self.by_host else terms


def import_files(
    archive: Archive,
    paths: Iterable[Path | Absent],
    *,
    site: str | None = None,
    by_host: bool = False,
    progress: Progress | None = None,
) -> Iterator[Brought]:
    """Import files one by one (`archive.entering.sources` finds them); each is told when it is done.

    What was imported before is not copied again; where ``site`` or ``by_host`` says something else than did that
    import, it holds from now on. Killed anywhere, it can be done again and goes on with the file at which it stopped.
    Raises ArchiveBusy while the archive is rebuilt, StorageFull.
    """
    paths = list(paths)
    heard = Heard(progress, sum(size_of(path) for path in paths if isinstance(path, Path)))
    with contextlib.ExitStack() as stack:
        run = _Import(Bringing(archive, IMPORT, stack), _Site(site, by_host), heard)
        for path in paths:
            if isinstance(path, Absent):
                yield Brought.none(path)
            else:
                yield run.bring(path)
                heard.next(size_of(path))


def look(paths: Iterable[Path | Absent], *, progress: Progress | None = None) -> Iterator[Brought]:
    """What importing files would find, without an archive: forms, captures, damage. Nothing is written but briefly."""
    paths = list(paths)
    heard = Heard(progress, sum(size_of(path) for path in paths if isinstance(path, Path)))
    for path in paths:
        if isinstance(path, Absent):
            yield Brought.none(path)
            continue
        with tempfile.TemporaryDirectory(prefix="presskeep-") as derived:
            try:
                opened(path).close()
                with open_place(path, Path(derived), path.name) as source:
                    yield _looked(path, source, heard)
            except (FormRefused, DamagedRecord, OSError) as error:
                yield Brought(str(path), size=size_of(path), refused=said(error, str(path), path.name))
        heard.next(size_of(path))


def _looked(path: Path, source: Source, heard: Heard) -> Brought:
    captures = broken = 0
    gaps: list[Gap] = []
    for piece in source.scan():
        heard.at(min(piece.offset, size_of(path)))
        if isinstance(piece, Gap):
            broken += 1
            if len(gaps) < TOLD:
                gaps.append(piece)
        elif piece.kind in {"response", "revisit"}:
            captures += 1
    entered = Entered(captures=captures, gaps=tuple(gaps), broken=broken)
    return Brought(str(path), None, size_of(path), str(source.form), entered=entered, remarks=remarks(source))


class _Import:
    """One run of imports."""

    def __init__(self, run: Bringing, site: _Site, heard: Heard) -> None:
        self._run = run
        self._archive = run.archive
        self._warc = run.archive.warc_path
        self._site = site
        self._heard = heard

    def bring(self, path: Path) -> Brought:
        """Import one file."""
        names = [str(path), path.name]
        with contextlib.ExitStack() as stack:
            try:
                copy: Incoming | None = None
                # What may be here already need not be copied to see whether it is.
                sha256 = self._sha256(path) if self._run.known.has_size(size_of(path)) else None
                if sha256 is None or self._there(sha256) is None:
                    with opened(path) as raw:
                        detect(raw, path.name)  # before much is copied
                    copy = stack.enter_context(self._copied(path))
                    sha256 = copy.sha256
                with self._run.alone():
                    there = self._there(sha256)
                    if there is not None:
                        return self._again(path, there)
                    # That it was there a moment ago is no promise.
                    copy = copy or stack.enter_context(self._copied(path))
                    terms = self._agreed(path, copy, names)
                    return self._entered(path, terms)
            except (FormRefused, DamagedRecord) as error:
                return Brought(str(path), size=size_of(path), refused=said(error, *names))

    def _there(self, sha256: str) -> Terms | None:
        """The terms of an imported file with these bytes, which lies in its place and is entered to its end."""
        for one in self._run.known.of(sha256):
            if not one.attached and size_of(self._warc / one.file) == one.size and self._run.known.is_whole(one.file):
                return one
        return None

    def _again(self, path: Path, there: Terms) -> Brought:
        """A file that is here: on other terms, if others are asked for."""
        asked = self._site.given(there)
        if asked == there:
            return self._run.there(str(path), there)
        standing.unsettle(self._archive.catalog, [asked.file])  # a kill now must not leave it on the old terms
        self._run.act(asked)
        entered = standing.enter(self._warc, self._archive.catalog, asked, self._heard.at)
        return Brought(str(path), asked.file, asked.size, asked.form, there=True, changed=True, entered=entered)

    def _agreed(self, path: Path, copy: Incoming, names: list[str]) -> Terms:
        """The terms of a copy that has its name now, and the act about it before: without one, who laid it there?"""
        known = next((one for one in self._run.known.of(copy.sha256) if not one.attached), None)
        if known is None:
            safe = safe_name(path.name)
            with copy.path.open("rb") as raw:
                coding = detect(raw, path.name).coding
            if not safe.lower().endswith(SUFFIXES):
                safe += _SUFFIX_OF[coding]
            file = self._free(copy, safe)
            names.append(file)
            # What is derived on the way is already that of the file in its place.
            with open_place(copy.path, self._archive.path / SEEK, file) as source:
                form = str(source.form)
            terms = self._site.given(Terms(file, source=str(path), size=copy.size, identity=copy.sha256, form=form))
        else:
            terms = self._site.given(known)
            names.append(terms.file)
        copy.told = True  # from its act on the copy must not go, whatever stops us
        if terms != known:
            try:
                self._run.act(terms)
            except StorageFull:
                copy.told = known is not None
                raise
        copy.put(self._warc, terms.file)
        return terms

    def _free(self, copy: Incoming, safe: str) -> str:
        """A name that no other file has or had: one that was purged is no more what its name says."""
        short = copy.sha256.partition(":")[2][:16].lower()
        for number in count(1):
            file = f"{IMPORTED}/{short if number == 1 else f'{short}-{number}'}/{safe}"
            if file in self._run.known.by_file:
                continue
            path = self._warc / file
            if not path.exists() or measure(path)[1] == copy.sha256:
                return file
        raise AssertionError  # there is always a next number

    def _entered(self, path: Path, terms: Terms) -> Brought:
        with open_source(self._warc, terms.file) as source:
            odd = remarks(source)
        entered = standing.enter(self._warc, self._archive.catalog, terms, self._heard.at)
        odd += blocked(self._archive, terms.file)
        return Brought(str(path), terms.file, terms.size, terms.form, entered=entered, remarks=odd)

    def _copied(self, path: Path) -> contextlib.AbstractContextManager[Incoming]:
        def advanced(size: int) -> None:
            self._heard.at(size, "bytes copied")

        return copied(path, self._warc, safe_name(path.name), advanced)

    def _sha256(self, path: Path) -> str:
        with opened(path) as stream:
            try:
                return sha256_of_file(stream)
            except OSError as error:
                raise DamagedRecord(f"it cannot be read: {error.strerror or error}") from error
