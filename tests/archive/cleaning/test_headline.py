"""Headlines: which of several headings it is, what is the site's name, and the kicker above it."""

from __future__ import annotations

import json

import pytest

from archive.cleaning import linked
from archive.cleaning.document import parse
from archive.cleaning.evidence import Page
from archive.cleaning.headline import Heading, headline
from archive.cleaning.stream import TextStream

TITLE = "<title>Ferry fares frozen for a year | Courier</title>"


def heading(head: str, body: str, names: tuple[str, ...] = ("The Courier",)) -> Heading:
    root = parse(f"<html><head>{head}</head><body>{body}</body></html>".encode()).root
    return headline(Page(root, TextStream(root), "https://www.harbourcourier.example/x"), linked.read(root), set(names))


def news(**properties: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **properties})}</script>'


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        # a heading unlike every title is a menu's or a list's
        (TITLE, "<h1>Menu</h1><h1>Ferry fares frozen for a year</h1><h1>Read on</h1>", "Ferry fares frozen for a year"),
        # the site's name as a heading
        ("<title>Ferry fares</title>", "<h1>The Courier</h1><h1>Ferry fares</h1>", "Ferry fares"),
        # what readers see, where a program wrote the rest
        (
            "<title>Ferry fares 2026</title><meta property=og:title content='Ferry fares 2026'>",
            "<h1>Ferry fares frozen</h1>",
            "Ferry fares frozen",
        ),
        # what a newspaper states in three places
        (
            news(headline="After the vote: fares frozen")
            + "<title>After the vote: fares frozen</title>"
            + "<meta property=og:title content='After the vote: fares frozen'>",
            "<h1>Fares frozen</h1>",
            "After the vote: fares frozen",
        ),
        # two titles that differ and end alike behind a bar
        (
            news(headline="Fares frozen")
            + "<title>Fares frozen | HC News</title><meta property=og:title content='Island talks on | HC News'>",
            "<h1>Fares frozen</h1>",
            "Fares frozen",
        ),
        # a segment that begins with the host's name
        ("<title>Fares frozen - Harbourcourier online</title>", "", "Fares frozen"),
        # a dash within a headline is no separator of the site's name
        ("<title>Fares frozen – then came the turn</title>", "", "Fares frozen – then came the turn"),
        ("", "<div itemprop=headline>Fares frozen</div>", "Fares frozen"),
        # a heading that does nothing but lead home is the site's name
        (
            "<title>Fares frozen | Notes from the quay</title>",
            "<h1><a href='https://www.harbourcourier.example/'>Notes from the quay</a></h1><h2>Fares frozen</h2>",
            "Fares frozen",
        ),
        # ... and one that leads to the page itself is not
        ("", "<h1><a href='https://www.harbourcourier.example/x'>Fares frozen</a></h1>", "Fares frozen"),
        # a heading of whole sentences is a headline, though a program wrote other titles
        (
            "<title>Ferry guide 2026</title><meta property=og:title content='Ferry guide 2026'>",
            "<h1>How islanders get to work when nothing sails</h1>",
            "How islanders get to work when nothing sails",
        ),
        # ... unless there are so many that they are chapters, or a list
        (
            "<title>Ferry guide 2026</title><meta property=og:title content='Ferry guide 2026'>",
            "<h1>How islanders get to work when nothing sails</h1>" + "<h1>Another story altogether</h1>" * 4,
            "Ferry guide 2026",
        ),
        # an empty heading makes a page none of several
        (
            "<title>Quay: fares frozen</title><meta property=og:title content='Quay: fares frozen'>"
            "<meta name=twitter:title content='Quay: fares frozen'>",
            "<h1><img src=logo.png></h1><h1>Fares frozen</h1>",
            "Fares frozen",
        ),
        # where no heading of the first level says what the titles say, one of the second that does
        (
            "<title>Harbour board - News - Ferry fares frozen</title>",
            "<h1>Menu</h1><h2>Tides</h2><h2>Ferry fares frozen</h2>",
            "Ferry fares frozen",
        ),
        # a subtitle or a date in an element of its own is no part of the headline
        (
            "<title>Ferry fares frozen</title><meta property=og:title content='Ferry fares frozen'>",
            "<h1>Ferry fares frozen <small>Posted on 3 May by Ida</small></h1>",
            "Ferry fares frozen",
        ),
        # what an editor shortened for those who cite it
        (
            "<title>Ferry fares frozen for a year as islanders rejoice | Courier</title>"
            "<meta property=og:title content='Ferry fares frozen for a year'>",
            "<h1>Ferry fares frozen for a year as islanders rejoice</h1>",
            "Ferry fares frozen for a year",
        ),
        # ... not what a program cut
        (
            "<title>Ferry fares frozen for a year as islanders rejoice | Courier</title>"
            "<meta property=og:title content='Ferry fares frozen for a year ...'>",
            "<h1>Ferry fares frozen for a year as islanders rejoice</h1>",
            "Ferry fares frozen for a year as islanders rejoice",
        ),
        # ... nor what ends where an attribute was closed by a quotation mark of the headline's own
        (
            "<title>Ferry fares frozen: minister speaks of 'fairness'</title>"
            "<meta property=og:title content='Ferry fares frozen: minister speaks of 'fairness''>",
            "<h1>Ferry fares frozen: minister speaks of 'fairness'</h1>",
            "Ferry fares frozen: minister speaks of 'fairness'",
        ),
        # what a newspaper's editor wrote shorter, in most of the same words
        (
            news(headline="Minister: why islanders have to pay to save the ferry line")
            + "<title>Minister: why islanders have to pay to save the ferry line | Courier</title>"
            + "<meta property=og:title content='Minister: why islanders have to pay for ferries'>",
            "<h1>Minister: why islanders have to pay to save the ferry line</h1>",
            "Minister: why islanders have to pay for ferries",
        ),
        # ... and what a blog has for search engines
        (
            "<title>Minister: why islanders have to pay to save the ferry line | Courier</title>"
            "<meta property=og:title content='Minister: why islanders have to pay for ferries'>",
            "<h1>Minister: why islanders have to pay to save the ferry line</h1>",
            "Minister: why islanders have to pay to save the ferry line",
        ),
        # the story's own headline, stated twice beside one for search engines
        (
            news(headline="Quiet days at the quay", alternativeHeadline="Quiet days at the quay")
            + "<title>Ferry strike 2026: all you need to know</title>"
            + "<meta property=og:title content='Ferry strike 2026: all you need to know'>"
            + "<meta name=twitter:title content='Ferry strike 2026: all you need to know'>",
            "<h1>Ferry strike 2026: all you need to know</h1>",
            "Quiet days at the quay",
        ),
        # ... and another one that is none
        (
            news(headline="Quiet days at the quay", alternativeHeadline="No ferries, no tourists")
            + "<title>Ferry strike 2026: all you need to know</title>"
            + "<meta property=og:title content='Ferry strike 2026: all you need to know'>",
            "<h1>Ferry strike 2026: all you need to know</h1>",
            "Ferry strike 2026: all you need to know",
        ),
        # two titles that end alike behind a bar and differ by the site's name alone: what they end with is no site's
        (
            news(headline="Fares frozen: islanders rejoice")
            + "<title>The Courier | Harbour | Fares frozen: islanders rejoice</title>"
            + "<meta property=og:title content='Harbour | Fares frozen: islanders rejoice'>",
            "<h1>Fares frozen: islanders rejoice</h1>",
            "Fares frozen: islanders rejoice",
        ),
        # the site's name, and more behind it
        ("<title>Fares frozen | The Courier | by Ida Holm</title>", "", "Fares frozen"),
        ("<title>Fares frozen - The Courier - News from the quay</title>", "", "Fares frozen"),
        # ... which is a part of the headline before a colon
        (
            "<title>Fares frozen - The Courier: nobody asked us</title>",
            "",
            "Fares frozen - The Courier: nobody asked us",
        ),
        # ... and what stands before it is the site's, too
        (
            "<title>Harbourcourier | The Courier | Fares frozen</title>",
            "",
            "Fares frozen",
        ),
        # a quotation mark closes a quotation before it parts anything
        ("<title>\u00bbFares are frozen!\u00ab - The Courier</title>", "", "\u00bbFares are frozen!\u00ab"),
        (
            "<title>Minister: \u00abFares are frozen!\u00bb | The Courier</title>",
            "",
            "Minister: \u00abFares are frozen!\u00bb",
        ),
        # separators with nothing behind them
        ("<title>Fares frozen |</title>", "", "Fares frozen"),
        ("<title>Fares frozen - </title>", "", "Fares frozen"),
        # the names of Chinese sites, which follow without a space
        (
            "<title>\u6e21\u8f6e\u7968\u4ef7\u51bb\u7ed3\uff1a\u4e00\u5e74_\u56fd\u5185\u65b0\u95fb_\u6e2f\u53e3\u7f51</title>",
            "",
            "\u6e21\u8f6e\u7968\u4ef7\u51bb\u7ed3\uff1a\u4e00\u5e74",
        ),
        # the site's motto is no headline, however long
        (
            "<title>Fares frozen</title><meta property=og:title content='Fares frozen'>",
            "<h1>The Courier, first with news from the quay</h1>",
            "Fares frozen",
        ),
        # parts of a heading in lines of their own, with no space between them
        (
            "<title>Fares: frozen for a year</title><meta property=og:title content='Fares: frozen for a year'>",
            "<h1><span>Fares:</span>frozen for a year</h1>",
            "Fares: frozen for a year",
        ),
        # an apostrophe that a template curled, and quotation marks that an editor did
        (
            "<title>Harbour's fares</title><meta property=og:title content=\"Harbour's fares\">",
            "<h1>Harbour\u2019s fares</h1>",
            "Harbour's fares",
        ),
        ("<title>Harbour's fares</title>", "<h1>Harbour\u2019s fares</h1>", "Harbour\u2019s fares"),
        (
            '<title>"Fair" fares</title><meta property=og:title content=\'"Fair" fares\'>',
            "<h1>\u201cFair\u201d fares</h1>",
            "\u201cFair\u201d fares",
        ),
        # where no heading says it, the spelling of most places
        (
            news(headline="Harbour - Fares frozen")
            + "<title>Harbour: Fares frozen</title><meta property=og:title content='Harbour: Fares frozen'>",
            "",
            "Harbour: Fares frozen",
        ),
    ],
)
def test_the_headline_is_what_the_page_shows(head: str, body: str, expected: str) -> None:
    assert heading(head, body).text == expected


