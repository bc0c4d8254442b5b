"""Addresses of pages: every link that a page has is made here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from archive.catalogue.browsing import Place
from archive.clock import to_datetime
from archive.editing.edit import Edit
from archive.replay.addresses import uri
from archive.url import is_fetchable


@dataclass(frozen=True, slots=True)
class Places:
    """Where the pages are. ``captured`` gives the address of an archived file in the origin for captured pages.

    It is called with the archived URL, the time in microseconds, and what the file is for (``mp_`` a page, ``im_`` a
    picture); without it there is no such origin.
    """

    root: str = ""
    version: str = "0"  # of the static files, in their addresses: browsers keep them for as long as they are the same
    captured: Callable[[str, int, str], str] | None = None
    viewer: Callable[[str, int], str] | None = None  # the same in ReplayWeb.page, where it is installed
    together: bool = False  # whether it is where several archives are served as one

    def glance(self) -> str:
        """The first page."""
        return f"{self.root}/"

    def static(self, name: str) -> str:
        """A file that pages need."""
        return f"{self.root}/static/{self.version}/{name}"

    def search(self, q: str = "", before: Place | None = None, *, texts: bool = False) -> str:
        """What a search finds."""
        return self._asking("search", q=q, texts=1 if texts else None, before=_written(before))

    def site(self, site: str, before: Place | None = None) -> str:
        """The articles of a site."""
        return self._asking("site", name=site, before=_written(before))

    def sites(self, part: int = 1) -> str:
        """All sites."""
        return self._asking("sites", part=part if part > 1 else None)

    def article(self, url: str, *, edition: int | None = None, capture: str | None = None, part: int = 1) -> str:
        """The clean article of a URL."""
        return self.view("article", url, edition=edition, capture=capture, part=part)

    def view(
        self, name: str, url: str, *, edition: int | None = None, capture: str | None = None, part: int = 1
    ) -> str:
        """A view of a URL: ``article``, ``captured``, ``changes``, ``removed``, ``proof``, ``captures``."""
        return self._asking(name, url=url, edition=edition, capture=capture, part=part if part > 1 else None)

    def changes(self, url: str, old: int, new: int, *, all: bool = False) -> str:
        """What changed between two editions."""
        return self._asking("changes", url=url, old=old, new=new, all=1 if all else None)

    def edits(self, **wish: object) -> str:
        """The edits of the whole archive."""
        return self._asking("edits", **wish)

    def edits_as(self, form: str, wish: Mapping[str, str]) -> str:
        """The same for machines: ``atom`` or ``jsonl``."""
        return self._asking(f"edits.{form}", **wish)

    def edit(self, edit: Edit) -> str:
        """Where an edit is shown."""
        old, new = edit.old.edition, edit.new.edition
        if old is None or new is None or old == new:
            return self.article(edit.url, capture=edit.new.capture_id)
        return self.changes(edit.url, old, new)

    def timemap(self, url: str, form: str) -> str:
        """The captures of a URL for machines: ``link`` or ``json``."""
        return f"{self.root}/timemap/{form}/{uri(url)}"

    def payload(self, url: str, at: int) -> str:
        """The exact payload of a capture."""
        return f"{self.root}/web/{to_datetime(at):%Y%m%d%H%M%S%f}id_/{uri(url)}"

    def page_as_captured(self, url: str, at: int) -> str | None:
        """A page in the origin for captured ones; None where there is none."""
        return self.captured(url, at, "mp_") if self.captured is not None else None

    def picture(self, url: str, at: int) -> str | None:
        """A picture, the same."""
        return self.captured(url, at, "im_") if self.captured is not None else None

    def _asking(self, view: str, /, **asked: object) -> str:
        query = urlencode({key: str(value) for key, value in asked.items() if value not in (None, "")})
        return f"{self.root}/{view}?{query}" if query else f"{self.root}/{view}"


def live(url: str | None) -> str | None:
    """An address that may be linked to on the live web: http(s) with a host; None for any other."""
    return url if url is not None and url.isprintable() and " " not in url and is_fetchable(url) else None


def _written(place: Place | None) -> str:
    return f"{place[0]} {place[1]}" if place is not None else ""
