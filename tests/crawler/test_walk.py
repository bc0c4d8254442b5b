"""Walks: redirects, retries, and what failures mean."""

from __future__ import annotations

import pytest
from web import Web, failed, moved

from archive.exchange import NoAnswer, Role
from crawler.walk import MAX_REDIRECTS, MAX_RETRIES, Answer, Failure, Want, fetch

A, B = "https://a.example/a", "https://a.example/b"


def want(url: str = A) -> Want:
    return Want(url, Role.ARTICLE, "feed", "https://a.example/feed", "L", "yesterday")


def test_a_redirect_is_a_question_of_its_own_and_says_where_it_came_from() -> None:
    web = Web({A: moved(A, "/b"), B: b"text"})
    assert web.walk(fetch(want())).body == b"text"
    assert web.asked[1] == Want(B, Role.ARTICLE, "redirect", A, "LR", "yesterday")


def test_redirects_end() -> None:
    web = Web({A: moved(A, A)})
    assert web.walk(fetch(want())).status == 301
    assert len(web.asked) == 1 + MAX_REDIRECTS


@pytest.mark.parametrize("target", ["javascript:alert(1)", "ftp://a.example/", "http://[", "", "data:text/html,x"])
def test_a_redirect_to_nowhere_is_the_answer(target: str) -> None:
    web = Web({A: moved(A, target)})
    assert web.walk(fetch(want())).status == 301
    assert web.urls == [A]


def test_a_redirect_is_not_followed_where_it_need_not_be() -> None:
    web = Web({A: moved(A, B)})
    assert web.walk(fetch(want(), follow=lambda url: url != B)).status == 301


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408])
def test_a_server_error_is_asked_again_a_few_times(status: int) -> None:
    web = Web({A: status})
    assert web.walk(fetch(want())).status == status
    assert [one.retry for one in web.asked] == list(range(MAX_RETRIES + 1))


def test_a_retry_may_help() -> None:
    web = Web({A: lambda asked: 503 if asked == 0 else b"text"})
    assert web.walk(fetch(want())).ok


@pytest.mark.parametrize("status", [200, 304, 400, 401, 403, 404, 410, 451])
def test_other_answers_are_not_asked_for_again(status: int) -> None:
    web = Web({A: status})
    assert web.walk(fetch(want())).status == status
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    ("reason", "asked"),
    [
        (NoAnswer.TIMEOUT, 3),
        (NoAnswer.DISCONNECT, 3),
        (NoAnswer.REFUSED, 3),
        (NoAnswer.DNS, 1),
        (NoAnswer.TLS, 1),
        (NoAnswer.ROBOTS, 1),
        (NoAnswer.SCOPE, 1),
        (NoAnswer.ADDRESS, 1),
        (NoAnswer.BUDGET, 1),
    ],
)
def test_only_failures_that_may_pass_are_retried(reason: NoAnswer, asked: int) -> None:
    web = Web({A: failed(A, reason)})
    assert web.walk(fetch(want())).failure == Failure(reason)
    assert len(web.asked) == asked


@pytest.mark.parametrize(
    ("failure", "other_scheme"),
    [
        (Failure(NoAnswer.REFUSED), True),
        (Failure(NoAnswer.TIMEOUT), True),
        (Failure(NoAnswer.TLS, "wrong version number"), True),
        (Failure(NoAnswer.TLS, "certificate verify failed"), False),
        (Failure(NoAnswer.DNS), False),
        (Failure(NoAnswer.ROBOTS, "disallowed"), False),
        (Failure(NoAnswer.ROBOTS, "robots.txt could not be had", NoAnswer.REFUSED), True),
        (Failure(NoAnswer.ROBOTS, "robots.txt could not be had (tls: certificate …)", NoAnswer.TLS), False),
    ],
)
def test_another_scheme_is_worth_a_question_only_where_nobody_speaks_this_one(
    failure: Failure, other_scheme: bool
) -> None:
    assert failure.no_connection is other_scheme


def test_reasons_are_words() -> None:
    assert Answer(A, 403).why == "it answers 403"
    assert Answer(A, failure=Failure(NoAnswer.DNS, "gaierror -2")).why == "its name does not resolve"
    assert Answer(A, failure=Failure(NoAnswer.ROBOTS, "x", NoAnswer.REFUSED)).why == "the connection was refused"
    assert Answer(A, failure=Failure(NoAnswer.ADDRESS, "127.0.0.1 is this machine")).why == "127.0.0.1 is this machine"
