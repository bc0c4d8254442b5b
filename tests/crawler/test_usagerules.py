"""Content-Usage and Content-Signal in robots.txt: the draft's own example, and what real files write."""

from __future__ import annotations

import pytest

from archive.reservation import Reserved, reserved
from crawler.robotstxt import RobotsTxt

BASE = "https://a.example"

EXAMPLE = """User-Agent: *
Allow: /
Disallow: /never/
Content-Usage: train-ai=n
Content-Usage: /ai-ok/ train-ai=y

User-Agent: ExampleBot
Allow: /
Content-Usage: / train-ai=y
"""


def usage(body: str, path: str, token: str = "FooBot") -> tuple[str, ...]:
    return RobotsTxt(body.encode()).usage(f"{BASE}{path}", token)


@pytest.mark.parametrize(
    ("token", "path", "said"),
    [
        ("FooBot", "/test", "robots.txt Content-Usage: train-ai=n"),
        ("FooBot", "/ai-ok/test", "robots.txt Content-Usage /ai-ok/: train-ai=y"),
        ("ExampleBot", "/ai-ok/test", "robots.txt Content-Usage /: train-ai=y"),
    ],
)
def test_the_drafts_example(token: str, path: str, said: str) -> None:
    assert usage(EXAMPLE, path, token) == (said,)


def test_the_longest_path_counts_in_any_order_and_equal_ones_both() -> None:
    body = "User-agent: *\nContent-Usage:/a/*/c search=n\ncontent-usage : /a/\ttrain-ai=n # why\n"
    body += "Content-Usage: /a/ train-ai=y\nContent-Usage: /*.pdf$ train-ai=n\nContent-Usage: /%61/b/cc train-ai=y\n"
    assert usage(body, "/a/x") == (
        "robots.txt Content-Usage /a/: train-ai=n",
        "robots.txt Content-Usage /a/: train-ai=y",
    )
    assert usage(body, "/a/b/c") == ("robots.txt Content-Usage /a/*/c: search=n",)
    assert usage(body, "/a/b/cc") == ("robots.txt Content-Usage /%61/b/cc: train-ai=y",)
    assert usage(body, "/b.pdf") == ("robots.txt Content-Usage /*.pdf$: train-ai=n",)
    assert usage(body, "/b.pdf?1") == ()


def test_signals_are_read_beside_it_and_of_ones_own_group() -> None:
    body = "User-agent: *\nContent-Signal: search=yes,ai-train=no,use=reference\nAllow: /\n\nUser-agent: GPTBot\n"
    body += "Disallow: /\nContent-signal: ai-train=no, search=no\n"
    assert usage(body, "/a") == ("robots.txt Content-Signal: search=yes,ai-train=no,use=reference",)
    assert usage(body, "/a", "GPTBot") == ("robots.txt Content-Signal: ai-train=no, search=no",)
    assert RobotsTxt(body.encode()).allows(f"{BASE}/a", "FooBot")


def test_lines_before_any_group_are_meant_for_all() -> None:
    body = "Content-Signal: ai-train=no\n\nUser-agent: FooBot\nContent-Usage: train-ai=y\n"
    assert usage(body, "/a") == ("robots.txt Content-Signal: ai-train=no", "robots.txt Content-Usage: train-ai=y")
    assert usage(body, "/a", "Other") == ("robots.txt Content-Signal: ai-train=no",)


def test_they_end_no_group_of_rules() -> None:
    body = "User-agent: a\nContent-Usage: train-ai=n\nUser-agent: FooBot\nDisallow: /x\n"
    text = RobotsTxt(body.encode())
    assert not text.allows(f"{BASE}/x", "a")
    assert not text.allows(f"{BASE}/x", "FooBot")
    assert text.usage(f"{BASE}/", "FooBot") == ()
    assert text.usage(f"{BASE}/", "a") == ("robots.txt Content-Usage: train-ai=n",)


@pytest.mark.parametrize(
    "line", ["Content-Usage:", "Content-Usage: /a/", "Content-Usage: # n", "Content-Usage: /a/ \t"]
)
def test_what_says_nothing_is_passed_over(line: str) -> None:
    assert usage(f"User-agent: *\n{line}\n", "/a/") == ()


def test_hostile_files_are_bounded() -> None:
    many = "".join(f"Content-Usage: / a{number}=n\n" for number in range(5_000))
    found = usage(f"User-agent: *\n{many}Content-Usage: /x \u202e{'y' * 4_000}\n", "/x")
    assert len(found) == 1
    assert len(found[0]) < 400
    assert found[0].isprintable()
    assert len(usage(f"User-agent: *\n{many}", "/")) == 3
    globs = "".join(f"Content-Usage: {'/*a' * 90}{number} t=n\n" for number in range(1_500))
    assert usage(f"User-agent: *\n{globs}", "/" + "a" * 2_000) == ()


@pytest.mark.parametrize(
    ("said", "denied"),
    [
        ("robots.txt Content-Usage: train-ai=n", True),
        ("robots.txt Content-Usage /a/*: search=y, train-ai = n", True),
        ("robots.txt Content-Usage /a: train-ai=y;why=n", False),
        ("robots.txt Content-Usage: train-ai=nice, use", False),
        ("robots.txt Content-Signal: search=yes,ai-train=no", True),
        ("robots.txt Content-Signal: search=yes, ai-train=yes, use=reference", False),
        ("content-signal: ai-train=no", True),
    ],
)
def test_a_use_that_is_denied_reserves_mining(said: str, denied: bool) -> None:
    assert reserved([said]) == ({Reserved.TDM} if denied else set())
