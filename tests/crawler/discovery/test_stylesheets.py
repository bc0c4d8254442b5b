"""Stylesheets: what they refer to, whatever they hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.stylesheets import MAX_REFERENCE, MAX_REFERENCES, Kind, references


def found(css: str) -> list[tuple[str, str]]:
    return [(str(one.kind), one.text) for one in references(css)]


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("a { background: url(a.png) }", [("image", "a.png")]),
        ("a { background: URL( 'a b.png' ) no-repeat, url(\"c.png\") }", [("image", "a b.png"), ("image", "c.png")]),
        ("@import 'a.css'; @import url(b.css) screen;", [("style", "a.css"), ("style", "b.css")]),
        ("@IMPORT url('a.css') layer(x) supports(background: url(no.png)) print;", [("style", "a.css")]),
        ("@import 'a.css'; b { background: url(c.png) }", [("style", "a.css"), ("image", "c.png")]),
        ("@charset 'utf-8'; @import 'a.css'", [("style", "a.css")]),
        ("@namespace svg url(http://www.w3.org/2000/svg); a { b: url(c) }", [("image", "c")]),
        ("a { background: image-set('a.png' 1x, url(b.png) 2x) }", [("image", "a.png"), ("image", "b.png")]),
        ("a { background: -webkit-image-set(url(a.png) 1x) }", [("image", "a.png")]),
        ("a { background: image-set('a.png' type('image/png') 1x); content: 'b' }", [("image", "a.png")]),
        ("@media print { @supports (display: grid) { a { b: url(c) } } }", [("image", "c")]),
        # A face: the best of its formats; all of them where none is of today.
        ("@font-face { src: url(a.eot); src: url(a.eot?#iefix), url(a.woff2), url(a.woff) }", [("font", "a.woff2")]),
        ("@font-face { src: local('A'), url(a.woff?v=1#x) format('woff'), url(a.ttf) }", [("font", "a.woff?v=1#x")]),
        ("@font-face { src: url(a.eot), url(a.ttf) }", [("font", "a.eot"), ("font", "a.ttf")]),
        ("@font-face { src: url(a.woff2) } @font-face { src: url(b.woff2)", [("font", "a.woff2"), ("font", "b.woff2")]),
        ("@font-face { src: url(a.woff2) } a { b: url(c.png) }", [("font", "a.woff2"), ("image", "c.png")]),
        # Escapes.
        (r"a { b: url(\2e/c\20 d\,e) }", [("image", "./c d,e")]),
        (r"a { b: url('it\'s') }", [("image", "it's")]),
        ("a { b: url('one\\\ntwo') }", [("image", "onetwo")]),
        (r"a { b: url(\110000 \d800 \0) }", [("image", "\ufffd\ufffd\ufffd")]),
        # What looks like a reference and is none.
        ("/* url(a) */ a { b: 'url(c)'; d: myurl(e); f: url-(g); h: \\url(i) }", []),
        ("a { b: url(#shadow); c: url(); d: url('') }", []),
        ("a::after { content: '@import \"b\"' }", []),
        # What ends too early ends as a browser has it.
        ("a { b: url(c", [("image", "c")]),
        ("a { b: url('c", [("image", "c")]),
        ("a { b: url('c\n) } d { e: url(f) }", [("image", "c"), ("image", "f")]),
        ("/* open url(a)", []),
    ],
)
def test_what_a_sheet_refers_to(css: str, expected: list[tuple[str, str]]) -> None:
    assert found(css) == expected


def test_a_font_within_the_sheet_needs_no_other() -> None:
    face = "@font-face { src: url(data:font/woff2;base64,d09GMg==) format('woff2'), url(a.woff) format('woff') }"
    assert found(face) == [("font", "data:font/woff2;base64,d09GMg==")]


def test_their_number_and_length_are_bounded() -> None:
    assert len(found("a { b: url(c) }" * (MAX_REFERENCES + 5))) == MAX_REFERENCES
    assert len(found("@font-face { src: " + "url(c)," * (MAX_REFERENCES + 5))) == MAX_REFERENCES
    assert found(f"a {{ b: url({'c' * (MAX_REFERENCE + 1)}); d: url(e) }}") == [("image", "e")]


_PIECES = [
    *("url(", "URL('", 'url("', ")", "'", '"', "/*", "*/", "\\", "\n", "@import ", "@font-face", "@namespace ", "{"),
    *("}", ";", ",", "image-set(", "a", "a.woff2", " ", "src:", "(", "é", "\\2e ", "data:x", "#"),
]


@given(st.lists(st.sampled_from(_PIECES), max_size=40).map("".join) | st.text(max_size=200))
def test_nothing_breaks_it(css: str) -> None:
    for one in references(css):
        assert one.text
        assert not one.text.startswith("#")
        assert one.kind in {Kind.STYLE, Kind.IMAGE, Kind.FONT}


@given(st.text(alphabet="abc/.?=-_ é'\"()\\;", min_size=1, max_size=30).filter(lambda one: not one.startswith("#")))
def test_an_address_that_is_written_as_css_is_read_again(address: str) -> None:
    written = "".join(f"\\{ord(one):x} " for one in address)
    assert found(f"a {{ b: url({written}) }}") == [("image", address)]
    assert found(f"@import '{written}';") == [("style", address)]
