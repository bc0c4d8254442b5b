"""Attaching: files of other writers catalogued where they lie, and only ever read; and letting go of them again."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from archive import locking
from archive.catalogue import holdings
from archive.catalogue.terms import ATTACH, DETACH, Filter, Terms, in_force
from archive.digest import sha256_of_file
from archive.durable import replacing, storage, sync_directory
from archive.entering import standing
from archive.entering.bringing import Bringing, Brought, Heard, blocked, remarks, safe_name, said
from archive.entering.indexes import Lines, by_name, lines_of
from archive.entering.sources import Absent, is_url, path_of, sources
from archive.errors import DamagedRecord, NotFound, UsageError
from archive.progress import Progress
from archive.warc import places
from archive.warc.foreign import remote
from archive.warc.foreign.ends import ends
from archive.warc.foreign.form import FormRefused
from archive.warc.foreign.source import open_source
from archive.warc.incoming import opened
from archive.warc.paths import resolve
from archive.warc.places import ATTACHED
from archive.warc.wellformed import well_formed

if TYPE_CHECKING:
    from archive.store import Archive


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants attached: paths, directories or URLs, by which index, what of it, and as whose."""

    given: tuple[str, ...]
    index: Path | None = None
    filter: Filter = Filter()  # noqa: RUF009 - a frozen value
    site: str | None = None
    by_host: bool = False

    @property
    def says_terms(self) -> bool:
        """Whether it says on which terms; where it does not, what is attached stays so on those that it has."""
        return self.index is not None or self.filter != Filter() or self.site is not None or self.by_host


def attach(archive: Archive, asked: Asked, *, progress: Progress | None = None) -> Iterator[Brought]:
    """Attach files one by one; what became of each is told when it is done.

    What is attached or imported already is passed over. What has changed since, or is asked for on other terms, is
    attached anew, and the old attachment let go of. Killed anywhere, it can be done again and goes on with the file at
    which it stopped. Raises ArchiveBusy while the archive is rebuilt, StorageFull, NotFound, UsageError, and
    ConfigurationError where what reads URLs is not installed.
    """
    wanted = list(_wanted(archive, asked))
    heard = Heard(progress, len(wanted))
    with contextlib.ExitStack() as stack:
        run = _Attach(Bringing(archive, ATTACH, stack), asked)
        for one in wanted:
            yield Brought.none(one) if isinstance(one, Absent) else run.bring(*one)
            heard.next(1)


def attachments(archive: Archive) -> tuple[Terms, ...]:
    """The terms of all attached files, in the order in which they were attached."""
    return tuple(terms for terms in in_force(archive.catalog).values() if terms.attached)


@dataclass(frozen=True, slots=True)
class Detached:
    """What was let go of; and why other files that hold some of it could not be entered instead, if so."""

    files: tuple[Terms, ...]
    unreached: tuple[str, ...] = ()


def detach(archive: Archive, given: str) -> Detached:
    """Let go of what is attached under a name, or from a path or URL; what was made from it goes, too.

    The files themselves are left alone, whatever they are. What another foreign file holds as well stays, from there.
    An import that was killed, and of which there is nothing to finish it with, is let go of in the same way. Raises
    NotFound where there is nothing of the kind.
    """
    with archive.locked(), locking.one_by_one(archive.catalog.path.parent):
        standing.finish(archive.warc_path, archive.catalog)
        found = [one for one in in_force(archive.catalog).values() if _is_meant(archive, one, given)]
        if not found:
            raise NotFound(f"nothing is attached as {given}: 'presskeep attach --list' shows what is")
        with archive.writer(DETACH, worker="detach") as writer:
            for one in found:
                writer.add_act(DETACH, one.let_go())
            writer.commit()
            unreached = standing.leave(archive.warc_path, archive.catalog, [one.file for one in found])
            note(archive)
            _drop_lists(archive, found)
    archive.compact()
    return Detached(tuple(found), unreached)


