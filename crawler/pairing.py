"""Pairing: which captured pages are twins of others, by what the archive committed (docs/decisions/0011-twins.md).

A page that is an AMP page or one for small screens, and names another address of its site as the article's own, makes
that one due. Once both are captured and are one story, the twin is looked at no more; and it is again where the other
page goes. All of it is read from captures, so that it comes out the same after a kill, however often it is noted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from archive.capture import Capture
from archive.errors import DamagedRecord, NotFound, PayloadRefused
from archive.event import StoredAttempt
from archive.exchange import Role
from archive.store import Archive
from archive.url import normalise
from crawler import pairs
from crawler.discovery.face import MAX_FACE, Face, face_of, says_amp
from crawler.discovery.twins import Form, difference, form_of, objection
from crawler.frontier import Frontier
from crawler.pairs import Claim, Pair
from crawler.settling import target_of
from crawler.state import State
from crawler.urls import Scope
from crawler.walk import REDIRECTS

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_BEGINNING = 4096  # bytes of a page in which its html element stands


class Pairing:
    """The twins of all sites. ``scopes`` tell which hosts belong to a site; else its own name and that with www.

    ``amp`` holds the addresses of pages that came as AMP pages, until they are noted; without it each page is opened.
    """

    def __init__(
        self,
        archive: Archive,
        state: State,
        frontier: Frontier,
        scopes: Mapping[str, Scope] | None = None,
        *,
        amp: set[str] | None = None,
    ) -> None:
        self._archive = archive
        self._state = state
        self._frontier = frontier
        self._amp = amp
        self.scopes = dict(scopes or {})

    def note(self, captures: Sequence[Capture], attempts: Iterable[StoredAttempt] = (), *, whole: bool = True) -> None:
        """Take over what the archive committed, after the frontier did; once more changes nothing.

        Without ``whole`` a page is taken for a twin by its address alone, and is not opened for that.
        """
        pages = [one for one in captures if one.role is Role.ARTICLE and one.site is not None and one.method == "GET"]
        claims = [pair for one in pages if (pair := self._claim(one, whole=whole)) is not None]
        if claims:
            with self._state.write() as db:
                pairs.put(db, claims)
                for one in claims:
                    if one.claim is Claim.CLAIMED:
                        _make_due(db, one, next(page for page in pages if page.key == one.key))
        touched = {(one.site, one.own): None for one in claims}
        touched |= {(one.site or "", one.key): None for one in pages}
        touched |= {(one.attempt.origin.site or "", one.key): None for one in attempts}
        for site, key in touched:
            self._settle(site, key)
        if self._amp is not None:
            self._amp.difference_update(one.url for one in pages)

    def _claim(self, capture: Capture, *, whole: bool) -> Pair | None:
        """What a page says of another address, and whether it is believed so far; None where it is no twin."""
        site = capture.site
        if site is None or capture.status not in {200, 304} or capture.mime not in {*_HTML, None}:
            return None
        form = form_of(capture.url)
        if form is None and (not whole or capture.kind == "revisit" or not self._is_amp(capture)):
            return None
        known = pairs.of(self._state.read, site, capture.key)
        if known is not None and known.at >= capture.at:
            return None
        face = _face(capture)
        if face is None or face.canonical is None or (own := normalise(face.canonical)) == capture.key:
            # It has become a page of its own; where it never was another's twin, there is nothing to note.
            if known is None or face is None or known.claim is Claim.REFUSED:
                return None
            return replace(known, at=capture.at, claim=Claim.REFUSED, reason="it names no other address any more")
        if known is not None and known.own == own:
            return replace(known, at=capture.at)
        reason = objection(capture.url, face.canonical, self.scopes.get(site) or Scope.of((site,)))
        claim = Claim.CLAIMED if reason is None else Claim.REFUSED
        return Pair(site, capture.key, form or Form.AMP, own, face.canonical, capture.at, claim, reason or "")

    def _is_amp(self, capture: Capture) -> bool:
        return _says_amp(capture) if self._amp is None else capture.url in self._amp

    def _settle(self, site: str, own: str) -> None:
        """Something is known of an address: what that means for those that name it as theirs."""
        found = pairs.of_own(self._state.read, site, own)
        if not found:
            return
        judged = [new for one in found if (new := self._judged(one)) is not None]
        with self._state.write() as db:
            pairs.put(db, judged)
        self._frontier.settle(site, [one.key for one in found])

    def _judged(self, pair: Pair) -> Pair | None:
        """The pair as the pages behind it have it; None where nothing new is known."""
        own = self._page(pair.site, pair.url)
        if own is None or pair.claim is Claim.REFUSED:
            return None
        if own.status in REDIRECTS:
            target = target_of(own)
            if target is None or (pair.claim is Claim.TWIN and normalise(target) != pair.key):
                return None  # a story that has moved is there all the same
            back = normalise(target) == pair.key
            return replace(
                pair,
                claim=Claim.REFUSED,
                reason="the address there leads back to this one" if back else "the address there leads elsewhere",
            )
        page = self._page(pair.site, pair.key) if pair.claim is Claim.CLAIMED else None
        faces = (_face(page), _face(own)) if page is not None else (None, None)
        if faces[0] is None or faces[1] is None:
            return None
        reason = difference(faces[0], faces[1])
        return replace(pair, claim=Claim.TWIN if reason is None else Claim.REFUSED, reason=reason or "")

    def _page(self, site: str, url: str) -> Capture | None:
        """The last capture of an address that is a page, or leads to another address."""
        for one in reversed(self._archive.timeline(url)):
            moved = one.status in REDIRECTS and (target := target_of(one)) is not None and normalise(target) != one.key
            if one.site == site and one.role is Role.ARTICLE and (moved or one.status in {200, 304}):
                return one
        return None


def _make_due(db: sqlite3.Connection, pair: Pair, page: Capture) -> None:
    db.execute(
        "INSERT INTO urls (site, key, url, state, rank, announced, via, source, hops)"
        " VALUES (?, ?, ?, 'due', ?, ?, ?, 'canonical', ?)"
        " ON CONFLICT (site, key) DO UPDATE SET state = 'due', lane = NULL WHERE state = 'backfill'",
        (pair.site, pair.own, pair.url, page.at, page.announced, page.url, f"{page.hops}L"),
    )


def _says_amp(capture: Capture) -> bool:
    try:
        return says_amp(capture.message().beginning(_BEGINNING))
    except (DamagedRecord, PayloadRefused, NotFound, OSError):
        return False


def _face(capture: Capture) -> Face | None:
    """What a captured page says of itself; None where its bytes cannot be had."""
    try:
        message = capture.representation()
        return face_of(message.beginning(MAX_FACE), capture.url, message.charset)
    except (DamagedRecord, PayloadRefused, NotFound, OSError):
        return None
