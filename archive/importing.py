"""Importing: files of other writers copied, unmodified, below ``warc/imported/``, and entered into the catalogue."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from archive import adoption
from archive.adoption import Entered
from archive.digest import label
from archive.errors import DamagedRecord, NotFound, UsageError
from archive.terms import IMPORT, Known, Terms
from archive.warc.foreign.form import Coding, FormRefused, detect
from archive.warc.foreign.source import SEEK, Source, open_place, open_source
from archive.warc.foreign.zipped import mismatches, read_wacz
from archive.warc.openfile import storage, sync_directory
from archive.warc.paths import PART
from archive.warc.places import IMPORTED, SUFFIXES
from archive.warc.scan import Gap

if TYPE_CHECKING:
    from archive.store import Archive
    from archive.writing import ArchiveWriter

Progress = Callable[[int, int, str], None]  # done, total, of what

_STEP = 2**20
# Of files that were named otherwise.
_SUFFIX_OF = {
    Coding.PLAIN: ".warc",
    Coding.MEMBERS: ".warc.gz",
    Coding.GZIP: ".warc.gz",
    Coding.FRAMES: ".warc.zst",
    Coding.ZSTD: ".warc.zst",
    Coding.WACZ: ".wacz",
}
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of one file.

    ``file`` is its name in the archive, None where it was refused, with the reason in ``refused``. ``there`` tells
    that the archive had it already. ``remarks`` are what is odd about it and harms nothing, such as digests in a WACZ
    that are not those of its files.
    """

    source: str
    file: str | None = None
    size: int = 0
    form: str = ""
    refused: str = ""
    there: bool = False
    entered: Entered = field(default_factory=Entered)
    remarks: tuple[str, ...] = ()


def sources(given: Iterable[str], archive: Path) -> list[Path]:
    """The files that paths, directories and patterns stand for, in their order, each once.

    Raises NotFound for what is not there or empty, UsageError for what lies in the archive's own ``warc/``.
    """
    found: dict[Path, None] = {}
    for one in given:
        path = Path(one)
        if path.is_file():
            some = [path]
        elif path.is_dir():
            some = sorted(each for each in path.rglob("*") if each.name.lower().endswith(SUFFIXES) and each.is_file())
            if not some:
                raise NotFound(f"{one} holds no file that ends with {', '.join(SUFFIXES)}: name the files themselves")
        else:
            some = sorted(Path(each) for each in glob.glob(one, recursive=True) if Path(each).is_file())  # noqa: PTH207 - a pattern may begin anywhere
            if not some:
                raise NotFound(f"there is no file {one}")
        for each in some:
            whole = Path(os.path.abspath(each))  # noqa: PTH100 - without its "..", and through no links
            if whole.resolve().is_relative_to((archive / "warc").resolve()):
                raise UsageError(f"{one} lies in the archive itself: `presskeep rebuild` enters what is missing of it")
            found.setdefault(whole)
    return list(found)


def import_files(
    archive: Archive,
    paths: Iterable[Path],
    *,
    site: str | None = None,
    by_host: bool = False,
    progress: Progress | None = None,
) -> Iterator[Brought]:
    """Import files one by one; what became of each is told when it is done.

    What was imported before is not imported again. Killed anywhere, it can be done again and goes on with the file at
    which it stopped. Raises ArchiveBusy while the archive is rebuilt, StorageFull.
    """
    paths = list(paths)
    heard = Heard(progress, sum(_size(path) for path in paths))
    with contextlib.ExitStack() as stack:
        stack.enter_context(archive.locked())
        writer: ArchiveWriter | None = None
        known = Known(archive.catalog)

        def act(terms: Terms) -> None:
            nonlocal writer
            if writer is None:  # a run that brings nothing leaves no trace
                writer = stack.enter_context(archive.writer(IMPORT, worker="import"))
            writer.add_act(IMPORT, terms.facts())
            writer.commit()
            known.add(terms)

        for path in paths:
            yield _import(archive, path, Terms("", site=site, by_host=by_host), known, act, heard)
            heard.next(_size(path))


def look(paths: Iterable[Path], *, progress: Progress | None = None) -> Iterator[Brought]:
    """What importing files would find, without an archive: forms, captures, damage. Nothing is written but briefly."""
    paths = list(paths)
    heard = Heard(progress, sum(_size(path) for path in paths))
    for path in paths:
        with tempfile.TemporaryDirectory(prefix="presskeep-") as derived:
            try:
                with open_place(path, Path(derived), path.name) as source:
                    yield _looked(path, source, heard)
            except (FormRefused, DamagedRecord, OSError) as error:
                yield Brought(str(path), size=_size(path), refused=_reason(error))
        heard.next(_size(path))


def _looked(path: Path, source: Source, heard: Heard) -> Brought:
    captures = 0
    gaps: list[Gap] = []
    for piece in source.scan():
        heard.at(min(piece.offset, _size(path)))
        if isinstance(piece, Gap):
            gaps.append(piece)
        elif piece.kind in {"response", "revisit"}:
            captures += 1
    entered = Entered(captures=captures, gaps=tuple(gaps))
    return Brought(str(path), None, _size(path), str(source.form), entered=entered, remarks=remarks(source))


