"""Labels of advertisements go, sentences with the same words stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archive.article import Article
from archive.capture import Capture
from archive.cleaning.clean import clean
from archive.cleaning.labels import is_label

MakeCapture = Callable[..., Capture]


@pytest.mark.parametrize(
    "text",
    ["Advertisement", "- Advertisement -", "ADVERTISEMENT", "— Anzeige —", "[Werbung]", "Publicité :", "広告", "Ad"],
)
def test_a_label_is_one(text: str) -> None:
    assert is_label(text)


@pytest.mark.parametrize(
    "text",
    [
        "Advertisement rules for ferries are to change.",
        "“Advertising pays,” he said.",
        "Anzeige erstattete der Wirt noch am Abend.",
        "Ads and more",
        "",
        "---",
        "Adele",
    ],
)
def test_a_sentence_is_none(text: str) -> None:
    assert not is_label(text)


def test_a_label_between_two_paragraphs_is_left_out(capture: MakeCapture, story: str) -> None:
    page = story.replace("<h2>What it cost</h2>", "<p>- Advertisement -</p><h2>What it cost</h2>")
    article = clean([capture(page)])
    assert isinstance(article, Article)
    assert "What it cost" in article.text
    assert "Advertisement" not in article.text
