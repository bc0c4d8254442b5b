"""Sources: the files that paths, directories and patterns stand for, and what of them cannot be taken, and why."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from archive.errors import NotFound, PresskeepError, UsageError
from archive.warc.paths import OPEN
from archive.warc.places import SUFFIXES


@dataclass(frozen=True, slots=True)
class Absent:
    """Something that was named, or lies in a directory that was, and is no file to take; the error says why."""

    given: str
    error: PresskeepError


def sources(given: Iterable[str], archive: Path | None, *, alone: bool = True) -> list[Path | Absent]:
    """The files that paths, directories and patterns stand for, in their order, each once, and what is none.

    Directories are searched with all that is below them, through symbolic links, too. Where there is nothing to take at
    all, and these are ``alone`` what is asked for, the first reason is raised: NotFound for what is not there or empty,
    UsageError for what lies in the archive's own ``warc/``, if there is an archive, or is no regular file.
    """
    own = Path(os.path.realpath(archive / "warc")) if archive is not None else None
    found: dict[str, Path | Absent] = {}
    for one in given:
        for each in _of(one, own):
            if isinstance(each, Absent):
                found.setdefault(f"\0{each.given}", each)
            else:
                # By where it lies, named without its "..", and through no links.
                found.setdefault(os.path.realpath(each), Path(os.path.abspath(each)))  # noqa: PTH100
    absent = [one for one in found.values() if isinstance(one, Absent)]
    if alone and absent and len(absent) == len(found):
        raise absent[0].error
    return list(found.values())


def _of(given: str, own: Path | None) -> Iterator[Path | Absent]:
    path = Path(given)
    if "\0" in given:
        yield Absent(given, UsageError("a file's name cannot hold a NUL character"))
    elif os.path.isdir(path):  # noqa: PTH112 - False where it cannot be asked
        yield from _in_directory(path, own)
    elif os.path.lexists(path):
        yield _checked(path, own)
    else:
        some = sorted(_matching(given))
        files = [one for one in some if not os.path.isdir(one)]  # noqa: PTH112 - as above
        yield from (_checked(one, own) for one in files)
        if not files:
            yield Absent(
                given,
                NotFound(f"{given}: {'no file matches it' if glob.has_magic(given) else 'there is no such file'}"),
            )


def _matching(pattern: str) -> Iterable[Path]:
    if "**" not in pattern:
        return map(Path, glob.glob(pattern))  # noqa: PTH207 - a pattern may begin anywhere
    # Below "**" no links are followed: they may lead in circles.
    parts = Path(pattern).parts
    parts += ("*",) if parts[-1] == "**" else ()
    first = next(n for n, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:first]).glob(str(Path(*parts[first:])))


def _checked(path: Path, own: Path | None) -> Path | Absent:
    """A file that was named, if it can be taken."""
    try:
        about = path.stat()
    except FileNotFoundError:
        return Absent(str(path), NotFound(f"{path} is a symbolic link that leads nowhere"))
    except OSError as error:
        return Absent(str(path), NotFound(f"{path} cannot be read: {error.strerror or error}"))
    if not stat.S_ISREG(about.st_mode):
        return Absent(str(path), UsageError(f"{path} is no regular file, but a pipe, a socket or a device"))
    if _is_within(path, own):
        return _of_our_own(path)
    return path


def _of_our_own(path: Path) -> Absent:
    return Absent(
        str(path), UsageError(f"{path} lies in the archive itself: 'presskeep rebuild' enters what is missing of it")
    )


def _is_within(path: Path, own: Path | None) -> bool:
    return own is not None and Path(os.path.realpath(path)).is_relative_to(own)


def _in_directory(top: Path, own: Path | None) -> Iterator[Path | Absent]:
    found: list[Path | Absent] = []
    seen: set[tuple[int, int]] = set()
    waiting = [top]
    while waiting:
        directory = waiting.pop()
        if _is_within(directory, own):
            found.append(_of_our_own(directory))
            continue
        try:
            about = directory.stat()
            if (about.st_dev, about.st_ino) in seen:
                continue  # links that lead in a circle, or here twice
            seen.add((about.st_dev, about.st_ino))
            entries = list(directory.iterdir())
        except OSError as error:
            said = f"the directory {directory} cannot be read: {error.strerror or error}"
            found.append(Absent(str(directory), PresskeepError(said)))
            continue
        for entry in entries:
            if os.path.isdir(entry):  # noqa: PTH112 - as above
                waiting.append(entry)
            elif entry.name.lower().endswith(SUFFIXES):
                found.append(_checked(entry, own))
            elif entry.name.lower().removesuffix(OPEN).endswith(SUFFIXES):
                said = f"{entry} is being written, or its writer was killed: name it to take it as it is"
                found.append(Absent(str(entry), PresskeepError(said)))
    if not found:
        said = f"{top} holds no file that ends with {', '.join(SUFFIXES)}: name the files themselves"
        found.append(Absent(str(top), NotFound(said)))
    yield from sorted(found, key=lambda one: Path(one.given) if isinstance(one, Absent) else one)


def is_url(given: str) -> bool:
    """Whether a place is behind a URL, and no path."""
    return "://" in given and not given.startswith("file://")


def path_of(given: str) -> Path:
    """The absolute path that somebody named, also as a ``file://`` URL."""
    named = unquote(urlsplit(given).path) if given.startswith("file://") else given
    return Path(os.path.abspath(named))  # noqa: PTH100 - without its "..", and through no links
