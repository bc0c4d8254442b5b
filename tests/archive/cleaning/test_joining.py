"""A story on several pages becomes one text, of which each sentence leads to its own capture."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from split_story import FOOT, HEADLINE, HOST, PARAGRAPHS, PATH, STANDFIRST, address, on_one_page, page

from archive import explanation
from archive.article import Article, Verdict, canonical_json, from_json, identity
from archive.capture import Capture
from archive.cleaning import clean as cleaning
from archive.cleaning.clean import clean
from archive.cleaning.ledger import ledger
from archive.dataset.rows import Entry
from archive.digest import sha256
from archive.editing.edit import Kind
from archive.editing.story import between
from archive.prove import prove
from archive.url import normalise

AT = 1_795_600_000_000_000


def capture(body: bytes, url: str, number: int) -> Capture:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    return Capture(
        id=f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        url=url,
        key=normalise(url),
        at=AT + number * 10_000_000,
        status=200,
        payload_digest=sha256(body),
        block=partial(bytes, head + body),
    )


def pages(of: int = 3, form: str = "?page={}", *, linked: bool = True) -> list[Capture]:
    return [capture(page(n, of, form, linked=linked), address(n, form), n) for n in range(1, of + 1)]


def article(captures: list[Capture]) -> Article:
    text = clean(captures)
    assert isinstance(text, Article), text
    assert from_json(canonical_json(text)) == text
    return text


def said(text: Article) -> list[str]:
    return [one.text for one in text.body]


ALL = [one for some in PARAGRAPHS for one in some]


@pytest.mark.parametrize("form", ["?page={}", "/{}", "/seite-{}", "-{}"])
@pytest.mark.parametrize("linked", [True, False])
def test_the_pages_of_a_story_are_joined(form: str, linked: bool) -> None:
    captures = pages(form=form, linked=linked)
    text = article(captures)
    assert said(text) == [*ALL, FOOT]
    assert (text.headline, text.standfirst, text.byline) == (HEADLINE, STANDFIRST, ("Ida Feld",))
    assert text.verdict is Verdict.ARTICLE
    assert text.word_count > 3 * 50
    assert [(one.number, one.url, one.capture, one.reason) for one in text.further] == [
        (n, address(n, form), n - 1, "") for n in (2, 3)
    ]
    assert text.missing == ()
    assert [one.role for one in text.provenance.captures] == ["page", "further-page", "further-page"]
    assert [one.sources[0].capture for one in text.body] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 2]


def test_the_order_of_companions_changes_nothing_but_their_place() -> None:
    one, two, three = pages()
    text = article([one, three, two])
    assert said(text) == [*ALL, FOOT]
    assert [part.sources[0].capture for part in text.body] == [0, 0, 0, 2, 2, 2, 1, 1, 1, 1]


def test_a_page_alone_says_what_it_lacks() -> None:
    text = article(pages()[:1])
    assert said(text) == [*PARAGRAPHS[0], FOOT]
    assert [(one.number, one.reason) for one in text.missing] == [
        (2, "it was not captured"),
        (3, "it was not captured"),
    ]


def test_a_missing_page_is_named_and_the_others_are_joined() -> None:
    one, _, three = pages()
    text = article([one, three])
    assert said(text) == [*PARAGRAPHS[0], *PARAGRAPHS[2], FOOT]
    assert [(miss.number, miss.url) for miss in text.missing] == [(2, address(2))]


def test_every_sentence_is_proved_by_its_own_page() -> None:
    captures = pages()
    text = article(captures)
    proof = prove(text, captures)
    assert proof.holds
    claims = [one for one in proof.claims if one.field == "body"]
    assert {proof.holder(one.places[0].source).ref.id for one in claims} == {one.id for one in captures}
    forged = replace(captures[1], block=capture(page(3), address(2), 2).block)
    assert prove(text, [captures[0], forged, captures[2]]).fails


def test_a_revisit_of_a_further_page_names_its_payload() -> None:
    one, two, three = pages()
    again = replace(
        two,
        id="urn:uuid:00000000-0000-4000-8000-00000000000a",
        kind="revisit",
        refers_to=two.id,
        block=lambda: b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n",
    )
    bound = replace(again, referent=two)
    text = article([one, bound, three])
    assert [(ref.id, ref.role) for ref in text.provenance.captures] == [
        (one.id, "page"),
        (again.id, "further-page"),
        (two.id, "payload"),
        (three.id, "further-page"),
    ]
    assert said(text) == [*ALL, FOOT]
    # As the provenance names them, be the payload bound or not.
    assert clean([one, again, two, three]) == text
    assert clean([one, bound, two, three]) == text
    proof = prove(text, [one, bound, two, three])
    assert proof.holds
    second = next(claim for claim in proof.claims if claim.field == "body" and claim.places[0].source.capture == 1)
    assert proof.holder(second.places[0].source).ref.id == two.id


def test_the_page_that_has_all_of_it_is_preferred() -> None:
    whole = f"{PATH}?view=all"
    first = capture(page(1, whole=whole), address(1), 1)
    single = capture(on_one_page(), HOST + whole, 7)
    text = article([first, single])
    assert said(text) == [*ALL, FOOT]
    assert {one.sources[0].capture for one in text.body} == {1}
    assert [(one.number, one.capture) for one in text.further] == [(0, 1)]
    assert text.missing == ()
    assert text.provenance.captures[1].role == "single-page"
    assert prove(text, [first, single]).holds


@pytest.mark.parametrize("body", [b"<html><body><h1>Please sign in</h1></body></html>", on_one_page(0)])
def test_what_does_not_have_the_story_is_not_taken_for_it(body: bytes) -> None:
    whole = f"{PATH}?view=all"
    captures = [capture(page(n, whole=whole), address(n), n) for n in (1, 2, 3)]
    text = article([captures[0], capture(body, HOST + whole, 7), *captures[1:]])
    assert said(text) == [*ALL, FOOT]
    assert [(one.number, bool(one.reason)) for one in text.further] == [(0, True), (2, False), (3, False)]
    assert text.missing == ()


def test_a_site_that_gives_the_first_page_again_adds_nothing() -> None:
    captures = [capture(page(1), address(n), n) for n in (1, 2, 3)]
    text = article(captures)
    assert said(text) == [*PARAGRAPHS[0], FOOT]
    assert {one.reason for one in text.missing} == {"it says nothing that did not stand before"}


def test_a_page_that_cannot_be_read_is_named_with_its_reason() -> None:
    one, _, three = pages()
    gone = replace(capture(b"<html>gone</html>", address(2), 2), block=lambda: b"HTTP/1.1 404 Not Found\r\n\r\n")
    text = article([one, gone, three])
    assert [(miss.number, miss.reason) for miss in text.missing] == [(2, "it has no text: http-error, status 404")]


def test_pages_that_are_too_large_together_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "MAX_TOGETHER", 60)
    text = article(pages())
    assert [(one.number, one.reason.partition(":")[0]) for one in text.missing] == [(3, "over budget")]
    assert [one.role for one in text.provenance.captures] == ["page", "further-page", "further-page"]


def test_other_companions_are_named_and_change_nothing() -> None:
    one = pages()[0]
    other = capture(page(2), f"{HOST}/something-else", 9)
    text = article([one, other])
    assert said(text) == [*PARAGRAPHS[0], FOOT]
    assert text.provenance.captures[1].role == "companion"


def test_a_list_of_articles_is_no_split_story() -> None:
    listed = "".join(
        f'<article><h2><a href="/2026/11/24/story-{n}">Story {n}</a></h2><p>{PARAGRAPHS[0][0]}</p></article>'
        for n in range(12)
    )
    below = '<a href="/harbour?page=2">2</a><a rel="next" href="/harbour?page=2">Next</a>'
    body = f"<html><head><title>Harbour</title></head><body>{listed}{below}</body></html>".encode()
    text = clean([capture(body, f"{HOST}/harbour", 1), capture(body, f"{HOST}/harbour?page=2", 2)])
    assert not isinstance(text, Article)
    assert text.verdict is Verdict.INDEX_PAGE


def test_a_page_that_was_not_had_is_no_edit_of_the_story() -> None:
    captures = pages()
    whole, lacking = (
        Entry(text, identity(canonical_json(text)), captures[0]) for text in map(article, (captures, captures[:2]))
    )
    edit = between(whole, lacking)
    assert edit.comparison.kinds == (Kind.NOT_COMPARABLE,)
    assert edit.reason == "not the same pages of the story were captured"
    longer = [
        captures[0],
        capture(page(2, changed="A fourth contractor has asked the council for work, too."), address(2), 2),
    ]
    changed = article([*longer, captures[2]])
    edit = between(whole, Entry(changed, identity(canonical_json(changed)), captures[0]))
    assert edit.comparison.kinds == (Kind.ADDED,)


def test_the_ledger_accounts_for_every_page() -> None:
    captures = pages()
    made = ledger(captures)
    assert made.text == clean(captures)
    kept = [one for one in made.entries if one.kept and one.kind == "body"]
    assert [one.text for one in kept] == [*ALL, FOOT]
    assert [one.sources[0].capture for one in kept] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 2]
    left = [one for one in made.entries if one.rule == "other-page"]
    assert {(one.text, one.sources[0].capture) for one in left} >= {(FOOT, 0), (FOOT, 1)}
    shown = explanation.html(made, explanation.Occasion(address(1), ()))
    assert shown.count("A further page of the story, <bdi>https://courier.example") == 2
    # Nothing of a page is in no entry: its headline, said again, is one.
    again = [one for one in made.entries if one.text == HEADLINE]
    assert [(one.sources[0].capture, one.kept) for one in again] == [(0, True), (1, False), (2, False)]
    text = "\n".join(one.text for one in made.entries if one.sources and one.sources[0].capture == 2)
    for words in (*PARAGRAPHS[2], FOOT, "Another story of the day 3", "Imprint, contact, privacy"):
        assert words in text
