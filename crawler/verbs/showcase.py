"""The demonstration: the whole job on the bundled newsroom, from an empty directory to proved text."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from archive.article import Article
from archive.dataset.rows import Entry
from archive.errors import ConfigurationError, NotAnArchive, PresskeepError, UsageError
from archive.prove import Proof, prove
from archive.store import Archive
from crawler.adding import append_site
from crawler.newcomer import Newcomer, look_at
from crawler.newsroom import Newsroom
from crawler.newsroom.site import HOSTS

OPERATOR = "the Presskeep demo"
CONTACT = "demo@presskeep.example"
PORT = 8017


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a paragraph between two editions: both texts, one of them empty where it came or went."""

    before: str
    after: str


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
    """Look at both sites, at the same time, and declare them."""
    with ThreadPoolExecutor(len(HOSTS)) as executor:
        found = tuple(executor.map(lambda host: look_at(archive, f"http://{host}/", delay=0.0), HOSTS))
    for one in found:
        append_site(archive.sites_path, one.site, one.notes, one.heading)
    return found


def changed_article(archive: Archive) -> tuple[Entry, Entry] | None:
    """The first and the last edition of an article that changed; None where none did."""
    by_key: dict[str, list[Entry]] = {}
    for entry in archive.entries():
        if isinstance(entry.text, Article):
            by_key.setdefault(entry.capture.key, []).append(entry)
    for entries in by_key.values():
        digests = {entry.text.text_digest for entry in entries if isinstance(entry.text, Article)}
        if len(digests) > 1:
            return entries[0], entries[-1]
    return None


def newest_article(archive: Archive, language: str) -> Entry | None:
    """The article that was published last, of those in a language; None where there is none."""
    entries = [
        entry
        for entry in archive.entries()
        if isinstance(entry.text, Article) and (entry.text.language or "").startswith(language) and entry.text.published
    ]
    return max(entries, key=lambda entry: str(getattr(entry.text, "published", "")), default=None)


def changes(before: Article, after: Article) -> list[Change]:
    """What an edit changed, paragraph by paragraph, in the order of the page."""
    old, new = _paragraphs(before), _paragraphs(after)
    found: list[Change] = []
    for kind, old_start, old_end, new_start, new_end in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        gone, come = old[old_start:old_end], new[new_start:new_end]
        for at in range(max(len(gone), len(come))):
            found.append(Change(gone[at] if at < len(gone) else "", come[at] if at < len(come) else ""))
    return found


def proof_of(archive: Archive, entry: Entry) -> Proof:
    """The proof of an article; raises PresskeepError for a refusal."""
    if not isinstance(entry.text, Article):
        raise PresskeepError(f"{entry.capture.url} has no text to prove")
    return prove(entry.text, [archive.capture(ref.id) for ref in entry.text.provenance.captures])


def _paragraphs(article: Article) -> Sequence[str]:
    parts = [article.headline or "", article.standfirst or "", *(block.text for block in article.body)]
    return [*parts, *article.corrections]
