"""Linting: files against the rules, one after the other, and then against each other."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archive.lint import links as linking
from archive.lint.catalogue import RULES
from archive.lint.files import UNREADABLE, ZIP_MAGIC, Course, Place, lint_warc
from archive.lint.finding import Fault, Finding, Rule, Severity
from archive.lint.links import Links
from archive.lint.wacz import lint_wacz
from archive.warc.folders import below, dead_links

KEPT = 100  # findings of one rule in one file that are kept; the others are counted
_SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".wacz", ".arc", ".arc.gz", ".warc.open", ".warc.gz.open")

Report = Callable[[int, int], None]


@dataclass(slots=True)
class LintedFile:
    """One file that was given: its findings in the order of its bytes, and by rule how many were kept or left out."""

    name: str
    size: int = 0
    records: int = 0
    findings: list[Finding] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)

    def count(self, severity: Severity) -> int:
        """How many findings of a severity it has, those that were not kept too."""
        kept = sum(one.rule.severity is severity for one in self.findings)
        return kept + sum(number for rule, number in self.left_out.items() if RULES[rule].severity is severity)


@dataclass(slots=True)
class Result:
    """All files, and what they come to."""

    files: list[LintedFile] = field(default_factory=list)

    def count(self, severity: Severity) -> int:
        """How many findings of a severity there are."""
        return sum(file.count(severity) for file in self.files)

    @property
    def clean(self) -> bool:
        """Whether there is no error."""
        return self.count(Severity.ERROR) == 0


def gathered(paths: Iterable[Path]) -> list[Path]:
    """The files that are meant: those given, and those of the directories given and behind links in them, each once.

    A link that leads nowhere is among them, to be told. Raises NotReadable where a folder cannot be read.
    """
    found: dict[str, Path] = {}
    for path in paths:
        for one in _within(path) if path.is_dir() else [path]:
            found.setdefault(os.path.realpath(one), one)
    return list(found.values())


def _within(directory: Path) -> list[Path]:
    there = {*below(directory), *dead_links(directory)}
    return sorted(one for one in there if one.name.endswith(_SUFFIXES))


def lint(paths: Sequence[Path], rules: set[str] | None = None, report: Report | None = None) -> Result:
    """Files, and the references among them, against the rules whose ids are given (else all).

    Bytes that cannot be read are findings; so is a file that cannot be opened. ``report`` hears how many bytes are
    done, of how many. Memory: some 200 bytes a record up to two million, KEPT findings for each file and rule, and the
    largest block up to 64 MiB, a few times over.
    """
    linter = _Linter(set(RULES) if rules is None else rules, report)
    linter.total = sum(_size(path) for path in paths)
    for path in paths:
        linter.file(path)
    linter.ended()
    return linter.result


class _Linter:
    def __init__(self, rules: set[str], report: Report | None) -> None:
        self.result = Result()
        self.total = 0
        self._rules = rules
        self._report = report
        self._done = 0
        self._links = Links()
        # WARC files by number, also those within WACZ files: name, the file that was given, the path within it.
        self._names: list[str] = []
        self._homes: list[tuple[LintedFile, str | None]] = []

    def file(self, path: Path) -> None:
        """One file."""
        linted = LintedFile(str(path))
        self.result.files.append(linted)
        courses: list[Course] = []

        def course(inner: str | None) -> Course:
            name = path.name if inner is None else inner.rpartition("/")[2]
            self._names.append(linted.name if inner is None else f"{linted.name}!/{inner}")
            self._homes.append((linted, inner))
            courses.append(Course(len(self._names) - 1, name, self._names, self._links))
            return courses[-1]

        try:
            if path.exists() and not path.is_file():  # a pipe would be waited for, and cannot be read twice
                self._found(linted, None, Place(None, (UNREADABLE, "it is no regular file")))
                return
            with path.open("rb", buffering=2**18) as stream:
                linted.size = stream.seek(0, 2)
                stream.seek(0)
                zipped = stream.read(len(ZIP_MAGIC)) == ZIP_MAGIC or path.name.lower().endswith(".wacz")
                if zipped:
                    for inner, place in lint_wacz(stream, linted.size, path.name, course, self._progress):
                        self._found(linted, inner, place)
                else:
                    self._all(linted, lint_warc(stream, linted.size, course(None), self._progress))
        except OSError as problem:
            self._found(linted, None, Place(None, (UNREADABLE, problem.strerror or str(problem))))
        linted.records = sum(one.records for one in courses)
        self._done += linted.size

    def ended(self) -> None:
        """What can be said of the files together."""
        for one in self._links.ended():
            linted, inner = self._homes[one.file]
            self._found(linted, inner, Place(one.offset, one.fault, one.record, one.uri))
        if self._links.left_out and self._homes:
            fault: Fault = (linking.UNCHECKED, f"{self._links.left_out:,} of them")
            self._found(self._homes[-1][0], None, Place(None, fault))
        for linted in self.result.files:
            linted.findings.sort(key=lambda one: (one.inner or "", -1 if one.offset is None else one.offset))

    def _all(self, linted: LintedFile, places: Iterator[Place]) -> None:
        for place in places:
            self._found(linted, None, place)

    def _found(self, linted: LintedFile, inner: str | None, place: Place) -> None:
        rule: Rule = place.fault[0]
        if rule.id not in self._rules:
            return
        if linted.kept[rule.id] >= KEPT:
            linted.left_out[rule.id] += 1
            return
        linted.kept[rule.id] += 1
        linted.findings.append(
            Finding(linted.name, inner, place.offset, rule, place.fault[1], _cut(place.record), _cut(place.uri))
        )

    def _progress(self, at: int) -> None:
        if self._report:
            self._report(self._done + at, self.total)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _cut(text: str | None) -> str | None:
    return None if text is None else text[:1000]
