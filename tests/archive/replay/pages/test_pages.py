"""Each page for people: what it says, and that nothing of an archived page gets out of its place."""

from __future__ import annotations

import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from lxml import html

from archive.catalogue import browsing, tables
from archive.errors import ArchiveBusy
from archive.replay import service
from archive.replay.answers import Problem
from archive.replay.pages.asked import Asked
from archive.replay.pages.editlist import Wish, part
from archive.replay.pages.examiner import Examiner, answered
from archive.replay.pages.subject import find
from archive.replay.pages.views import VIEWS, Count, Shelf, captured, glance, proof, removed
from archive.store import Archive

from ..serving import served
from .conftest import Asking, Reading
from .reading_room import (
    ARABIC,
    CHINESE,
    CRANE,
    DOWN,
    FERRY,
    GONE,
    HEBREW,
    JAPANESE,
    LIVE,
    MOVED,
    NAUGHTY,
    NAUGHTY_STRINGS,
    PARTS,
    PICTURE,
    UNANSWERED,
)

OF_A_URL = ("article", "captured", "changes", "removed", "proof", "captures")
ALL = [
    ("", {}),
    ("site", {"name": "courier.example"}),
    ("sites", {}),
    ("search", {}),
    ("edits", {}),
    ("search", {"q": "crane"}),
    ("search", {"q": "crane", "texts": "1"}),
    ("search", {"q": "https://courier.example/2026"}),
    *((view, {"url": url}) for url in (CRANE, NAUGHTY, ARABIC) for view in OF_A_URL),
    *(("article", {"url": url}) for url in (FERRY, HEBREW, JAPANESE, CHINESE, LIVE, PARTS, GONE, MOVED)),
    ("changes", {"url": CRANE, "old": "1", "new": "4", "all": "1"}),
]


def text(tree: html.HtmlElement | None) -> str:
    assert tree is not None
    return " ".join(tree.text_content().split())


@pytest.mark.parametrize(("view", "given"), ALL, ids=[f"{view}-{n}" for n, (view, _) in enumerate(ALL)])
def test_every_page_is_well_made_and_holds_nothing_foreign(view: str, given: dict[str, str], read: Reading) -> None:
    tree = read(view, **given)
    assert not tree.xpath("//script | //style | //@style | //object | //embed | //base")
    assert not [name for one in tree.iter() for name in one.attrib if str(name).startswith("on")]
    assert tree.get("lang") == "en"
    assert len(tree.xpath("//h1")) == 1
    assert len(tree.xpath("//main")) == 1
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    for one in tree.xpath("//@aria-labelledby | //label/@for"):
        assert one in ids
    levels = [int(str(one.tag)[1]) for one in tree.iter("h1", "h2", "h3")]
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels
    for one in tree.xpath("//input[not(@type='hidden')] | //select"):
        assert one.xpath("ancestor::label") or tree.xpath("//label[@for=$id]", id=one.get("id"))
    assert all(one.get("alt") is not None for one in tree.iter("img"))
    assert all(one.get("title") for one in tree.iter("iframe"))
    _links_stay(tree)


def _links_stay(tree: html.HtmlElement) -> None:
    """Links lead within these pages, or to the live web in words of their own."""
    for _, attribute, link, _ in tree.iterlinks():
        parts = urlsplit(link)
        assert parts.scheme in {"", "http", "https"}, (attribute, link)
        assert parts.scheme or link.startswith(("/", "#"))
    for one in tree.xpath("//a[starts-with(@href, 'http')]"):
        assert one.get("rel") == "noreferrer noopener nofollow"
    assert all(one.get("src", "").startswith("http://127.0.0.1:9/") for one in tree.iter("img", "iframe"))


@pytest.mark.parametrize("view", OF_A_URL)
def test_naughty_strings_stay_text(view: str, read: Reading, ask: Asking) -> None:
    tree = read(view, url=NAUGHTY)
    assert not tree.xpath("//main//*[local-name()='svg'][@onload] | //img[@src='x']")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202e\u2066]", ask(view, url=NAUGHTY).page)
    if view in {"article", "removed"}:
        assert "<script>alert(1)</script>" in text(tree)
        assert "{{ 7 * 7 }}{% raw %}" in text(tree)


@pytest.mark.parametrize("said", [*NAUGHTY_STRINGS, "../../etc/passwd", "\r\nSet-Cookie: a=b", "x" * 20_000])
@pytest.mark.parametrize("name", ["q", "url", "name", "before", "old", "edition", "capture", "at", "part", "site"])
def test_naughty_parameters_are_answered_and_stay_text(name: str, said: str, ask: Asking) -> None:
    view = {"q": "search", "name": "site", "before": "search", "old": "changes"}.get(name, "article")
    answered = ask(view, **{"url": CRANE, "q": "crane", "name": "courier.example", name: said})
    assert answered.status in {200, 303, 400, 404}
    tree = html.document_fromstring(answered.page or "<p>")
    assert not tree.xpath("//script | //main//img[@src='x'] | //*[@onload] | //*[@onerror]")
    assert answered.location is None or answered.location.startswith("/article?url=http")


