"""Shelving: which sitemaps and pages of an archive are walked, and which of their articles are of the time."""

from __future__ import annotations

from datetime import UTC, datetime

from web import front, index, rss, sitemap

from archive.clock import from_datetime
from archive.url import normalise
from crawler.agenda import Root
from crawler.backlog import Shelf, ShelfKind, Walked
from crawler.discovery import links
from crawler.discovery.archives import Span
from crawler.shelving import MAX_DEPTH, MAX_GAP, MAX_PAGES, OUTSIDE, before, read_shelf, starting_points
from crawler.sites import Site
from crawler.sources import Home
from crawler.urls import Scope
from crawler.walk import Answer

BASE = "https://a.example"
SCOPE = Scope.of(["a.example"])


def at(day: str) -> int:
    return from_datetime(datetime.fromisoformat(day).replace(tzinfo=UTC))


WANTED = Span(at("2022-01-01"), at("2023-01-01"))
NOW = at("2026-12-01")


def map_of(path: str = "/map.xml", depth: int = 1) -> Shelf:
    return Shelf(normalise(BASE + path), BASE + path, ShelfKind.SITEMAP, 0, depth, f"{BASE}/robots.txt", "I")


def page_of(path: str, **given: object) -> Shelf:
    url = BASE + path
    return Shelf(normalise(url), url, ShelfKind.PAGE, 0, 1, BASE, "L", **given)  # type: ignore[arg-type]


def read(shelf: Shelf, body: bytes, wanted: Span = WANTED) -> Walked:
    walked = read_shelf(shelf, Answer(shelf.url, 200, body), SCOPE, wanted)
    assert isinstance(walked, Walked), walked
    return walked


def urls(walked: Walked) -> list[str]:
    return [one.url.removeprefix(BASE) for one in walked.found]


def onward(walked: Walked) -> list[str]:
    return [one.url.removeprefix(BASE) for one in walked.onward]


def dated_index(**lastmod: str) -> bytes:
    children = "".join(
        f"<sitemap><loc>{BASE}/{name}.xml</loc><lastmod>{date}</lastmod></sitemap>" for name, date in lastmod.items()
    )
    return f"<sitemapindex>{children}</sitemapindex>".encode()


def test_all_children_of_an_index_that_may_reach_back_are_walked() -> None:
    months = [f"{BASE}/sitemap-{year}-{month:02}.xml" for year in range(2015, 2027) for month in range(1, 13)]
    walked = read(map_of(), index(*months, f"{BASE}/other.xml", "https://b.example/2022.xml"))
    assert onward(walked) == [*(f"/sitemap-2022-{month:02}.xml" for month in range(1, 13)), "/other.xml"]
    assert walked.apart == {"of another time": 132, "not one of the site's hosts": 1}
    ranks = [one.rank for one in walked.onward]
    assert ranks[:12] == sorted(ranks[:12]), "the newest is walked first"
    assert ranks[12] == min(ranks)
    assert {(one.depth, one.hops, one.via) for one in walked.onward} == {(2, "IL", f"{BASE}/map.xml")}


def test_what_changed_last_before_that_time_lists_nothing_of_it() -> None:
    walked = read(map_of(), dated_index(old="2021-12-31", within="2022-05-01", later="2026-01-01", unread="soon"))
    assert onward(walked) == ["/within.xml", "/later.xml", "/unread.xml"]


def test_sitemaps_of_authors_and_images_come_last() -> None:
    walked = read(map_of(), index(f"{BASE}/author-sitemap.xml", f"{BASE}/post-sitemap.xml"))
    first, last = sorted(walked.onward, key=lambda one: -one.rank)
    assert (first.url, last.url) == (f"{BASE}/post-sitemap.xml", f"{BASE}/author-sitemap.xml")


def test_indexes_within_indexes_end_somewhere() -> None:
    answer = Answer(BASE, 200, index(f"{BASE}/map.xml"))
    assert read_shelf(map_of(depth=MAX_DEPTH), answer, SCOPE, WANTED) == "an index too deep within indexes"


def test_of_articles_those_of_the_time_are_taken_and_those_of_which_it_is_not_known() -> None:
    lastmod = {
        f"{BASE}/a-story-of-words-1": "2021-06-01",  # it was there before
        f"{BASE}/a-story-of-words-2": "2022-06-01",
        f"{BASE}/a-story-of-words-3": "2025-06-01",  # changed later, published who knows when
        f"{BASE}/2022/12/31/a-story": "2026-01-01",
        f"{BASE}/2023/01/01/a-story": "2026-01-02",
        f"{BASE}/2021/12/a-story": "2022-02-02",
    }
    walked = read(map_of(), sitemap(*lastmod, f"{BASE}/undated-story-of-words", lastmod=lastmod))
    assert urls(walked) == [
        *("/a-story-of-words-2", "/a-story-of-words-3", "/2022/12/31/a-story"),
        "/undated-story-of-words",
    ]
    assert walked.passed == {OUTSIDE: 3}
    assert walked.named == 7
    found = {one.url.removeprefix(BASE): one for one in walked.found}
    assert found["/undated-story-of-words"].announced is None, "the date is not made up"
    assert found["/a-story-of-words-2"].announced == "2022-06-01"
    assert {(one.source, one.via, one.hops) for one in walked.found} == {("backfill", f"{BASE}/map.xml", "IL")}
    assert all(one.rank < WANTED.last for one in walked.found)


def test_publication_dates_count_before_all_others() -> None:
    body = rss(f"{BASE}/2022/05/05/a-story", f"{BASE}/other-story-of-words", dates=("Sat, 1 Jan 2000 10:00:00 GMT",))
    walked = read(map_of("/feed"), body)
    assert urls(walked) == ["/other-story-of-words"]