def test_a_kicker_within_the_heading_is_told_apart() -> None:
    found = heading("", "<h1><span class='kicker'>Harbour</span><span>Ferry fares frozen</span></h1>")
    assert found.text == "Ferry fares frozen"
    assert found.kicker is not None
    assert found.kicker.value == "Harbour"


@pytest.mark.parametrize("sign", [" - ", ": ", " | ", " \u2013 ", ""])
def test_signs_between_kicker_and_headline_belong_to_neither(sign: str) -> None:
    found = heading("", f"<h1><span class='kicker'>Harbour</span>{sign}<b>Ferry fares</b> frozen</h1>")
    assert found.text == "Ferry fares frozen"
    assert found.kicker is not None
    assert found.kicker.value == "Harbour"


def test_a_kicker_is_known_by_what_others_leave_out() -> None:
    found = heading(news(headline="Ferry fares frozen") + TITLE, "<h1>Harbour : Ferry fares frozen</h1>")
    assert found.text == "Ferry fares frozen"
    assert found.kicker is not None
    assert (found.kicker.value, found.kicker.source is not None) == ("Harbour", True)


def test_a_kicker_in_a_line_of_its_own_needs_no_space_behind_it() -> None:
    found = heading(news(headline="Ferry fares frozen") + TITLE, "<h1><span>Harbour</span>Ferry fares frozen</h1>")
    assert found.text == "Ferry fares frozen"
    assert found.kicker is not None
    assert found.kicker.value == "Harbour"


def test_no_candidate_is_no_headline() -> None:
    assert heading("", "<p>Text</p>").text is None
    assert heading("<title> | </title>", "<h1></h1>").text is None