def test_the_archive_at_a_glance(read: Reading) -> None:
    said = text(read(""))
    assert "Sites3" in said
    assert "Storm over the harbour, as it happens" in said
    assert "Harbour crane moves sixty metres, and squeaks courier.example published 1 November 2026" in said, (
        "a story is called as it is by now"
    )
    assert "4 editions" in said
    assert "headline changed" in said
    assert "Somebody asked for this to go" not in said, "what is taken down is not handed out"


def test_an_article_with_all_that_is_known_of_it(read: Reading) -> None:
    tree = read("article", url=CRANE)
    (article,) = tree.xpath("//article")
    said = text(article)
    assert text(article.find(".//h1")) == "Harbour crane moves sixty metres, and squeaks"
    assert "Four men with wedges" in text(article.find_class("standfirst")[0])
    assert "Ida Mark" in said
    assert "published 1 November 2026, 08:15 +01:00" in said
    assert "modified 9 November 2026, 08:40 +01:00" in said
    assert len(article.xpath(".//ul/li")) == 2
    assert "Nobody will miss the squeak" in text(article.find(".//blockquote"))
    assert text(article.find_class("correction")[0]).startswith("Correction:")
    (picture,) = article.iter("img")
    assert picture.get("src").endswith(f"im_/{PICTURE}")
    assert picture.get("alt") == "A crane on rails"
    assert "Photo: Jon Holm" in text(article.find_class("credit")[0])
    assert "Picture, not archived" in said, "the other one was never captured"
    beside = text(tree.find_class("beside")[0])
    assert "warc/" in beside
    assert "sha256:" in beside
    assert "chosen:" in beside, "evidence for each field"
    cited = text(tree.find_class("citation")[0])
    assert cited.startswith("Ida Mark: “Harbour crane moves sixty metres, and squeaks”.")
    assert all(one in cited for one in (f"{CRANE} .", "Captured 24 November 2026, 09:00:00 UTC", "urn:uuid:"))
    assert "sha256:" in cited


def test_a_story_whose_page_went_says_so(shelf: Shelf) -> None:
    subject = find(shelf.archive, Asked({"url": CRANE}), shelf.held()[0], shelf.hiding)
    assert subject.lost is None, "an error between two captures is none of the end"
    went = replace(subject, marks=subject.marks[:-1])
    assert went.lost is not None
    assert went.lost.status == 503


def test_editions_are_chosen_by_number_capture_and_time(read: Reading) -> None:
    headlines = [text(read("article", url=CRANE, edition=str(n)).find(".//article//h1")) for n in (1, 2, 3, 4)]
    assert headlines[0] == headlines[2] == "Crane begins its journey"
    assert headlines[1] == "Harbour crane moves sixty metres"
    assert text(read("article", url=CRANE, at="2026110116").find(".//article//h1")) == headlines[1]
    assert "over 15 days" in text(read("article", url=CRANE).find_class("editions")[0])
    assert text(read("article", url=CRANE, at="2026-11-02").find(".//article//h1")) == headlines[1]
    assert "Error of the site" in text(read("article", url=CRANE, at="20261120"))


def test_what_changed_is_told_word_by_word(read: Reading) -> None:
    tree = read("changes", url=CRANE, old="3", new="4")
    gone, came = ([text(one) for one in tree.xpath(f"//main//{tag}")] for tag in ("del", "ins"))
    assert "removed: fifty" in gone
    assert "added: forty" in came
    assert "removed: Crane begins its journey" in gone, "words that only spaces part are one change"
    said = text(tree)
    assert "headline changed" in said
    assert "correction added" in said
    assert "2026-11-09 08:40 +01:00" in said, "a date as people write it"
    back = read("changes", url=CRANE, old="4", new="3")
    assert "added: fifty" in [text(one) for one in back.xpath("//main//ins")]
    assert "All captures of this address have the same text" in text(read("changes", url=FERRY))


