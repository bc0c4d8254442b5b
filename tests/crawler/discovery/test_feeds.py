from __future__ import annotations

import codecs
import json
from html import escape

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from archive.clock import from_datetime, parse_warc_date
from crawler.discovery.announcement import Announcement, parse_date
from crawler.discovery.decoding import is_utf8
from crawler.discovery.feeds import MAX_ITEMS, Feed, NotAFeed, parse_feed

URL = "https://example-news.org/feeds/all.xml"

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"
     xmlns:atom="http://www.w3.org/2005/Atom" xmlns:fb="http://rssnamespace.org/feedburner/ext/1.0">
<channel><title>Example News</title><link>https://example-news.org/</link>
<atom:link rel="self" href="https://example-news.org/feeds/all.xml"/>
<image><title>Logo</title><link>https://example-news.org/</link></image>
<item><title><![CDATA[Mayor & council]]></title><link>https://example-news.org/a/1?x=1&amp;y=2#frag</link>
<guid isPermaLink="false">17</guid><pubDate>Tue, 24 Nov 2026 09:30:00 +0100</pubDate>
<media:title>not this</media:title><media:content url="https://example-news.org/p.jpg"/></item>
<item><guid>https://example-news.org/a/2</guid><dc:date>2026-11-23T10:00:00Z</dc:date></item>
<item><title>Relative</title><link> /a/3 </link></item>
<item><link>https://feeds.example/~r/1</link><fb:origLink>https://example-news.org/a/4</fb:origLink></item>
<item><title>No link at all</title></item>
<item><link>javascript:alert(1)</link></item>
</channel></rss>"""

RDF = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
         xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://example-news.org/"><title>Old News</title></channel>
<item rdf:about="https://example-news.org/b/1"><title>One</title><link>https://example-news.org/b/1</link>
<dc:date>2026-11-24T09:30+09:00</dc:date></item>
<item rdf:about="https://example-news.org/b/2"><title>Two</title></item></rdf:RDF>"""

ATOM = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://example-news.org/desk/"><title type="html">Desk</title>
<link rel="self" href="https://example-news.org/atom"/>
<entry xml:base="c/"><title>First</title><link rel="replies" href="replies"/>
<link rel="alternate" type="application/pdf" href="1.pdf"/><link href="1"/><id>tag:example-news.org,2026:1</id>
<published>2026-11-24T08:00:00Z</published><updated>2026-11-24T09:00:00Z</updated>
<source><title>Elsewhere</title><link href="https://elsewhere.example/"/><updated>1999-01-01T00:00:00Z</updated></source>
</entry><entry><id>https://example-news.org/c/2</id></entry></feed>"""


def feed(body: str | bytes, charset: str | None = None) -> Feed:
    found = parse_feed(body.encode() if isinstance(body, str) else body, URL, charset)
    assert isinstance(found, Feed), found
    return found


def urls(found: Feed) -> list[str]:
    return [one.url for one in found.announcements]


def test_rss() -> None:
    found = feed(RSS)
    assert (found.kind, found.title, found.whole) == ("rss", "Example News", True)
    assert found.announcements[0] == Announcement(
        "https://example-news.org/a/1?x=1&y=2", "Tue, 24 Nov 2026 09:30:00 +0100", None, "Mayor & council"
    )
    assert found.announcements[0].at == parse_warc_date("2026-11-24T08:30:00Z")
    assert urls(found)[1:] == [f"https://example-news.org/a/{number}" for number in (2, 3, 4)]
    assert found.announcements[1].announced == "2026-11-23T10:00:00Z"


def test_rdf() -> None:
    found = feed(RDF)
    assert (found.kind, found.title) == ("rdf", "Old News")
    assert urls(found) == ["https://example-news.org/b/1", "https://example-news.org/b/2"]
    assert found.announcements[0].at == parse_warc_date("2026-11-24T00:30:00Z")


def test_atom_with_bases_and_a_source_element() -> None:
    found = feed(ATOM)
    assert (found.kind, found.title) == ("atom", "Desk")
    assert urls(found) == ["https://example-news.org/desk/c/1", "https://example-news.org/c/2"]
    first = found.announcements[0]
    assert (first.title, first.published, first.updated) == ("First", "2026-11-24T08:00:00Z", "2026-11-24T09:00:00Z")


