"""The profiles that hold in an archive: which one a capture is cleaned with, and making another one hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.article import Article
from archive.article import from_json as text_from_json
from archive.capture import Capture
from archive.catalogue import profiles
from archive.catalogue.database import Catalog
from archive.catalogue.profiles import Activation
from archive.cleaning.profile import ELSEWHERE, EMPTY, LAYOUT, Profile, from_json
from archive.cleaning.version import CLEANER
from archive.errors import DamagedRecord

if TYPE_CHECKING:
    from archive.store import Archive


LATEST = 30  # articles of a site by which its layout is judged
_FEWEST = 6  # below, one odd page would look like a redesign


@dataclass(frozen=True, slots=True)
class Layout:
    """Of how many of a site's latest articles the body stands elsewhere than on the pages of its profile."""

    pages: int
    elsewhere: int

    @property
    def has_drifted(self) -> bool:
        """Whether the layout is another one: 'presskeep profile --check' looks closer."""
        return self.pages >= _FEWEST and 2 * self.elsewhere > self.pages


class Profiles:
    """As they hold when they are read: once for each job, so that an activation holds from the next one on."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._active = {site: _profile(one) for site, one in profiles.active(catalog).items()}
        self._known: dict[str, Profile] | None = None

    def of(self, capture: Capture) -> Profile:
        """The profile that a capture is cleaned with."""
        return self._active.get(capture.site, EMPTY) if capture.site is not None else EMPTY

    def named(self, digest: str) -> Profile | None:
        """The profile of a digest, whether it holds or held once; None where the archive never had it."""
        if self._known is None:
            self._known = {one.digest: _profile(one) for one in profiles.activations(self._catalog)}
        return EMPTY if digest == EMPTY.digest else self._known.get(digest)


def activate(archive: Archive, profile: Profile) -> None:
    """Make a profile hold for its site, durably: for what is cleaned from now on; `settle` moves older texts to it.

    The empty profile of a site ends the one that it has. Raises ArchiveBusy while the archive is rebuilt, StorageFull;
    ValueError for a profile that could not be read again, such as one with a rule that cannot be followed.
    """
    from_json(profile.canonical())
    with archive.writer("profile") as writer:
        writer.add_act(profiles.PROFILE, profiles.facts(profile.site, profile.digest, profile.canonical().decode()))
        writer.commit()


def settle(archive: Archive) -> int:
    """Let the captures wait for the cleaner whose texts were made by another profile than holds; how many these are."""
    number = 0
    with archive.locked():
        for site, one in profiles.active(archive.catalog).items():
            digest = _profile(one).digest
            with archive.catalog.writing() as connection:
                number += profiles.forget_others(connection, CLEANER, site, digest)
    return number


def layouts(archive: Archive) -> dict[str, Layout]:
    """The layouts of the sites whose profile knows where bodies stood, as the texts tell that it made."""
    found = {}
    for site, one in profiles.active(archive.catalog).items():
        if not _profile(one).homes:
            continue
        told = []
        for canonical in profiles.latest_texts(archive.catalog, CLEANER, site, one.digest, LATEST):
            text = text_from_json(canonical)
            if isinstance(text, Article):
                told += [evidence.value for evidence in text.evidence if evidence.field == LAYOUT]
        found[site] = Layout(len(told), told.count(ELSEWHERE))
    return found


def _profile(one: Activation) -> Profile:
    """Of an activation that says its site has none any more, the profile of all sites without."""
    try:
        profile = from_json(one.canonical)
    except ValueError as error:
        raise DamagedRecord(f"the profile of {one.site} that was activated cannot be read: {error}") from error
    return EMPTY if profile.is_empty else profile
