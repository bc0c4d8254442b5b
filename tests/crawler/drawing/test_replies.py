"""Replies: which answers are drawn, and what browser and servers are told of each other."""

from __future__ import annotations

import gzip

import pytest
from scrapy.http import HtmlResponse, Response

from archive.errors import PayloadRefused
from archive.exchange import Exchange, Origin, Role, Truncation
from crawler.drawing.replies import asked_fields, drawn_response, is_drawable, reply_of
from crawler.drawing.sheet import Picture

URL = "http://paper.example/story"
HTML = b"Content-Type: text/html\r\n"


def exchange(head: bytes = b"HTTP/1.1 200 OK\r\n" + HTML, role: Role = Role.ARTICLE, **given: object) -> Exchange:
    origin = Origin(role=role)
    return Exchange(URL, 0, b"", head + b"\r\n<p>", origin=origin, **given)  # type: ignore[arg-type]


def test_pages_are_drawn_and_nothing_else() -> None:
    assert is_drawable(exchange())
    assert is_drawable(exchange(b"HTTP/1.1 200 OK\r\nContent-Type: application/xhtml+xml; charset=utf-8\r\n"))
    assert not is_drawable(exchange(b"HTTP/1.1 404 Not Found\r\n" + HTML))
    assert not is_drawable(exchange(b"HTTP/1.1 302 Found\r\n" + HTML))
    assert not is_drawable(exchange(b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n"))
    assert not is_drawable(exchange(b"\x15\x03\x01"))
    assert is_drawable(exchange(role=Role.FRONT))
    assert not is_drawable(exchange(role=Role.PROBE))
    assert not is_drawable(exchange(truncated=Truncation.LENGTH))
    assert not is_drawable(exchange(method="POST"))


def test_the_browser_gets_the_body_decoded_and_no_word_of_the_wire() -> None:
    fields = {
        "Content-Type": "text/html; charset=latin-1",
        "Content-Encoding": "gzip",
        "Content-Length": "7",
        "Set-Cookie": ["a=1", "b=2"],
        "Content-Disposition": "attachment",
        "Refresh": "0; url=http://elsewhere.example/",
        "Access-Control-Allow-Origin": "*",
        "X-Odd": "caf\u00e9".encode("latin-1"),
        "Link": ["<a>; rel=x", "<b>; rel=y"],
    }
    reply = reply_of(Response(URL, 203, fields, gzip.compress(b"<p>page")))
    assert (reply.status, reply.body) == (203, b"<p>page")
    assert reply.fields == (
        ("Content-Type", "text/html; charset=latin-1"),
        ("Access-Control-Allow-Origin", "*"),
        ("X-Odd", "caf\u00e9"),
        ("Link", "<a>; rel=x"),
        ("Link", "<b>; rel=y"),
    )


def test_a_bomb_is_refused() -> None:
    with pytest.raises(PayloadRefused):
        reply_of(Response(URL, 200, {"Content-Encoding": "gzip"}, gzip.compress(bytes(10_000))), 1000)


def test_servers_get_what_scripts_set_and_nothing_that_a_crawler_has_not() -> None:
    given = {
        "User-Agent": "HeadlessChrome",
        "Accept": "application/json",
        "X-Api-Key": "k",
        "Authorization": "Bearer t",
        "Origin": "http://paper.example",
        "Referer": "http://paper.example/",
        "sec-ch-ua": "x",
        "Sec-Fetch-Mode": "cors",
        "Cookie": "a=1",
        "Accept-Language": "en-US",
        "Upgrade-Insecure-Requests": "1",
        "If-None-Match": "x",
        "Cache-Control": "no-cache",
    }
    assert set(asked_fields(given)) == {"Accept", "X-Api-Key", "Authorization", "Origin", "Referer"}


def test_whoever_reads_on_gets_the_page_as_it_was_drawn() -> None:
    response = Response(URL, 200, {"Content-Encoding": "br", "Content-Type": "text/html; charset=x"}, b"...")
    drawn = drawn_response(response, Picture("<p>\u00e9</p>".encode(), "", ()))
    assert drawn.body.decode() == "<p>\u00e9</p>"
    assert drawn.headers["Content-Type"] == b"text/html; charset=utf-8"
    assert "Content-Encoding" not in drawn.headers
    assert drawn.flags == ["drawn"]
    latin = HtmlResponse(URL, 200, {"Content-Type": "text/html; charset=latin-1"}, b"...", encoding="latin-1")
    again = drawn_response(latin, Picture("<p>\u00e9</p>".encode(), "", ()))
    assert isinstance(again, HtmlResponse)
    assert again.text == "<p>\u00e9</p>"
