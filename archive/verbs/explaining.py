"""``presskeep explain``: a page in full, what of it was kept, what was left out, and why."""

from __future__ import annotations

import os
import uuid
from functools import partial
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from archive import terminal
from archive.capture import Capture
from archive.digest import sha256
from archive.durable import storage, written
from archive.errors import NotFound, NotReadable, UsageError
from archive.url import normalise
from archive.verbs.entries import address, look_up, open_archive
from archive.verbs.ledgers import Told, document, ledger_at, page, rows
from archive.verbs.options import ArchiveOption, AtOption, JsonOption, point
from archive.verbs.typeset import lies_in, moment

_ADDRESS = "https://file.invalid/"  # of a file without --url: a page must have one, and nobody can have this one

_SUFFIXES = frozenset({".html", ".htm", ".xhtml", ".shtml"})


def explain(
    target: Annotated[
        str, typer.Argument(metavar="FILE_OR_URL", help="A page's address, or an HTML file.", show_default=False)
    ],
    at: AtOption = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write it as one HTML file, to be looked at.", show_default=False),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="URL", help="Where an HTML file was fetched from.", show_default=False),
    ] = None,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Explain a page: what was kept of it, what was left out, and why."""
    if html is not None and json:
        raise UsageError("--html and --json exclude each other: choose one")
    when = point(at, "--at")
    if Path(target).is_file():
        if when is not None:
            raise UsageError(f"--at chooses among captures of an archive, and {target} is a file")
        told = _of_file(Path(target), url)
    else:
        if url is not None:
            raise UsageError(f"--url tells where a file was fetched from, and there is no file {target}")
        told = _of_archive(target, when, archive)
    if html is not None:
        _write(told, html)
        terminal.say(f"{html} shows it: open it in a browser")
    elif json:
        terminal.emit(document(told))
    elif terminal.out().is_terminal:
        terminal.out().print(page(told.ledger, terminal.out().width))
    else:
        for cells in rows(told.ledger.entries):
            terminal.row(cells)
    if told.remark and not json:
        terminal.say(told.remark)


def _of_archive(target: str, when: int | None, archive: Path | None) -> Told:
    if "://" not in target and Path(target).suffix in _SUFFIXES and Path(target).parent.is_dir():
        raise NotFound(f"there is no file {target}: name an HTML file that exists, or a URL with its scheme")
    with open_archive(archive) as opened:
        return ledger_at(opened, look_up(opened, target), when)


def _of_file(file: Path, url: str | None) -> Told:
    """The ledger of a page that lies in a file, as if it had been captured when the file was last written."""
    from archive.cleaning.document import MAX_BYTES  # noqa: PLC0415 - brings the extraction library: half a second
    from archive.cleaning.ledger import ledger  # noqa: PLC0415 - the same

    where = address(url) if url is not None else f"{_ADDRESS}{quote(file.name)}"
    try:
        with file.open("rb") as opened:
            body = opened.read(MAX_BYTES + 1)  # the cleaner refuses what is longer, and says so
            written_at = os.fstat(opened.fileno()).st_mtime_ns // 1000
    except OSError as error:
        raise NotReadable(f"{file} cannot be read ({error.strerror}): make it readable and run it again") from error
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    capture = Capture(
        id=uuid.uuid5(uuid.NAMESPACE_URL, where).urn,
        url=where,
        key=normalise(where),
        at=written_at,
        status=200,
        payload_digest=sha256(body),
        block=partial(bytes, head + body),
    )
    return Told(ledger([capture]), capture)


def _write(told: Told, file: Path) -> None:
    from archive.explanation import Occasion, html  # noqa: PLC0415 - brings the extraction library: half a second

    capture, provenance = told.capture, told.ledger.text.provenance
    archived = capture.location is not None
    facts = (
        ("captured" if archived else "last written", moment(capture.at)),
        ("lies in", lies_in(capture) if archived else ""),
        ("record", capture.id if archived else ""),
        ("payload", capture.payload_digest or ""),
        ("cleaner", provenance.cleaner),
        ("profile", provenance.profile),
    )
    text = html(told.ledger, Occasion(capture.url, facts, told.remark))
    with storage(str(file)):
        written(file, [text.encode("utf-8", "replace")])