def _is_meant(archive: Archive, terms: Terms, given: str) -> bool:
    path = str(path_of(given))
    named = given in {terms.file, terms.source} or terms.source == path
    if not terms.attached:
        return named and _never_came(archive, terms)
    return named or terms.source.startswith(f"{path.rstrip('/')}/")


def _never_came(archive: Archive, terms: Terms) -> bool:
    with archive.catalog.reading() as connection:
        known = holdings.file_states(connection, terms.file)
    return not known and not (archive.warc_path / terms.file).exists()


def note(archive: Archive) -> None:
    """Write down for all readers where the attached files lie, as the acts say."""
    with storage(places.NAME):
        places.note(archive.warc_path, (one.place for one in attachments(archive)))


class _Attach:
    """One run of attachments."""

    def __init__(self, run: Bringing, asked: Asked) -> None:
        self._run = run
        self._archive = run.archive
        self._asked = asked
        with run.alone():
            note(run.archive)

    def bring(self, place: str, given: Lines | None) -> Brought:
        """Attach one file, or the lines of an index that are about it."""
        if well_formed(place) != place:
            # No record could name it, and a rebuild would not find it again.
            return Brought(well_formed(place), refused="its name is not UTF-8: rename it, or import it")
        names = [place, _name(place)]
        with self._run.alone():
            try:
                before = self._run.known.attached_from(place)
                terms = self._terms(place, before, given)
                names.append(terms.file)
                if before is None and (before := self._moved(terms)) is not None and not self._asked.says_terms:
                    terms = replace(before, file=terms.file, source=place)
                there = before if before is not None and before.source == place and _are_same(before, terms) else None
                if before is None:
                    there = self._elsewhere(terms)
                if there is not None and self._run.known.is_whole(there.file):
                    return self._run.there(place, there)
                # What is there, and was killed before its end, is gone on with.
                terms = self._agreed(terms, before, given) if there is None else there
                return self._entered(place, terms, changed=before is not None and there is None)
            except (FormRefused, DamagedRecord, NotFound, UsageError, OSError) as error:
                return Brought(place, refused=said(error, *names))

    def _terms(self, place: str, before: Terms | None, given: Lines | None) -> Terms:
        """The terms on which the file is to be attached: those that are asked for, or those that it has."""
        asked = self._asked
        stays = before if before is not None and not asked.says_terms else None
        in_part = given is not None or (stays is not None and stays.listed is not None)
        size, identity = _looked(place, in_part=in_part)
        file = f"{ATTACHED}/{_short(place, identity)}/{safe_name(_name(place))}"
        if stays is not None:
            if stays.listed is not None and stays.identity != identity:
                raise UsageError(
                    "it has changed since it was attached by an index: attach it with --cdxj and an index of what it "
                    "is now"
                )
            return replace(stays, file=file, size=size, identity=identity)
        terms = Terms(file, place, size, identity, "", asked.site, asked.by_host, asked.filter)
        if given is None:
            return terms
        digest = hashlib.sha256()
        for line in given():
            digest.update(line)
        # By its digest: the list of an attachment that is let go of must not change before it is.
        name = f"{file}.{digest.hexdigest()[:16]}.cdxj"
        return replace(terms, listed=name, listed_sha256=digest.hexdigest())

    def _moved(self, terms: Terms) -> Terms | None:
        """An attached file of the same bytes that is gone from its place: a drive may have another name now."""
        for one in self._run.known.of(terms.identity):
            if one.attached and not one.place.remote:
                try:
                    resolve(self._archive.warc_path, one.file)
                except DamagedRecord:
                    return one
        return None

    def _elsewhere(self, terms: Terms) -> Terms | None:
        """A file of the same bytes that the archive has and can read; raises UsageError where it has other terms."""
        for one in self._run.known.of(terms.identity):
            with contextlib.suppress(DamagedRecord):
                if not (one.attached and one.place.remote):
                    resolve(self._archive.warc_path, one.file)
                if self._asked.says_terms and not _are_same(one, terms):
                    said = (
                        f"it is attached from {one.source} on other terms: detach that first"
                        if one.attached
                        else f"it is imported already, as {one.file}: whose captures they are, 'presskeep import' says"
                    )
                    raise UsageError(said)
                return one
        return None

    def _agreed(self, terms: Terms, before: Terms | None, given: Lines | None) -> Terms:
        """The terms, once the file has been looked at, the act is durable, and what was there before is let go of."""
        # Noted for the look at it; if it comes to nothing, nobody asks for the place, and the next note leaves it out.
        with storage(places.NAME):
            places.add(self._archive.warc_path, terms.place)
        with open_source(self._archive.warc_path, terms.file) as source:
            terms = replace(terms, form=str(source.form))
        if given is not None and terms.listed is not None:
            _write_list(self._archive.warc_path / terms.listed, given())
        if before is not None and before.file == terms.file:
            standing.unsettle(self._archive.catalog, [before.file])  # a kill now must not leave it on the old terms
        self._run.act(terms, instead=before, detach=DETACH)
        if before is not None:
            standing.leave(self._archive.warc_path, self._archive.catalog, [before.file])
            note(self._archive)
            _drop_lists(self._archive, [before])
        return terms

    def _entered(self, place: str, terms: Terms, *, changed: bool) -> Brought:
        with open_source(self._archive.warc_path, terms.file) as source:
            odd = remarks(source)
        entered = standing.enter(self._archive.warc_path, self._archive.catalog, terms)
        odd += blocked(self._archive, terms.file)
        return Brought(place, terms.file, terms.size, terms.form, changed=changed, entered=entered, remarks=odd)


