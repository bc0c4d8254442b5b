"""Bulk cleaning: of each WARC file one file of articles and one of refusals, without an archive that stays.

Each file passes through an archive of its own in a temporary directory, so its texts are those that any archive would
make of it: the same ids, the same handling of revisits, the same limits for each page.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from archive.article import Verdict
from archive.catalogue.terms import Filter
from archive.catalogue.waiting import MAX_TRIES
from archive.cleaning.profile import EMPTY, Profile
from archive.cleaning.version import CLEANER
from archive.crew import Crew
from archive.dataset.export import Format, export
from archive.dataset.rows import Entry
from archive.dataset.selection import Editions, Selection
from archive.durable import written
from archive.entering.attaching import Asked, attach
from archive.entering.bringing import Brought
from archive.errors import UsageError
from archive.profiles import activate
from archive.progress import Progress
from archive.store import Archive
from archive.textjob import TextSummary

SCHEMA = 1  # of a summary

# What the articles' file has; all else is in that of the refusals, teasers with their text.
_ARTICLES = (Verdict.ARTICLE,)
_OTHERS = tuple(one for one in Verdict if one not in _ARTICLES)


@dataclass(frozen=True, slots=True)
class Shard:
    """One of so many equal parts of a list of files, counted from 1."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, given: str) -> Shard:
        """``17/256``; raises UsageError."""
        number, slash, of = given.partition("/")
        if not (slash and _is_number(number) and _is_number(of) and 1 <= int(number) <= int(of)):
            raise UsageError(f"--shard takes a part of how many, from 1/256 to 256/256, not {given!r}")
        return cls(int(number), int(of))

    def part(self, paths: Iterable[Path]) -> list[Path]:
        """The files of this part: every so-manieth of them in the order of their names, whatever order they came in."""
        return sorted(paths, key=lambda path: (path.name, str(path)))[self.number - 1 :: self.of]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