def test_json_feed() -> None:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "items": [
            {"id": 1, "url": "/d/1", "title": "A\nB", "date_published": "2026-11-24T08:00:00Z"},
            {"id": "https://example-news.org/d/2"},
            {"id": "3"},
            "no item",
        ],
    }
    found = feed(json.dumps(document))
    assert (found.kind, found.title) == ("json", "J")
    assert urls(found) == ["https://example-news.org/d/1", "https://example-news.org/d/2"]
    assert found.announcements[0].title == "A B"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "it is an HTML page"),
        (b"\xef\xbb\xbf\n<HTML>", "it is an HTML page"),
        (b"<!-- x --><html><p>404</html>", "it is an HTML page"),
        (b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>', "it is a sitemap"),
        (b"<error>gone</error>", "its root element is <error>"),
        (b"just text", "it is not XML"),
        (b"<!DOCTYPE rss [ <!ENTITY a 'b'", "its DOCTYPE does not end"),
        (b"{", "it is not readable JSON (JSONDecodeError)"),
        (b'{"a":' * 100_000, "it is not readable JSON (RecursionError)"),
        (b"{}", "it is JSON without items"),
        (b'{"items": []}', "it is JSON, but does not say that it is a JSON Feed"),
    ],
)
def test_what_is_no_feed_says_why(body: bytes, reason: str) -> None:
    assert parse_feed(body, URL) == NotAFeed(reason)


ITEM = "<item><title>Größe €</title><link>https://example-news.org/größe</link></item>"


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (f"<?xml version='1.0' encoding='iso-8859-1'?><rss>{ITEM}</rss>".encode("cp1252"), None),
        (f"<?xml version='1.0' encoding='iso-8859-1'?><rss>{ITEM}</rss>".encode(), None),  # it lies
        (f"<?xml version='1.0' encoding='utf-16'?><rss>{ITEM}</rss>".encode(), None),  # it lies
        (f"<rss>{ITEM}</rss>".encode("cp1252"), "windows-1252"),
        (f"<rss>{ITEM}</rss>".encode("cp1252"), None),
        (codecs.BOM_UTF8 + f"<?xml version='1.0'?><rss>{ITEM}</rss>".encode(), "iso-8859-1"),
        (codecs.BOM_UTF16_LE + f"<rss>{ITEM}</rss>".encode("utf-16-le"), None),
        (f"<rss>{ITEM}</rss>".encode("utf-16-be"), None),
        (f"\n\n <?xml version='1.0' encoding='no-such-charset'?><rss>{ITEM}</rss>".encode(), "rot13"),
    ],
)
def test_any_charset_whatever_is_declared(body: bytes, charset: str | None) -> None:
    assert feed(body, charset).announcements == (Announcement("https://example-news.org/größe", title="Größe €"),)


CHARSETS = ["utf-8", "utf-16", "utf-16-le", "windows-1252", "iso-8859-15", "windows-1251", "koi8-r", "gb18030", "big5"]
CHARSETS += ["shift_jis", "euc-jp", "iso-2022-jp", "euc-kr", "windows-1256", "iso-8859-7"]


