"""The cleaner on a whole page of our own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from archive.article import Article, BlockKind, Refusal, Verdict, canonical_json, from_json
from archive.capture import Capture
from archive.cleaning.clean import clean, open_page
from archive.cleaning.profile import EMPTY, Profile
from archive.cleaning.source import text_at
from archive.cleaning.stream import normalise
from archive.cleaning.version import CLEANER

MakeCapture = Callable[..., Capture]


@pytest.fixture
def article(capture: MakeCapture, story: str) -> Article:
    result = clean([capture(story)])
    assert isinstance(result, Article)
    return result


def test_the_story_comes_out_whole_and_alone(article: Article) -> None:
    assert article.headline == "Storm barrier opens after nine years"
    assert article.standfirst == "Engineers lifted the last gate into place on Tuesday, two winters later than planned."
    assert [block.kind for block in article.body] == [
        BlockKind.PARAGRAPH,
        BlockKind.PARAGRAPH,
        BlockKind.SUBHEADING,
        BlockKind.PARAGRAPH,
        BlockKind.LIST_ITEM,
        BlockKind.LIST_ITEM,
        BlockKind.PARAGRAPH,
    ]
    assert article.body[0].text.startswith("The harbour has waited for this morning since the flood of 2017, when the")
    assert "stood two metres high in Quay Street and" in article.body[0].text
    assert article.body[2].text == "What it cost"
    assert article.verdict is Verdict.ARTICLE
    for chrome in ("Ferry fares", "Home", "Wednesday", "©", "By "):
        assert chrome not in article.text


def test_the_metadata_are_the_pages_own(article: Article) -> None:
    assert article.byline == ("Ida Mark", "Jörg Feld")
    assert article.published == "2026-11-24T09:30:00+01:00"
    assert article.modified == "2026-11-24T11:00:00+01:00"
    assert article.language == "en-GB"
    assert article.section == "Harbour"
    assert article.tags == ("barrier", "tide")
    assert article.site_name == "The Harbour Courier"
    assert article.canonical_url == "https://courier.example/2026/11/24/barrier-opens"
    assert article.access == "free"
    assert [(one.url, one.caption) for one in article.images] == [
        ("https://courier.example/gate.jpg", "The last gate, seen from the mole.")
    ]
    assert 180 < article.word_count < 240


def test_every_block_is_the_text_of_its_sources(article: Article, capture: MakeCapture, story: str) -> None:
    root = open_page(capture(story).message()).root
    for block in article.body:
        assert block.sources
        assert block.text == " ".join(normalise(text_at(root, source) or "") for source in block.sources)


def test_provenance_names_captures_cleaner_and_profile(article: Article, capture: MakeCapture, story: str) -> None:
    given = capture(story)
    assert article.provenance.cleaner == CLEANER
    assert article.provenance.profile == EMPTY.digest
    (ref,) = article.provenance.captures
    assert (ref.id, ref.url, ref.at, ref.payload_digest) == (given.id, given.url, given.at, given.payload_digest)


def test_canonical_json_there_and_back(article: Article) -> None:
    assert from_json(canonical_json(article)) == article


def test_companions_are_named(capture: MakeCapture, story: str) -> None:
    result = clean([capture(story), capture("<p>second</p>")])
    assert [one.role for one in result.provenance.captures] == ["page", "companion"]


def test_a_profile_takes_its_chrome_away_and_is_named(capture: MakeCapture, story: str) -> None:
    profile = Profile("courier", ("What it cost",))
    result = clean([capture(story)], profile)
    assert isinstance(result, Article)
    assert "What it cost" not in result.text
    assert result.provenance.profile == profile.digest != EMPTY.digest


def test_no_date_is_later_than_the_capture(capture: MakeCapture, story: str) -> None:
    late = story.replace("2026-11-24T09:30:00+01:00", "2031-01-01T00:00:00Z")
    result = clean([capture(late)])
    assert isinstance(result, Article)
    assert result.published == "2026-11-24"  # from the address


def test_a_repeated_headline_is_no_paragraph(capture: MakeCapture, story: str) -> None:
    twice = story.replace('<p class="byline">', "<p>Storm barrier opens after nine years</p><p class='byline'>")
    result = clean([capture(twice)])
    assert isinstance(result, Article)
    assert "Storm barrier opens after nine years" not in result.text


def test_line_breaks_part_words(capture: MakeCapture, story: str) -> None:
    broken = story.replace("the last time.</p>", "the last time.<br>So it was.<br><br>And so it is.</p>")
    result = clean([capture(broken)])
    assert isinstance(result, Article)
    first, second = result.body[:2]
    assert first.text.endswith("the last time. So it was.")
    assert second.text == "And so it is."  # an empty line makes a paragraph
    assert (len(first.sources), len(second.sources)) == (2, 1)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [("404 Not Found", Verdict.HTTP_ERROR), ("301 Moved", Verdict.HTTP_ERROR), ("402 Pay", Verdict.PAYWALL)],
)
def test_a_status_is_a_verdict(capture: MakeCapture, story: str, status: str, verdict: Verdict) -> None:
    result = clean([capture(story, status=status)])
    assert isinstance(result, Refusal)
    assert result.verdict is verdict
    assert result.reason == f"status {status[:3]}"


HOSTILE = {
    "empty": (b"", Verdict.EMPTY),
    "spaces": (b" \n ", Verdict.EMPTY),
    "no markup": (b"just words", Verdict.NOT_HTML),
    "empty script page": (b"<html><body><script>go()</script></body></html>", Verdict.EMPTY),
    "150,000 empty paragraphs": (b"<p></p>" * 150_000, Verdict.OVER_BUDGET),
    "too many bytes": (b"<p>" + b"x" * (17 * 2**20), Verdict.OVER_BUDGET),
    "nested too deep": (b"<div>" * 9000 + b"<p>deep", Verdict.OVER_BUDGET),
    "too many attributes": (
        b"<html><p " + b" ".join(b"a%d=1" % n for n in range(50_000)) + b">x",
        Verdict.OVER_BUDGET,
    ),
    "too many attributes behind quoted brackets": (
        b"<html><p x='>' y='<p>' " + b"".join(b"a%d='>'" % n for n in range(50_000)) + b">x",
        Verdict.OVER_BUDGET,
    ),
    "too many attributes without spaces": (
        b"<html><p " + b"/".join(b"a%d" % n for n in range(50_000)) + b">x",
        Verdict.OVER_BUDGET,
    ),
    "too many attributes behind a script": (
        b"<html><script>'</scrip'</script><p " + b" ".join(b"a%d=1" % n for n in range(50_000)) + b">x",
        Verdict.OVER_BUDGET,
    ),
    "many elements of many attributes": (
        (b"<p " + b" ".join(b"a%d" % n for n in range(1000)) + b">x</p>") * 2000,
        Verdict.OVER_BUDGET,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_are_refused_with_a_reason(capture: MakeCapture, name: str) -> None:
    page, verdict = HOSTILE[name]
    result = clean([capture(page)])
    assert isinstance(result, Refusal)
    assert (result.verdict, bool(result.reason)) == (verdict, True)
    canonical_json(result)


SENTENCE = "The crane moved sixty metres to the east on Sunday, and nobody in the old town heard it go. "
MANY = " ".join(f"a{number}='x'" for number in range(50_000))
AWKWARD = {
    "many attributes": f"<p {MANY[:90_000]}'>{SENTENCE * 6}</p>",
    "many attributes of one name": f"<p {'a=1 ' * 100_000}>{SENTENCE * 6}</p>",
    "many attributes in a script": f"<script>'<p {MANY}>'</script><p>{SENTENCE * 6}</p>",
    "many attributes in a comment": f"<!-- <p {MANY}> --><p>{SENTENCE * 6}</p>",
    "many attributes in an attribute": f'<p title="<p {MANY}>">{SENTENCE * 6}</p>',
    "many attributes in text": f"<p>< p {MANY}></p><p>{SENTENCE * 6}</p>",
    "nested a thousand levels": "<div>" * 1000 + f"<p>{SENTENCE * 6}",
    "nested inline": "<p>" + "<b><i>" * 400 + SENTENCE * 6,
    "nul and controls": "<p>\x00" + SENTENCE.replace("crane", "cra\x08ne&#0;&#8;") * 6,
    "lone surrogates": "<p>&#xd800;&#xDFFF;" + SENTENCE * 6,
    "unclosed everything": f"<table><tr><td><ul><li><p>{SENTENCE * 6}<a href=x<b>",
    "no html element": f"<p>{SENTENCE * 3}</p><p>{SENTENCE * 3}</p>",
    "soft hyphens": "<p>" + SENTENCE.replace("town", "to&shy;wn\u200b") * 6,
    "odd names": f"<fb:like><o:p><p><x-y>{SENTENCE * 6}</x-y></p></o:p></fb:like>",
    "deep json": "<script type='application/ld+json'>" + "[" * 90_000 + f"</script><p>{SENTENCE * 6}</p>",
    "broken json": '<script type=\'application/ld+json\'>{"@type": "NewsArticle", "author": {"name": 5},'
    f'"headline": [[]], "datePublished": {{}}, "keywords": [1, null]}}</script><p>{SENTENCE * 6}</p>',
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_pages_still_give_their_text(capture: MakeCapture, name: str) -> None:
    result = clean([capture(f"<html><body>{AWKWARD[name]}", url="https://courier.example/a")])
    assert isinstance(result, Article)
    flat = result.text.replace("\xad", "").replace("\u200b", "")
    assert "The crane moved sixty metres to the east on Sunday, and nobody in the old town heard it go." in flat
    assert from_json(canonical_json(result)) == result


def test_what_is_no_http_message_is_unreadable() -> None:
    broken = Capture(id="urn:x", url="https://courier.example/", key="k", at=0, block=partial(bytes, 20))
    result = clean([broken])
    assert isinstance(result, Refusal)
    assert result.verdict is Verdict.UNREADABLE
