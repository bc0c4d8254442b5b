"""The text stream: every span leads back to the same characters, also by XPath as others read it."""

from __future__ import annotations

import random

import pytest
from lxml import html

from archive.article import Source
from archive.cleaning.document import parse
from archive.cleaning.source import element_at, string_at, text_at
from archive.cleaning.stream import TextStream, normalise, raw_index, solid

PAGE = """<html><head><title>Not seen</title></head><body><h1>One<br>two</h1><div>three <b>f</b>our<script>var five = 1;
</script> six<style>p {}</style></div><fb:like>seven</fb:like><p>ei<!-- not here -->ght</p><p>n\u00adine\xa0 ten</p>
<table><tr><td>11</td><td>12</td></tr></table></body></html>"""


@pytest.fixture
def root() -> html.HtmlElement:
    return parse(PAGE.encode()).root


def test_the_stream_holds_what_is_seen(root: html.HtmlElement) -> None:
    assert TextStream(root).solid == "Onetwothreefoursixseveneightnineten1112"


def test_every_span_leads_back_to_its_characters(root: html.HtmlElement) -> None:
    stream = TextStream(root)
    size = len(stream.solid)
    for start in range(size):
        for end in range(start + 1, size + 1):
            found = stream.sources(start, end)
            assert solid("".join(text for _, text in found)) == stream.solid[start:end]
            for source, text in found:
                assert normalise(text_at(root, source) or "") == text


def test_words_are_parted_where_a_reader_sees_them_apart(root: html.HtmlElement) -> None:
    stream = TextStream(root)
    assert " ".join(text for _, text in stream.sources(0, len(stream.solid))) == (
        "One two three four six seven eight nine ten 11 12"
    )


def test_paths_mean_the_same_to_any_xpath_engine(root: html.HtmlElement) -> None:
    stream = TextStream(root)
    for element in root.iter():
        path = stream.path(element)
        assert root.getroottree().xpath(path) == [element]
        assert element_at(root, path) is element
        assert string_at(root, path) == root.getroottree().xpath(f"string({path})")


def test_paths_of_others_are_not_evaluated(root: html.HtmlElement) -> None:
    for path in ("//p", "/html/body/p[position()=1]", "/html/body/p", "/html/body/p[9]", "/html/..", "", "/body"):
        assert element_at(root, path) is None
    assert text_at(root, Source("/html/body/h1", 0, 99)) is None
    assert text_at(root, Source("/html/body/h1", 3, 1)) is None


def test_extents_are_those_of_the_elements(root: html.HtmlElement) -> None:
    stream = TextStream(root)
    for element in root.iter("h1", "div", "p", "b", "td", "table", "body"):
        start, end = stream.extent(element)
        seen = element.xpath(".//text()[not(parent::script or parent::style)]")
        assert stream.solid[start:end] == solid("".join(seen))


def test_raw_index_counts_what_solid_keeps() -> None:
    rng = random.Random(5)
    for _ in range(300):
        raw = "".join(rng.choice("ab \n\xa0\u00ad\u200b漢\U0001f600") for _ in range(rng.randrange(1, 30)))
        kept = solid(raw)
        for count, char in enumerate(kept):
            assert raw[raw_index(raw, count)] == char
