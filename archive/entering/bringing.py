"""Bringing files of other writers in: what importing and attaching have in common."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from archive import locking
from archive.catalogue import tables
from archive.catalogue.terms import Known, Terms
from archive.durable import PART
from archive.entering import standing
from archive.entering.adoption import Entered
from archive.entering.sources import Absent
from archive.errors import PresskeepError
from archive.progress import Progress
from archive.warc.foreign.form import Coding
from archive.warc.foreign.source import Source
from archive.warc.foreign.zipped import mismatches, read_wacz
from archive.warc.incoming import sweep
from archive.warc.places import is_foreign

if TYPE_CHECKING:
    from archive.store import Archive
    from archive.writing import ArchiveWriter


_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of one file.

    ``file`` is its name in the archive, None where it was refused, with the reason in ``refused``, or where it is
    ``absent``: what was named is no file to take. ``there`` tells that the archive had it already, and ``changed`` that
    it is part of it on other terms now. ``remarks`` are what is odd about it and harms nothing, such as digests in a
    WACZ that are not those of its files.
    """

    source: str
    file: str | None = None
    size: int = 0
    form: str = ""
    refused: str = ""
    absent: bool = False
    there: bool = False
    changed: bool = False
    entered: Entered = field(default_factory=Entered)
    remarks: tuple[str, ...] = ()

    @classmethod
    def none(cls, given: Absent) -> Brought:
        """Of what is no file to take."""
        return cls(given.given, refused=said(given.error, given.given), absent=True)


class Bringing:
    """One run that brings files in: the lock under which each comes, the acts about them, and what is known so far."""

    def __init__(self, archive: Archive, act: str, stack: contextlib.ExitStack) -> None:
        """``act`` is the kind of act that brings files in; ``stack`` is closed when the run ends."""
        stack.enter_context(archive.locked())
        self.archive = archive
        self._act = act
        self._stack = stack
        self._writer: ArchiveWriter | None = None
        with self._one_by_one():
            archive.adopt()  # what dead writers left
            self._finished = standing.finish(archive.warc_path, archive.catalog)
            sweep(archive.warc_path)
        self.known = Known(archive.catalog)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Time in which nobody else brings files in, with what they brought before known."""
        with self._one_by_one():
            self.known.refresh()
            yield

    def _one_by_one(self) -> contextlib.AbstractContextManager[None]:
        return locking.one_by_one(self.archive.catalog.path.parent)

    def there(self, source: str, terms: Terms) -> Brought:
        """Of a file that the archive has: before this run, or since its beginning has finished what was killed."""
        entered = self._finished.pop(terms.file, None)
        if entered is None:
            return Brought(source, terms.file, terms.size, terms.form, there=True)
        return Brought(source, terms.file, terms.size, terms.form, entered=entered)

    def act(self, terms: Terms, *, instead: Terms | None = None, detach: str = "") -> None:
        """Say durably on which terms a file is part of the archive; ``instead`` of another one, that is let go of."""
        if self._writer is None:  # a run that brings nothing leaves no trace
            self._writer = self._stack.enter_context(self.archive.writer(self._act, worker=self._act))
        if instead is not None:
            self._writer.add_act(detach, instead.let_go())
            self.known.remove(instead.file)
        before = self.known.by_file.get(terms.file)
        said = self._writer.add_act(self._act, terms.facts() + (before.superseded() if before is not None else ()))
        self._writer.commit()
        self.known.add(replace(terms, act=said.id))


def remarks(source: Source) -> tuple[str, ...]:
    """What is odd about a file and harms nothing."""
    if source.form.coding is not Coding.WACZ:
        return ()
    return tuple(mismatches(source.stream, read_wacz(source.stream, source.file)))


def blocked(archive: Archive, file: str) -> tuple[str, ...]:
    """A remark where captures of a file are taken down."""
    table, down = tables.captures.c, tables.blocked.c
    question = select(func.count()).select_from(tables.captures).join(tables.blocked, down.id == table.id)
    with archive.catalog.reading() as connection:
        number = connection.scalar(question.where(table.file == file)) or 0
    if not number:
        return ()
    captures = "1 capture of it is" if number == 1 else f"{number:,} captures of it are"
    return (f"{captures} taken down here and not handed out: 'presskeep takedown --list' shows by what",)


def said(error: Exception, *names: str) -> str:
    """Why something was refused, for whoever sees its name beside: without names that he never gave, or has seen."""
    message = error.message if isinstance(error, PresskeepError) else str(error)
    if isinstance(error, OSError):
        message = str(error.strerror or error)
    for name in names:
        for between in (": ", " "):
            message = message.removeprefix(f"{name}{between}")
    message = message.removeprefix("refused: ")
    for name in names:
        if is_foreign(name):
            message = message.replace(name, "it")
    return message


def safe_name(name: str) -> str:
    """A file's own name, as it can stand on every file system and in a URL."""
    safe = _UNSAFE.sub("_", name).strip("._-")
    while safe.endswith((PART, ".open")):
        safe = safe.rpartition(".")[0]
    return safe[-120:].lstrip("._-") or "file"


def size_of(path: Path) -> int:
    """A file's size, 0 where it cannot be asked."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


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