def test_edits_are_listed_by_what_they_are(read: Reading, ask: Asking) -> None:
    def headlines(**given: str) -> list[str]:
        return [text(one) for one in read("edits", **given).xpath("//main//a[@class='headline']")]

    crane = "Harbour crane moves sixty metres, and squeaks"
    assert len(headlines()) == 3
    assert headlines()[0] == crane
    assert headlines(site="courier.example") == [crane]
    assert headlines(kind="correction") == [crane]
    assert len(headlines(silent="1")) == 2, "no date of both others moved"
    assert set(headlines(tests="1")) == {"Harbour crane moves sixty metres", "Crane begins its journey"}
    assert headlines(since="2026-11-06T00:00:00Z") == [crane, "港の古いクレーン、六十メートルの旅に出る"]
    assert ask("edits", kind="nonsense").status == 400
    assert ask("edits", silent="1", tests="1").status == 400
    assert ask("edits", site="nowhere.example").status == 404
    (link,) = read("edits", kind="correction").xpath("//main//a[@class='headline']/@href")
    assert parse_qs(urlsplit(link).query) == {"url": [CRANE], "old": ["3"], "new": ["4"]}


def test_edits_go_on_where_they_stopped(shelf: Shelf) -> None:
    cleaner, _ = shelf.held()
    seen: list[str] = []
    wish = Wish.of(Asked())
    while True:
        found = part(shelf.archive, wish, cleaner, most=1)
        seen += [edit.id for edit in found.edits]
        if found.until is None:
            break
        wish = Wish.of(Asked({"until": str(found.until)}))
    every = part(shelf.archive, Wish.of(Asked()), cleaner).edits
    assert seen == [edit.id for edit in every]
    assert Wish.of(Asked({"since": "2d"}), clock=lambda: 200 * 3_600_000_000).begin == 152 * 3_600_000_000


def test_scripts_of_both_directions(read: Reading) -> None:
    for url, direction, language in ((ARABIC, "rtl", "ar"), (HEBREW, "rtl", "he"), (CHINESE, "ltr", "zh-Hans")):
        (article,) = read("article", url=url).xpath("//article")
        assert (article.get("dir"), article.get("lang")) == (direction, language)
    assert [text(one) for one in read("changes", url=ARABIC).xpath("//main//ins")] == ["added: خمسون"]
    assert [text(one) for one in read("changes", url=JAPANESE).xpath("//main//ins")] == ["added: 五"]


def test_a_very_long_article_comes_in_parts(read: Reading) -> None:
    first, last = read("article", url=PARTS), read("article", url=PARTS, part="3")
    assert "Part 1 of 3" in text(first)
    assert "Tide 1:" in text(first)
    assert "Tide 1701:" in text(last)
    assert len(first.xpath("//article/p")) == 800
    assert text(read("article", url=PARTS, part="99")) == text(last)


def test_what_was_left_out_and_why(read: Reading) -> None:
    tree = read("removed", url=CRANE)
    assert tree.find_class("c-navigation")
    assert tree.xpath("//input[@id='show-navigation'][@type='checkbox']")
    assert "Gulls again" in text(tree)
    assert tree.xpath("//dl[@class='why']//code[text()='score']")
    assert "Not found" in text(read("removed", url=GONE)), "of a refusal, all that stood there"


def test_the_proof_names_every_place(read: Reading) -> None:
    said = text(read("proof", url=CRANE))
    assert "Every sentence stands in the captured bytes" in said
    assert "/html/body/main/article/p[" in said
    assert "byte" in said


def test_there_may_be_no_article(read: Reading, ask: Asking) -> None:
    assert "Page not found, status 404" in text(read("article", url=GONE))
    assert "redirect" in text(read("article", url=MOVED))
    never = ask("article", url="https://courier.example/2026/11/cran")
    assert never.status == 404
    assert "Not in the archive" in never.page
    assert "/search?q=" in never.page
    down = ask("article", url=DOWN)
    assert down.status == 451
    assert "asked by a court" not in down.page
    assert ask("article", url=UNANSWERED).status == 404
    assert ask("article").status == 400
    assert ask("article", url="not an address").status == 400


@pytest.mark.parametrize("view", OF_A_URL)
def test_no_view_shows_what_is_taken_down(view: str, ask: Asking) -> None:
    for given in ({}, {"at": "20261122"}, {"edition": "1"}):
        answered = ask(view, url=DOWN, **given)
        assert answered.status == 451
        assert "Somebody asked" not in answered.page


def test_the_page_as_captured_is_of_another_origin(read: Reading) -> None:
    (frame,) = read("captured", url=CRANE).iter("iframe")
    assert frame.get("sandbox") == "allow-same-origin", "of its own origin; no scripts"
    assert frame.get("src", "").startswith("http://127.0.0.1:9/")


def test_without_another_origin_no_page_is_framed(shelf: Shelf) -> None:
    page = captured(Shelf(shelf.archive, shelf.count, shelf.examiner), Asked({"url": CRANE})).page
    assert "<iframe" not in page
    assert "/web/20261124090000000000id_/https://courier.example/2026/11/crane" in page


