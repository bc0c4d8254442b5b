"""What redirects and retries, as Scrapy makes them, do to a request's origin."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from scrapy import Request

from archive.exchange import Attempt, Exchange, NoAnswer, Origin, Role
from crawler.capturing import Capturing
from crawler.hops import Hops, OutOfScope
from crawler.urls import Scope

FIRST = Origin(site="a.example", role=Role.ARTICLE, via="https://a.example/feed", source="feed", hops="L")


class Kept:
    """Keeps attempts in memory, where `Capturing` would write them."""

    def __init__(self) -> None:
        self.attempts: list[Exchange | Attempt] = []

    def origin(self, request: Request) -> Origin:
        return cast("Origin", request.meta.get("presskeep_origin", Origin()))

    async def kept(self, what: Exchange | Attempt, request: Request) -> None:
        self.attempts.append(what)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def hops(kept: Kept) -> Hops:
    return Hops(cast("Capturing", kept))


def redirected(request: Request, url: str) -> Request:
    """As Scrapy's RedirectMiddleware does it."""
    again = request.replace(url=url)
    again.meta["redirect_urls"] = [*request.meta.get("redirect_urls", []), request.url]
    return again


def retried(request: Request) -> Request:
    """As Scrapy's get_retry_request does it."""
    again = request.copy()
    again.meta["retry_times"] = request.meta.get("retry_times", 0) + 1
    return again


def process(hops: Hops, request: Request) -> None:
    asyncio.run(hops.process_request(request))


def sent(hops: Hops, request: Request) -> Origin:
    process(hops, request)
    return cast("Origin", request.meta["presskeep_origin"])


def ask(**meta: Any) -> Request:
    return Request("https://a.example/1", meta={"presskeep_origin": FIRST, **meta})


def test_a_first_request_keeps_its_origin(hops: Hops) -> None:
    assert sent(hops, ask()) is FIRST


def test_a_redirect_keeps_site_and_role_and_names_what_redirected(hops: Hops) -> None:
    first = ask()
    process(hops, first)
    second = redirected(first, "https://a.example/2")
    origin = sent(hops, second)
    assert (origin.site, origin.role, origin.source, origin.hops, origin.via, origin.retry) == (
        "a.example",
        Role.ARTICLE,
        "redirect",
        "LR",
        "https://a.example/1",
        0,
    )
    third = sent(hops, redirected(second, "https://a.example/3"))
    assert (third.hops, third.via) == ("LRR", "https://a.example/2")


def test_a_retry_counts_and_a_redirect_begins_anew(hops: Hops) -> None:
    first = ask()
    process(hops, first)
    second = retried(first)
    assert sent(hops, second).retry == 1
    third = retried(second)
    assert sent(hops, third).retry == 2
    fourth = redirected(third, "https://a.example/2")
    assert (sent(hops, fourth).retry, sent(hops, fourth).hops) == (0, "LR")
    assert sent(hops, retried(fourth)).retry == 1


def test_what_the_wire_said_of_the_request_before_is_forgotten(hops: Hops) -> None:
    request = ask(presskeep_capture="urn:uuid:1", presskeep_attempt=object())
    process(hops, request)
    assert "presskeep_capture" not in request.meta
    assert "presskeep_attempt" not in request.meta


def test_a_request_does_not_leave_its_scope(hops: Hops, kept: Kept) -> None:
    scope = Scope.of(["a.example"])
    first = ask(presskeep_scope=scope)
    process(hops, first)
    with pytest.raises(OutOfScope):
        process(hops, redirected(first, "https://b.example/2"))
    (attempt,) = kept.attempts
    assert isinstance(attempt, Attempt)
    assert (attempt.reason, attempt.url, attempt.origin.via) == (
        NoAnswer.SCOPE,
        "https://b.example/2",
        "https://a.example/1",
    )


SECRETS = {"Authorization": "Basic c2VjcmV0", "Cookie": "id=1", "X-Api-Key": "secret", "Accept": "text/html"}


@pytest.mark.parametrize(
    "target", ["https://b.example/1", "http://a.example/1", "https://a.example:8443/1", "https://www.a.example/1"]
)
def test_secrets_do_not_follow_to_another_origin(hops: Hops, target: str) -> None:
    first = ask(presskeep_mask=["x-api-key"]).replace(headers=SECRETS)
    process(hops, first)
    assert set(first.headers) == {name.encode() for name in SECRETS}
    second = redirected(first, target)
    process(hops, second)
    assert set(second.headers) == {b"Accept"}


def test_secrets_follow_within_their_origin_and_into_a_retry(hops: Hops) -> None:
    first = ask(presskeep_mask=["x-api-key"]).replace(headers=SECRETS)
    process(hops, first)
    for again in (redirected(first, "https://a.example/2"), retried(first)):
        process(hops, again)
        assert set(again.headers) == set(first.headers)
