"""Verdicts by evidence in the bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archive.article import Article, Verdict
from archive.capture import Capture
from archive.cleaning.clean import clean

LEDGER = "The auditors read the ledgers aloud for an hour, and found nothing that the council had not said before. "


def paid(words: str) -> str:
    return (
        '<html><head><title>Ledgers opened</title><script type="application/ld+json">{"@type": "NewsArticle",'
        '"headline": "Ledgers opened", "isAccessibleForFree": "False"}</script></head>'
        f"<body><h1>Ledgers opened</h1><article><p>{words}</p></article></body></html>"
    )


PAGES = {
    "free story": (f"<html><body><h1>Ledgers</h1><p>{LEDGER * 9}</p></body></html>", "/a", Verdict.ARTICLE),
    "short news": (f"<html><body><h1>Ledgers</h1><p>{LEDGER}</p></body></html>", "/a", Verdict.ARTICLE),
    "teaser": (paid(LEDGER * 3), "/a", Verdict.TEASER),
    "paid, but whole": (paid(LEDGER * 20), "/a", Verdict.ARTICLE),
    "paywall": (paid("Subscribe to read on."), "/a", Verdict.PAYWALL),
    "challenge": (
        "<html><head><title>Just a moment...</title></head><body><p>Checking your browser.</p></body>",
        "/a",
        Verdict.BOT_CHALLENGE,
    ),
    "soft 404": (
        "<html><head><title>Page not found</title></head><body><h1>Page not found</h1><p>Try the search.</p></body>",
        "/a",
        Verdict.SOFT_404,
    ),
    "consent": (
        "<html><head><title>Courier</title></head><body><p>We and our partners use cookies and tracking. With your "
        "consent we personalise. See our privacy policy to refuse cookies.</p></body></html>",
        "/a",
        Verdict.CONSENT_WALL,
    ),
    "front": (f"<html><body><h1>Courier</h1><p>{LEDGER * 9}</p></body></html>", "/", Verdict.INDEX_PAGE),
}


@pytest.mark.parametrize("name", PAGES)
def test_verdicts(capture: Callable[..., Capture], name: str) -> None:
    page, path, verdict = PAGES[name]
    result = clean([capture(page, url=f"https://courier.example{path}")])
    assert result.verdict is verdict
    if verdict in {Verdict.TEASER, Verdict.PAYWALL}:
        assert isinstance(result, Article)
        assert any(one.field == "verdict" and one.value == verdict for one in result.evidence)


def test_a_challenge_behind_a_403(capture: Callable[..., Capture]) -> None:
    page = "<html><script src='/cdn-cgi/challenge-platform/x.js'></script></html>"
    assert clean([capture(page, status="403 Forbidden")]).verdict is Verdict.BOT_CHALLENGE
    assert clean([capture("<html>no</html>", status="403 Forbidden")]).verdict is Verdict.HTTP_ERROR


@pytest.mark.parametrize(
    ("mime", "body"), [("image/png", b"\x89PNG"), ("application/json", b"{}"), ("text/xml", b"<rss/>")]
)
def test_other_media_types(capture: Callable[..., Capture], mime: str, body: bytes) -> None:
    assert clean([capture(body, mime=mime)]).verdict is Verdict.NOT_HTML


def test_html_under_a_wrong_type_is_still_read(capture: Callable[..., Capture]) -> None:
    page = f"<!DOCTYPE html><html><body><h1>Ledgers</h1><p>{LEDGER * 9}</p></body></html>"
    assert clean([capture(page, mime="text/plain", url="https://courier.example/a")]).verdict is Verdict.ARTICLE
