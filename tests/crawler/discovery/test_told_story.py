"""A story is told from a list of them, and from another one."""

from __future__ import annotations

import time

from lxml import html

from crawler.discovery.story import tells_a_story, tells_the_same

STORY = "<p>" + "The harbour office counted the boats again on Tuesday, and found two more than before. " * 2 + "</p>"


def test_a_story_is_told_from_a_list() -> None:
    listed = "".join(f'<article><a href="/{n}">One</a>{STORY}</article>' for n in range(8))
    assert not tells_a_story(html.document_fromstring(f"<html><body>{listed}</body></html>"))
    assert tells_a_story(html.document_fromstring(f"<html><body><article>{STORY * 3}</article></body></html>"))
    assert not tells_a_story(html.document_fromstring("<html><body><p>Too little.</p></body></html>"))


def test_linked_headings_make_a_list_of_what_is_not_declared_as_a_story() -> None:
    listed = "".join(f'<h2><a href="/{n}">One</a></h2>{STORY}' for n in range(8))
    assert not tells_a_story(html.document_fromstring(f"<html><body>{listed}</body></html>"))
    declared = '<meta property="og:type" content="article">'
    assert tells_a_story(html.document_fromstring(f"<html><head>{declared}</head><body>{listed}</body></html>"))


def test_the_same_story_is_told_by_its_paragraphs() -> None:
    one = html.document_fromstring(f"<html><body>{STORY}<p>{'Something else was said there. ' * 5}</p></body></html>")
    other = html.document_fromstring(f"<html><body><div>{STORY.replace(' the ', '  the ')}</div></body></html>")
    assert tells_the_same(other, one)
    assert not tells_the_same(one, html.document_fromstring("<html><body><p>Please sign in.</p></body></html>"))
    assert not tells_the_same(html.document_fromstring("<html><body>x</body></html>"), one)


def test_what_is_nested_deeply_costs_no_more() -> None:
    deep = "<article><div><a href='/b/x'><h2>" * 300 + STORY * 3_000
    begun = time.process_time()
    tells_a_story(html.document_fromstring(f"<html><body>{deep}</body></html>"))
    assert time.process_time() - begun < 3
