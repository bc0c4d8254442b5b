"""Probing: what a new site turns out to be."""

from __future__ import annotations

from web import Web, failed, front, moved, rss, sitemap

from archive.exchange import NoAnswer, Role
from crawler.discovery.probing import WELL_KNOWN
from crawler.probe import Probed, probe
from crawler.sites import SourceKind
from crawler.sources import MAX_BLOCKED

BASE = "https://a.example"
STORY = f"{BASE}/2026/11/24/a-story-of-many-words"
FEED = f'<link rel="alternate" type="application/rss+xml" title="News" href="{BASE}/feed">'


def look(web: Web, *starts: str, robots: bytes | None = None) -> Probed:
    return web.walk(probe(starts or (f"{BASE}/",), lambda _: robots))


def test_a_site_with_everything() -> None:
    web = Web(
        {
            f"{BASE}/": front(STORY, head=FEED),
            f"{BASE}/feed": rss(STORY, dates=("Tue, 24 Nov 2026 10:00:00 GMT",)),
            f"{BASE}/map.xml": sitemap(STORY, f"{STORY}-2"),
        }
    )
    found = look(web, robots=b"Sitemap: https://a.example/map.xml")
    assert [one.kind for one in found.chosen.sources] == [SourceKind.FEED, SourceKind.SITEMAP, SourceKind.FRONT]
    assert (found.home, found.host, found.title, found.language) == (f"{BASE}/", "a.example", "The Gazette", "en")
    assert not found.moved
    assert not any(want.source == "guess" for want in web.asked), "nothing is guessed that was found"
    assert found.chosen.overlap[f"{BASE}/feed"] == 1


def test_guesses_are_probes_and_end_with_each_kind() -> None:
    web = Web({f"{BASE}/": front(STORY), f"{BASE}/sitemap.xml": sitemap(STORY), f"{BASE}/rss.xml": rss(STORY)})
    found = look(web)
    assert [one.url for one in found.chosen.sources] == [f"{BASE}/rss.xml", f"{BASE}/sitemap.xml", f"{BASE}/"]
    assert {want.role for want in web.asked if want.source == "guess"} == {Role.PROBE}
    assert f"{BASE}/wp-sitemap.xml" not in web.urls
    assert f"{BASE}/feed.xml" not in web.urls


def test_a_site_on_another_host_is_followed_and_said() -> None:
    other = "https://www.gazette.example/"
    web = Web({f"{BASE}/": moved(f"{BASE}/", other), other: front("/2026/11/24/a-story-of-many-words")})
    found = look(web)
    assert (found.home, found.host) == (other, "www.gazette.example")
    assert found.moved


def test_the_www_twin_is_the_same_site() -> None:
    other = "https://www.a.example/"
    assert not look(Web({f"{BASE}/": moved(f"{BASE}/", other), other: front(STORY)})).moved


def test_a_site_that_cannot_be_reached_says_why() -> None:
    found = look(Web({f"{BASE}/": failed(f"{BASE}/", NoAnswer.DNS)}))
    assert found.home is None
    assert found.problem == "its name does not resolve"


def test_a_site_that_forbids_everything_is_asked_little() -> None:
    web = Web({f"{BASE}/": 403, **{f"{BASE}{path}": 403 for _, path, _ in WELL_KNOWN}})
    found = look(web)
    assert found.problem == "the front page: it answers 403"
    assert len(web.asked) == 1 + MAX_BLOCKED


def test_a_site_without_articles_says_so() -> None:
    found = look(Web({f"{BASE}/": b"<html><body>Under construction</body></html>"}))
    assert found.problem is not None
    assert "no feed" in found.problem


def test_broken_sources_are_told_with_their_reason() -> None:
    web = Web({f"{BASE}/": front(STORY, head=FEED), f"{BASE}/feed": b"<html>", f"{BASE}/map.xml": 500})
    found = look(web, robots=b"Sitemap: https://a.example/map.xml")
    reasons = {one.candidate.url: one.reason for one in found.rejected if one.candidate.named}
    assert reasons[f"{BASE}/map.xml"] == "it answers 500"
    assert "HTML" in reasons[f"{BASE}/feed"] or "feed" in reasons[f"{BASE}/feed"]
    assert [one.kind for one in found.chosen.sources] == [SourceKind.FRONT]
