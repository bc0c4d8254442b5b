"""Names of WARC files: where they lie under ``warc/``, and how an open one is told from a closed one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from archive.clock import to_datetime
from archive.errors import DamagedRecord
from archive.warc import places
from archive.warc.folders import below
from archive.warc.places import IMPORTED, Place, is_foreign, place_of

OPEN = ".open"  # appended to the name while a writer holds the file
SUFFIXES = (".warc.gz", ".warc")
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

    Imported files are among them, whatever their form; attached ones are not. Raises NotReadable, see
    `archive.warc.folders.below`.
    """
    return _warc_files(list(_names(directory)))


def _warc_files(names: list[str]) -> tuple[str, ...]:
    found = {
        name.removesuffix(OPEN) for name in names if name.removesuffix(OPEN).endswith(SUFFIXES) and not is_foreign(name)
    }
    return tuple(sorted(found)) + _imported(names)


def imported_files(directory: Path) -> tuple[str, ...]:
    """The names, relative to ``directory``, of the files that were imported, sorted; not those being copied.

    Raises NotReadable, see `archive.warc.folders.below`.
    """
    return _imported(f"{IMPORTED}/{name}" for name in _names(directory / IMPORTED))


def second_names(directory: Path) -> tuple[tuple[str, str], ...]:
    """Files that have two names below ``directory``, by links of either kind: the second name, and the first.

    Raises NotReadable, see `archive.warc.folders.below`.
    """
    first: dict[tuple[int, int], str] = {}
    found = []
    for name in warc_files(directory):
        try:
            about = resolve(directory, name).stat()
        except (DamagedRecord, FileNotFoundError):
            continue  # it was removed meanwhile
        known = first.setdefault((about.st_dev, about.st_ino), name)
        if known != name:
            found.append((name, known))
    return tuple(found)


def closed_files(directory: Path) -> tuple[str, ...]:
    """Of `warc_files` those that nobody writes any more: they were seen under their final names.

    One look tells it. A file that is begun between two looks, at the open ones and at all, would be taken for closed.
    Raises NotReadable, see `archive.warc.folders.below`.
    """
    names = list(_names(directory))
    being_written = {name.removesuffix(OPEN) for name in names if name.endswith(OPEN)}
    return tuple(name for name in _warc_files(names) if name not in being_written)


def open_files(directory: Path) -> tuple[str, ...]:
    """The final names, relative to ``directory``, of the files that still carry ``.open``; sorted.

    Raises NotReadable, see `archive.warc.folders.below`.
    """
    found = (name for name in _names(directory) if name.endswith(f".warc.gz{OPEN}"))
    return tuple(sorted(name.removesuffix(OPEN) for name in found))


def _names(directory: Path) -> Iterator[str]:
    return (path.relative_to(directory).as_posix() for path in below(directory))


def _imported(names: Iterable[str]) -> tuple[str, ...]:
    among = (name for name in names if name.startswith(f"{IMPORTED}/"))
    return tuple(sorted(name for name in among if name.lower().endswith(places.SUFFIXES)))
