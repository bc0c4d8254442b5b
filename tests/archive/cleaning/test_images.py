"""Images: which belong to the article, and captions and credits apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archive.article import Article, Image
from archive.capture import Capture
from archive.cleaning.clean import clean
from archive.cleaning.images import caption_and_credit

MakeCapture = Callable[..., Capture]


@pytest.mark.parametrize(
    ("lines", "caption", "credit"),
    [
        (["The gate.", "Photo: Ida Mark / Courier"], "The gate.", "Photo: Ida Mark / Courier"),
        (["The gate. Photo: Ida Mark"], "The gate.", "Photo: Ida Mark"),
        (["The gate. Foto von Ida Mark"], "The gate.", "Foto von Ida Mark"),
        (["The gate | © Ida Mark/Courier"], "The gate", "© Ida Mark/Courier"),
        (["The gate on Tuesday (AP Photo/Ida Mark)"], "The gate on Tuesday", "AP Photo/Ida Mark"),
        (["The gate (built in 2017) on Tuesday."], "The gate (built in 2017) on Tuesday.", None),
        (["© Ida Mark"], None, "© Ida Mark"),
        (["Pictures of the gate were taken on Tuesday."], "Pictures of the gate were taken on Tuesday.", None),
        (["橋の門。写真:海野花子"], "橋の門。写真:海野花子", None),
        (["橋の門。", "写真:海野花子"], "橋の門。", "写真:海野花子"),
        ([], None, None),
        ([""], None, None),
    ],
)
def test_captions_and_credits_are_told_apart(lines: list[str], caption: str | None, credit: str | None) -> None:
    assert caption_and_credit(lines) == (caption, credit)


def pictures(capture: MakeCapture, story: str, figure: str) -> tuple[Image, ...]:
    old = (
        '<figure><img src="/gate.jpg" alt="A gate"><figcaption>The last gate, seen from the mole.</figcaption></figure>'
    )
    assert old in story
    article = clean([capture(story.replace(old, figure))])
    assert isinstance(article, Article)
    return article.images


URL = "https://courier.example/gate.jpg"


@pytest.mark.parametrize(
    "figure",
    [
        '<figure><img src="/gate.jpg"><figcaption>The gate.<span class="credit">Ida Mark</span></figcaption></figure>',
        '<div class="wp-caption"><img src="/gate.jpg"><p class="wp-caption-text">The gate.'
        '<b class="credit">Ida Mark</b></p></div>',
        '<figure><img src="data:image/gif;base64,R0" data-src="/gate.jpg"><figcaption><p>The gate.</p>'
        '<p class="copyright">Ida Mark</p></figcaption></figure>',
    ],
)
def test_what_is_marked_as_a_credit_is_one(capture: MakeCapture, story: str, figure: str) -> None:
    assert pictures(capture, story, figure) == (Image(URL, None, "The gate.", "Ida Mark"),)


def test_a_bare_picture_with_a_credit_below_it_is_one_of_the_articles(capture: MakeCapture, story: str) -> None:
    bare = (
        '<p><img src="/gate.jpg" alt="A gate"></p><p>The gate, seen from the mole.</p><p>Photo: Ida Mark / Courier</p>'
    )
    assert pictures(capture, story, bare) == (
        Image(URL, "A gate", "The gate, seen from the mole.", "Photo: Ida Mark / Courier"),
    )


def test_a_figure_without_words_is_one_too_and_one_of_another_article_is_none(capture: MakeCapture, story: str) -> None:
    assert pictures(capture, story, '<figure><img src="/gate.jpg"></figure>') == (Image(URL),)
    other = story.replace("<footer>", '<footer><figure><img src="/other.jpg"><figcaption>Other</figcaption></figure>')
    assert [one.url for one in pictures(capture, other, "<!-- -->")] == []


def test_a_source_set_is_read_where_nothing_else_is_there(capture: MakeCapture, story: str) -> None:
    figure = '<figure><img srcset="/gate.jpg 1x, /gate2.jpg 2x"></figure>'
    assert [one.url for one in pictures(capture, story, figure)] == [URL]
