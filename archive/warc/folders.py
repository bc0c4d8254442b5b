"""Folders of WARC files: what lies in them, also behind links, each file once and no loop without an end."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from archive.errors import NotReadable

_LOST_AND_FOUND = "lost+found"  # at the root of a file system, for its administrator alone


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
