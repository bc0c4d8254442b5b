"""Which summary is told apart from the body, and that nothing stands in both."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archive.article import Article
from archive.capture import Capture
from archive.cleaning.clean import clean
from archive.cleaning.ledger import ledger

MakeCapture = Callable[..., Capture]
SUMMARY = "Engineers lifted the last gate into place on Tuesday, two winters later than planned."
SHOWN = f'<p class="standfirst">{SUMMARY}</p>'
FIRST = "The harbour has waited for this morning"


def told(capture: MakeCapture, page: str) -> Article:
    found = clean([capture(page)])
    assert isinstance(found, Article)
    return found


def undescribed(story: str) -> str:
    """The story without a description, by which the summary would be known."""
    return story.replace("og:description", "og:nothing")


@pytest.mark.parametrize(
    "markup",
    [
        '<div class="Article_elementLead__x3q"><p>{}</p></div>',
        '<storefront-part class="excerpt"><div>{}</div></storefront-part>',
        '<h2 class="articleSubtitle">{}</h2>',
        '<div class="box"><h4>{}</h4></div>',
        '<div class="css-1x"><p class="css-2y">{}</p></div>',
    ],
)
def test_a_summary_is_known_by_its_class_or_because_it_stands_apart(
    capture: MakeCapture, story: str, markup: str
) -> None:
    article = told(capture, undescribed(story).replace(SHOWN, markup.format(SUMMARY)))
    assert article.standfirst == SUMMARY
    assert article.body[0].text.startswith(FIRST)


def test_a_summary_in_points_is_taken_whole(capture: MakeCapture, story: str) -> None:
    points = ("Nine gates stand in the harbour now.", "They cost a third more than planned.", "The sea has not come.")
    listed = f'<div class="summary"><ul>{"".join(f"<li>{point}</li>" for point in points)}</ul></div>'
    article = told(capture, undescribed(story).replace(SHOWN, listed))
    assert article.standfirst == " ".join(points)
    assert not any(point in article.text for point in points)


def test_the_place_before_a_description_belongs_to_it(capture: MakeCapture, story: str) -> None:
    shown = f"<p class='lead-in'><strong>Larkham.</strong> <span>{SUMMARY}</span></p>"
    article = told(capture, story.replace(SHOWN, shown))
    assert article.standfirst == f"Larkham. {SUMMARY}"
    assert SUMMARY not in article.text


def test_what_stands_beside_a_description_is_none_of_it(capture: MakeCapture, story: str) -> None:
    beside = f'<div class="top"><p>{SUMMARY}</p><div class="info">24.11.2026 <span>3 min</span></div></div>'
    assert told(capture, story.replace(SHOWN, beside)).standfirst == SUMMARY


def test_a_caption_is_no_summary(capture: MakeCapture, story: str) -> None:
    picture = f'<figure><img src="/g.jpg"><figcaption class="lead">{SUMMARY} © Ilse Toman</figcaption></figure>'
    assert told(capture, story.replace(SHOWN, picture)).standfirst is None


def test_a_first_paragraph_that_says_the_summary_and_more_is_left_whole(capture: MakeCapture, story: str) -> None:
    begun = f"{SUMMARY[:-1]}, and the harbour"
    article = told(capture, story.replace("<p>The harbour", f"<p>{begun}"))
    assert article.standfirst is None
    assert article.body[0].text.startswith(begun)
    assert article.text.count(SUMMARY[:-1]) == 1


def test_a_paragraph_like_the_others_is_none(capture: MakeCapture, story: str) -> None:
    article = told(capture, story.replace(SHOWN, f"<p>{SUMMARY}</p>"))
    assert article.standfirst is None
    assert SUMMARY in article.text


def test_no_text_stands_in_standfirst_and_body(capture: MakeCapture, story: str) -> None:
    found = ledger([capture(story.replace(SHOWN, f"<div class='intro'><p>{SUMMARY}</p></div>"))])
    assert [one.kind for one in found.entries if SUMMARY in one.text] == ["standfirst"]
    assert isinstance(found.text, Article)
    assert SUMMARY not in found.text.text
