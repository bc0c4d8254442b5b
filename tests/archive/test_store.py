"""The store: what went in comes out again, by URL, time, site, run and role; and the texts with their editions."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from exchanges import OTHER, START, attempt, exchange

from archive import store
from archive.article import Article, CaptureRef, Provenance, Refusal, Verdict, canonical_json
from archive.capture import Capture
from archive.cleaning.version import CLEANER
from archive.configuration import FILE_NAME
from archive.errors import ConfigurationError, NotAnArchive, NotFound, StorageFull, UsageError
from archive.exchange import Exchange, NoAnswer, Role
from archive.failure import CleaningFailure, FailureReason
from archive.store import Archive


def fill(archive: Archive, *exchanges: Exchange) -> tuple[Capture, ...]:
    with archive.writer("crawl") as writer:
        for one in exchanges:
            writer.add(one)
        return writer.commit().captures


def article(capture: Capture, headline: str, cleaner: str = CLEANER) -> tuple[Capture, bytes]:
    return capture, canonical_json(Article(_provenance(capture, cleaner), headline, ()))


def refusal(capture: Capture) -> tuple[Capture, bytes]:
    return capture, canonical_json(Refusal(_provenance(capture, CLEANER), Verdict.EMPTY, "no text"))


def _provenance(capture: Capture, cleaner: str) -> Provenance:
    return Provenance((CaptureRef(capture.id, capture.url, capture.at, capture.payload_digest),), cleaner, "sha256:E")


# Opening


def test_an_archive_is_found_from_below(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    below = archive.path / "warc"
    with Archive.find(below) as found:
        assert found.path == archive.path
        assert found.configuration == archive.configuration
    monkeypatch.chdir(below)
    assert Archive.find().path == archive.path


def test_what_is_no_archive_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotAnArchive, match="presskeep init"):
        Archive.open(tmp_path)
    with pytest.raises(NotAnArchive, match="--archive DIR"):
        Archive.find(tmp_path)


def test_an_archive_is_not_made_twice_nor_over_a_file(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="already"):
        Archive.create(archive.path)
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        Archive.create(tmp_path / "file")


def test_its_name_is_the_directory_s_as_far_as_it_can_name_files(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "Börsen news 2026!") as made:
        assert made.configuration.name == "B-rsen-news-2026"
    with Archive.create(tmp_path / "!!") as made:
        assert made.configuration.name == "archive"
    with pytest.raises(ConfigurationError):
        Archive.create(tmp_path / "third", name="a/b")
    assert not (tmp_path / "third" / FILE_NAME).exists()


def test_the_databases_lie_in_the_state_directory(archive: Archive, tmp_path: Path) -> None:
    written = (archive.path / FILE_NAME).read_text()
    (archive.path / FILE_NAME).write_text(f'state_dir = "{tmp_path / "local"}"\n{written}')
    archive.catalog.path.unlink()
    with Archive.open(archive.path) as moved:
        fill(moved, exchange())
        assert moved.catalog.path == tmp_path / "local" / "catalog.sqlite"
        assert moved.state_path == tmp_path / "local" / "state.sqlite"
        assert len(list(moved.captures())) == 1
    assert not archive.catalog.path.exists()


def test_a_catalogue_of_another_archive_is_refused(archive: Archive, tmp_path: Path) -> None:
    fill(archive, exchange())
    with Archive.create(tmp_path / "OTHER") as other:
        other.close()
        other.catalog.path.write_bytes(archive.catalog.path.read_bytes())
        with pytest.raises(ConfigurationError, match="another archive"):
            list(other.captures())


def test_a_disk_that_is_full_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "mkdir", full)
        with pytest.raises(StorageFull, match="free space"):
            Archive.create(tmp_path / "NEWS")
    Archive.create(tmp_path / "NEWS").close()


# Captures and attempts


def test_captures_come_back_as_they_were_committed(archive: Archive) -> None:
    given = [exchange("a", 2), exchange("b", 1), exchange("c", 1, status=404, method="HEAD", body=b"")]
    committed = fill(archive, *given)
    assert list(archive.captures()) == sorted(committed, key=lambda one: (one.at, one.id))
    for capture, one in zip(committed, given, strict=True):
        assert archive.capture(capture.id) == capture
        assert archive.capture(capture.id).block() == one.response
        assert pickle.loads(pickle.dumps(archive.capture(capture.id))).block() == one.response
    with pytest.raises(NotFound):
        archive.capture("urn:uuid:0")


def test_captures_by_url_site_run_role_and_time(archive: Archive) -> None:
    fill(archive, exchange("a", 1), exchange("b", 2, site="gazette"), exchange("c", 3, role=Role.FEED))
    fill(archive, exchange("a", 4))
    first, second = archive.runs()

    def urls(**conditions: object) -> list[str]:
        return [one.url.rpartition("/")[2] for one in archive.captures(**conditions)]  # type: ignore[arg-type]

    assert urls() == ["a", "b", "c", "a"]
    assert urls(url="HTTPS://COURIER.example:443/a?utm_source=x") == ["a", "a"]
    assert urls(site="gazette") == ["b"]
    assert urls(role=Role.FEED) == ["c"]
    assert urls(run=first.id) == ["a", "b", "c"]
    assert urls(run=second.id, url="https://courier.example/a") == ["a"]
    assert urls(since=START + 120_000_000, until=START + 240_000_000) == ["b", "c"]
    assert archive.sites() == ("courier", "gazette")


def test_the_memento_is_the_nearest_capture(archive: Archive) -> None:
    fill(archive, exchange("a", 0), exchange("a", 10), exchange("a", 20))
    url = "https://courier.example/a"
    minute = 60_000_000
    assert [one.at for one in archive.timeline(url)] == [START, START + 10 * minute, START + 20 * minute]
    assert archive.memento(url).at == START + 20 * minute
    assert archive.memento(url, START + 6 * minute).at == START + 10 * minute
    assert archive.memento(url, 0).at == START
    with pytest.raises(NotFound):
        archive.memento("https://courier.example/b")


def test_attempts_come_back_with_the_bytes_that_were_sent(archive: Archive) -> None:
    given = [attempt("a", 1), attempt("b", 0, NoAnswer.ROBOTS)]
    with archive.writer("crawl") as writer:
        for one in given:
            writer.add_attempt(one)
        committed = writer.commit().attempts
        run = writer.run
    found = list(archive.attempts())
    assert found == [committed[1], committed[0]]
    assert found[1].attempt == replace(given[0], origin=replace(given[0].origin, run=run))
    assert [one.id for one in archive.attempts(url="https://courier.example/a")] == [committed[0].id]
    assert list(archive.attempts(site="gazette")) == []
    assert len(list(archive.attempts(run=run))) == 2
    assert archive.count() == (0, 2)


def test_readers_see_what_is_committed_while_a_writer_goes_on(archive: Archive) -> None:
    with archive.writer("crawl") as writer, Archive.open(archive.path) as reader:
        writer.add(exchange("a"))
        assert list(reader.captures()) == []
        writer.commit()
        (seen,) = reader.captures()
        assert seen.block() == exchange("a").response  # from a file that still carries .open
        streamed = reader.captures()
        next(streamed)
        writer.add(exchange("b", 1))
        writer.commit()
        assert list(streamed) == []  # one state of the catalogue
        assert len(list(reader.captures())) == 2


# Texts


def test_only_pages_that_may_be_articles_wait_for_the_cleaner(archive: Archive) -> None:
    fill(
        archive,
        exchange("article"),
        exchange("other", role=Role.OTHER),
        exchange("gone", status=404),
        exchange("moved", status=301),
        exchange("front", role=Role.FRONT),
        exchange("feed", role=Role.FEED),
        exchange("head", method="HEAD", body=b""),
        exchange("wild", body=b"no head"),
    )
    (job,) = archive.text_jobs()
    names = [one.url.rpartition("/")[2] for one in archive.waiting_in(job)]
    assert names == ["article", "other", "gone", "wild"]
    assert job.captures == 4
    assert [one.captures for one in archive.text_jobs(most=3)] == [3, 1]
    assert archive.count_waiting() == (4, 0)


def test_editions_are_runs_of_equal_text_and_refusals_make_none(archive: Archive) -> None:
    captures = fill(archive, *(exchange("a", minute) for minute in range(7)))
    texts = [
        article(captures[0], "A"),
        article(captures[1], "A"),
        article(captures[2], "B"),
        refusal(captures[3]),
        article(captures[4], "B"),
        article(captures[5], "A"),
        refusal(captures[6]),
    ]
    for text in reversed(texts):  # in any order
        archive.add_texts([text])
    assert [(one.edition, one.editions) for one in archive.entries()] == [
        (1, 3),
        (1, 3),
        (2, 3),
        (None, 3),
        (2, 3),
        (3, 3),
        (None, 3),
    ]
    assert [one.new_edition for one in archive.outcomes()] == [True, False, True, False, False, True, False]
    assert [one.verdict for one in archive.outcomes(START + 5 * 60_000_000)] == [Verdict.ARTICLE, Verdict.EMPTY]
    assert len(list(archive.articles())) == 5
    assert archive.text_jobs() == ()


def test_editions_are_of_one_site_and_one_cleaner(archive: Archive) -> None:
    captures = fill(archive, exchange("a", 0), exchange("a", 1, site="gazette"), exchange("a", 2, site=None))
    archive.add_texts([article(one, one.site or "none") for one in captures])
    archive.add_texts([article(one, "all the same", "0.0.1+old") for one in captures])
    assert [(one.capture.site, one.edition, one.editions) for one in archive.entries()] == [
        (None, 1, 1),
        ("courier", 1, 1),
        ("gazette", 1, 1),
    ]
    assert len(list(archive.entries(cleaner="0.0.1+old"))) == 3
    assert [one.capture.site for one in archive.entries(sites=["gazette"])] == ["gazette"]
    assert archive.count_texts() == 6


def test_entries_are_ordered_by_site_key_and_time(archive: Archive) -> None:
    captures = fill(archive, exchange("b", 0), exchange("a", 3), exchange("a", 1), exchange("c", 0, site="alpha"))
    archive.add_texts([article(one, one.url) for one in captures])
    order = [(one.capture.site, one.capture.key, one.capture.at) for one in archive.entries()]
    assert order == sorted(order)
    assert order[0][0] == "alpha"


def test_the_text_of_a_url(archive: Archive) -> None:
    url = "https://courier.example/a"
    with pytest.raises(NotFound, match="never fetched"):
        archive.text(url)
    captures = fill(archive, exchange("a", 0), exchange("a", 10), exchange("a", 20))
    with pytest.raises(NotFound, match="presskeep clean"):
        archive.text(url)
    archive.add_texts([article(captures[0], "first"), article(captures[1], "second"), refusal(captures[2])])
    latest = archive.text(url)
    assert isinstance(latest.text, Article)
    assert latest.text.headline == "second"
    assert latest.capture == captures[1]
    assert archive.text(url, captures[2].at).text.verdict is Verdict.EMPTY


def test_a_text_of_another_capture_is_refused(archive: Archive) -> None:
    first, second = fill(archive, exchange("a", 0), exchange("b", 0))
    with pytest.raises(ValueError, match="was given for"):
        archive.add_texts([(first, article(second, "B")[1])])
    assert archive.count_texts() == 0


def test_failures_are_tried_again_and_given_up_and_forgiven(archive: Archive) -> None:
    (capture,) = fill(archive, exchange("a"))
    failure = CleaningFailure(FailureReason.TIMEOUT, "killed after 20 s")
    for tries in range(1, 4):
        (job,) = archive.text_jobs()
        assert archive.waiting_in(job) == [capture]
        archive.add_failures([(capture, failure)])
        (failed,) = archive.failures()
        assert (failed.capture_id, failed.url, failed.tries) == (capture.id, capture.url, tries)
    assert archive.text_jobs() == ()
    assert archive.waiting_in(job) == []
    assert archive.count_waiting() == (1, 1)
    assert archive.forgive_failures() == 1
    assert len(archive.text_jobs()) == 1
    archive.add_failures([(capture, failure)])
    archive.add_texts([article(capture, "at last")])
    assert list(archive.failures()) == []
    assert archive.text_jobs() == ()


def test_a_new_cleaner_has_everything_to_do(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    captures = fill(archive, exchange("a"), exchange("b"), exchange("feed", role=Role.FEED))
    archive.add_texts([article(one, "x") for one in captures[:2]])
    assert archive.text_jobs() == ()
    monkeypatch.setattr(store, "CLEANER", "9.9.9+new")
    assert sum(job.captures for job in archive.text_jobs()) == 2
    archive.add_texts([article(captures[0], "x", "9.9.9+new")])
    assert sum(job.captures for job in archive.text_jobs()) == 1
    monkeypatch.undo()
    assert archive.text_jobs() == ()
    assert len(list(archive.entries())) == 2


def test_the_compaction_holds_the_texts(archive: Archive) -> None:
    captures = fill(archive, exchange("a"), exchange("b", sentence=OTHER))
    archive.add_texts([article(captures[0], "A"), refusal(captures[1])])
    done = archive.compact()
    assert done.texts == 2
    assert [(archive.text_path / path).is_file() for path in done.written] == [True]
    assert archive.compact().kept == done.written
