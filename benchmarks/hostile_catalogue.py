"""Hostile pages, written for the purpose: what each is made of, and how large it is when it is meant in earnest.

Every page is a function of one number, so that tests meet in small what `benchmarks/hostile_pages.py` measures in full.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

MB = 10**6
SENTENCE = "The crane moved sixty metres to the east on Sunday, and nobody in the old town heard it go. "
STORY = "".join(
    f"<p>{SENTENCE}{number} of them stood on the quay, and none of them spoke.</p>\n" for number in range(8)
)
_TAGS = json.dumps([f"ta\u00e9 {i}" for i in range(40)])  # escaped, so that none stands in the script as it is
_ESCAPED = '{"@type":"NewsArticle","author":{"name":"Ida \\u004dark"},'
_KIND = '"@type":"NewsArticle","headline":"The crane moved"'


@dataclass(frozen=True, slots=True)
class Hostile:
    """A kind of hostile page: ``make(full)`` is the page that is measured, ``make(small)`` the one that tests meet."""

    make: Callable[[int], bytes]
    full: int
    small: int
    url: str = "https://courier.example/2026/11/24/crane"


PAGES: dict[str, Hostile] = {}


def _page(name: str, full: int, small: int, make: Callable[[int], str | bytes], **more: str) -> None:
    def made(size: int) -> bytes:
        page = make(size)
        return page.encode("utf-8", "surrogatepass") if isinstance(page, str) else page

    PAGES[name] = Hostile(made, full, small, **more)


def _filled(unit: str, size: int, before: str = "", behind: str = "") -> str:
    """As many of a unit as make so many characters."""
    return f"<html><body>{before}" + unit * max(1, size // len(unit)) + behind


def _head(inner: str) -> str:
    return f"<html><head>{inner}</head><body><h1>The crane moved</h1>{STORY}</body></html>"


def _data(text: str, kind: str = "application/ld+json") -> str:
    return _head(f'<script type="{kind}">{text}</script>')


def _entities(levels: int) -> str:
    """A doctype with entities of its own, each ten times the one before."""
    later = "".join(f"<!ENTITY a{one + 1} '{f'&a{one};' * 10}'>" for one in range(levels))
    return f"<!DOCTYPE html [<!ENTITY a0 'haha'>{later}]>"


# Trees
for levels in (2_000, 20_000, 200_000):
    _page(f"nested {levels:,} levels", levels, 3_000, lambda n: "<html><body>" + "<div>" * n + STORY)
_page("nested 1,400 levels, a text in each", 1_400, 400, lambda n: f"<html><body>{STORY}" + f"<div>{SENTENCE}" * n)
_page("nested inline, 1,400 levels", 1_400, 400, lambda n: f"<html><body><p>{'<b>' * n}{SENTENCE * 9}")
_page("lists in lists", 1_000, 300, lambda n: f"<html><body>{STORY}" + f"<ul><li>{SENTENCE}" * (n // 2))
_page("tables in tables", 30 * MB, 10_000, lambda n: _filled(f"<table><tr><td>{SENTENCE}", n))
_page(
    "tables in tables, within the depth", 480, 200, lambda n: f"<html><body>{STORY}" + f"<table><tr><td>{SENTENCE}" * n
)
_page("lists of 30 MB", 30 * MB, 40_000, lambda n: _filled(f"<ul><li>{SENTENCE}</li></ul>", n))
_page("150,000 empty paragraphs", 150_000, 70_000, lambda n: "<p></p>" * n)
_page("59,000 empty paragraphs and a story", 59_000, 600, lambda n: f"<html><body>{STORY}" + "<p></p>" * n)
_page("59,000 paragraphs of a word", 59_000, 600, lambda n: "<html><body>" + "<p>word</p>" * n)
_page("50,000 paragraphs of a sentence", 50_000, 600, lambda n: "<html><body>" + f"<p>{SENTENCE}</p>" * n)
_page("59,000 elements in one paragraph", 59_000, 600, lambda n: "<html><body><p>" + "<b>word</b> and " * n)
_page("50,000 items of one list", 50_000, 600, lambda n: "<html><body><h1>x</h1><ul>" + f"<li>{SENTENCE}</li>" * n)
_page("59,000 rows", 59_000 // 2, 300, lambda n: f"<html><body>{STORY}<table>" + f"<tr><td>{SENTENCE}" * n)
_page("59,000 line breaks", 59_000, 600, lambda n: f"<html><body>{STORY}<p>" + "word<br><br>" * n)
_page("100,000 links", 100_000, 2_000, lambda n: f"<html><body>{STORY}" + '<a href="/x">word word</a> and ' * n)
_page("29,000 links in one paragraph", 29_000, 2_000, lambda n: "<html><body><p>" + "<a href=x>word word</a> and " * n)
_page("28,000 links that lead to authors", 28_000, 500, lambda n: f"<html><body><h1>x</h1>{STORY}"
      + '<a rel="author" class="byline" href="/author/ida">By Ida Mark</a> ' * n)  # fmt: skip
_page("10,000 headings", 10_000, 500, lambda n: f"<html><body>{STORY}" + "<h1>The crane moved again</h1>" * n)
_page("10,000 headings that are links", 10_000, 500, lambda n: "<html><body>" + "<h2><a href=/x>Crane</a></h2>" * n)
_page("15,000 figures", 15_000, 300, lambda n: f"<html><body><h1>x</h1>{STORY}"
      + "<figure><img src=x.jpg><figcaption>A crane. Photo: Ida Mark</figcaption></figure>" * n + STORY)  # fmt: skip
_page("20,000 pictures with credits below", 20_000, 300, lambda n: f"<html><body><h1>x</h1>{STORY}"
      + "<p><img src=x.jpg></p><p>A crane</p><p>Photo: Ida Mark</p>" * (n // 2) + STORY)  # fmt: skip
_page("pictures in pictures", 1_000, 200, lambda n: f"<html><body><h1>x</h1>{STORY}"
      + "<div><img src=x.jpg>" * n + "<p>Photo: Ida Mark</p>" * n)  # fmt: skip
_page("20,000 times", 20_000, 500, lambda n: "<html><body><h1>Live: the crane</h1>"
      + f"<time datetime=2026-11-24T10:00>10:00</time><p>{SENTENCE}</p>" * n)  # fmt: skip
_page("breadcrumbs of 50,000 steps", 50_000, 500, lambda n: "<html><body><nav class=breadcrumb>"
      + "<a href=/>Home</a>" * n + f"</nav><h1>x</h1>{STORY}")  # fmt: skip
_page("siblings that differ", 25_000, 500, lambda n: "<html><body>"
      + "".join(f'<div class="c{"x" * (i % 97)}"><p>{SENTENCE}</p></div>' for i in range(n)))  # fmt: skip
_page("30,000 names of elements", 30_000, 500, lambda n: f"<html><body>{STORY}"
      + "".join(f"<x{i}>word {i}</x{i}>" for i in range(n)))  # fmt: skip
# Attributes
_page("a million attributes on one element", 10**6, 4_000, lambda n: f"<html><body>{STORY}<p "
      + " ".join(f"a{i}=1" for i in range(n)) + ">x")  # fmt: skip
_page("a million attributes on all", 10**6, 4_000, lambda n: f"<html><body>{STORY}"
      + ("<p " + " ".join(f"a{i}=1" for i in range(20)) + ">word</p>") * (n // 20))  # fmt: skip
_page("an attribute of 20 MB", 20 * MB, 10**5, lambda n: f'<html><body><p title="{"x" * n}">{STORY}')
_page("an attribute of 15 MB", 15 * MB, 10**5, lambda n: f'<html><body><p class="{"byline " * (n // 7)}">{STORY}')
_page(
    "a class of 15 MB without spaces", 15 * MB, 10**5, lambda n: f'<html><body><p class="{"author" * (n // 6)}">{STORY}'
)
_page("a style of 15 MB", 15 * MB, 10**5, lambda n: f'<html><body><p style="display{" " * n}x">{STORY}')
_page("an address of 15 MB", 15 * MB, 10**5, lambda n: _head(f'<link rel=canonical href="/{"../" * (n // 3)}">'))
_page("490,000 attributes", 490_000, 4_000, lambda n: f"<html><body>{STORY}"
      + ("<p " + " ".join(f"a{i}=1" for i in range(20)) + ">word</p>") * (n // 20))  # fmt: skip
# Texts
_page("a text of 30 MB", 30 * MB, 10**5, lambda n: "<html><body><p>" + SENTENCE * (n // len(SENTENCE)))
_page("a text of 16 MB", 16 * MB, 10**5, lambda n: "<html><body><p>" + SENTENCE * (n // len(SENTENCE)))
_page("a text of 16 MB without spaces", 16 * MB, 10**5, lambda n: "<html><body><p>" + "x" * n)
_page("spaces of 16 MB", 16 * MB, 10**5, lambda n: f"<html><body>{STORY}<p>word{' ' * n}word")
_page("line ends of 16 MB", 16 * MB, 10**5, lambda n: f"<html><body>{STORY}<p>" + "\n" * n)
_page("no-break spaces of 16 MB", 16 * MB, 10**5, lambda n: f"<html><body>{STORY}<p>word" + "\xa0" * (n // 2))
_page("full stops of 16 MB", 16 * MB, 10**5, lambda n: "<html><body><p>" + "." * n)
_page("quotes of 16 MB", 16 * MB, 10**5, lambda n: "<html><body><p>" + "." + '"' * n)
_page("letters and spaces of 16 MB", 16 * MB, 10**5, lambda n: "<html><body><p>" + "a " * (n // 2))
_page("digits of 16 MB", 16 * MB, 10**5, lambda n: f"<html><body><h1>x</h1><p>{'1' * n}</p>{STORY}")
_page("Chinese of 16 MB", 16 * MB, 10**5, lambda n: "<html><body><p>" + "起重机在星期日向东移动了六十米。" * (n // 48))
_page("Chinese of 11 MB", 11 * MB, 10**5, lambda n: "<html><body><p>" + "起重机在星期日向东移动了六十米。" * (n // 48))
_page("a text of 5 MB", 5 * MB, 10**5, lambda n: "<html><body><p>" + SENTENCE * (n // len(SENTENCE)))
_page("letters and spaces of 7 MB", 7 * MB, 10**5, lambda n: "<html><body><p>" + "a " * (n // 2))
_page("full stops of 4 MB", 4 * MB - 9, 10**5, lambda n: "<html><body><p>" + "." * n)
_page("emoji of 16 MB", 16 * MB, 10**5, lambda n: "<html><body><p>" + "👩‍👩‍👧‍👦 " * (n // 26))
_page("combining marks of 16 MB", 16 * MB, 10**5, lambda n: "<html><body><p>" + ("a" + "\u0301" * 200) * (n // 401))
_page("soft hyphens of 16 MB", 16 * MB, 10**5, lambda n: f"<html><body>{STORY}<p>" + "a\xad" * (n // 3))
_page("zero-width spaces of 16 MB", 16 * MB, 10**5, lambda n: f"<html><body>{STORY}<p>" + "\u200b" * (n // 3))
_page("NUL bytes of 16 MB", 16 * MB, 10**5, lambda n: f"<html><body>{STORY}<p>".encode() + b"\0" * n)
_page(
    "bytes of no charset, 16 MB", 16 * MB, 10**5, lambda n: f"<html><body>{STORY}<p>".encode() + b"\xff\x80" * (n // 2)
)
_page("100,000 numeric references", 10**5, 2_000, lambda n: f"<html><body>{STORY}<p>" + "&#x43;&#108; " * (n // 2))
_page("references of 16 MB", 16 * MB, 10**5, lambda n: f"<html><body>{STORY}<p>" + "&amp;" * (n // 5))
_page("references that are none, 16 MB", 16 * MB, 10**5, lambda n: f"<html><body>{STORY}<p>" + "&#0;" * (n // 4))
_page("zeros of a reference, 16 MB", 16 * MB, 10**5, lambda n: f"<html><body>{STORY}<p>&#" + "0" * n + "65;")
_page(
    "zeros of many references, 16 MB",
    16 * MB,
    10**5,
    lambda n: f"<html><body>{STORY}<p>" + ("&#" + "0" * 999) * (n // 1001),
)
_page("an entity of its own", 10, 5, lambda n: _entities(n) + f"<html><body>{STORY}<p>&a{n};")
_page("an article of 30 MB", 30 * MB, 40_000, lambda n: _filled(f"<p>{SENTENCE * 6}</p>\n", n, "<h1>The crane</h1>"))
_page("an article of 16 MB", 16 * MB, 40_000, lambda n: _filled(f"<p>{SENTENCE * 6}</p>\n", n, "<h1>The crane</h1>"))
_page("an article of 16 MB with links", 16 * MB, 40_000, lambda n: _filled(
    f"<p>{SENTENCE * 6}<a href='/x'>{SENTENCE}</a></p>\n", n, "<h1>The crane</h1>"))  # fmt: skip
# Heads
_page("a title of 5 MB", 5 * MB, 10**5, lambda n: _head("<title>" + "Crane | " * (n // 8) + "</title>"))
_page("a heading of 5 MB", 5 * MB, 10**5, lambda n: "<html><body><h1>" + "Crane | " * (n // 8) + f"</h1>{STORY}")
_page(
    "a description of 5 MB", 5 * MB, 10**5, lambda n: _head(f"<meta name=description content='{SENTENCE * (n // 92)}'>")
)
_page("50,000 descriptions", 50_000, 2_000, lambda n: _head(f"<meta name=description content='{SENTENCE}'>" * n))
_page("50,000 authors in meta elements", 50_000, 2_000, lambda n: _head("".join(
    f"<meta name=author content='Ida Mark{i}'>" for i in range(n))))  # fmt: skip
_page("50,000 dates in meta elements", 50_000, 2_000, lambda n: _head("".join(
    f"<meta name=date content='{i:05}-01-01'>" for i in range(n))))  # fmt: skip
_page("50,000 tags", 50_000, 2_000, lambda n: _head("".join(
    f"<meta property=article:tag content='tag {i}'>" for i in range(n))))  # fmt: skip
_page("keywords of 5 MB", 5 * MB, 10**5, lambda n: _head(f"<meta name=keywords content='{'crane, ' * (n // 7)}'>"))
_page("10,000 scripts", 10_000, 300, lambda n: _head("<script>var x = {a: 1}</script>" * n))
_page("comments of 15 MB", 15 * MB, 10**5, lambda n: f"<html><body>{STORY}" + "<!-- x -->" * (n // 10))
_page("comments that are not closed", 15 * MB, 10**5, lambda n: f"<html><body>{STORY}" + "<!-- x " * (n // 7))
_page("CDATA that is not closed", 15 * MB, 10**5, lambda n: f"<html><body>{STORY}" + "<![CDATA[ x " * (n // 12))
_page("tags that are not closed", 15 * MB, 10**5, lambda n: f"<html><body>{STORY}" + "<a href=x " * (n // 10))
_page("open brackets of 15 MB", 15 * MB, 10**5, lambda n: f"<html><body>{STORY}" + "<" * n)
_page("end tags of 15 MB", 15 * MB, 10**5, lambda n: f"<html><body>{STORY}" + "</p></b></div>" * (n // 14))
_page(
    "formatting that is not closed",
    50_000,
    1_000,
    lambda n: f"<html><body>{STORY}" + "<p><b><i><a href=x>word" * (n // 4),
)
_page(
    "formatting that is misnested",
    50_000,
    1_000,
    lambda n: f"<html><body>{STORY}" + "<b><p>word</b> word</p>" * (n // 2),
)
_page("a doctype that is not closed", 15 * MB, 10**5, lambda n: f"<!DOCTYPE {'x' * n}")
_page("spaces before the doctype", 15 * MB, 10**5, lambda n: " " * n + f"<!DOCTYPE html><html><body>{STORY}")
# Scripts
_page("JSON-LD of 20 MB", 20 * MB, 10**5, lambda n: _data(f'{{{_KIND},"articleBody":"{SENTENCE * (n // 92)}"}}'))
_page("JSON-LD of 2 MB", 2 * MB, 10**5, lambda n: _data(f'{{{_KIND},"articleBody":"{SENTENCE * (n // 92)}"}}'))
_page("JSON-LD nested 100,000 levels", 10**5, 5_000, lambda n: _data('{"a":' * n + "1" + "}" * n))
_page("JSON-LD nested 900 levels", 900, 500, lambda n: _data('{"a":' * n + "1" + "}" * n))
_page("JSON-LD that is not closed", 2 * MB, 10**5, lambda n: _data(f'{{{_KIND},"author":"' + "x" * n))
_page("JSON-LD of doubled keys", 10**5, 2_000, lambda n: _data(f"{{{_KIND}," + '"author":"Ida Mark",' * n + '"a":1}'))
_page("JSON-LD of lone surrogates", 10**5, 2_000, lambda n: _data(f'{{{_KIND},"author":"Ida \\ud800Mark","x":"'
      + "\\udfff" * n + '"}'))  # fmt: skip
_page("JSON-LD of a number of a million digits", 10**6, 10**4, lambda n: _data(f'{{{_KIND},"wordCount":{"9" * n}}}'))
_page("JSON-LD with 100,000 authors", 10**5, 2_000, lambda n: _data(f'{{{_KIND},"author":'
      + json.dumps([{"@type": "Person", "name": f"Ida Mark{i}"} for i in range(n)]) + "}"))  # fmt: skip
_page("JSON-LD with spaces behind a colon", 2 * MB - 500, 3_000, lambda n: _data(
    _ESCAPED + f'"x":{{"name":{" " * n}5}}}}'))  # fmt: skip
_page("JSON-LD with 40 values that stand nowhere", 2 * MB - 5000, 10**5, lambda n: _data(f'{{{_KIND},"x":"{"y" * n}",'
      + f'"keywords":{_TAGS}}}'))  # fmt: skip
_page("JSON-LD with 300,000 texts", 300_000, 3_000, lambda n: _data(f'{{{_KIND},"x":[{"1,2," * (n // 2)}3],"y":['
      + '"\\u0041",' * (n // 2) + '"x"' + f'],"keywords":{_TAGS}}}'))  # fmt: skip
_page("10,000 scripts of JSON-LD", 10_000, 300, lambda n: _head(
    '<script type="application/ld+json">{"@type":"Thing","name":"x"}</script>' * n))  # fmt: skip
_page("a framework's state of 4 MB", 4 * MB, 20_000, lambda n: "<html><body><script id=__NEXT_DATA__>" + json.dumps(
    {"props": {"content": [{"text": f"{SENTENCE}{i}"} for i in range(n // 120)]}}) + "</script>")  # fmt: skip
_page("a framework's state of deep lists", 10**5, 5_000, lambda n: "<html><body><script>x = " + "[" * n + "</script>")
_page("a framework's state of 60,000 markups", 60_000, 2_000, lambda n: "<html><body><script>x = " + json.dumps(
    {"body": [f"<p>{'<b>x</b>' * 3}{SENTENCE} {i}</p>" for i in range(n // 8)]}) + "</script>")  # fmt: skip
_page("scripts in which JSON may begin", 4 * MB, 10**5, lambda n: ("<html><body>" + ("<script>" + "x=[" * (n // 12)
      + "</script>") * 4))  # fmt: skip
_page("a script of brackets that are not closed", 4 * MB, 10**5, lambda n: "<html><body><script>x={\"a\":\""
      + "\\\"=[" * (n // 4) + "</script>")  # fmt: skip
_page("a script of strings that are not closed", 4 * MB, 10**5, lambda n: "<html><body><script>"
      + 'JSON.parse("\\' * (n // 13) + "</script>")  # fmt: skip
_page("a script of open tags", 4 * MB, 10**5, lambda n: "<html><body><script>x="
      + json.dumps({"body": "<p>" + SENTENCE * 9 + "<" * n}) + "</script>")  # fmt: skip
_page("rows of React of 4 MB", 4 * MB, 10**5, lambda n: "<html><body><script>self.__next_f.push([1,"
      + json.dumps("1:T5,aaaaa2:{" * (n // 14)) + "])</script>")  # fmt: skip
_page(
    "a meta refresh",
    10**5,
    100,
    lambda n: _head("<meta http-equiv=refresh content='0;url=/x'>" + "<base href='://[x'>" * n),
)
