"""Text jobs: captures of a range of a WARC file in, committed texts out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive.article import Article, from_json
from archive.capture import Capture
from archive.catalogue.further import NAMES, pages
from archive.catalogue.revisits import followed
from archive.catalogue.waiting import TextJob
from archive.cleaning.version import CLEANER
from archive.errors import DamagedRecord, NotFound, PresskeepError, TakenDown
from archive.failure import CleaningFailure, FailureReason
from archive.profiles import Profiles
from archive.worker import CleaningChild

if TYPE_CHECKING:
    from archive.store import Archive

__all__ = ["TextJob", "TextSummary", "clean_job", "cleaned", "run_text_job"]

# A commit waits for the disk (3 ms), and texts should appear while a crawl goes on.
BATCH = 50  # texts
PATIENCE = 1.0  # seconds

Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class TextSummary:
    """What became of a job's captures.

    ``cleaned`` counts articles (teasers among them), ``refused`` refusals, ``failed`` what has no text for now;
    ``verdicts`` counts the texts by verdict.
    """

    cleaned: int = 0
    refused: int = 0
    failed: int = 0
    verdicts: Mapping[str, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """How many captures were dealt with."""
        return self.cleaned + self.refused + self.failed

    def __add__(self, other: TextSummary) -> TextSummary:
        verdicts = dict(self.verdicts)
        for verdict, number in other.verdicts.items():
            verdicts[verdict] = verdicts.get(verdict, 0) + number
        return TextSummary(
            self.cleaned + other.cleaned,
            self.refused + other.refused,
            self.failed + other.failed,
            dict(sorted(verdicts.items())),
        )


def run_text_job(job: TextJob, child: CleaningChild | None = None, stop: Stop | None = None) -> TextSummary:
    """Do a job: what an executor runs, in any process on the archive's machine.

    Two processes that do the same job do no harm. ``stop`` is asked between two pages. Raises ChildBroken where no
    child can be started, ArchiveBusy while the archive is rebuilt, StorageFull; what was committed before stays.
    """
    from archive.store import Archive  # noqa: PLC0415 - the store knows jobs, and a job opens its store

    with Archive.open(job.archive) as archive, archive.locked():
        if child is not None:
            return clean_job(archive, job, child, stop)
        with CleaningChild(memory=archive.configuration.cleaning.memory * 2**20) as own:
            return clean_job(archive, job, own, stop)


def clean_job(archive: Archive, job: TextJob, child: CleaningChild, stop: Stop | None = None) -> TextSummary:
    """The same in an archive that is open; the child is the calling thread's own."""
    return sum(committed(archive, job, child, stop), TextSummary())


def committed(archive: Archive, job: TextJob, child: CleaningChild, stop: Stop | None = None) -> Iterator[TextSummary]:
    """What became of each part of a job, as it was committed: an error in a later one takes nothing from it."""
    texts: list[tuple[Capture, bytes]] = []
    failures: list[tuple[Capture, CleaningFailure]] = []
    last = time.monotonic()
    timeout = archive.configuration.cleaning.timeout
    profiles = Profiles(archive.catalog)
    for capture in archive.waiting_in(job):
        if stop is not None and stop():
            break
        result = cleaned(archive, capture, child, profiles, timeout)
        if isinstance(result, bytes):
            texts.append((capture, result))
        else:
            failures.append((capture, result))
        if len(texts) + len(failures) >= BATCH or time.monotonic() - last > PATIENCE:
            yield from _commit(archive, texts, failures)
            texts, failures, last = [], [], time.monotonic()
    yield from _commit(archive, texts, failures)


def cleaned(
    archive: Archive, capture: Capture, child: CleaningChild, profiles: Profiles, timeout: float
) -> bytes | CleaningFailure:
    """The canonical JSON of the text of a capture, or why there is none; nothing is kept. Raises ChildBroken."""
    try:
        # A revisit brings the capture that holds its payload.
        capture = followed(archive.catalog, archive.warc_path, capture)
    except (NotFound, DamagedRecord, OSError) as error:
        return CleaningFailure(FailureReason.UNREAD, str(error))
    profile = profiles.of(capture)
    made = child.clean(capture, profile, timeout)
    given: list[Capture] = []
    try:
        while isinstance(made, bytes) and (more := _further(archive, made, given)):
            given += more
            made = child.clean([capture, *given], profile, timeout)
    except (NotFound, TakenDown, DamagedRecord, OSError) as error:
        return CleaningFailure(FailureReason.UNREAD, str(error))
    return made


def _further(archive: Archive, made: bytes, given: list[Capture]) -> list[Capture]:
    """The captures of further pages that a text names and was not given: the next ones, where each names one more."""
    if NAMES not in made:
        return []
    text = from_json(made)
    if not isinstance(text, Article):
        return []
    known = {one.id for one in given}
    with archive.catalog.reading() as connection:
        ids = [one for _, one in pages(connection, text) if one not in known]
    return [followed(archive.catalog, archive.warc_path, archive.capture(one)) for one in ids]


def _commit(
    archive: Archive, texts: list[tuple[Capture, bytes]], failures: list[tuple[Capture, CleaningFailure]]
) -> Iterator[TextSummary]:
    """Both are commits of their own: what the first has brought is counted, whatever becomes of the second."""
    made = archive.add_texts(texts)
    # Such texts settle nothing: whoever asks until nothing waits would ask for ever.
    changed = any(text.provenance.cleaner != CLEANER for text in made)
    if made and not changed:
        cleaned = sum(isinstance(text, Article) for text in made)
        verdicts = Counter(text.verdict.value for text in made)
        yield TextSummary(cleaned, len(made) - cleaned, 0, dict(verdicts))
    archive.add_failures(failures)
    if changed:
        raise PresskeepError("Presskeep was changed while it ran, and cleans by another version now: start it again")
    if failures:
        yield TextSummary(failed=len(failures))
