"""``presskeep lint``: WARC and WACZ files against their standards. It needs no archive."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from archive import terminal
from archive.errors import NotFound, UsageError
from archive.verbs.options import JsonOption
from archive.verbs.typeset import count
from archive.verbs.words import Json

if TYPE_CHECKING:
    from archive.lint.finding import Finding, Rule, Severity
    from archive.lint.linter import LintedFile, Result

_SHOWN = 10  # findings of one rule in one file that are shown; --json has up to 100
_STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}  # by `archive.lint.finding.Severity`
_LEAST_URI = 20  # columns
_INDENT = 11  # of what a finding says, below its severity
_SLOW = 32 * 2**20  # files of fewer bytes take less than a second, and need no progress bar

RuleOption = Annotated[
    list[str] | None,
    typer.Option("--rule", metavar="ID", help="Only this rule; may be given several times.", show_default=False),
]
IgnoreOption = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="ID", help="Not this rule; may be given several times.", show_default=False),
]


def lint(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="WARC or WACZ files, or directories of them.", show_default=False),
    ] = None,
    rule: RuleOption = None,
    ignore: IgnoreOption = None,
    rules: Annotated[bool, typer.Option("--rules", help="List the rules instead.")] = False,
    json: JsonOption = False,
) -> None:
    """Hold WARC and WACZ files against their standards.

    Exit code 1 if there is an error; warnings and notes are none. No archive is needed, and nothing is changed.
    """
    from archive.lint.catalogue import chosen  # noqa: PLC0415 - other verbs need not wait for it
    from archive.lint.linter import gathered  # noqa: PLC0415

    wanted = chosen(rule, ignore)
    if rules:
        _list(wanted, as_json=json)
        return
    if not files:
        raise UsageError("which file? Name WARC or WACZ files, or directories of them")
    paths = gathered(files)
    if not paths:
        raise NotFound("there is no WARC or WACZ file in what was given: name files, or other directories")
    found = _linted(paths, wanted)
    if json:
        terminal.emit(_document(found))
    elif terminal.out().is_terminal:
        terminal.put(Group(*_page(found)))
    else:
        for file in found.files:
            for finding in file.findings:
                terminal.row(_row(finding))
            for name, number in file.left_out.items():
                terminal.say(f"{file.name}: and {number:,} more of {name}")
        terminal.say(_conclusion(found).plain)
    if not found.clean:
        raise typer.Exit(1)


def _linted(paths: list[Path], wanted: set[str]) -> Result:
    from archive.lint.linter import lint as run  # noqa: PLC0415

    if sum(path.stat().st_size for path in paths if path.is_file()) < _SLOW:
        return run(paths, wanted)
    with terminal.progress() as bar:
        task = bar.add_task("linting", total=None, size=True)
        return run(paths, wanted, lambda done, total: bar.update(task, completed=done, total=total))


def _page(found: Result) -> list[RenderableType]:
    parts: list[RenderableType] = []
    width = terminal.out().width
    for file in found.files:
        if file.findings:
            parts += [Text(terminal.one_line(file.name), style="bold"), *_findings(file, width), ""]
    return [*parts, _conclusion(found)]


def _findings(file: LintedFile, width: int) -> list[RenderableType]:
    lines: list[RenderableType] = []
    shown: Counter[str] = Counter()
    for finding in file.findings:
        shown[finding.rule.id] += 1
        if shown[finding.rule.id] <= _SHOWN:
            lines.append(_finding(finding, width))
    for name, number in shown.items():
        more = number + file.left_out[name] - _SHOWN
        if more > 0:
            lines.append(Text(f"  and {more:,} more of {name}", style="dim"))
    return lines


def _finding(finding: Finding, width: int) -> RenderableType:
    where = "" if finding.offset is None else f"byte {finding.offset:,}"
    if finding.inner:
        where = f"{finding.inner}, {where}" if where else finding.inner
    head = Text.assemble(finding.rule.id, (f"  ({finding.rule.section})", "dim"))
    if where:
        head.append(f"  {terminal.one_line(where)}")
    # The URI only as far as there is room: --json and a pipe have all of it.
    room = width - _INDENT - head.cell_len - 2
    named = terminal.one_line(finding.uri or finding.record or "")
    if named and room >= _LEAST_URI:
        head.append(f"  {terminal.shorten(named, room)}", style="dim")
    return _hanging(finding.rule.severity, head, _said(finding))


def _hanging(severity: Severity, head: Text, said: str) -> RenderableType:
    """The severity, and beside it the head and what is said, however many lines they take."""
    grid = Table.grid()
    grid.add_column(width=_INDENT, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text(f"  {severity}", style=_STYLES[severity]), Group(head, Text(terminal.one_line(said))))
    return grid


def _said(finding: Finding) -> str:
    """What the rule says, and what is here instead."""
    title = _unmarked(finding.rule.title)
    return f"{title.removesuffix('.')}: {finding.message}" if finding.message else title


def _unmarked(text: str) -> str:
    """A text of the documents without the backticks that set names apart there."""
    return text.replace("`", "")


def _row(finding: Finding) -> tuple[object, ...]:
    """A finding as the fields of a line."""
    file = finding.file if finding.inner is None else f"{finding.file}!/{finding.inner}"
    at = "" if finding.offset is None else finding.offset
    named = finding.uri or finding.record or ""
    return file, at, finding.rule.severity, finding.rule.id, finding.rule.section, named, _said(finding)


def _conclusion(found: Result) -> Text:
    from archive.lint.finding import Severity  # noqa: PLC0415

    errors, warnings, notes = (found.count(one) for one in (Severity.ERROR, Severity.WARNING, Severity.NOTE))
    records = sum(file.records for file in found.files)
    read = f"{count(len(found.files), 'file')}, {count(records, 'record')}, {decimal(sum(f.size for f in found.files))}"
    counts = f"{count(errors, 'error')}, {count(warnings, 'warning')}, {count(notes, 'note')}"
    if errors:
        return Text(f"✗ {counts} in {read}", style="bold red")
    if warnings:
        return Text(f"! {counts} in {read}", style="yellow")
    return Text(f"✓ {counts} in {read}", style="bold green")


def _document(found: Result) -> Json:
    from archive.lint.finding import Severity  # noqa: PLC0415

    return {
        "outcome": "clean" if found.clean else "errors",
        **{f"{severity}s": found.count(severity) for severity in Severity},
        "files": [
            {
                "file": file.name,
                "bytes": file.size,
                "records": file.records,
                "left_out": dict(file.left_out),
                "findings": [
                    {
                        "rule": one.rule.id,
                        "severity": str(one.rule.severity),
                        "section": one.rule.section,
                        "inner": one.inner,
                        "offset": one.offset,
                        "record": one.record,
                        "uri": one.uri,
                        "message": one.message,
                    }
                    for one in file.findings
                ],
            }
            for file in found.files
        ],
    }


def _list(wanted: set[str], *, as_json: bool) -> None:
    from archive.lint.catalogue import GROUPS  # noqa: PLC0415

    groups = {name: [one for one in rules if one.id in wanted] for name, rules in GROUPS.items()}
    if as_json:
        terminal.emit([_described(one, name) for name, rules in groups.items() for one in rules])
        return
    parts: list[RenderableType] = []
    for name, rules in groups.items():
        if rules:
            parts += [Text(name, style="bold"), *(_rule(one) for one in rules), ""]
    terminal.put(Group(*parts[:-1]))


def _rule(rule: Rule) -> RenderableType:
    head = Text.assemble(rule.id, (f"  ({rule.section})", "dim"))
    return _hanging(rule.severity, head, _unmarked(f"{rule.title} {rule.why}"))


def _described(rule: Rule, group: str) -> Json:
    return {
        "rule": rule.id,
        "severity": str(rule.severity),
        "section": rule.section,
        "group": group,
        "title": rule.title,
        "why": rule.why,
    }
