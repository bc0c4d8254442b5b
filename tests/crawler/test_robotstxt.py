"""The rules of robots.txt, case by case: RFC 9309's own, and what is published of how others read real files."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pathpatterns import path_of
from crawler.robotstxt import MAX_ROBOTS, RobotsTxt

BASE = "https://a.example"


def allows(body: str | bytes, path: str, token: str = "FooBot") -> bool:
    text = RobotsTxt(body.encode("utf-8") if isinstance(body, str) else body)
    return text.allows(f"{BASE}{path}", token)


EXAMPLE = """User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
"""


@pytest.mark.parametrize(
    ("token", "path", "allowed"),
    [
        ("foobot", "/example/page.html", True),
        ("foobot", "/example/allowed.gif", True),
        ("foobot", "/example/other.gif", False),
        ("foobot", "/publications/", False),
        ("barbot", "/example/page.html", False),
        ("bazbot", "/example/page.html", False),
        ("bazbot", "/example/a.gif", True),
        ("quxbot", "/example/page.html", True),
        ("other", "/a.gif", False),
        ("other", "/a.gif?x", True),
        ("other", "/example/", False),
        ("other", "/publications/a.gif", True),
        ("other", "/publications/a", True),
    ],
)
def test_the_simple_example_of_section_5_1(token: str, path: str, allowed: bool) -> None:
    assert allows(EXAMPLE, path, token) is allowed


def test_the_longest_match_of_section_5_2() -> None:
    body = "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n"
    assert not allows(body, "/example/page/disallowed.gif", "foobot")
    assert allows(body, "/example/page/", "foobot")


GROUPS = (
    "allow: /nothing\nuser-agent: FooBot\ndisallow: /\nallow: /x/\nuser-agent: BarBot\ndisallow: /\nallow: /y/\n\n\n"
)
GROUPS += "allow: /w/\nuser-agent: BazBot\n\nuser-agent: FooBot\nallow: /z/\ndisallow: /\n"


@pytest.mark.parametrize(
    ("token", "allowed", "disallowed"),
    [
        ("FooBot", "/x/b /z/d", "/y/c /w/a /nothing"),
        ("BarBot", "/y/c /w/a", "/x/b /z/d"),
        ("BazBot", "/z/d", "/x/b /y/c /w/a"),
        ("QuxBot", "/x/b /nothing", ""),
    ],
)
def test_groups_are_merged_and_end_with_a_user_agent_behind_a_rule(token: str, allowed: str, disallowed: str) -> None:
    assert all(allows(GROUPS, path, token) for path in allowed.split())
    assert not any(allows(GROUPS, path, token) for path in disallowed.split())


@pytest.mark.parametrize(
    "between", ["Sitemap: https://a.example/map", "Unknown: line", "Host: a", "no record", "", "# x"]
)
def test_other_records_end_no_group(between: str) -> None:
    body = f"User-agent: BarBot\n{between}\nUser-agent: *\n{between}\nDisallow: /\n"
    assert not allows(body, "/x", "BarBot")
    assert not allows(body, "/x", "FooBot")


@pytest.mark.parametrize(
    "line",
    [
        *(
            "User-agent: FooBot",
            "USER-AGENT:foobot",
            "user-agent : fOObOT",
            "  User-agent:\tFOOBOT  ",
            "user-agent FooBot",
        ),
        *("User-agent: FooBot/2.1", "User-agent: FooBot News", "User-agent: FooBot # its name", "useragent: FooBot"),
        *("User agent: FooBot", "User-agent: *", "User-agent: * # all", "User-agent: FooBot*"),
    ],
)
def test_a_user_agent_line_names_the_token(line: str) -> None:
    assert not allows(f"{line}\nDisallow: /\n", "/x")


@pytest.mark.parametrize(
    "line", ["User-agent: Foo", "User-agent: FooBotNews", "User-agent: Bot", "User-agent: F", "User-agent:", "agent: *"]
)
def test_another_name_is_not_meant(line: str) -> None:
    assert allows(f"{line}\nDisallow: /\n", "/x")


@pytest.mark.parametrize(
    "line",
    [
        *(
            "Disallow: /x",
            "DISALLOW:/x",
            "disallow /x",
            " Disallow : /x # no",
            "Dissallow: /x",
            "disalow:/x",
            "Disallow:/x#y",
        ),
    ],
)
def test_a_rule_may_be_written_carelessly(line: str) -> None:
    assert not allows(f"User-agent: *\n{line}\n", "/x/y")
    assert allows(f"User-agent: *\n{line}\n", "/y")


@pytest.mark.parametrize(
    "line", ["Disallow:", "Disallow: ", "Disallow: #/", "Disallow", "# Disallow: /", "Disallow all of it /"]
)
def test_what_names_no_path_forbids_nothing(line: str) -> None:
    assert allows(f"User-agent: *\n{line}\n", "/x")


def test_an_empty_rule_is_one_and_ends_the_user_agents() -> None:
    assert allows("User-agent: FooBot\nDisallow:\nUser-agent: *\nDisallow: /\n", "/x")


def test_rules_before_any_user_agent_are_for_nobody() -> None:
    assert allows("Disallow: /\nUser-agent: *\nAllow: /y", "/x")


@pytest.mark.parametrize("ending", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"\xef\xbb", b"\xef"])
def test_line_ends_and_byte_order_marks(ending: bytes, mark: bytes) -> None:
    body = mark + ending.join((b"User-Agent: foobot", b"Allow: /a", b"Disallow: /", b""))
    assert allows(body, "/a/b")
    assert not allows(body, "/b")


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_read(codec: str) -> None:
    assert not allows("User-agent: *\nDisallow: /x\n".encode(codec), "/x")


@pytest.mark.parametrize("inner", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_only_cr_and_lf_end_a_line(inner: str) -> None:
    # What str.splitlines takes for more lines: the second half is none.
    assert allows(f"User-agent: *\nX: {inner}Disallow: /\n", "/x")


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("disallow: /x/page.html\nallow: /x/", "/x/page.html", False),
        ("allow: /x/page.html\ndisallow: /x/", "/x/page.html", True),
        ("allow: /x/page.html\ndisallow: /x/", "/x/", False),
        ("disallow: /\nallow: /", "/x", True),
        ("allow: /\ndisallow: /", "/x", True),
        ("disallow: /x\nallow: /x/", "/x", False),
        ("disallow: /x\nallow: /x/", "/x/", True),
        ("disallow: /x/page.html\nallow: /x/page.html", "/x/page.html", True),
        ("allow: /page\ndisallow: /*.html", "/page.html", False),
        ("allow: /page\ndisallow: /*.html", "/page", True),
        ("allow: /x/page.\ndisallow: /*.html", "/x/page.html", True),
        ("allow: /x/page.\ndisallow: /*.html", "/x/y.html", False),
        ("allow: /p\ndisallow: /", "/page", True),
        ("allow: /folder\ndisallow: /folder", "/folder/page", True),
        ("allow: /page\ndisallow: /*.htm", "/page.htm", False),
        ("allow: /$\ndisallow: /", "/", True),
        ("allow: /$\ndisallow: /", "/page.htm", False),
        ("disallow: /X", "/x", True),
        ("disallow: /", "/robots.txt", True),
        ("disallow: /*?", "/a?", False),
        ("disallow: /*?", "/a", True),
        ("disallow: x", "/x", True),
        ("disallow: *x", "/a/x", False),
        ("allow: /allowed/index.html\ndisallow: /", "/allowed/", False),
        ("disallow: /foo/bar/quz\nallow: /foo/*/qux", "/foo/bar/quz", False),
        ("disallow: /foo/bar/quz\nallow: /foo/*/qux", "/foo//quz", True),
        ("disallow: /foo/bar$\nallow: /foo/bar/qux", "/foo/bar", False),
        ("disallow: /foo/bar$\nallow: /foo/bar/qux", "/foo/bar/", True),
    ],
)
def test_the_most_octets_count_and_of_equals_the_one_that_allows(rules: str, path: str, allowed: bool) -> None:
    assert allows(f"user-agent: FooBot\n{rules}\n", path) is allowed


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        (
            "/fish",
            "/fish /fish.html /fish/salmon.html /fishheads/yummy.html /fish.php?id=x",
            "/Fish.asp /catfish /?id=fish",
        ),
        ("/fish*", "/fish /fish.html /fishheads", "/Fish.asp /catfish"),
        ("/fish/", "/fish/ /fish/?id=x /fish/salmon.htm", "/fish /fish.html /Fish/Salmon.asp"),
        ("/*.php", "/filename.php /folder/a.php?x=y /folder/any.php.file.html /filename.php/", "/ /windows.PHP"),
        ("/*.php$", "/filename.php /folder/filename.php", "/filename.php?x /filename.php/ /filename.php5 /x.PHP"),
        ("/fish*.php", "/fish.php /fishheads/catfish.php?x=y", "/Fish.PHP"),
        ("/a**b***c$", "/abc /axbxc /abcabc", "/abcd /acb"),
        ("/a*a$", "/aa /aba", "/a"),
        ("/$x", "/$x /%24x", "/ /x"),
        (
            "/path/file-with-a-%2A.html",
            "/path/file-with-a-*.html /path/file-with-a-%2a.html",
            "/path/file-with-a-x.html",
        ),
        ("/path/foo-%24", "/path/foo-$ /path/foo-%24x", "/path/foo-"),
        ("*", "/ /x", ""),
    ],
)
def test_star_and_dollar(pattern: str, matched: str, others: str) -> None:
    for path in matched.split():
        assert not allows(f"User-agent: *\nDisallow: {pattern}", path), path
    for path in others.split():
        assert allows(f"User-agent: *\nDisallow: {pattern}", path), path


@pytest.mark.parametrize(
    ("pattern", "path", "same"),
    [
        ("/foo/bar?baz=quz", "/foo/bar?baz=quz", True),
        ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar", True),
        ("/foo/bar?baz=https%3A%2F%2Ffoo.bar", "/foo/bar?baz=https://foo.bar", True),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84", True),
        ("/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84", True),
        ("/foo/bar/%e3%83%84", "/foo/bar/ツ", True),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz", True),
        ("/foo/bar/baz", "/foo/bar/%62%61%7a", True),
        ("/a%2Fb", "/a/b", False),  # a reserved character is another one when it is encoded
        ("/a%3fb", "/a?b", False),
        ("/a b", "/a%20b", True),
        ("/a%zz", "/a%zz", True),
        ("/a|b", "/a%7Cb", True),
    ],
)
def test_octets_are_compared_in_one_spelling(pattern: str, path: str, same: bool) -> None:
    assert allows(f"User-agent: *\nDisallow: {pattern}", path) is not same


def test_a_file_in_an_old_charset_means_the_octets_that_it_has() -> None:
    body = b"User-agent: *\nDisallow: /caf\xe9\n"
    assert not allows(body, "/caf%E9")
    assert allows(body, "/caf%C3%A9")


def test_500_kib_are_read_and_no_half_line() -> None:
    filler = b"# filler\n" * (MAX_ROBOTS // 9 + 1)
    first = b"User-agent: *\nDisallow: /first\n"
    body = first + filler[: MAX_ROBOTS - len(first) - 20] + b"\nDisallow: /second\nAllow: /first-of-more\n"
    assert len(body) > MAX_ROBOTS
    assert not allows(body, "/first")
    assert not allows(body, "/first-and"), "half of the last line would have allowed it"
    assert not allows(body[:MAX_ROBOTS], "/second")


@pytest.mark.parametrize(
    ("body", "delays"),
    [
        ("User-agent: *\nCrawl-delay: 7", {"FooBot": 7.0}),
        ("User-agent: *\nCrawl-delay: 7\nUser-agent: FooBot\nDisallow: /x", {"FooBot": 0.0, "BarBot": 7.0}),
        # Not the standard's, so it ends no group of rules; but a delay is for those who were named just above it.
        ("User-agent: Slow\nCrawl-delay: 60\n\nUser-agent: *\nDisallow: /x", {"Slow": 60.0, "FooBot": 0.0}),
        ("User-agent: *\nDisallow: /x\nCrawl-delay: 2.5 # s", {"FooBot": 2.5}),
        ("User-agent: *\nCrawl-delay: 2\nCrawl-delay: 3\nCrawl-delay: 1", {"FooBot": 3.0}),
        ("User-agent: *\nRequest-rate: 1/20", {"FooBot": 20.0}),
        ("User-agent: *\nRequest-rate: 2/1m 0800-1900", {"FooBot": 30.0}),
        ("User-agent: *\nRequest-rate: 0/20\nCrawl-delay: -3", {"FooBot": 0.0}),
        ("User-agent: *\nCrawl-delay: nan\nRequest-rate: often", {"FooBot": 0.0}),
    ],
)
def test_delays(body: str, delays: dict[str, float]) -> None:
    text = RobotsTxt(body.encode())
    assert {token: text.delay(token) for token in delays} == delays


@given(st.binary(max_size=400), st.text(max_size=60))
def test_anything_is_a_robots_txt(body: bytes, path: str) -> None:
    text = RobotsTxt(body)
    text.allows(f"{BASE}/{path}", "FooBot")
    assert 0 <= text.delay("FooBot") < float("inf")


_PARTS = st.lists(st.sampled_from(["a", "b", "/", "*", "$", "%61", "%2F", "?", "é"]), max_size=8).map("".join)


@given(st.lists(st.tuples(st.booleans(), _PARTS), max_size=6), _PARTS)
def test_the_rules_are_as_the_standard_words_them(lines: list[tuple[bool, str]], path: str) -> None:
    """Against the plainest way to say the same: each pattern by itself, then the longest of those that match."""
    written = [("Allow" if allow else "Disallow", f"/{pattern}") for allow, pattern in lines]
    body = "User-agent: *\n" + "\n".join(f"{name}: {pattern}" for name, pattern in written)
    single = [
        (_octets(pattern), name == "Allow")
        for name, pattern in written
        if not allows(f"User-agent: *\nDisallow: {pattern}", f"/{path}")
    ]
    assert allows(body, f"/{path}") is (max(single)[1] if single else True)


def _octets(pattern: str) -> int:
    """How long a pattern is: stars in a row are one, and a final `$` counts as it stands."""
    bare = re.sub(r"\*+", "~", pattern.removesuffix("$"))
    return len(path_of(f"{BASE}{bare}")) + pattern.endswith("$")


def test_hostile_files_take_time_in_proportion() -> None:
    # Not timed: backtracking over these would not end within the test's life.
    star = b"User-agent: *\nDisallow: /" + b"a*" * 200_000 + b"b\n"
    assert allows(star, "/" + "a" * 10_000)
    many = b"User-agent: *\n" + b"".join(b"Disallow: /*a*a*%d$\n" % number for number in range(20_000))
    assert allows(many, "/" + "a" * 2000)
    names = b"User-agent: x\n" * 30_000 + b"Disallow: /\n"
    assert allows(names, "/")
