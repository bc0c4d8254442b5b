"""One WACZ file: its parts, what its manifest and its indexes say of them, and the WARC files in it."""

from __future__ import annotations

import gzip
import hashlib
import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from archive.lint import container, lines, package
from archive.lint.budget import TOO_MUCH, Budget, Exhausted
from archive.lint.files import Course, Place, Progress, lint_warc
from archive.lint.finding import Faults, error, shown, wacz, warning
from archive.lint.runs import GZIP_MAGIC

_SPOOLED = 2**25
_WARCS = (".warc", ".warc.gz")
_INDEXES = (".cdx", ".cdxj", ".cdx.gz", ".cdxj.gz", ".idx")
PAGES = "pages/pages.jsonl"
_HARMLESS = {lines.CDXJ_DETAILS, lines.CDXJ_UNSORTED}

EXTENSION = error(
    "wacz-extension",
    wacz("Zip Format File Extension"),
    "A WACZ file ends in .wacz.",
    "Readers go by the name.",
)
NO_WARC = error(
    "wacz-archive-missing",
    wacz("archive"),
    "The directory archive/ holds one WARC file or more.",
    "There is nothing to replay.",
)
NO_INDEX = error(
    "wacz-index-missing",
    wacz("indexes"),
    "The directory indexes/ holds one CDXJ index or more.",
    "Readers find no page.",
)
PAGES_MISSING = error(
    "wacz-pages-missing",
    wacz("pages.jsonl"),
    "A WACZ has a list of pages, pages/pages.jsonl.",
    "Readers have nothing to begin with.",
)
WARC_DEFLATED = error(
    "wacz-warc-deflated",
    wacz("Zip Compression"),
    "WARC files are stored in the ZIP file, not deflated.",
    "No record can be read without unpacking all in front of it.",
)
INDEX_DEFLATED = error(
    "wacz-index-deflated",
    wacz("Zip Compression"),
    "Indexes that are gzipped are stored in the ZIP file, not deflated again.",
    "They cannot be searched without unpacking all of them.",
)
WARC_NAME = error(
    "wacz-warc-name",
    wacz("archive"),
    "A WARC file in archive/ ends in .warc.gz if it is gzipped; otherwise it should end in .warc.",
    "Readers go by the name.",
)
FOREIGN = warning(
    "wacz-foreign-file",
    wacz("Other files and directories"),
    "Nothing but WARC files, indexes and lists of pages lies in archive/, indexes/ and pages/.",
    "Other files belong into other directories.",
)


@dataclass(slots=True)
class _State:
    """A WACZ while it is read."""

    stream: BinaryIO
    size: int
    opened: zipfile.ZipFile
    budget: Budget
    infos: dict[str, zipfile.ZipInfo] = field(default_factory=dict)
    contents: dict[str, package.Content | None] = field(default_factory=dict)
    targets: dict[str, lines.Target] = field(default_factory=dict)


Inner = tuple[str | None, Place]


def lint_wacz(
    stream: BinaryIO, size: int, name: str, course: Callable[[str], Course], progress: Progress
) -> Iterator[Inner]:
    """Everything about one WACZ file: the path within it, where there is one, and the fault.

    ``course`` begins a WARC file within it. ``progress`` hears how many bytes of the file are done.
    """
    if not name.lower().endswith(".wacz"):
        yield None, Place(None, (EXTENSION, shown(name)))
    opened = container.open_zip(stream, size)
    if isinstance(opened, Place):
        yield None, opened
        return
    state = _State(stream, size, opened, Budget(size))
    try:
        for came in container.entries(opened, size, state.budget):
            if isinstance(came, Place):
                yield None, came
            else:
                state.infos[came.filename] = came
        for fault in _parts(state):
            yield None, Place(None, fault)
        yield from _manifest(state)
        yield from _warcs(state, course, progress)
        yield from _lists(state)
    except Exhausted:
        yield None, Place(None, (TOO_MUCH, f"{size:,} bytes"))
    progress(size)


def _parts(state: _State) -> Faults:
    names = state.infos
    if not any(name.startswith("archive/") for name in names):
        yield NO_WARC, ""
    if not any(name.startswith("indexes/") and name.endswith(_INDEXES) for name in names):
        yield NO_INDEX, ""
    if PAGES not in names:
        yield PAGES_MISSING, ""
    for name, info in names.items():
        top, _, rest = name.partition("/")
        known = {"archive": _WARCS, "indexes": _INDEXES, "pages": (".jsonl",)}.get(top) if rest else None
        if known and not name.endswith(known) and not (top == "archive" and ".warc" in name):
            yield FOREIGN, shown(name)
        stored = info.compress_type == zipfile.ZIP_STORED
        if top == "archive" and not stored:
            yield WARC_DEFLATED, shown(name)
        if top == "indexes" and name.endswith(".gz") and not stored:
            yield INDEX_DEFLATED, shown(name)