@dataclass(frozen=True, slots=True)
class Failure:
    """A capture that could not be cleaned for now, and why."""

    capture: str
    url: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of one file.

    ``skipped`` says that it was finished before. ``refused`` is why it cannot be read at all, and nothing was written.
    ``failures`` are captures that could not be cleaned for now, ``broken`` counts places that could not be read, of
    which ``reasons`` names the first ones, with what is odd about the file.
    """

    source: str
    size: int
    captures: int = 0
    articles: int = 0
    refusals: int = 0
    broken: int = 0
    failures: tuple[Failure, ...] = ()
    verdicts: Mapping[str, int] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    skipped: bool = False
    refused: str = ""

    def document(self) -> dict[str, Any]:
        """The same for JSON, as it is kept beside the texts."""
        return {
            "schema": SCHEMA,
            "source": self.source,
            "bytes": self.size,
            "cleaner": CLEANER,
            "captures": self.captures,
            "articles": self.articles,
            "refusals": self.refusals,
            "failures": [asdict(one) for one in self.failures],
            "broken": self.broken,
            "verdicts": dict(sorted(self.verdicts.items())),
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True, slots=True)
class Bulk:
    """Where texts go, and how: ``workers`` of 0 are as many as there are cores; ``again`` makes all anew.

    A profile is for the pages of its site's hosts, and its publisher rules for those that they name.
    """

    out: Path
    form: Format = Format.JSONL
    workers: int = 0
    again: bool = False
    profiles: tuple[Profile, ...] = ()

    def clean(self, paths: Iterable[Path], progress: Progress | None = None) -> Iterator[Cleaned]:
        """Clean files one after the other, on all cores; each is told when its texts are durable.

        Killed anywhere, it can be done again: what is finished is passed over, what is not leaves nothing half-written.
        Raises UsageError, before anything is written, where two files have one name, or texts of another cleaner are
        there; ArchiveBusy where another process writes the same texts at this moment; StorageFull.
        """
        paths = list(paths)
        _require_names(paths)
        self.out.mkdir(parents=True, exist_ok=True)
        if not self.again:
            self._require_same(paths)
        for path in paths:
            known = None if self.again else self._finished(path)
            yield known or self._cleaned(path, progress)

    def place(self, path: Path, what: str) -> Path:
        """Where the ``articles`` or ``refusals`` of a file go."""
        return self.out / f"{path.name}.{what}.{self.form}"

    def _summary(self, path: Path) -> Path:
        return self.out / f"{path.name}.json"

    def _known(self, path: Path) -> dict[str, Any] | None:
        """The summary of a file; None where there is none that this program can read, and it is done again."""
        try:
            found = json.loads(self._summary(path).read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and found.get("schema") == SCHEMA else None

    def _require_same(self, paths: Iterable[Path]) -> None:
        for path in paths:
            known = self._known(path)
            if known is not None and known.get("profiles", []) != self._digests():
                raise UsageError(
                    f"{self.out} has texts that were made with other profiles: name another directory to have both, or "
                    "say --again to make them anew"
                )
            if known is not None and known["cleaner"] != CLEANER:
                raise UsageError(
                    f"{self.out} has texts by the cleaner {known['cleaner']}, and this one is {CLEANER}: name another "
                    "directory to have both, or say --again to make them anew"
                )

    def _digests(self) -> list[str]:
        return sorted(one.digest for one in self.profiles)

    def _finished(self, path: Path) -> Cleaned | None:
        known = self._known(path)
        if known is None or known["bytes"] != path.stat().st_size:
            return None  # perhaps it was still being copied
        if not all(self.place(path, what).exists() for what in ("articles", "refusals")):
            return None  # it was finished in another format, or somebody took them away
        return Cleaned(
            str(path),
            known["bytes"],
            known["captures"],
            known["articles"],
            known["refusals"],
            known["broken"],
            failures=tuple(Failure(**one) for one in known["failures"]),
            verdicts=known["verdicts"],
            reasons=tuple(known["reasons"]),
            skipped=True,
        )

    def _cleaned(self, path: Path, progress: Progress | None) -> Cleaned:
        size = path.stat().st_size
        with (
            tempfile.TemporaryDirectory(prefix="presskeep-") as directory,
            Archive.create(Path(directory) / "passing", name="PASSING") as archive,
        ):
            (brought,) = attach(archive, Asked((str(path),), None, Filter(), None, by_host=True), progress=progress)
            if brought.refused:
                return Cleaned(str(path), size, refused=brought.refused)
            for site in archive.sites():
                if (profile := _for(site, self.profiles)) is not None:
                    activate(archive, profile)
            return self._written(path, size, archive, brought, self._texts(archive, progress))

    def _texts(self, archive: Archive, progress: Progress | None) -> TextSummary:
        summary = TextSummary()
        with Crew(archive, self.workers) as crew:
            for _ in range(MAX_TRIES):  # what failed may have met a machine under load
                done = crew.clean(progress)
                summary += done
                if not done.failed:
                    break
        return summary

    def _written(self, path: Path, size: int, archive: Archive, brought: Brought, texts: TextSummary) -> Cleaned:
        rows: dict[str, int] = {}
        for what, verdicts in (("articles", _ARTICLES), ("refusals", _OTHERS)):
            chosen = Selection(editions=Editions.ALL, verdicts=verdicts)
            target = self.place(path, what)
            entries = _named(archive.entries(), path.name)
            rows[what] = export(entries, str(target), self.form, selection=chosen).rows
        failed = (Failure(one.capture_id, one.url, str(one.reason), one.detail) for one in archive.failures())
        done = Cleaned(
            str(path),
            size,
            brought.entered.captures,
            rows["articles"],
            rows["refusals"],
            brought.entered.broken,
            failures=tuple(failed),
            verdicts=texts.verdicts,
            reasons=tuple(_reasons(brought)),
        )
        # Last of all: it says that the others are there.
        document = done.document() | ({"profiles": self._digests()} if self.profiles else {})
        written(self._summary(path), [json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"])
        return done


def _for(site: str, profiles: Iterable[Profile]) -> Profile | None:
    """The profile of a site, which may be called by its host: the one that is named most nearly so, and all rules.

    Rules that come without a site choose their pages themselves.
    """
    own = [one for one in profiles if one.site and (site == one.site or site.endswith(f".{one.site}"))]
    nearest = max(own, key=lambda one: len(one.site), default=EMPTY)
    rules = dict.fromkeys((*nearest.rules, *(rule for one in profiles if not one.site for rule in one.rules)))
    found = replace(nearest, site=site, rules=tuple(rules))
    return None if found.is_empty else found


_TOLD = 20  # reasons of one file


def _reasons(brought: Brought) -> Iterator[str]:
    broken = (f"byte {gap.offset}: {gap.reason}" for gap in brought.entered.gaps)
    yield from islice(chain(broken, brought.remarks), _TOLD)


def _named(entries: Iterable[Entry], name: str) -> Iterator[Entry]:
    """The entries, their captures in the file as it is called, not as the passing archive calls it."""
    for entry in entries:
        where = entry.capture.location
        assert where is not None
        yield replace(entry, capture=replace(entry.capture, location=replace(where, file=name)))


def _require_names(paths: Iterable[Path]) -> None:
    seen: dict[str, Path] = {}
    for path in paths:
        other = seen.setdefault(path.name, path)
        if other != path:
            raise UsageError(
                f"{other} and {path} have one name, and their texts would too: clean them into two folders"
            )
