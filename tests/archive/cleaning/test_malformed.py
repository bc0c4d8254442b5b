"""Malformed markup: whatever it is, it gives a text or a reason, nothing of it vanishes, and every block is proved.

The snippets follow the questions that the suites of HTML parsers ask (html5lib-tests: misnested formatting, foster
parenting, implied and stray tags, raw text, comments, references, foreign content); they are written for this project.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from promised import keeps_promises

from archive.article import Article
from archive.capture import Capture
from archive.cleaning.clean import clean

MakeCapture = Callable[..., Capture]
SENTENCE = "The crane moved sixty metres to the east on Sunday, and nobody in the old town heard it go."
TALE = f"<h1>The crane moved</h1><p>{SENTENCE} It weighs much.</p><p>{SENTENCE} The council had asked for quiet.</p>"
SNIPPETS = {
    "misnested formatting": "<p>1<b>2<i>3</b>4</i>5</p>",
    "misnested links": "<a href=/1>one<a href=/2>two</a>three</a>",
    "formatting across paragraphs": "<b><p>one</b> two</p> three",
    "a link around blocks": "<a href=/x><div>one<p>two</a>three</div>",
    "a block in an inline": "<span>one<div>two</span>three</div>",
    "nested emphasis without end": "<em>" * 40 + "deep",
    "a paragraph in a paragraph": "<p>one<p>two</p>three</p>four",
    "a stray end of a paragraph": "one</p>two</p></p>",
    "a stray end of a break": "one</br>two<br/>three</br/>",
    "end tags with attributes": "<p>one</p class=x>two</p id='>'>",
    "end tags of what was never begun": "</table></ul></article></main>one",
    "text in a table": "<table>one<tr>two<td>three</td>four</tr>five</table>six",
    "cells without a table": "<td>one</td><tr><th>two",
    "a table in a row": "<table><tr><table><tr><td>one</table>two",
    "a form in a form": "<form><input value=x><form><button>one</button></form>two</form>",
    "a list without items": "<ul>one<ol>two</ul>three</ol>",
    "items without a list": "<li>one<li>two<dd>three<dt>four",
    "a list item across": "<ul><li>one<div><li>two</div></ul>",
    "a select with markup": "<select><b>one</b><option>two<optgroup>three<p>four</select>five",
    "elements within an option": "<option>one<dialog>two</dialog>three<option>four<p>five</p>six</select>seven",
    "a head within the body": "<head><title>two</title><meta name=author content='Ida Mark'></head>one",
    "two bodies": "<body class=a>one<body class=b>two</body>three</body>four",
    "text behind the end": "</body></html>one<p>two",
    "two html elements": "<html lang=de>one<html lang=fr>two",
    "a doctype in the middle": "one<!DOCTYPE html>two<!doctype>three",
    "a frameset within": "<frameset><frame src=x></frameset><noframes>one</noframes>",
    "raw text": "<xmp>one<b>two</b></xmp><noembed>three<p></noembed>",
    "plain text": "<plaintext>one</plaintext><b>two",
    "a title that is not closed": "<title>one<p>two",
    "a textarea that is not closed": "<textarea>one<p>two",
    "a script that is not closed": "<script>if (a < b) { '</p>' }",
    "a script in a comment in a script": "<script><!-- <script> </script> --></script>one",
    "a style that is not closed": "<style>p { content: '</p>' }",
    "a comment that is not closed": "one<!-- two <p>three",
    "a comment that ends oddly": "one<!-- two --!>three<!-->four<!--->five<!-- a -- b -->six",
    "a bogus comment": "one<!two>three<?four?>five</ six>seven",
    "conditional comments": "<!--[if lt IE 9]>one<![endif]--><![if !IE]>two<![endif]>three",
    "CDATA": "one<![CDATA[two<b>three]]>four<svg><![CDATA[five]]></svg>",
    "a tag that is not closed": "one<b class=x",
    "a tag within a tag": "<p <b>one</b>two</p>",
    "brackets in attributes": "<p title='>' data-x=\"<p>\" y=a>b>one",
    "attributes without quotes": "<p class=a/b id=c'd\" e=f=g h>one</p>",
    "attributes twice": "<p class=a class=b CLASS=c>one",
    "odd names of attributes": "<p =x '=y \"=z <=w /a b/=c \x00=d>one",
    "odd names of elements": "<a:b>one</a:b><x-y>two</x-y><p\x00q>three<1>four<p.r>five<é>six",
    "void elements with an end": "<img src=x></img>one<hr></hr>two<input></input>",
    "elements that close themselves": "<div/>one<p/>two<b/>three<script/>four",
    "references without an end": "&amp &lt &copy &nbsp one&ampersand; &notit; &not;",
    "references that are none": "&#0;&#x0;&#xd800;&#x110000;&#99999999999;&;&#;&#x;&unknown; one",
    "references of controls": "&#1;&#8;&#11;&#31;&#127;&#128;&#159;&#xfffe;&#xffff;one",
    "a reference in an address": "<a href='?a=1&copy=2&amp=3&lt'>one</a>",
    "foreign content": "<svg><p>one</p><foreignObject><p>two</foreignObject><title>three</title></svg>four",
    "mathematics": "<math><mi>one<mglyph>two<annotation-xml encoding=text/html><p>three</annotation-xml></math>",
    "a template": "<template><p>one<template>two</template></template><template shadowrootmode=open>three</template>",
    "ruby without ends": "<ruby>one<rt>two<rt>three<rp>four</ruby>five",
    "a button in a link": "<button>one<a href=x><button>two</a></button>three",
    "headings in headings": "<h2>one<h3>two</h2>three</h3>four",
    "an image by its old name": "<image src=x>one<isindex prompt=two>",
    "marquees and fonts": "<MARQUEE><FONT COLOR=red>one<CENTER>two<NOBR>three</MARQUEE>four",
    "noscript in the head": "<head><noscript><p>one</p></noscript></head>two",
    "NUL and its friends": "o\x00n\x0be<\x00p>t\x1fw\x7fo\ufffe",
    "carriage returns": "one\rtwo\r\nthree\n\rfour<pre>\n\n five</pre>",
    "marks of byte order within": "\ufeffone\ufefftwo<p>\ufeff</p>",
    "a dialog and details": "<dialog>one</dialog><details><summary>two</summary>three</details>",
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_within_a_story(capture: MakeCapture, name: str) -> None:
    for made in (f"{TALE}{SNIPPETS[name]}<p>{SENTENCE} So it was.</p>", f"{SNIPPETS[name]}{TALE}", SNIPPETS[name]):
        keeps_promises(capture(made))


@pytest.mark.parametrize("name", [one for one in SNIPPETS if "not closed" not in one and one != "plain text"])
def test_the_story_before_a_snippet_is_kept(capture: MakeCapture, name: str) -> None:
    text = clean([capture(f"<html><body><article>{TALE * 1}{SNIPPETS[name]}")])
    assert isinstance(text, Article)
    assert f"{SENTENCE} It weighs much." in text.text


ELEMENTS = (
    "p div b i a span ul li table tr td h1 h2 article section font center blockquote figure figcaption img br select "
    "option textarea script style title noscript template svg ruby rt rp form button iframe time body html head main "
    "aside x-y"
)
GIVEN = "class id itemprop rel href datetime hidden style property content name lang type"


def test_a_value_that_several_elements_hold_is_proved(capture: MakeCapture) -> None:
    keeps_promises(capture("Advertisement<p class=a>one</p>Advertisement"))


NAMES = st.sampled_from(ELEMENTS.split())
WORDS = st.sampled_from((
    SENTENCE, f"{SENTENCE} ", "By Ida Mark", "Photo: Ida Mark", "24 November 2026", "Read more:", "Advertisement",
    "word ", " ", "\n", "\xa0", "\u200b", "\xad", "&amp;", "&#x41;", "&lt", "<", ">", "&", "\u202e", "\x00", "。", "é",
))  # fmt: skip
VALUES = st.sampled_from(
    ("", "x", "byline", "article-body", "related", "'", '"', ">", "a b c", "2026-11-24T10:00Z", "/x")
)
ATTRIBUTES = st.lists(
    st.tuples(
        st.sampled_from(GIVEN.split()),
        VALUES,
        st.sampled_from(("'", '"', "")),
    ),
    max_size=3,
).map(lambda given: "".join(f" {name}={quote}{value}{quote}" for name, value, quote in given))
TOKENS = st.one_of(
    WORDS,
    WORDS,
    st.builds(lambda name, given: f"<{name}{given}>", NAMES, ATTRIBUTES),
    NAMES.map(lambda name: f"</{name}>"),
    st.sampled_from(list(SNIPPETS.values())),
    st.sampled_from(("<!--", "-->", "<![CDATA[", "]]>", "<!doctype html>", "<?", "/>", "</", '"', "'", "=")),
)
SOUP = st.lists(TOKENS, max_size=30).map("".join)
QUICK = settings(
    max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@QUICK
@given(SOUP)
@example("<ruby>a<rt>b</ruby>")
def test_soup(capture: MakeCapture, soup: str) -> None:
    keeps_promises(capture(soup))


@QUICK
@given(SOUP, st.integers(0, len(TALE)), st.integers(0, 40))
def test_a_story_with_soup_in_it(capture: MakeCapture, soup: str, at: int, gone: int) -> None:
    keeps_promises(capture(f"<html><body>{TALE[:at]}{soup}{TALE[at + gone :]}"))


@QUICK
@given(st.binary(max_size=400), st.sampled_from(["text/html", "text/html; charset=gbk", "text/html; charset=utf-16"]))
def test_any_bytes(capture: MakeCapture, page: bytes, mime: str) -> None:
    keeps_promises(capture(b"<html><p>" + page, mime=mime))
