"""Takedowns, through every path that hands something out: the library's methods, and the verbs of the command line."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from contents import Rows, created, rows
from exchanges import OTHER, SENTENCE, attempt, exchange

from archive.capture import Capture
from archive.catalogue import tables
from archive.catalogue.blocking import Target
from archive.crew import clean_pending
from archive.errors import NotFound, TakenDown
from archive.exchange import Role
from archive.failure import CleaningFailure, FailureReason
from archive.prove import prove
from archive.removal.purge import purge
from archive.removal.takedown import lift, listed, take_down
from archive.store import Archive

NAME = "withdrawn"
URL = f"https://courier.example/{NAME}"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("takedown") / "NEWS"
    with created(path) as archive:
        with archive.writer("crawl", {"courier": b"{}"}) as writer:
            writer.add(exchange("kept", 0))
            writer.add(exchange(NAME, 1))
            writer.add(exchange(NAME, 2, sentence=OTHER))
            writer.add_attempt(attempt(NAME, 3))
            writer.add_attempt(attempt("other", 3))
        clean_pending(archive)
        archive.compact()
        with archive.writer("crawl", {"courier": b"{}"}) as writer:
            writer.add(exchange(NAME, 9, sentence=SENTENCE))  # waits for the cleaner
        (job,) = archive.text_jobs()
        (late,) = archive.waiting_in(job)
        archive.add_failures([(late, CleaningFailure(FailureReason.TIMEOUT))])
    return path


@pytest.fixture
def archive(original: Path, tmp_path: Path) -> Iterator[Archive]:
    shutil.copytree(original, tmp_path / "NEWS")
    with Archive.open(tmp_path / "NEWS") as opened:
        yield opened


def _refused(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except NotFound:
        return None


def _capture(archive: Archive, capture_id: str) -> Capture | None:
    found: Capture | None = _refused(lambda: archive.capture(capture_id))
    return found


def _waiting_in(archive: Archive) -> list[Any]:
    return [archive.waiting_in(job) for job in archive.text_jobs()]


# What each method of an archive hands out, for the page that is taken down.
PATHS: dict[str, Callable[[Archive], Any]] = {
    "captures": lambda archive: [one.url for one in archive.captures()],
    "capture": lambda archive: [_capture(archive, one) for one in IDS],
    "timeline": lambda archive: archive.timeline(URL),
    "memento": lambda archive: _refused(lambda: archive.memento(URL)),
    "attempts": lambda archive: [one.attempt.url for one in archive.attempts()],
    "entries": lambda archive: [one.capture.url for one in archive.entries()],
    "articles": lambda archive: [one.headline for one in archive.articles()],
    "text": lambda archive: _refused(lambda: archive.text(URL)),
    "outcomes": lambda archive: [one.url for one in archive.outcomes()],
    "failures": lambda archive: [one.url for one in archive.failures()],
    "waiting_in": _waiting_in,
}
# Numbers and jobs: what they are once the page is taken down.
NUMBERS: dict[str, tuple[Callable[[Archive], Any], Any, Any]] = {
    "count": (lambda archive: archive.count(), (4, 2), (1, 1)),
    "count_texts": (lambda archive: archive.count_texts(), 3, 1),
    "count_waiting": (lambda archive: archive.count_waiting(), (1, 1), (0, 0)),
    "text_jobs": (lambda archive: len(archive.text_jobs()), 1, 0),
    "compact": (lambda archive: archive.compact().texts, 3, 1),
}
# What hands out nothing that was fetched.
SILENT = {
    *("create", "open", "find", "close", "warc_path", "text_path", "quarantine_path", "state_path", "sites_path"),
    *("spiders_path", "writer", "adopt", "locked", "runs", "sites", "files", "add_texts", "add_failures"),
    *("forgive_failures", "rebuild", "verify", "taken_down"),
}
IDS: list[str] = []


def test_every_method_of_an_archive_is_known_here() -> None:
    """A new method that hands captures or texts out must be held against a takedown, too."""
    public = {name for name in vars(Archive) if not name.startswith("_")}
    assert public == {*PATHS, *NUMBERS} | SILENT


def _take_down(archive: Archive) -> None:
    take_down(archive, Target.of(URL), given=URL, reason="court order")


@pytest.mark.parametrize("path", PATHS)
def test_no_method_hands_it_out(archive: Archive, path: str) -> None:
    IDS[:] = [one.id for one in archive.captures(url=URL)]
    assert NAME in repr(PATHS[path](archive))
    _take_down(archive)
    assert NAME not in repr(PATHS[path](archive))


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_leave_it_out(archive: Archive, name: str) -> None:
    asked, before, after = NUMBERS[name]
    assert asked(archive) == before
    _take_down(archive)
    assert asked(archive) == after


def test_the_parquet_files_are_free_of_it_at_once(archive: Archive) -> None:
    def urls() -> set[str]:
        return {row["url"] for path in archive.text_path.rglob("*.parquet") for row in pq.read_table(path).to_pylist()}

    assert URL in urls()
    _take_down(archive)
    assert urls() == {"https://courier.example/kept"}


def test_what_was_read_before_cannot_be_proved_from_the_archive(archive: Archive) -> None:
    article = next(archive.articles(url=URL))
    _take_down(archive)
    found = [_capture(archive, ref.id) for ref in article.provenance.captures]
    captures = [one for one in found if one is not None]
    assert not prove(article, captures).holds


def _dump(archive: Archive) -> Rows:
    return rows(archive, tables.pending)


def test_a_rebuild_gives_the_same_and_every_byte_is_accounted_for(archive: Archive) -> None:
    _take_down(archive)
    told = archive.verify(deep=True)
    assert not [one for one in told.findings if not one.severity.harmless]
    before = _dump(archive)
    assert len(before["blocked"]) == 4
    archive.rebuild()
    assert _dump(archive) == before
    lift(archive, Target.of(URL), given=URL, reason="settled")
    clean_pending(archive)
    before = _dump(archive)
    archive.rebuild()
    assert _dump(archive) == before
    assert len(list(archive.articles(url=URL))) == 3


def test_a_catalogue_that_is_lost_forgets_no_takedown(archive: Archive) -> None:
    _take_down(archive)
    archive.close()
    (archive.path / "catalog.sqlite").unlink()
    archive.rebuild()
    assert NAME not in repr([list(archive.captures()), list(archive.articles())])
    assert [one.given for one in listed(archive)] == [URL]


def test_its_history_is_kept(archive: Archive) -> None:
    target = Target.of(URL)
    _take_down(archive)
    first = listed(archive)[0].act
    done = take_down(archive, target, given=URL, reason="second order", by="desk")
    assert (done.since, done.act.first("reason"), done.act.first("by")) == (first.at, "second order", "desk")
    with pytest.raises(TakenDown, match="second order"):
        archive.memento(URL)
    lift(archive, target, given=URL, reason="settled")
    done = take_down(archive, target, given=URL, reason="third order")
    assert done.since == done.act.at > first.at
    purge(archive, target, given=URL, reason="for good", by="court")
    (done,) = listed(archive)
    assert [one.act for one in done.history] == ["takedown", "takedown", "lift", "takedown", "purge", "purged"]
    assert [one.first("reason") for one in done.history[:5]] == [
        *("court order", "second order", "settled", "third order", "for good"),
    ]
    assert (done.captures, [one.ended for one in done.purges]) == (0, [done.history[-1]])
    before = done
    archive.rebuild()
    assert listed(archive) == (before,)


def test_a_role_alone_hides_nothing(archive: Archive) -> None:
    _take_down(archive)
    assert [one.url for one in archive.captures(role=Role.ARTICLE)] == ["https://courier.example/kept"]
