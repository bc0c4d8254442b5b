"""The demonstration: the whole job on the bundled newsroom, from an empty directory to proved text."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from archive.article import Article
from archive.dataset.rows import Entry
from archive.editing.edit import Edit
from archive.errors import ConfigurationError, NotAnArchive, PresskeepError, UsageError
from archive.prove import Proof, prove
from archive.store import Archive
from crawler.adding import append_site
from crawler.newcomer import Newcomer, look_at
from crawler.newsroom import Newsroom
from crawler.newsroom.site import HOSTS
from crawler.sites import Keep

OPERATOR = "the Presskeep demo"
CONTACT = "demo@presskeep.example"
PORT = 8017


def make_archive(directory: Path, newsroom: Newsroom, *, force: bool) -> Archive:
    """A new demo archive whose names lead to the newsroom.

    An older one of the demo's own is replaced with ``force``; anything else is never touched. Raises UsageError.
    """
    directory = directory.absolute()
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        if not is_demo(directory):
            raise UsageError(f"{directory} is there already, and is no archive of the demo's: name another directory")
        if not force:
            raise UsageError(
                f"{directory} is there already: play with it, or make it anew with 'presskeep demo {directory} --force'"
            )
        shutil.rmtree(directory)
    return Archive.create(
        directory, name="demo", operator=OPERATOR, contact=CONTACT, allow_loopback=True, resolve=newsroom.resolve
    )


def is_demo(directory: Path) -> bool:
    """Whether a directory is an archive that the demo made: by its operator, and by where its names lead."""
    try:
        with Archive.open(directory) as archive:
            configuration = archive.configuration
    except (NotAnArchive, ConfigurationError):
        return False
    return configuration.operator == OPERATOR and set(configuration.network.resolve) == set(HOSTS)


def open_newsroom(port: int | None) -> Newsroom:
    """The newsroom on this port; without one on `PORT`, or a free one where that is taken. Raises UsageError.

    It is not yet serving: it is a context manager.
    """
    for wanted in [port] if port is not None else [PORT, 0]:
        newsroom = Newsroom(visit=1, port=wanted)
        try:
            return newsroom.__enter__()
        except OSError as error:
            if wanted == 0 or port is not None:
                raise UsageError(f"port {wanted} cannot be had ({error.strerror}): name another with --port") from error
    raise AssertionError("unreachable: port 0 is always free")


def declare(archive: Archive) -> tuple[Newcomer, ...]:
    """Look at both sites, at the same time, and declare them, so that whole pages are kept: to be seen as they were."""
    with ThreadPoolExecutor(len(HOSTS)) as executor:
        found = tuple(executor.map(lambda host: look_at(archive, f"http://{host}/", delay=0.0), HOSTS))
    for one in found:
        append_site(archive.sites_path, one.site.model_copy(update={"keep": Keep.PAGE}), one.notes, one.heading)
    return found


def found_changed(archive: Archive) -> Edit | None:
    """What the second visit found changed, with all passages; None where it was nothing."""
    from archive.editing.archived import edits, history  # noqa: PLC0415 - help must not wait for it

    newest = next((edit for edit in edits(archive) if edit.counts), None)
    if newest is None:
        return None
    return next((edit for edit in history(archive, newest.url) if edit.id == newest.id), newest)


def newest_article(archive: Archive, language: str) -> Entry | None:
    """The article that was published last, of those in a language; None where there is none."""
    entries = [
        entry
        for entry in archive.entries()
        if isinstance(entry.text, Article) and (entry.text.language or "").startswith(language) and entry.text.published
    ]
    return max(entries, key=lambda entry: str(getattr(entry.text, "published", "")), default=None)


def proof_of(archive: Archive, entry: Entry) -> Proof:
    """The proof of an article; raises PresskeepError for a refusal."""
    if not isinstance(entry.text, Article):
        raise PresskeepError(f"{entry.capture.url} has no text to prove")
    return prove(entry.text, [archive.capture(ref.id) for ref in entry.text.provenance.captures])