def test_what_is_not_the_sites_own_or_a_trap_is_passed_over_with_the_reason() -> None:
    urls_ = (
        "https://b.example/a-story-of-words",
        f"{BASE}/x/x/x/x/x/a-story",
        f"{BASE}/tag/x",
        f"{BASE}/a-story-here-1",
    )
    walked = read(map_of(), sitemap(*urls_))
    assert urls(walked) == ["/a-story-here-1"]
    assert walked.passed == {"not one of the site's hosts": 1, "a trap": 1, "not like an article's address": 1}


def test_what_is_no_sitemap_says_so() -> None:
    answer = Answer(f"{BASE}/map.xml", 200, b"<html><body>not here</body></html>")
    assert read_shelf(map_of(), answer, SCOPE, WANTED) == "it is an HTML page"


def test_a_month_leads_to_its_pages_and_to_the_month_before() -> None:
    story = f"{BASE}/2022/03/14/a-story-of-words"
    body = front(story).replace(b"</main>", b'<a href="/2022/03/page/2/">Older</a><a href="/2019/01/">2019</a></main>')
    walked = read(page_of("/2022/03/"), body)
    assert urls(walked) == ["/2022/03/14/a-story-of-words"]
    assert onward(walked) == ["/2022/03/page/2/", "/2022/02/"]
    second, february = walked.onward
    assert (second.oldest, february.oldest) == (at("2022-03-14"), None)
    assert (second.hops, february.hops) == ("LL", "LI")
    assert onward(read(page_of("/2022/01/"), front(story))) == [], "the walk ends where the time begins"


def test_a_list_of_a_later_time_is_that_of_the_last_wanted_one() -> None:
    walked = read(page_of("/"), front().replace(b"</main>", b'<a href="/archive/2026/11/">Archive</a></main>'))
    assert onward(walked) == ["/archive/2022/12/"]


def test_pages_lead_on_for_as_long_as_they_lead_back() -> None:
    def turned(story: str, **given: object) -> list[str]:
        links_ = front(f"{BASE}{story}").replace(b"</main>", b'<a href="/sport?page=3">Older</a></main>')
        return onward(read(page_of("/sport?page=2", **given), links_))

    older = "/2022/03/14/a-story-of-words"
    assert turned(older, oldest=at("2022-03-15")) == ["/sport?page=3"]
    assert turned("/a-story-of-many-words-1") == ["/sport?page=3"], "nobody knows"
    assert turned("/2021/12/14/a-story-of-words") == [], "all of it is older"
    assert turned(older, oldest=at("2022-03-01"), gap=MAX_GAP - 1) == ["/sport?page=3"]
    assert turned(older, oldest=at("2022-03-01"), gap=MAX_GAP) == [], "it has not led back for long"
    first = read(
        page_of("/sport"), front(f"{BASE}{older}").replace(b"</main>", b'<a href="/sport?page=2">Older</a></main>')
    )
    assert turned(older, oldest=None, shown=first.onward[0].shown) == [], "it shows what the page before it did"
    empty = front().replace(b"</main>", f'<a href="/sport?page={MAX_PAGES + 1}">Older</a></main>'.encode())
    assert onward(read(page_of(f"/sport?page={MAX_PAGES}"), empty)) == []


def test_days_without_an_article_are_borne_for_a_while() -> None:
    (earlier,) = before(page_of("/2022/03/15/"), WANTED, empty=True)
    assert (earlier.url, earlier.gap) == (f"{BASE}/2022/03/14/", 1)
    assert before(page_of("/2022/03/15/", gap=MAX_GAP), WANTED, empty=True) == []
    (again,) = before(page_of("/2022/03/15/", gap=MAX_GAP), WANTED, empty=False)
    assert again.gap == 0
    assert before(page_of("/2022/03/15/page/2/"), WANTED, empty=False) == []
    assert before(page_of("/sport/"), WANTED, empty=False) == []


def test_a_page_that_asks_robots_not_to_follow_is_not_followed() -> None:
    answer = Answer(BASE, 200, front(f"{BASE}/2022/03/14/a-story", head='<meta name="robots" content="nofollow">'))
    assert read_shelf(page_of("/2022/03/"), answer, SCOPE, WANTED) == "it asks robots not to follow its links"


def start(body: bytes, robots: bytes | None = None, roots: tuple[Root, ...] = ()) -> Walked:
    home = Home(Answer(f"{BASE}/", 200, body), links(body, f"{BASE}/"))
    return starting_points(Site(host="a.example"), home, robots, roots, WANTED, NOW)


def test_it_begins_with_what_the_site_names() -> None:
    named = b"".join(b"Sitemap: https://a.example/sitemap-%d.xml\n" % year for year in range(1950, 2027))
    roots = (Root("section", f"{BASE}/politics/", "declared"), Root("sitemap", f"{BASE}/news.xml", "declared"))
    menu = b'<nav><a href="/sport/">Sport</a></nav><a href="/archive/">Archive</a></main>'
    walked = start(front(f"{BASE}/2022/02/02/a-story").replace(b"</main>", menu), named, roots)
    assert set(onward(walked)) >= {"/sitemap-2022.xml", "/news.xml", "/politics/", "/sport/", "/archive/"}
    assert not {"/sitemap-2021.xml", "/sitemap.xml"} & set(onward(walked))
    assert urls(walked) == ["/2022/02/02/a-story"]


def test_where_it_names_nothing_the_usual_places_are_tried() -> None:
    walked = start(front())
    assert {"/sitemap.xml", "/sitemap_index.xml", "/archive/"} <= set(onward(walked))
    assert not any("news" in one for one in onward(walked)), "which list the last days"
