"""robots.txt: what it allows, what its absence means, and for how long it is believed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.exchange import NoAnswer
from crawler.robots import (
    DAY,
    FAILED_FOR,
    MAX_DELAY,
    UNREACHABLE_FOR,
    Access,
    Robots,
    RobotsMemory,
    after_answer,
    after_failure,
    origin_of,
    product_token,
)
from crawler.state import State

NOW = 1_800_000_000_000_000
ORIGIN = "https://a.example"
BODY = b"""User-agent: *
Disallow: /private/
Crawl-delay: 7
Sitemap: https://a.example/map.xml

User-agent: Presskeep
Disallow: /not-for-us/
Allow: /private/
Disallow: /*.pdf$
"""


def rules(body: bytes = BODY) -> Robots:
    return after_answer(ORIGIN, NOW, 200, body)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[RobotsMemory]:
    with State(tmp_path / "state.sqlite") as state:
        yield RobotsMemory(state)


@pytest.mark.parametrize(
    ("path", "agent", "allowed"),
    [
        ("/", "Other", True),
        ("/private/x", "Other", False),
        ("/private/x", "Presskeep", True),
        ("/private/x", "presskeep", True),
        ("/not-for-us/x", "Presskeep", False),
        ("/a.pdf", "Presskeep", False),
        ("/a.pdf?x", "Presskeep", True),
        ("/%70rivate/x", "Other", False),
        ("/robots.txt", "Presskeep", True),
    ],
)
def test_rules_hold_for_the_product_token(path: str, agent: str, allowed: bool) -> None:
    assert (rules().refusal(f"{ORIGIN}{path}", agent) is None) is allowed


@pytest.mark.parametrize("body", [b"", b"<html><body>Not found</body></html>", b"\xff\xfe\x00garbage", b"\0" * 5000])
def test_what_is_no_robots_txt_forbids_nothing(body: bytes) -> None:
    assert rules(body).refusal(f"{ORIGIN}/x", "Presskeep") is None


def test_a_byte_order_mark_hides_no_rule() -> None:
    assert rules(b"\xef\xbb\xbfUser-agent: *\nDisallow: /").refusal(f"{ORIGIN}/x", "Presskeep")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_4xx_allows_everything(status: int) -> None:
    robots = after_answer(ORIGIN, NOW, status, b"User-agent: *\nDisallow: /")
    assert robots.access is Access.ABSENT
    assert robots.refusal(f"{ORIGIN}/x", "Presskeep") is None
    assert robots.delay("Presskeep") == 0


@pytest.mark.parametrize("status", [429, 500, 503, 599])
def test_a_5xx_disallows_everything_and_says_why(status: int) -> None:
    refusal = after_answer(ORIGIN, NOW, status, b"").refusal(f"{ORIGIN}/x", "Presskeep")
    assert refusal is not None
    assert str(status) in refusal


def test_no_answer_disallows_everything() -> None:
    robots = after_failure(ORIGIN, NOW, NoAnswer.TIMEOUT, "after 45 s")
    assert "after 45 s" in (robots.refusal(f"{ORIGIN}/x", "Presskeep") or "")
    assert robots.failure is NoAnswer.TIMEOUT


def test_more_redirects_than_are_followed_count_as_absent() -> None:
    assert after_answer(ORIGIN, NOW, 301, b"").access is Access.ABSENT


def test_delays_are_read_and_bounded() -> None:
    assert rules().delay("Other") == 7
    assert rules().delay("Presskeep") == 0, "its own group says nothing of a delay"
    assert rules(b"User-agent: *\nCrawl-delay: 1e9").delay("x") == MAX_DELAY
    assert rules(b"User-agent: *\nCrawl-delay: -3").delay("x") == 0
    assert rules(b"User-agent: *\nCrawl-delay: nan").delay("x") == 0
    assert rules(b"User-agent: *\nRequest-rate: 1/20").delay("x") == 20


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of("HTTPS://A.example:8443/x?y#z") == "https://a.example:8443"
    assert origin_of("http://user@a.example/") == "http://a.example"


def test_the_product_token_is_the_first_product() -> None:
    assert product_token("Presskeep/0.1.0 (+you@example.org)") == "Presskeep"
    assert product_token("Presskeep (x)") == "Presskeep"


def test_it_is_remembered_for_a_day_and_over_a_restart(tmp_path: Path) -> None:
    with State(tmp_path / "s") as state:
        RobotsMemory(state).put(rules())
    with State(tmp_path / "s") as state:
        memory = RobotsMemory(state)
        kept = memory.get(ORIGIN, NOW + DAY - 1)
        assert kept is not None
        assert kept.body == BODY
        assert memory.get(ORIGIN, NOW + DAY) is None
        assert memory.get("http://a.example", NOW) is None
        assert memory.body(f"{ORIGIN}/any") == BODY


def test_a_copy_from_the_future_is_not_believed(memory: RobotsMemory) -> None:
    memory.put(rules())
    assert memory.get(ORIGIN, NOW - 1) is None


def test_what_is_unreachable_is_remembered_by_this_process_for_a_moment(tmp_path: Path) -> None:
    with State(tmp_path / "s") as state:
        memory = RobotsMemory(state)
        memory.put(after_failure(ORIGIN, NOW, NoAnswer.REFUSED, ""))
        assert memory.get(ORIGIN, NOW + FAILED_FOR - 1) is not None
        assert memory.get(ORIGIN, NOW + FAILED_FOR) is None
        assert RobotsMemory(state).get(ORIGIN, NOW + 1) is None


def test_an_older_copy_holds_while_the_file_is_unreachable(memory: RobotsMemory) -> None:
    memory.put(rules())
    later = NOW + 3 * DAY
    holds = memory.put(after_answer(ORIGIN, later, 503, b""))
    assert holds.access is Access.RULES
    assert holds.refusal(f"{ORIGIN}/private/x", "Other")
    assert memory.get(ORIGIN, later + FAILED_FOR - 1) is not None
    assert memory.get(ORIGIN, later + FAILED_FOR) is None, "it is asked for again soon"


def test_the_last_copy_holds_for_as_long_as_the_file_is_unreachable(tmp_path: Path) -> None:
    with State(tmp_path / "s") as state:
        RobotsMemory(state).put(rules())
    for days in (1, 2, 29, 31, 400):
        with State(tmp_path / "s") as state:  # a process each
            memory = RobotsMemory(state)
            assert memory.body(f"{ORIGIN}/x") == BODY
            holds = memory.put(after_answer(ORIGIN, NOW + days * DAY, 503, b""))
            assert (holds.access, holds.body) == (Access.RULES, BODY)


def test_without_a_copy_it_counts_as_absent_after_30_days_of_failures(tmp_path: Path) -> None:
    def failed(after: int) -> Robots:
        with State(tmp_path / "s") as state:  # a process each
            return RobotsMemory(state).put(after_answer(ORIGIN, NOW + after, 503, b""))

    assert failed(0).access is Access.UNREACHABLE
    assert failed(UNREACHABLE_FOR - 1).access is Access.UNREACHABLE
    allowed = failed(UNREACHABLE_FOR)
    assert allowed.access is Access.ABSENT
    assert "503" in allowed.detail


def test_one_answer_ends_the_time_of_being_unreachable(tmp_path: Path) -> None:
    with State(tmp_path / "s") as state:
        memory = RobotsMemory(state)
        memory.put(after_answer(ORIGIN, NOW, 503, b""))
        memory.put(after_answer(ORIGIN, NOW + DAY, 404, b""))
        assert memory.put(after_answer(ORIGIN, NOW + UNREACHABLE_FOR, 503, b"")).access is Access.UNREACHABLE


def test_an_empty_file_is_a_copy_that_allows_everything(memory: RobotsMemory) -> None:
    memory.put(rules(b""))
    holds = memory.put(after_answer(ORIGIN, NOW + DAY, 503, b""))
    assert holds.refusal(f"{ORIGIN}/x", "Presskeep") is None