def test_search_finds_addresses_beginnings_and_words(ask: Asking, read: Reading) -> None:
    exact = ask("search", q=FERRY)
    assert exact.status == 303
    assert exact.location is not None
    assert parse_qs(urlsplit(exact.location).query)["url"] == [FERRY]
    assert "Ferry fares frozen" in text(read("search", q="courier.example/2026/11/f"))
    assert "5 articles" in text(read("search", q="courier").find(".//ul[@class='sites']"))
    found = text(read("search", q="SQUEAKS crane"))
    assert "Harbour crane moves sixty metres, and squeaks" in found
    assert "Ferry" not in found
    (link,) = read("search", q="sixty squeaks").xpath("//ol//a/@href")
    assert parse_qs(urlsplit(link).query)["edition"] == ["4"], "the one that is called so"
    assert "رافعة" in text(read("search", q="الميناء"))
    assert "Nothing was found" in text(read("search", q="zeppelin"))
    assert "Nothing was found" in text(read("search", q="foundry FARES"))
    assert "Nobody will miss" in text(read("search", q="squeak oil 1911", texts="1").find_class("excerpt")[0])
    assert "Somebody" not in text(read("search", q="asked", texts="1").find(".//main//ol"))
    assert "Somebody" not in text(read("search", q="asked go"))
    assert DOWN not in text(read("search", q="courier.example/2026/10"))


def test_lists_go_on_where_they_stopped(shelf: Shelf) -> None:
    cleaner, _ = shelf.held()
    seen: list[str] = []
    before = None
    with shelf.archive.catalog.reading() as connection:
        while True:
            found = browsing.newest(connection, cleaner, before=before, most=2, looked_at=3)
            seen += [one.key for one in found.listed]
            if (before := found.before) is None:
                break
        assert seen == [one.key for one in browsing.newest(connection, cleaner, most=100).listed]
    assert len(seen) == len(set(seen)) == 9


def test_what_is_withheld_is_on_no_page(shelf: Shelf, ask: Asking) -> None:
    """As `[reservations]` has it: here for whatever was captured of one URL."""
    kept_back = replace(shelf, hiding=lambda _: tables.captures.c.key == FERRY)
    for view in OF_A_URL:
        with pytest.raises(Problem, match="withheld") as problem:
            VIEWS[view](kept_back, Asked({"url": FERRY}))
        assert problem.value.status == 403
    for view, given in (("", {}), ("site", {"name": "courier.example"}), ("search", {"q": "fares"}), ("edits", {})):
        assert "Ferry fares" not in VIEWS[view](kept_back, Asked({**given, "texts": "1"})).page
        assert "Ferry fares" not in VIEWS[view](kept_back, Asked(given)).page
    assert "Ferry fares" in ask("search", q="fares").page
    (capture,) = shelf.archive.timeline(FERRY)
    with pytest.raises(Problem, match="withheld"):
        VIEWS["article"](replace(shelf, hiding=lambda _: tables.captures.c.id == capture.id), Asked({"url": FERRY}))


def test_what_a_request_may_ask() -> None:
    assert Asked({"at": "2026"}).moment("at") == Asked({"at": "2026-01-01T00:00:00Z"}).moment("at")
    assert Asked({"url": " courier.example/x "}).url() == "https://courier.example/x"
    assert Asked({"before": "17 urn:uuid:1"}).place() == (17, "urn:uuid:1")


def test_an_empty_archive_says_what_to_do(archive: Archive, shelf: Shelf) -> None:
    assert "presskeep add" in glance(Shelf(archive, Count(archive), shelf.examiner), Asked()).page


def test_a_page_that_asks_for_too_much_costs_a_child_alone(shelf: Shelf) -> None:
    with closing(Examiner(timeout=0.0)) as hasty:
        for view in (removed, proof):
            page = view(replace(shelf, examiner=hasty), Asked({"url": CRANE})).page
            assert "This page asks for too much" in page
            assert "timeout" in page


def test_what_the_child_answers_is_no_code() -> None:
    harm = pickle.dumps(print)
    with pytest.raises(pickle.UnpicklingError, match="print"):
        answered(harm)


def test_where_too_many_wait_the_next_one_is_told_so(shelf: Shelf) -> None:
    with closing(Examiner(waiting=0)) as busy, pytest.raises(ArchiveBusy, match="try again"):
        removed(replace(shelf, examiner=busy), Asked({"url": CRANE}))


def test_readers_of_what_was_left_out_wait_their_turn(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(room) as site, ThreadPoolExecutor(12) as readers:
        asked = [f"/{view}?{urlencode({'url': CRANE})}" for view in ("removed", "proof")] * 6
        assert [one.status_code for one in readers.map(site.get, asked)] == [200] * 12
        monkeypatch.setattr(service, "PATIENCE", 0.0)
        told = [one for one in readers.map(site.get, asked) if one.status_code != 200]
        assert {(one.status_code, one.headers["retry-after"]) for one in told} == {(503, "10")}
