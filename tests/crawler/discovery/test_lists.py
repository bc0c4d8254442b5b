from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scaling import LINEAR, growth

from crawler.discovery.lists import Listed, ListedFeed, NotAList, parse_list

OPML = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Papers</title></head><body>
<outline text="North"><outline text="Deep">
 <outline type="rss" text="Gazette &amp; more" xmlUrl="https://www.gazette.example/feed" htmlUrl="https://www.gazette.example/"/>
</outline>
 <outline type="rss" title="Sport" xmlUrl="https://www.gazette.example/sport.xml" htmlUrl="https://gazette.example/sport"/>
 <outline type="rss" title="Sport" xmlUrl="https://www.gazette.example/sport.xml"/>
</outline>
<outline text="Elsewhere" xmlurl="https://feeds.example.net/courier" HTMLURL="http://courier.example:8080/"/>
<outline text="Feed only" xmlUrl="http://herald.example/rss.xml"/>
<outline text="Page only" htmlUrl="https://post.example/"/>
<outline text="Nothing" xmlUrl="mailto:x@example.org"/>
</body></opml>"""


def test_lines_with_comments() -> None:
    body = b"\xef\xbb\xbf# my papers\r\n\r\nhttps://a.example/#top  # the first\n b.example\n#c.example\nb.example\n"
    body += b"not a host\n"
    assert parse_list(body) == (Listed("https://a.example/#top"), Listed("b.example"), Listed("not a host"))


def test_outlines_at_any_depth_become_sites_with_feeds() -> None:
    assert parse_list(OPML.encode()) == (
        Listed(
            "https://www.gazette.example/",
            (
                ListedFeed("https://www.gazette.example/feed", "Gazette & more"),
                ListedFeed("https://www.gazette.example/sport.xml", "Sport"),
            ),
        ),
        Listed("http://courier.example:8080/", (ListedFeed("https://feeds.example.net/courier", "Elsewhere"),)),
        Listed("http://herald.example/", (ListedFeed("http://herald.example/rss.xml", "Feed only"),)),
        Listed("https://post.example/"),
    )


def test_opml_in_another_charset_with_a_doctype_and_cut() -> None:
    body = OPML.replace("UTF-8", "iso-8859-1").replace("<opml", "<!DOCTYPE opml [<!ENTITY a 'b'>]><opml", 1)
    found = parse_list(body.replace("Gazette", "Größe").encode("cp1252")[:700])
    assert isinstance(found, tuple)
    assert found[0].feeds[0].title == "Größe & more"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "it names no site"),
        (b"# nothing\n", "it names no site"),
        (b"<opml><body/></opml>", "it names no site"),
        (b"<html>", "it is XML, but its root element is <html> and not <opml>"),
        (b"<", "it is neither OPML nor a list of addresses"),
    ],
)
def test_what_is_no_list_says_why(body: bytes, reason: str) -> None:
    assert parse_list(body) == NotAList(reason)


@given(st.binary())
def test_no_bytes_raise(body: bytes) -> None:
    for before in (b"", b"<opml><outline xmlUrl='http://a.example/", b"a.example\n"):
        parse_list(before + body)


def test_long_lists_take_linear_time() -> None:
    assert growth(parse_list, lambda n: b"<opml>" + b"<outline xmlUrl='http://a.example/'>" * n) < LINEAR
    assert growth(parse_list, lambda n: b" # #" * n) < LINEAR
    assert growth(parse_list, lambda n: b"a.example" + b" " * 20 * n) < LINEAR
    outlines = [b"<outline xmlUrl='http://a.example/%d'/>" % one for one in range(200_000)]
    assert growth(parse_list, lambda n: b"<opml>" + b"".join(outlines[:n])) < LINEAR
