"""``presskeep clean-warc``: texts of WARC files, without an archive."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archive import terminal
from archive.errors import DamagedRecord, NotFound, PresskeepError, UsageError
from archive.verbs.options import JsonOption
from archive.verbs.typeset import count

if TYPE_CHECKING:
    from archive.bulk import Cleaned
    from archive.cleaning.profile import Profile
    from archive.entering.sources import Absent

_SHOWN = 20  # pages of one file that could not be cleaned


def clean_warc(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the texts go.", show_default=False)],
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE…", help="WARC, ARC and WACZ files, directories, or patterns.", show_default=False),
    ] = None,
    files_from: Annotated[
        Path | None,
        typer.Option("--files-from", metavar="LIST", help="A file with one of them on each line.", show_default=False),
    ] = None,
    shard: Annotated[
        str, typer.Option("--shard", metavar="I/N", help="Only the I-th of N parts of the files, from 1/N to N/N.")
    ] = "1/1",
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="jsonl, csv or parquet.")] = "jsonl",
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=0, help="Pages cleaned at once; 0: one for each core.")
    ] = 0,
    profile: Annotated[
        list[Path] | None,
        typer.Option(
            "--profile", metavar="FILE", help="A site's profile, or publisher rules (TOML).", show_default=False
        ),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Clean also what is finished.")] = False,
    json: JsonOption = False,
) -> None:
    """Make texts of WARC files, without an archive: for clusters, and for once.

    Of each file one of articles and one of refusals, which appear whole or not at all; finished ones are passed over.
    """
    from archive.bulk import Bulk, Shard  # noqa: PLC0415 - brings SQLAlchemy and the extraction library
    from archive.dataset.export import Format  # noqa: PLC0415 - the same
    from archive.entering.sources import Absent, sources  # noqa: PLC0415 - the same

    if form not in [str(one) for one in Format]:
        raise UsageError(f"--format takes jsonl, csv or parquet, not {form!r}")
    part = Shard.parse(shard)
    named = [*(files or ()), *_listed(files_from)]
    if not named:
        raise UsageError("name files to clean, or a list of them with --files-from")
    found = sources(named, None)
    absent = [one for one in found if isinstance(one, Absent)]
    paths = [one for one in found if not isinstance(one, Absent)]
    bulk = Bulk(out, Format(form), workers, again, tuple(_read(one) for one in profile or ()))
    done = []
    with terminal.reported() as progress:
        try:
            before = signal.signal(signal.SIGTERM, _end)
            for one in bulk.clean(part.part(paths), progress):
                done.append(one)
                _tell(one, json=json)
        finally:
            signal.signal(signal.SIGTERM, before)
    _conclude(done, absent)


def _read(file: Path) -> Profile:
    """A profile of a JSON file, or one that has nothing but the rules of a TOML file."""
    from archive.cleaning.profile import Profile, from_json  # noqa: PLC0415 - brings the parser
    from archive.cleaning.publisher import rules_of  # noqa: PLC0415 - the same

    try:
        given = file.read_bytes()
        return Profile(rules=rules_of(given)) if file.suffix == ".toml" else from_json(given)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{file} cannot be read as a profile, or as publisher rules: {terminal.reason_of(error)}"
        ) from error


def _end(number: int, frame: object) -> None:
    # A cluster ends what it takes back so: what is in the temporary directory must go.
    raise SystemExit(128 + number)


def _listed(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--files-from: {path} cannot be read: {terminal.reason_of(error)}") from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _tell(one: Cleaned, *, json: bool) -> None:
    name = Path(one.source).name
    if json:
        terminal.emit({**one.document(), "skipped": one.skipped, "refused": one.refused or None})
    elif not one.refused:
        said = f"{count(one.articles, 'article')}, {count(one.refusals, 'refusal')}"
        if one.failures:
            said += f", {count(len(one.failures), 'page')} that could not be cleaned"
        terminal.out().print(f"{terminal.one_line(name)}: {said}{'; it was finished' if one.skipped else ''}")
    if one.refused:
        terminal.say(f"{terminal.one_line(name)}: {terminal.one_line(one.refused)}")
    elif not one.skipped:
        for reason in one.reasons:
            terminal.say(f"{terminal.one_line(name)}: {terminal.one_line(reason)}")
        for failure in one.failures[:_SHOWN]:
            terminal.say(f"{terminal.one_line(failure.url)}: not cleaned: {failure.reason}, {failure.detail}")


def _conclude(done: list[Cleaned], absent: list[Absent]) -> None:
    for one in absent:
        terminal.say(terminal.one_line(one.error))
    if failed := sum(len(one.failures) for one in done):
        terminal.say(
            f"{count(failed, 'page')} could not be cleaned, as the .json beside the texts tells: --again tries"
        )
    if broken := sum(one.broken for one in done):
        raise DamagedRecord(f"{count(broken, 'place')} could not be read; all else was cleaned")
    if refused := sum(bool(one.refused) for one in done):
        raise PresskeepError(f"{count(refused, 'file')} could not be read: see above")
    if absent:
        raise NotFound("not all that was named could be taken: see above")
