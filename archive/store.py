"""The archive: the door to WARC files, catalogue and texts."""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from archive import locking
from archive.article import Article, Refusal
from archive.capture import Capture
from archive.catalogue import blocking, holdings, tables, texts, waiting
from archive.catalogue.database import Catalog
from archive.catalogue.holdings import FileState
from archive.catalogue.texts import Outcome
from archive.catalogue.waiting import FailedText, TextJob
from archive.cleaning.version import CLEANER
from archive.clock import now
from archive.configuration import FILE_NAME, ArchiveConfiguration, read_configuration, reread, write_configuration
from archive.dataset.compaction import Compaction, compact_texts
from archive.dataset.rows import Entry
from archive.durable import storage
from archive.entering import adoption, rewrites
from archive.errors import ConfigurationError, DamagedRecord, NotAnArchive, NotFound, UsageError
from archive.event import Run, RunStarted, StoredAttempt
from archive.exchange import Role
from archive.failure import CleaningFailure
from archive.progress import Progress
from archive.url import normalise
from archive.warc.paths import warc_files
from archive.warc.record import Form
from archive.warc.writer import WarcWriter
from archive.writing import ArchiveWriter, software, warcinfo

if TYPE_CHECKING:
    from archive.entering.rebuild import Rebuilt
    from archive.verification.recleaning import Sample
    from archive.verification.verify import Verification


CATALOG, STATE, SITES, SPIDERS = "catalog.sqlite", "state.sqlite", "sites.toml", "spiders"
WARC, TEXT, QUARANTINE = "warc", "text", "quarantine"
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")


