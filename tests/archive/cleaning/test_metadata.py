"""Metadata rules: headlines, bylines, languages, words."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from archive.cleaning import linked
from archive.cleaning.byline import byline
from archive.cleaning.document import parse
from archive.cleaning.evidence import Page
from archive.cleaning.headline import headline
from archive.cleaning.language import count_words, language, tag
from archive.cleaning.metadata import Metadata, read
from archive.cleaning.source import text_at
from archive.cleaning.stream import TextStream
from archive.clock import from_datetime


def page(head: str = "", body: str = "", attributes: str = "", url: str = "https://www.courier.example/story") -> Page:
    root = parse(f"<html {attributes}><head>{head}</head><body>{body}</body></html>".encode()).root
    return Page(root, TextStream(root), url)


def ld(**properties: object) -> str:
    node = {"@type": "NewsArticle", **properties}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        ("<title>Ferry fares frozen - Courier</title>", "", "Ferry fares frozen"),
        ("<title>Courier | Ferry fares frozen</title>", "", "Ferry fares frozen"),
        ("<title>Ferry - a history</title>", "", "Ferry - a history"),
        ("<title>Ferry fares frozen :: news from here</title>", "<h1>Ferry fares frozen</h1>", "Ferry fares frozen"),
        ("<title>A</title>" + ld(headline="Ferry &amp; fares"), "<h1>Ferry & fares</h1>", "Ferry & fares"),
        ("<meta property='og:title' content='Ferry  fares '>", "<h1>Welcome</h1><h1>Shop</h1>", "Ferry fares"),
        ("", "", None),
    ],
)
def test_headlines(head: str, body: str, expected: str | None) -> None:
    given = page(head, body)
    assert headline(given, linked.read(given.root), {"The Courier"}).text == expected


def test_a_shortened_headline_knows_its_place() -> None:
    given = page("<title>Ferry fares frozen | Courier</title>")
    candidate, *_ = headline(given, linked.read(given.root), set()).candidates
    assert candidate.source is not None
    assert text_at(given.root, candidate.source) == "Ferry fares frozen"


@pytest.mark.parametrize(
    ("head", "body", "people"),
    [
        (ld(author={"@type": "Person", "name": "Ida Mark"}), "", ("Ida Mark",)),
        (ld(author=[{"name": "Ida Mark"}, "Jörg Feld"]), "", ("Ida Mark", "Jörg Feld")),
        (ld(author="By Ida Mark and Jörg Feld"), "", ("Ida Mark", "Jörg Feld")),
        (ld(author={"@type": "Organization", "name": "The Courier"}), "", ()),
        (ld(author={"@type": "Person", "name": "The Courier"}), "", ()),
        (ld(author="https://courier.example/ida"), "<a rel=author href=x>Ida Mark</a>", ("Ida Mark",)),
        ("<meta name=author content='Von Ida Mark, Jörg Feld'>", "", ("Ida Mark", "Jörg Feld")),
        ("", "<p class=byline>By Ida Mark, Political Editor</p>", ("Ida Mark",)),
        ("<meta name=author content='Ida Mark (ima); Reuters'>", "", ("Ida Mark",)),
        ("", "", ()),
    ],
)
def test_bylines_are_people(head: str, body: str, people: tuple[str, ...]) -> None:
    given = page(head, body)
    assert byline(given, linked.read(given.root), {"The Courier"}).people == people


def test_agencies_are_told_apart() -> None:
    given = page("<meta name=author content='Ida Mark, Agence France-Presse'>")
    credit = byline(given, linked.read(given.root), set())
    assert credit.people == ("Ida Mark",)
    assert credit.agency is not None
    assert credit.agency.value == "Agence France-Presse"
    assert [one.value for one in credit.signed] == ["Agence France-Presse"]
    bare = page("<meta name=author content='dpa'>")
    credit = byline(bare, linked.read(bare.root), set())
    assert credit.people == ()
    assert credit.agency is not None
    assert credit.agency.value == "dpa"


def test_linked_data_survives_what_sites_write() -> None:
    for text in (
        "",
        "{",
        "[" * 5000,
        '{"@type": ["NewsArticle", 5], "author": [[{}], null]}',
        '{"@graph": 7}',
        "1e999",
    ):
        given = page(f'<script type="application/ld+json">{text}</script>')
        data = linked.read(given.root)
        byline(given, data, set())
        headline(given, data, set())


def test_nested_lists_of_other_articles_are_not_the_article() -> None:
    other = {"@type": "ItemList", "itemListElement": [{"@type": "NewsArticle", "headline": "Other"}]}
    both = json.dumps([other, {"@type": "NewsArticle", "headline": "This"}])
    given = page(f'<script type="application/ld+json">{both}</script>')
    assert (linked.read(given.root).article or {})["headline"] == "This"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("en", "en"),
        ("EN_gb", "en-GB"),
        ("zh-hans-cn", "zh-Hans-CN"),
        ("und", None),
        ("english", None),
        ("", None),
        ("de-DE-1996", "de-DE"),
    ],
)
def test_language_tags(text: str, expected: str | None) -> None:
    assert tag(text) == expected


@pytest.mark.parametrize(
    ("attributes", "head", "text", "expected"),
    [
        ("lang=de", "", "Die Brücke ist gesperrt.", "de"),
        ("", "<meta property='og:locale' content='de_AT'>", "Die Brücke", "de-AT"),
        ("", ld(inLanguage="fr"), "Le pont", "fr"),
        ("lang=en", "", "橋は来年の春に開通する予定です。", "ja"),
        ("lang=zh-CN", "", "中文新闻网站今天报道", "zh-CN"),
        ("", "", "Ο πύργος άνοιξε σήμερα", "el"),
        ("", "", "Nobody says which language this is.", None),
    ],
)
def test_languages(attributes: str, head: str, text: str, expected: str | None) -> None:
    given = page(head, "", attributes)
    assert language(given, linked.read(given.root), text)[0] == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [("One two, three-four.", 4), ("橋は開通", 4), ("สวัสดี", 6), ("", 0), ("— … !", 0), ("Ελλάδα 2026", 2)],
)
def test_words(text: str, words: int) -> None:
    assert count_words(text) == words


def known(head: str, body: str = "<h1>Barrier opens</h1>") -> Metadata:
    given = page(head, body)
    return read(given, linked.read(given.root), from_datetime(datetime(2026, 11, 25, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("head", "access"),
    [
        (ld(isAccessibleForFree=True), "free"),
        (ld(isAccessibleForFree="False"), "paywalled"),
        (ld(hasPart={"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".x"}), "paywalled"),
        (ld(isAccessibleForFree="https://schema.org/True") + "<meta name=paywall content=true>", "free"),
        ("<meta property='article:content_tier' content='Metered'>", "metered"),
        ("<meta name=content_tier content=locked>", "paywalled"),
        ("<meta name=is_premium content=0>", "free"),
        ("<meta name=premium content='new'>", None),
        ("", None),
    ],
)
def test_access_is_what_the_page_says_of_itself(head: str, access: str | None) -> None:
    found = known(head)
    assert found.access == access
    assert bool([one for one in found.evidence if one.field == "access" and one.chosen]) == (access is not None)


TRAIL = "<nav class=breadcrumb><a href=/>Home</a> <a href=/harbour>Harbour</a> <a href=/x>Barrier opens</a></nav>"


@pytest.mark.parametrize(
    ("head", "body", "section"),
    [
        (ld(articleSection=["Tide", "Harbour"]), TRAIL, "Tide"),
        ("<meta property='article:section' content=Tide>", TRAIL, "Tide"),
        ("", TRAIL + "<h1>Barrier opens</h1>", "Harbour"),
        ("", "<h1>Harbour</h1>" + TRAIL, "Barrier opens"),  # what is the headline is no section
        ("", "<nav class=breadcrumb><a>Startseite</a></nav>", None),
    ],
)
def test_sections_are_stated_or_shown(head: str, body: str, section: str | None) -> None:
    assert known(head, body).section == section


def test_breadcrumbs_in_linked_data() -> None:
    steps = [{"position": 1, "item": {"name": "Startseite"}}, {"position": 2, "name": "Hafen"}]
    graph = {"@graph": [{"@type": "NewsArticle"}, {"@type": "BreadcrumbList", "itemListElement": steps}]}
    found = known(f'<script type="application/ld+json">{json.dumps(graph)}</script>')
    assert found.section == "Hafen"
    chosen = next(one for one in found.evidence if one.field == "section")
    assert (chosen.rule, chosen.source is not None) == ("json-ld breadcrumbs", True)


def test_lead_image_and_address_in_linked_data() -> None:
    found = known(ld(image=[{"url": "/gate.jpg"}], url="https://www.courier.example/gate"))
    assert found.lead_image == "https://www.courier.example/gate.jpg"
    assert found.canonical_url == "https://www.courier.example/gate"


def test_a_kicker_above_the_heading() -> None:
    found = known("", "<header><p class=overline>Harbour</p><h1>Barrier opens</h1></header>")
    assert (found.headline, found.kicker) == ("Barrier opens", "Harbour")
    dated = known("", "<header><p class=overline>24 November 2026</p><h1>Barrier opens</h1></header>")
    assert dated.kicker is None
