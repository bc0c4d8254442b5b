"""Text jobs and the crew: captures in, texts out; in any process, several at once, and while a crawl goes on."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest
from exchanges import exchange

from archive import textjob
from archive.article import Article, Refusal, Verdict
from archive.capture import Capture
from archive.cleaning.clean import clean
from archive.cleaning.profile import EMPTY, Profile
from archive.crew import Crew, clean_pending
from archive.errors import ArchiveBusy, PresskeepError, StorageFull
from archive.failure import CleaningFailure, FailureReason
from archive.locking import alone
from archive.store import Archive
from archive.textjob import TextJob, TextSummary, committed, run_text_job
from archive.worker import CleaningChild


@pytest.fixture(scope="module")
def child() -> Iterator[CleaningChild]:
    with CleaningChild() as one:
        yield one


def fill(archive: Archive, *names: str) -> tuple[Capture, ...]:
    with archive.writer("crawl") as writer:
        for minute, name in enumerate(names):
            writer.add(exchange(name, minute, status=404 if name.startswith("gone") else 200))
        return writer.commit().captures


def test_a_job_makes_the_texts_that_clean_makes(archive: Archive, child: CleaningChild) -> None:
    captures = fill(archive, "a", "gone", "b")
    (job,) = archive.text_jobs()
    summary = run_text_job(pickle.loads(pickle.dumps(job)), child)
    assert summary == TextSummary(2, 1, 0, {"article": 2, "http-error": 1})
    made = {entry.capture.id: entry.text for entry in archive.entries()}
    assert made == {capture.id: clean([capture]) for capture in captures}
    assert archive.text_jobs() == ()
    assert run_text_job(job, child) == TextSummary()


def test_a_job_is_its_range_and_no_more(archive: Archive, child: CleaningChild) -> None:
    fill(archive, "a", "b", "c")
    first, second = archive.text_jobs(most=2)
    assert run_text_job(second, child).done == 1
    (entry,) = archive.entries()
    assert entry.capture.url.endswith("/c")
    assert run_text_job(replace(first, end=first.end + 10**9), child).done == 2
    assert run_text_job(replace(first, file="none.warc.gz"), child).done == 0


def test_summaries_add_up() -> None:
    one = TextSummary(1, 1, 0, {"article": 1, "empty": 1})
    assert one + TextSummary(2, 0, 3, {"article": 2}) == TextSummary(3, 1, 3, {"article": 3, "empty": 1})
    assert (one + one).done == 4


def test_stopping_keeps_what_is_done(archive: Archive, child: CleaningChild) -> None:
    fill(archive, "a", "b", "c")
    (job,) = archive.text_jobs()
    asked = iter([False, False, True])
    assert run_text_job(job, child, lambda: next(asked)).done == 2
    assert archive.count_texts() == 2
    assert sum(one.captures for one in archive.text_jobs()) == 1


class Failing:
    """A child that cannot do one page, and has the real one do the rest."""

    def __init__(self, real: CleaningChild, name: str) -> None:
        self._real = real
        self._name = name

    def clean(self, capture: Capture, profile: Profile = EMPTY, timeout: float = 20) -> bytes | CleaningFailure:
        if capture.url.endswith(self._name):
            return CleaningFailure(FailureReason.TIMEOUT, f"killed after {timeout:g} s")
        return self._real.clean(capture, profile, timeout)


def test_a_page_that_fails_is_recorded_and_the_rest_is_cleaned(archive: Archive, child: CleaningChild) -> None:
    fill(archive, "a", "bad", "b")
    failing: CleaningChild = Failing(child, "bad")  # type: ignore[assignment]
    (job,) = archive.text_jobs()
    assert run_text_job(job, failing) == TextSummary(2, 0, 1, {"article": 2})
    (failure,) = archive.failures()
    assert (failure.reason, failure.detail, failure.tries) == (FailureReason.TIMEOUT, "killed after 20 s", 1)
    assert run_text_job(job, failing).failed == 1
    assert run_text_job(job, child).cleaned == 1
    assert list(archive.failures()) == []


def test_lost_bytes_are_a_failure_not_a_text(archive: Archive, child: CleaningChild) -> None:
    (capture,) = fill(archive, "a")
    assert capture.location is not None
    path = archive.warc_path / capture.location.file
    content = path.read_bytes()
    path.write_bytes(content[: capture.location.offset + 10])
    assert clean_pending(archive, workers=1).failed == 1
    assert next(archive.failures()).reason is FailureReason.UNREAD
    path.write_bytes(content)
    (job,) = archive.text_jobs()
    assert run_text_job(job, child).cleaned == 1


def test_a_program_that_was_changed_while_it_runs_does_not_clean_for_ever(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(archive, "a")
    monkeypatch.setattr(textjob, "CLEANER", "0.0.1+0000000000000000")
    with pytest.raises(PresskeepError, match="start it again"):
        clean_pending(archive)


def test_commits_are_made_in_batches(archive: Archive, child: CleaningChild, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textjob, "BATCH", 2)
    fill(archive, "a", "b", "c", "d", "e")
    (job,) = archive.text_jobs()
    seen = []

    def stop() -> bool:
        seen.append(archive.count_texts())
        return False

    run_text_job(job, child, stop)
    assert seen == [0, 0, 2, 2, 4]


def test_no_job_runs_while_the_archive_is_rebuilt(archive: Archive, child: CleaningChild) -> None:
    fill(archive, "a")
    (job,) = archive.text_jobs()
    with alone(archive.path):
        with pytest.raises(ArchiveBusy):
            run_text_job(job, child)
        with pytest.raises(ArchiveBusy):
            clean_pending(archive)


@pytest.mark.slow
def test_two_processes_that_do_the_same_job_do_no_harm(archive: Archive) -> None:
    fill(archive, *(f"a{number}" for number in range(12)))
    (job,) = archive.text_jobs()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        summaries = list(pool.map(run_text_job, [job, job]))
    # Of a process that begins late nothing is left to do.
    assert all(one.done <= 12 for one in summaries)
    assert sum(one.done for one in summaries) >= 12
    assert archive.count_texts() == 12
    assert archive.verify(deep=True).findings == ()


# The crew


def test_a_crew_cleans_what_waits_as_often_as_it_is_asked(archive: Archive) -> None:
    heard: list[tuple[int, int, str]] = []
    with Crew(archive, workers=1) as crew:
        assert crew.clean() == TextSummary()
        fill(archive, *(f"a{number}" for number in range(25)))
        assert crew.clean(lambda *said: heard.append(said)).cleaned == 25
        fill(archive, "late")
        assert crew.clean().cleaned == 1
        threads = [one.name for one in threading.enumerate() if one.name.startswith("cleaning")]
        assert len(threads) == 1
    assert heard[-1] == (25, 25, "texts")
    assert not [one for one in threading.enumerate() if one.name.startswith("cleaning")]


def test_a_crew_has_no_more_hands_than_its_work_is_worth(archive: Archive) -> None:
    def hands() -> int:
        return len([one for one in threading.enumerate() if one.name.startswith("cleaning")])

    with Crew(archive, workers=2) as crew:
        fill(archive, "a", "b")
        assert crew.clean().cleaned == 2
        assert hands() == 1
        fill(archive, *(f"a{number}" for number in range(25)))
        assert crew.clean().cleaned == 25
        assert hands() == 2
        fill(archive, "late")
        assert crew.clean().cleaned == 1
        assert hands() == 2, "who is there stays"
    assert not hands()


def test_a_crew_cleans_while_a_writer_goes_on(archive: Archive) -> None:
    with Crew(archive, workers=2) as crew, archive.writer("crawl") as writer:
        for number in range(4):
            writer.add(exchange(f"a{number}", number))
            assert writer.commit().captures
            assert crew.clean().cleaned == 1
    assert [outcome.verdict for outcome in archive.outcomes()] == [Verdict.ARTICLE] * 4
    assert archive.verify().findings == ()


def test_a_crew_stops_between_two_pages(archive: Archive) -> None:
    fill(archive, *(f"a{number}" for number in range(60)))
    stopped = threading.Event()

    def progress(done: int, total: int, what: str) -> None:
        stopped.set()

    with Crew(archive, workers=1) as crew:
        done = crew.clean(progress, stopped.is_set)
        assert done.done == archive.count_texts()
        assert crew.clean().done == 60 - done.done


def test_what_goes_wrong_in_a_thread_is_raised(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(archive, "a")

    def full(made: object) -> None:
        raise StorageFull("no room")

    with Crew(archive, workers=1) as crew:
        with monkeypatch.context() as patched:
            patched.setattr(archive, "add_texts", full)
            with pytest.raises(StorageFull):
                crew.clean()
        assert crew.clean().cleaned == 1


def test_what_was_committed_before_an_error_is_counted(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(archive, "a", "b", "c")
    monkeypatch.setattr(textjob, "BATCH", 1)
    add = archive.add_texts

    def full_after_the_first(made: list[tuple[Capture, bytes]]) -> tuple[Article | Refusal, ...]:
        if archive.count_texts():
            raise StorageFull("no room")
        return add(made)

    with Crew(archive, workers=1) as crew:
        with monkeypatch.context() as patched:
            patched.setattr(archive, "add_texts", full_after_the_first)
            with pytest.raises(StorageFull):
                crew.clean()
        assert crew.done.cleaned == 1
        crew.clean()
        assert crew.done.cleaned == 3


def test_texts_are_counted_where_the_failures_after_them_find_no_room(
    archive: Archive, child: CleaningChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(archive, "a", "bad", "b")
    failing: CleaningChild = Failing(child, "bad")  # type: ignore[assignment]

    def full(failed: list[tuple[Capture, CleaningFailure]]) -> None:
        raise StorageFull(f"no room for {len(failed)}")

    monkeypatch.setattr(archive, "add_failures", full)
    (job,) = archive.text_jobs()
    parts = committed(archive, job, failing)
    assert next(parts) == TextSummary(2, 0, 0, {"article": 2})
    with pytest.raises(StorageFull, match="no room for 1"):
        next(parts)
    assert archive.count_texts() == 2


def test_an_executor_of_one_s_own(archive: Archive) -> None:
    fill(archive, "a", "b")
    with ThreadPoolExecutor(1) as pool:
        assert clean_pending(archive, pool).cleaned == 2
    assert all(isinstance(entry.text, Article) for entry in archive.entries())


def test_a_job_names_its_archive(archive: Archive, tmp_path: Path) -> None:
    fill(archive, "a")
    (job,) = archive.text_jobs()
    assert job == TextJob(tmp_path / "NEWS", archive.files()[0].file, job.start, job.end, 1)
    assert 0 < job.start < job.end <= archive.files()[0].size