def remarks(source: Source) -> tuple[str, ...]:
    """What is odd about a file and harms nothing."""
    if source.form.coding is not Coding.WACZ:
        return ()
    return tuple(mismatches(source.stream, read_wacz(source.stream, source.file)))


def _import(
    archive: Archive, path: Path, terms: Terms, known: Known, act: Callable[[Terms], None], heard: Heard
) -> Brought:
    copied: Path | None = None
    try:
        size = _size(path)
        # What may be known already need not be copied to see whether it is.
        digest = adoption.measure(path)[1] if known.has_size(size) else None
        if digest is None:
            copied, digest, size = _copied(path, archive.warc_path, heard)
        there = _at_hand(archive, known, digest)
        if there is not None:
            return Brought(str(path), there.file, size, there.form, there=True)
        agreed = next((one for one in known.of(digest) if not one.attached), None)
        if agreed is None or not (archive.warc_path / agreed.file).is_file():
            if copied is None:
                copied, digest, size = _copied(path, archive.warc_path, heard)
            if agreed is None:
                agreed = replace(terms, source=str(path), size=size, identity=digest)
                agreed = _named(archive, copied, agreed, path.name)
                act(agreed)  # before the file has its name: one without an act is one that somebody laid there
            _put(copied, archive.warc_path / agreed.file)
            copied = None
        with open_source(archive.warc_path, agreed.file) as source:
            said = remarks(source)
        entered = adoption.enter_foreign(archive.catalog, archive.warc_path, agreed, heard.at)
        return Brought(str(path), agreed.file, size, agreed.form, entered=entered, remarks=said)
    except (FormRefused, DamagedRecord, PermissionError) as error:
        return Brought(str(path), size=_size(path), refused=_reason(error))
    finally:
        if copied is not None:
            copied.unlink(missing_ok=True)


def _named(archive: Archive, copied: Path, terms: Terms, name: str) -> Terms:
    """The terms with the file's form, and with the name that it gets; raises FormRefused."""
    safe = safe_name(name)
    with copied.open("rb") as raw:
        coding = detect(raw, name).coding
    if not safe.lower().endswith(SUFFIXES):
        safe += _SUFFIX_OF[coding]
    file = f"{IMPORTED}/{_short(terms.identity)}/{safe}"
    # What is derived on the way is already that of the file in its place.
    with open_place(copied, archive.path / SEEK, file) as source:
        return replace(terms, file=file, form=str(source.form))


def _at_hand(archive: Archive, known: Known, digest: str) -> Terms | None:
    """The terms of a file with the same bytes that the catalogue has to its end; None where there is none."""
    for one in known.of(digest):
        # A copy that has gone missing is brought back.
        if (one.attached or (archive.warc_path / one.file).is_file()) and known.is_whole(one.file):
            return one
    return None


def _copied(path: Path, warc: Path, heard: Heard) -> tuple[Path, str, int]:
    """A durable copy below ``warc/imported/`` under a name that nobody takes for a WARC file, its digest and size."""
    directory = warc / IMPORTED
    digest = hashlib.sha256()
    size = 0
    with storage(str(directory)):
        directory.mkdir(parents=True, exist_ok=True)
        _sweep(directory)
        part = directory / f"{safe_name(path.name)}.{os.getpid()}{PART}"
        try:
            with path.open("rb") as source, part.open("wb") as out:
                while piece := _read(source, path):
                    digest.update(piece)
                    out.write(piece)
                    size += len(piece)
                    heard.at(size, "bytes copied")
                out.flush()
                os.fsync(out.fileno())
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return part, label("sha256", digest.digest()), size


def _read(source: BinaryIO, path: Path) -> bytes:
    """The next bytes of a file that is copied: where they cannot be read, it is this file that fails, not our disk."""
    try:
        return source.read(_STEP)
    except OSError as error:
        raise DamagedRecord(f"it cannot be read: {error.strerror or error}", file=str(path)) from error


def _sweep(directory: Path) -> None:
    """Remove what killed imports left half-copied; a living one's is left to it."""
    for part in directory.glob(f"*{PART}"):
        owner = part.name.removesuffix(PART).rpartition(".")[2]
        if not (owner.isdigit() and Path(f"/proc/{owner}").exists()):
            part.unlink(missing_ok=True)


def _put(part: Path, final: Path) -> None:
    with storage(str(final)):
        final.parent.mkdir(parents=True, exist_ok=True)
        part.replace(final)
        for directory in (final.parent, final.parent.parent, final.parent.parent.parent):
            sync_directory(directory)


def safe_name(name: str) -> str:
    """A file's own name, as it can stand on every file system and in a URL."""
    safe = _UNSAFE.sub("_", name).strip("._-")
    while safe.endswith((PART, ".open")):
        safe = safe.rpartition(".")[0]
    return safe[-120:].lstrip("._-") or "file"


def _short(digest: str) -> str:
    return digest.partition(":")[2][:16].lower()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _reason(error: Exception) -> str:
    return str(error.strerror or error) if isinstance(error, OSError) else str(error)


class Heard:
    """Progress over several files: bytes of those that are done, and of the one at hand."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def at(self, offset: int, what: str = "records") -> None:
        if self._progress is not None:
            self._progress(min(self._done + offset, self._total), self._total, what)

    def next(self, size: int) -> None:
        self._done += size
        self.at(0)
