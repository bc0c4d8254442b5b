"""Names of WARC files: where they lie under ``warc/``, and how an open one is told from a closed one."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from archive.clock import to_datetime
from archive.errors import DamagedRecord, NotReadable
from archive.warc import places
from archive.warc.places import IMPORTED, Place, is_foreign, place_of

OPEN = ".open"  # appended to the name while a writer holds the file
SUFFIXES = (".warc.gz", ".warc")
_LOST_AND_FOUND = "lost+found"  # at the root of a file system, for its administrator alone
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def fresh_name(prefix: str, worker: str, at: int, serial: int) -> str:
    """The name of a new file: ``YYYY/MM/PREFIX-<17 digits of UTC>-NNNNN-<worker>.warc.gz``, relative to ``warc/``.

    The form is that of the WARC standard's annex C; year and month are those in which the file was begun.
    """
    when = to_datetime(at)
    stamp = f"{when:%Y%m%d%H%M%S}{when.microsecond // 1000:03d}"
    return f"{when:%Y/%m}/{_safe(prefix)}-{stamp}-{serial:05d}-{_safe(worker)}.warc.gz"


def _safe(part: str) -> str:
    """A part of a file name that means the same on every file system, and can never leave its directory."""
    return _UNSAFE.sub("_", part).strip("._")[:60] or "x"


def resolve(directory: Path, file: str) -> Path:
    """The path of a file as it lies now: under its final name, or with ``.open`` while it is being written.

    ``file`` is the final name relative to ``directory`` (an archive's ``warc/``). Raises DamagedRecord where there is
    neither, or where the name leads out of the directory. An attached file lies where it was attached: DamagedRecord
    tells that it is gone, has another size than it had, or lies behind a URL.
    """
    if (place := place_of(directory, file)) is not None:
        return _attached(place)
    parts = PurePosixPath(file)
    if parts.is_absolute() or ".." in parts.parts or "\0" in file:
        raise DamagedRecord("a file name leads out of warc/; run 'presskeep rebuild'", file=file)
    final = directory / parts
    being_written = directory / f"{parts}{OPEN}"
    # The final name again at the end: the writer may close the file between two looks.
    for path in (final, being_written, final):
        if path.is_file():
            return path
    raise DamagedRecord("the file is missing from warc/; run 'presskeep verify'", file=file)


def _attached(place: Place) -> Path:
    if place.remote:
        raise DamagedRecord(f"{place.file} lies at {place.place}: it can be read, but is no file here", file=place.file)
    path = Path(place.place)
    try:
        size = path.stat().st_size
    except OSError as error:
        said = f"the attached file {path} is gone ({error.strerror}): bring it back, or run 'presskeep detach'"
        raise DamagedRecord(said, file=place.file) from error
    if size != place.size:
        said = f"the attached file {path} has changed: {size:,} bytes, were {place.size:,}; attach it again"
        raise DamagedRecord(said, file=place.file)
    return path


def warc_files(directory: Path) -> tuple[str, ...]:
    """The final names, relative to ``directory``, of all WARC files below it, open ones among them; sorted.

    Imported files are among them, whatever their form; attached ones are not. Raises NotReadable, see `below`.
    """
    names = list(_names(directory))
    found = {
        name.removesuffix(OPEN) for name in names if name.removesuffix(OPEN).endswith(SUFFIXES) and not is_foreign(name)
    }
    return tuple(sorted(found)) + _imported(names)


def imported_files(directory: Path) -> tuple[str, ...]:
    """The names, relative to ``directory``, of the files that were imported, sorted; not those being copied.

    Raises NotReadable, see `below`.
    """
    return _imported(f"{IMPORTED}/{name}" for name in _names(directory / IMPORTED))


def open_files(directory: Path) -> tuple[str, ...]:
    """The final names, relative to ``directory``, of the files that still carry ``.open``; sorted.

    Raises NotReadable, see `below`.
    """
    found = (name for name in _names(directory) if name.endswith(f".warc.gz{OPEN}"))
    return tuple(sorted(name.removesuffix(OPEN) for name in found))


def below(directory: Path) -> Iterator[Path]:
    """All files below a directory, also behind links to folders, each folder once; nothing where there is none.

    A folder that has its place there goes before a link to it. Raises NotReadable where a folder cannot be read: what
    it holds would count as gone.
    """
    entered: set[tuple[int, int]] = set()
    folders, linked = [directory], list[Path]()
    while folders or linked:
        folder = folders.pop() if folders else linked.pop()
        try:
            there = folder.stat()
            if (there.st_dev, there.st_ino) in entered:
                continue
            entered.add((there.st_dev, there.st_ino))
            with os.scandir(folder) as found:
                for one in found:
                    path = folder / one.name
                    if one.is_symlink() and _leads_nowhere(path):
                        continue
                    if one.is_dir():
                        (linked if one.is_symlink() else folders).append(path)
                    elif one.is_file():
                        yield path
        except FileNotFoundError:
            continue  # it was removed meanwhile
        except OSError as error:
            if folder.name == _LOST_AND_FOUND:
                continue
            said = (
                f"{error.filename or folder} cannot be read ({error.strerror}), and what it holds would count as gone: "
                "make it readable, or bring its disk back, then run the command again"
            )
            raise NotReadable(said) from error


def dead_links(directory: Path) -> tuple[Path, ...]:
    """The links below a directory that lead nowhere, as one does to a disk that is not there; sorted."""
    folders = {directory, *(path.parent for path in below(directory))}
    return tuple(sorted(path for one in folders if one.is_dir() for path in one.iterdir() if _leads_nowhere(path)))


def _leads_nowhere(path: Path) -> bool:
    """Whether a link leads to nothing, or back to itself."""
    try:
        path.stat()
    except OSError as error:
        return path.is_symlink() and error.errno in {errno.ENOENT, errno.ELOOP, errno.ENOTDIR}
    return False


def _names(directory: Path) -> Iterator[str]:
    return (path.relative_to(directory).as_posix() for path in below(directory))


def _imported(names: Iterable[str]) -> tuple[str, ...]:
    among = (name for name in names if name.startswith(f"{IMPORTED}/"))
    return tuple(sorted(name for name in among if name.lower().endswith(places.SUFFIXES)))