@pytest.mark.parametrize("kind", ["rss", "rdf", "atom", "json"])
@given(
    charset=st.sampled_from(CHARSETS),
    title=st.text(
        st.characters(min_codepoint=0x21, max_codepoint=0xFFFD, exclude_categories=["C", "Z", "M"]), min_size=9
    ),
    in_head=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_every_format_in_every_charset(kind: str, charset: str, title: str, in_head: bool) -> None:
    """Where the charset is declared rightly in either place, the title comes back as it was written."""
    codec = {"shift_jis": "cp932", "euc-kr": "cp949", "big5": "big5hkscs"}.get(
        charset, charset
    )  # what the names mean to browsers
    title = title.encode(codec, "ignore").decode(codec)
    address = "https://example-news.org/1"
    declaration = "" if in_head else f'<?xml version="1.0" encoding="{charset}"?>'
    told = escape(title)
    made = {
        "rss": f"{declaration}<rss><channel><item><title>{told}</title><link>{address}</link></item></channel></rss>",
        "rdf": f'{declaration}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns="http://purl.org/rss/1.0/"><item><title>{told}</title><link>{address}</link></item></rdf:RDF>',
        "atom": f'{declaration}<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>{told}</title>'
        f'<link href="{address}"/></entry></feed>',
        "json": json.dumps(
            {"version": "https://jsonfeed.org/version/1.1", "items": [{"url": address, "title": title}]},
            ensure_ascii=False,
        ),
    }[kind]
    body = made.encode(codec)
    assume(not is_utf8(body) or charset == "utf-8" or body.decode() == made)  # two charsets at once: nobody can tell
    assume(kind != "json" or in_head or charset in {"utf-8", "utf-16"})  # JSON declares none
    found = feed(body, charset if in_head else None)
    assert found.kind == kind
    assert [(one.url, one.title) for one in found.announcements] == [(address, title or None)]


@pytest.mark.parametrize("version", ["0.90", "0.91", "0.92", "0.93", "0.94", "2.0", "2.0.11", "9"])
def test_every_version_of_rss(version: str) -> None:
    item = "<item><title>A</title><link>/1</link><description>B</description></item>"
    assert urls(feed(f"<rss version='{version}'><channel><title>T</title>{item}</channel></rss>")) == [
        "https://example-news.org/1"
    ]
    old = "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://my.netscape.com/rdf/simple/0.9/'"
    assert urls(feed(f"<rdf:RDF {old}><channel/>{item}</rdf:RDF>")) == ["https://example-news.org/1"]


@pytest.mark.parametrize(
    "body",
    [
        "<rss><item><title>Fish & chips &nbsp; &unknown; &eacute;</title><link>https://example-news.org/?a=1&b=2</link>",
        "<rss>\x00\x0b<item><title>\x1f</title><link>https://example-news.org/?a=1&amp;amp;b=2</link></item></rss>",
        "<rss><item><link><![CDATA[https://example-news.org/?a=1&b=2]]></link></item></rss></rss>trailing",
        "<rss><channel><item><media:title>x</media:title><atom:link href='https://example-news.org/?a=1&b=2'/></item>",
        "<!DOCTYPE rss PUBLIC '-//Netscape//DTD RSS 0.91//EN' 'http://my.netscape.example/rss.dtd'>"
        "<rss version='0.91'><item><link>https://example-news.org/?a=1&#38;b=2</link></item></rss>",
    ],
)
def test_broken_xml_gives_what_can_be_read(body: str) -> None:
    assert urls(feed(body)) == ["https://example-news.org/?a=1&b=2"]


def test_entities_are_neither_expanded_nor_loaded() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 20))
    body = (
        f'<!-- > --><!DOCTYPE rss [<!ENTITY l0 "ha">{laughs}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
        '<rss><item a="&l19;"><title>&l19;&f;</title><link>https://example-news.org/1</link></item></rss>'
    )
    found = feed(body)
    assert found.announcements[0].title == "&l19;&f;"


def test_bounded_in_items_and_each_url_once() -> None:
    many = "".join(f"<item><link>https://example-news.org/{n}</link></item>" for n in range(MAX_ITEMS + 5))
    found = feed(f"<rss>{many}</rss>")
    assert (len(found.announcements), found.whole) == (MAX_ITEMS, False)
    twice = feed("<rss>" + "<item><link>https://example-news.org/1</link></item>" * 3 + "</rss>")
    assert len(twice.announcements) == 1


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Tue, 24 Nov 2026 09:30:00 +0100", "2026-11-24T08:30:00Z"),
        ("24 Nov 2026 09:30 GMT", "2026-11-24T09:30:00Z"),
        ("2026-11-24", "2026-11-24"),
        ("2026-11", "2026-11"),
        ("2026", "2026"),
        ("2026-11-24T09:30+0100", "2026-11-24T08:30:00Z"),
        ("2026-11-24 09:30:00 +0100", "2026-11-24T08:30:00Z"),
        ("2026-11-24T09:30:00.123456789Z", "2026-11-24T09:30:00.123456Z"),
    ],
)
def test_dates(text: str, written: str) -> None:
    assert parse_date(text) == parse_warc_date(written)