class Archive:
    """An archive on disk. A context manager; opening it reads ``archive.toml`` and nothing else.

    Everything that is read comes from one state of the catalogue at the time of the first value, while others write.
    What reads the catalogue raises DamagedRecord where it is missing or broken, and says what to do.
    """

    def __init__(self, path: Path, configuration: ArchiveConfiguration, *, catalog: Path | None = None) -> None:
        """For `open`, `create` and `find`; ``catalog`` is a catalogue that nobody else knows of, in a rebuild."""
        self.path = path
        self.configuration = configuration
        self._directory = path / configuration.state_dir if configuration.state_dir else path
        self._private = catalog is not None
        self.catalog = Catalog(catalog or self._directory / CATALOG, configuration.id)

    @classmethod
    def create(
        cls,
        path: Path | str,
        *,
        name: str | None = None,
        operator: str = "",
        contact: str = "",
        allow_loopback: bool = False,
        resolve: Mapping[str, str] | None = None,
    ) -> Archive:
        """A new archive in a directory, which is made where it is missing.

        ``name`` begins the names of its WARC files; by default it is the directory's. ``resolve`` maps host names to
        ``address:port``. Raises UsageError where there is an archive already or no directory can be, and
        ConfigurationError for values that cannot be, and on a network file system: then only the catalogue is missing,
        and the message says how to go on. Over a ``warc/`` that is there already, `rebuild` comes next.
        """
        path = Path(path).absolute()
        if (path / FILE_NAME).exists():
            raise UsageError(f"{path} is an archive already: go on with 'presskeep add URL' in it")
        if path.exists() and not path.is_dir():
            raise UsageError(f"{path} is a file: name a directory for the archive")
        named = name if name is not None else _NOT_A_NAME.sub("-", path.name).strip("-_")[:64] or "archive"
        with storage(str(path)):
            (path / WARC).mkdir(parents=True, exist_ok=True)
            configuration = write_configuration(
                path / FILE_NAME,
                name=named,
                operator=operator,
                contact=contact,
                allow_loopback=allow_loopback,
                resolve=resolve,
            )
        archive = cls(path, configuration)
        archive._make_catalog()
        return archive

    @classmethod
    def open(cls, path: Path | str) -> Archive:
        """The archive in a directory; raises NotAnArchive where there is none, ConfigurationError."""
        path = Path(path).absolute()
        if not (path / FILE_NAME).is_file():
            raise NotAnArchive(
                f"{path} is not a Presskeep archive: run 'presskeep init {path}' to make it one, or name another with "
                "--archive DIR"
            )
        return cls(path, read_configuration(path / FILE_NAME))

    @classmethod
    def find(cls, start: Path | str | None = None) -> Archive:
        """The archive that a directory (by default the current one) lies in; raises NotAnArchive."""
        begin = Path.cwd() if start is None else Path(start).absolute()
        for path in (begin, *begin.parents):
            if (path / FILE_NAME).is_file():
                return cls.open(path)
        raise NotAnArchive(
            f"no Presskeep archive in {begin} or above it: run 'presskeep init DIR', or name one with --archive DIR "
            "or PRESSKEEP_ARCHIVE"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the catalogue; the archive opens it again when it is asked for something."""
        self.catalog.close()

    @property
    def warc_path(self) -> Path:
        """Where the WARC files lie."""
        return self.path / WARC

    @property
    def text_path(self) -> Path:
        """Where the Parquet files lie."""
        return self.path / TEXT

    @property
    def quarantine_path(self) -> Path:
        """Where bytes are put aside that a killed writer left."""
        return self.path / QUARANTINE

    @property
    def state_path(self) -> Path:
        """The crawler's own database."""
        return self._directory / STATE

    @property
    def sites_path(self) -> Path:
        """The declaration of sites."""
        return self.path / SITES

    @property
    def spiders_path(self) -> Path:
        """The user's own spiders."""
        return self.path / SPIDERS

    # Writing

    def writer(
        self,
        command: str,
        sites: Mapping[str, bytes] | None = None,
        *,
        run: str | None = None,
        worker: str = "worker",
        user_agent: str = "",
    ) -> ArchiveWriter:
        """A writer for this process; before, what dead writers left is recovered and entered.

        ``command`` is what was asked for (``crawl``, ``add``, …), ``sites`` maps the names of the sites to their
        configurations as canonical JSON. ``run`` is the run to take part in, a new one by default; each writer of a
        run needs a ``worker`` name of its own, which stands in its files' names. Raises ArchiveBusy while the archive
        is rebuilt, StorageFull.
        """
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.locked())
            self._make_catalog()
            self.adopt()
            given = dict(sites or {})
            started = RunStarted(run or f"urn:uuid:{uuid.uuid4()}", now(), command, tuple(given), software())
            warc = WarcWriter(
                self.warc_path,
                self.configuration.name,
                warcinfo(self.configuration, started, given, user_agent),
                max_bytes=self.configuration.warc.max_bytes,
                max_age=self.configuration.warc.max_age,
                worker=worker,
                form=Form(self.configuration.warc.level, self.configuration.warc.digest),
            )
            return ArchiveWriter(started, given, warc, self.catalog, stack.pop_all())

    def adopt(self) -> adoption.Adopted:
        """Recover what dead writers left, and enter what the catalogue does not know; `writer` does it first."""
        done = adoption.adopt(self.warc_path, self.quarantine_path, self.catalog)
        rewrites.settle(self.catalog, self.warc_path)
        return done

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Hold off a rebuild for a while; entering it raises ArchiveBusy while one goes on."""
        if self._private:
            return contextlib.nullcontext()
        self._directory.mkdir(parents=True, exist_ok=True)
        return locking.writing(self._directory)

    def _make_catalog(self) -> None:
        """Make the catalogue of an archive that has no WARC files yet; where it has some, only a rebuild makes one."""
        if not self.catalog.path.exists() and not warc_files(self.warc_path):
            self._directory.mkdir(parents=True, exist_ok=True)
            self.catalog.create()

    # Captures and attempts

    def captures(
        self,
        *,
        url: str | None = None,
        site: str | None = None,
        run: str | None = None,
        role: Role | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> Iterator[Capture]:
        """The captures that meet all conditions, ordered by time and id.

        ``url`` stands for all spellings of its address; ``since`` is the first instant, ``until`` the first one after
        the last, both in microseconds since 1970, UTC.
        """
        conditions = holdings.of(tables.captures, url=url, site=site, run=run, role=role, since=since, until=until)
        return holdings.captures(self.catalog, self.warc_path, *conditions)

    def capture(self, capture_id: str) -> Capture:
        """The capture of an id; raises NotFound, and TakenDown for one that may not be handed out."""
        found = list(holdings.captures(self.catalog, self.warc_path, tables.captures.c.id == capture_id))
        if not found:
            blocking.refuse(self.catalog, id=capture_id)
            raise NotFound(f"the archive has no capture {capture_id}")
        return found[0]

    def timeline(self, url: str) -> tuple[Capture, ...]:
        """All captures of a URL, ordered by time and id; empty where there is none."""
        return tuple(self.captures(url=url))

    def memento(self, url: str, at: int | None = None) -> Capture:
        """The capture of a URL that is nearest to a time, or the latest one; raises NotFound, TakenDown."""
        found = holdings.nearest(self.catalog, self.warc_path, normalise(url), at)
        if found is None:
            blocking.refuse(self.catalog, url=url)
            raise NotFound("the archive has no capture of this URL", url=url)
        return found

    def attempts(
        self, *, url: str | None = None, site: str | None = None, run: str | None = None
    ) -> Iterator[StoredAttempt]:
        """The attempts without an answer that meet all conditions, ordered by time and id."""
        return holdings.attempts(self.catalog, *holdings.of(tables.attempts, url=url, site=site, run=run))

    def taken_down(self) -> Callable[[str], bool]:
        """A question to ask of each URL before it is fetched: whether it is taken down, by now or a second ago."""
        return blocking.watch(self.catalog)

    def runs(self) -> tuple[Run, ...]:
        """The runs, by their beginning."""
        with self.catalog.reading() as connection:
            return holdings.sum_up(holdings.marks(connection))

    def sites(self) -> tuple[str, ...]:
        """The names of the sites of which there are captures or attempts, sorted."""
        with self.catalog.reading() as connection:
            return holdings.sites(connection)

    def count(self) -> tuple[int, int]:
        """How many captures and attempts there are."""
        with self.catalog.reading() as connection:
            return holdings.count(connection)

    def count_texts(self) -> int:
        """How many texts there are, of all cleaners."""
        with self.catalog.reading() as connection:
            return texts.count(connection)

    def count_waiting(self) -> tuple[int, int]:
        """How many captures have no text by the installed cleaner, and how many of those it could not do so far."""
        with self.catalog.reading() as connection:
            return waiting.count(connection, CLEANER)

    def files(self) -> tuple[FileState, ...]:
        """The WARC files as the catalogue knows them, by name."""
        with self.catalog.reading() as connection:
            return tuple(holdings.file_states(connection).values())

    # Texts

    def entries(
        self, *, sites: Sequence[str] = (), url: str | None = None, cleaner: str | None = None
    ) -> Iterator[Entry]:
        """Texts with their captures and editions, ordered by site, key, time and capture id.

        One for each capture that was cleaned, refusals too; by the installed cleaner, where no version of another one
        is given. They are read as they are asked for.
        """
        key = normalise(url) if url is not None else None
        return texts.entries(self.catalog, self.warc_path, cleaner or CLEANER, sites=sites, key=key)

    def articles(
        self, *, sites: Sequence[str] = (), url: str | None = None, cleaner: str | None = None
    ) -> Iterator[Article]:
        """The same, only the articles (teasers among them: see their verdict)."""
        for entry in self.entries(sites=sites, url=url, cleaner=cleaner):
            if isinstance(entry.text, Article):
                yield entry.text

    def text(self, url: str, at: int | None = None) -> Entry:
        """The text of a URL that is nearest to a time; without one, the latest article, or else the latest refusal.

        Raises NotFound, and says whether the URL was fetched; TakenDown.
        """
        entries = sorted(self.entries(url=url), key=lambda entry: (entry.capture.at, entry.capture.id))
        if not entries:
            blocking.refuse(self.catalog, url=url)
            captured = next(self.captures(url=url), None) is not None
            hint = "was fetched, but has no text: run 'presskeep clean'" if captured else "was never fetched"
            raise NotFound(f"{url} {hint}", url=url)
        if at is not None:
            return min(entries, key=lambda entry: abs(entry.capture.at - at))
        return ([entry for entry in entries if isinstance(entry.text, Article)] or entries)[-1]

    def outcomes(self, since: int = 0, *, site: str | None = None, headlines: bool = False) -> Iterator[Outcome]:
        """What the installed cleaner made of captures, by time and id; ``headlines`` takes a look into each text."""
        return texts.outcomes(self.catalog, CLEANER, since, site, headlines=headlines)

    def text_jobs(self, most: int | None = None) -> tuple[TextJob, ...]:
        """What waits for the cleaner, in jobs of one file and at most ``most`` captures each."""
        return waiting.text_jobs(self.catalog, self.path, CLEANER, most)

    def waiting_in(self, job: TextJob) -> list[Capture]:
        """The captures of a job that still lack a text, in the order of their file."""
        return waiting.captures_in(self.catalog, self.warc_path, CLEANER, job)

    def add_texts(self, made: Iterable[tuple[Capture, bytes]]) -> tuple[Article | Refusal, ...]:
        """Enter texts, as canonical JSON, with their captures, and give them; editions follow.

        A text that is there already stays. One whose further pages are others by now is left out, and waits on.
        """
        read = [(capture, *texts.read(capture, canonical)) for capture, canonical in made]  # while nobody waits
        if read:
            with self.locked(), self.catalog.writing() as connection:
                read = texts.current(connection, read)
                texts.add(connection, [row for _, _, row in read])
                own = [capture for capture, _, row in read if row["cleaner"] == CLEANER]
                waiting.settle(connection, CLEANER, own)
        return tuple(text for _, text, _ in read)

    def add_failures(self, failed: Iterable[tuple[Capture, CleaningFailure]]) -> None:
        """Record what the cleaner could not do; later jobs try it again, `MAX_TRIES` times in all."""
        failed = list(failed)
        if failed:
            with self.locked(), self.catalog.writing() as connection:
                waiting.fail(connection, CLEANER, failed)

    def failures(self) -> Iterator[FailedText]:
        """What the installed cleaner could not do so far, ordered by time and id of the capture."""
        return waiting.failed(self.catalog, CLEANER)

    def forgive_failures(self) -> int:
        """Let the next jobs try again what failed too often; the number of such captures."""
        with self.locked(), self.catalog.writing() as connection:
            return waiting.forgive(connection, CLEANER)

    def compact(self) -> Compaction:
        """Bring the Parquet files under ``text/`` up to date, without what ``[reservations]`` withholds by now."""
        withheld = reread(self.path / FILE_NAME, self.configuration).reservations.withheld
        return compact_texts(texts.of_compaction(self.catalog, self.warc_path, withheld), self.text_path)

    # The whole

    def rebuild(self, progress: Progress | None = None) -> Rebuilt:
        """Make catalogue and texts again from the WARC files alone; see `archive.entering.rebuild`."""
        from archive.entering.rebuild import rebuild  # noqa: PLC0415 - it stands on this module

        with contextlib.suppress(DamagedRecord, ConfigurationError), self.locked():
            rewrites.settle(self.catalog, self.warc_path)  # or what was removed just before a kill would count as lost
        return rebuild(self, progress)

    def verify(self, *, deep: bool | Sample = False, progress: Progress | None = None) -> Verification:
        """Account for every byte; see `archive.verification.verify`."""
        from archive.verification.verify import verify  # noqa: PLC0415 - it stands on this module

        return verify(self, deep=deep, progress=progress)