def _manifest(state: _State) -> Iterator[Inner]:
    """The datapackage and its digest, and with them the bytes of all entries."""
    raw, problem = _whole(state, package.DATAPACKAGE)
    given: object = None
    if raw is not None:
        try:
            given = package.parsed(raw)
        except ValueError as said:
            yield package.DATAPACKAGE, Place(None, (package.FORMAT, str(said)[:160]))
            raw = None
    elif problem is None:
        yield None, Place(None, (package.MISSING, ""))
    elif problem.fault[0] is container.TOO_MANY:  # a broken one is told with the other entries
        yield package.DATAPACKAGE, problem
    wanted = package.algorithms(given)
    for name, info in state.infos.items():
        running = {one: hashlib.new(one, usedforsecurity=False) for one in wanted}
        length = 0
        try:
            for part in container.content(state.opened, info, state.budget):
                length += len(part)
                for one in running.values():
                    one.update(part)
            if length != info.file_size:
                raise ValueError(f"{info.file_size:,} bytes in the directory, {length:,} are there")
        except container.ZIP_ERRORS as said:
            yield name, Place(info.header_offset, (container.ENTRY_BROKEN, str(said)[:160]))
            state.contents[name] = None
            continue
        state.contents[name] = package.Content(length, {one: done.hexdigest() for one, done in running.items()})
    if raw is None:
        return
    for fault in package.check(given, state.contents):
        yield package.DATAPACKAGE, Place(None, fault)
    digest, problem = _whole(state, package.DIGEST)
    if problem is None:
        for fault in package.check_digest(digest, raw):
            yield package.DIGEST, Place(None, fault)


def _whole(state: _State, name: str) -> tuple[bytes | None, Place | None]:
    """A small entry's bytes; None where it is not there, with the reason where it cannot be read."""
    info = state.infos.get(name)
    if info is None:
        return None, None
    if info.file_size > package.JSON_LIMIT:
        return None, Place(info.header_offset, (container.TOO_MANY, f"{info.file_size:,} bytes"))
    try:
        return b"".join(container.content(state.opened, info, state.budget)), None
    except container.ZIP_ERRORS as problem:
        return None, Place(info.header_offset, (container.ENTRY_BROKEN, str(problem)[:160]))


def _warcs(state: _State, course: Callable[[str], Course], progress: Progress) -> Iterator[Inner]:
    budget = Budget(state.size)  # for all of them: a WACZ of many small bombs is one too
    for name, info in state.infos.items():
        if not name.startswith("archive/"):
            continue
        about = course(name)
        about.offsets = set()
        try:
            with _file(state, info) as inner:
                gzipped = inner.read(len(GZIP_MAGIC)) == GZIP_MAGIC
                if gzipped != name.endswith(".gz") or not name.endswith(_WARCS):
                    yield name, Place(None, (WARC_NAME, "it is gzipped" if gzipped else "it is not gzipped"))
                for place in lint_warc(inner, info.file_size, about, lambda _: None, budget):
                    yield name, place
        except container.ZIP_ERRORS as problem:
            yield name, Place(info.header_offset, (container.ENTRY_BROKEN, str(problem)[:160]))
        state.targets[name.removeprefix("archive/")] = lines.Target(info.file_size, about.offsets, about.captures)
        progress(min(state.size, info.header_offset + info.compress_size))


def _file(state: _State, info: zipfile.ZipInfo) -> BinaryIO:
    """An entry as a file that can be read anywhere."""
    if info.compress_type == zipfile.ZIP_STORED:
        return container.window(state.stream, info, state.size)
    spooled = tempfile.SpooledTemporaryFile(_SPOOLED)  # noqa: SIM115 - whoever asked closes it
    for part in container.content(state.opened, info, state.budget):
        spooled.write(part)
    spooled.seek(0)
    return cast("BinaryIO", spooled)


def _lists(state: _State) -> Iterator[Inner]:
    """Lists of pages, and indexes."""
    indexes = {
        name.removeprefix("indexes/"): lines.Target(info.file_size, None)
        for name, info in state.infos.items()
        if name.startswith("indexes/")
    }
    sound = True
    for name, info in state.infos.items():
        if state.contents[name] is None:
            sound = sound and not name.startswith("indexes/")
            continue
        if name.startswith("pages/") and name.endswith(".jsonl"):
            checked = lines.check_pages(_lines(state, info))
        elif name.startswith("indexes/") and name.endswith(_INDEXES):
            secondary = name.endswith(".idx")
            targets = indexes if secondary else state.targets
            checked = lines.check_index(_lines(state, info), targets, secondary=secondary)
        else:
            continue
        try:
            for fault in checked:
                sound = sound and (fault[0] in _HARMLESS or not name.startswith("indexes/"))
                yield name, Place(None, fault)
        except container.ZIP_ERRORS as problem:
            sound = False
            yield name, Place(info.header_offset, (lines.CDXJ_BROKEN, str(problem)[:160]))
    # What is wrong with an index is told already, and so is that there is none.
    if indexes and sound:
        for inner, target in state.targets.items():
            for offset, fault in lines.check_complete(target):
                yield f"archive/{inner}", Place(offset, fault)


def _lines(state: _State, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The lines of an entry, unpacked where it is gzipped; a line is cut at LINE_LIMIT bytes."""
    with state.opened.open(info) as packed:
        stream = gzip.GzipFile(fileobj=packed) if info.filename.endswith(".gz") else packed
        buffered = io.BufferedReader(cast("io.RawIOBase", stream), 2**18)
        while line := buffered.readline(lines.LINE_LIMIT):
            state.budget.spend(len(line))
            yield line


RULES = (
    EXTENSION, NO_WARC, NO_INDEX, PAGES_MISSING, WARC_DEFLATED, INDEX_DEFLATED, WARC_NAME, FOREIGN,
)  # fmt: skip