def _are_same(one: Terms, other: Terms) -> bool:
    """Whether two terms are about the same bytes, and take the same of them as the same."""
    return replace(one, file="", source="", form="", listed=None) == replace(
        other, file="", source="", form="", listed=None
    )


def _drop_lists(archive: Archive, gone: Iterable[Terms]) -> None:
    """Remove the lists by which files were read that are let go of."""
    used = {one.listed for one in in_force(archive.catalog).values()}
    for one in gone:
        if one.listed is not None and one.listed not in used:
            (archive.warc_path / one.listed).unlink(missing_ok=True)


def _write_list(path: Path, given: Iterable[bytes]) -> None:
    """Keep the lines of an index by which a file is read, durably."""
    with storage(path.name):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as out:
            out.writelines(given)
        for directory in (path.parent.parent, path.parent.parent.parent):
            sync_directory(directory)


def _wanted(archive: Archive, asked: Asked) -> Iterator[tuple[str, Lines | None] | Absent]:
    """The places that are asked for, with the lines of the index that are about each, where there is one."""
    if asked.index is None:
        urls = [one for one in asked.given if is_url(one)]
        paths = [str(path_of(one)) for one in asked.given if not is_url(one)]
        found = sources(paths, archive.path, alone=not urls)
        yield from (one if isinstance(one, Absent) else (str(one), None) for one in found)
        yield from ((one, None) for one in urls)
        return
    if len(asked.given) != 1:
        raise UsageError("with --cdxj name one place: the file that the index is of, or what its file names begin at")
    for name, place in by_name(asked.given[0], asked.index).items():
        yield place, lines_of(asked.index, name, asked.filter)


def _looked(place: str, *, in_part: bool) -> tuple[int, str]:
    """Size and identity of a file: its digest, or that of its ends where reading it all is too much."""
    if is_url(place):
        return remote.look(place)
    with opened(Path(place)) as stream:
        if in_part:
            return ends(stream)
        sha256 = sha256_of_file(stream)
        return stream.tell(), sha256


def _short(place: str, identity: str) -> str:
    return hashlib.sha256(f"{place}\n{identity}".encode()).hexdigest()[:16]


def _name(place: str) -> str:
    return PurePosixPath(unquote(urlsplit(place).path) if is_url(place) else place).name