@pytest.mark.parametrize(
    "text", [None, "", "yesterday", "0000-00-00", "Tue, 99 Nov 2026 99:99:99", "1899-01-01", "9" * 99]
)
def test_dates_that_cannot_be_read(text: str | None) -> None:
    assert parse_date(text) is None


@given(st.datetimes(timezones=st.timezones()).filter(lambda when: when.year > 1970))
def test_iso_dates_are_read_to_the_microsecond(when: object) -> None:
    from datetime import datetime

    assert isinstance(when, datetime)
    assert parse_date(when.isoformat()) == from_datetime(when)


@given(st.text())
@example("Mon, 1 Jan 0001 00:00:00 +2359")
@example("0001-01-01T00:00:00+23:59")
@example("1 Jan 2026 00:00:00 +99999999999")
def test_no_date_raises(text: str) -> None:
    parse_date(text)


@given(st.binary())
@example(b"\xff\xfe<\x00")
def test_no_bytes_raise(body: bytes) -> None:
    parse_feed(body, URL)
    parse_feed(b"<rss>" + body, URL)
    parse_feed(b"{" + body, URL, "utf-7")


PIECES = [
    b"<item>",
    b"</item>",
    b"<![CDATA[",
    b"]]>",
    b"&",
    b"&#0;",
    b"&#xD800;",
    b"\xff",
    b"\0",
    b"<!DOCTYPE x [",
    b"<",
    b">",
]


def test_references_to_what_is_no_character() -> None:
    # libxml2 takes a surrogate in an attribute, and lxml fails to read it back.
    root = "<rss a='&#xD800;' xmlns:x='&#55296;' xmlns:y='<![CDATA[&#xD800;'>"
    body = f"{root}<y:z/><x:item b='&#0;'><link>/a&#xDFFF;&#xZ;&#x110000;</link></x:item><item>"
    assert isinstance(parse_feed(body.encode(), URL), Feed)


def test_references_to_unknown_entities_are_no_elements() -> None:
    # Where what looks like CDATA stands in an attribute, entities behind it reach the parser.
    body = "<rss a='<![CDATA['><item>&nosuch;<link>/a&nosuch;b</link></item></rss>"
    assert urls(feed(body)) == ["https://example-news.org/a&nosuch;b"]


@given(
    original=st.sampled_from([RSS, RDF, ATOM]),
    cuts=st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 30), st.sampled_from(PIECES)), max_size=6),
)
def test_no_mutated_feed_raises(original: str, cuts: list[tuple[int, int, bytes]]) -> None:
    body = original.encode()
    for at, length, piece in cuts:
        body = body[:at] + piece + body[at + length :]
    parse_feed(body, URL)


HOSTILE = {
    "nested items": b"<rss>" + b"<item>" * 100_000,
    "open CDATA": b"<rss>" + b"<![CDATA[" * 200_000,
    "ampersands": b"<rss><item><title>" + b"&" * 1_000_000,
    "open comments": b"<!--" * 200_000 + b"<rss>",
    "many comments": b"<!---->" * 200_000 + b"<rss>",
    "subset without end": b"<!DOCTYPE rss [" + b"] " * 300_000,
    "attributes": b"<rss " + b" ".join(b"a%d='1'" % n for n in range(20_000)) + b">",
    "links in one item": b"<rss><item>" + b"<link>/a</link>" * 50_000,
    "bases": b"<feed>" + b"<a xml:base='x/'>" * 250 + b"<entry><link href='y'/></entry>" * 3000,
    "empty elements in a title": b"<rss><item><title>" + b"<b/>" * 200_000,
    "long names": b"<rss><" + b"a" * 1_000_000 + b">",
    "spaces": b" " * 1_000_000 + b"<rss>",
    "json numbers": b'{"items": [' + b"1" * 100_000 + b"]}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_feeds_take_linear_time(name: str) -> None:
    # Of sizes at which anything quadratic would take minutes.
    parse_feed(HOSTILE[name], URL)
