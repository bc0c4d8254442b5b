from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.tracking import is_tracking
from archive.url import host, is_fetchable, normalise

SAME = [
    ("HTTP://Example-News.ORG:80/A", "https://example-news.org/A"),
    ("https://example-news.org:443/A#top", "https://example-news.org/A"),
    ("https://example-news.org/#!/story/1", "https://example-news.org/"),
    ("https://example-news.org", "https://example-news.org/"),
    ("https://example-news.org?id=3", "https://example-news.org/?id=3"),
    ("https://example-news.org/a?", "https://example-news.org/a"),
    ("https://example-news.org./a", "https://example-news.org/a"),
    ("https://example-news.org/a/./b/../c/", "https://example-news.org/a/c/"),
    ("https://example-news.org/a/%2e%2E/b", "https://example-news.org/b"),
    ("https://example-news.org/../../b", "https://example-news.org/b"),
    ("https://example-news.org/a/..", "https://example-news.org/"),
    ("https://example-news.org/%7Edesk/f%c3%bcr", "https://example-news.org/~desk/f%C3%BCr"),
    ("https://example-news.org/für", "https://example-news.org/f%C3%BCr"),
    ("https://example-news.org/a b|c", "https://example-news.org/a%20b%7Cc"),
    ("https://example-news.org/it%27s", "https://example-news.org/it's"),
    ("https://example-news.org/100%", "https://example-news.org/100%25"),
    (" https://example-news.org/a\n/b ", "https://example-news.org/a/b"),
    ("https://Straße.example/", "https://xn--strae-oqa.example/"),
    ("https://NEWS.例え.example/", "https://news.xn--r8jz45g.example/"),
    ("https://%65xample-news.org/", "https://example-news.org/"),
    ("http://[::1]:80/", "https://[::1]/"),
    ("http://[0:0:0:0:0:0:0:1]:8017/", "http://[::1]:8017/"),
    ("https://example-news.org:0443/", "https://example-news.org/"),
    ("https://example-news.org/a?utm_source=x&id=5&fbclid=y&page=2", "https://example-news.org/a?id=5&page=2"),
    ("https://example-news.org/a?UTM_Source=x", "https://example-news.org/a"),
    ("https://example-news.org/a?id=5&amp;utm_medium=rss", "https://example-news.org/a?id=5"),
    ("https://example-news.org/a?r=rss", "https://example-news.org/a"),
    ("https://example-news.org/a?&&id=1&", "https://example-news.org/a?id=1"),
]


@pytest.mark.parametrize(("url", "key"), SAME)
def test_spellings_of_one_address_share_a_key(url: str, key: str) -> None:
    assert normalise(url) == key


APART = [
    ("https://example-news.org/a", "https://www.example-news.org/a"),
    ("https://example-news.org/a", "https://example-news.org/A"),
    ("https://example-news.org/a", "https://example-news.org/a/"),
    ("https://example-news.org/a/b", "https://example-news.org/a//b"),
    ("https://example-news.org/a/b", "https://example-news.org/a%2Fb"),
    ("https://example-news.org/?id=1", "https://example-news.org/?id=2"),
    ("https://example-news.org/?a=1&b=2", "https://example-news.org/?b=2&a=1"),
    ("https://example-news.org/?id=a+b", "https://example-news.org/?id=a%2Bb"),
    ("https://example-news.org/?id=a%26b", "https://example-news.org/?id=a&b"),
    ("https://example-news.org:8080/", "https://example-news.org/"),
    ("http://example-news.org:8080/", "https://example-news.org:8080/"),
    ("http://example-news.org:443/", "https://example-news.org/"),
    ("https://straße.example/", "https://strasse.example/"),
    ("https://example-news.org/f%FCr", "https://example-news.org/f%C3%BCr"),
    ("https://example-news.org/\ud800", "https://example-news.org/\udfff"),
]


@pytest.mark.parametrize(("one", "other"), APART)
def test_two_addresses_keep_two_keys(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


NAMES_THAT_MEAN_ARTICLES = ["id=1", "p=12", "page=2", "story=x", "ref=17", "r=5", "source=7", "mod=news", "amp=1"]


@pytest.mark.parametrize("parameter", NAMES_THAT_MEAN_ARTICLES)
def test_what_may_name_an_article_stays(parameter: str) -> None:
    assert not is_tracking(parameter)


STRANGERS = [
    "urn:uuid:1",
    "dns:example-news.org",
    "mailto:a@b",
    "//x/y",
    "",
    "http:///x",
    "https://[::g]/",
    "http://h:x/",
]


@pytest.mark.parametrize("url", [*STRANGERS, "http://a b/", "ftp://h/A/../b", "http://h:999999/"])
def test_what_is_no_http_address_comes_back_unchanged(url: str) -> None:
    assert normalise(url) == url
    assert not is_fetchable(url)
    assert host(url) == ""


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("https://example-news.org/a", True),
        ("http://localhost:8017/", True),
        ("https://under_score.example/", True),
        ("http://[::1]:80/", True),
        ("http://user:secret@example-news.org/", False),
        ("http://a..b/", False),
        (f"http://{'a' * 64}.example/", False),
        (f"http://{'a.' * 200}example/", False),
        ("http://example-news.org:0/", False),
        ("http://example-news.org:70000/", False),
    ],
)
def test_fetchable(url: str, answer: bool) -> None:
    assert is_fetchable(url) is answer


def test_host() -> None:
    assert host("HTTPS://WWW.Example-News.org.:8080/x") == "www.example-news.org"


pieces = st.lists(
    st.sampled_from(
        ["%", "%2", "%25", "%2e", ".", "..", "/", "?", "#", "&", "=", "utm_x", "@", ":", "[", "]", "é", "。"]
    )
    | st.text(max_size=4)
)


@given(scheme=st.sampled_from(["http", "https", "HTTP"]), authority=pieces, rest=pieces)
@example(scheme="http", authority=["%25", "41"], rest=["%", "%41"])
@example(scheme="http", authority=["xn--", "\ud800"], rest=[])
def test_normalising_twice_changes_nothing(scheme: str, authority: list[str], rest: list[str]) -> None:
    for middle in ("example-news.org", ""):
        once = normalise(f"{scheme}://{''.join(authority)}{middle}/{''.join(rest)}")
        assert normalise(once) == once


@given(st.text())
def test_any_text_has_a_key(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    is_fetchable(text)


@pytest.mark.parametrize("unit", ["../", "./", "%2", "%25", "&", "a=b&", "é", "@", "[", ":", "//", "a."])
def test_long_addresses_take_linear_time(unit: str) -> None:
    # Half a million characters: anything quadratic would take minutes.
    normalise("http://example-news.org/" + unit * 170_000)
    normalise("http://example-news.org/?" + unit * 170_000)
    normalise("http://" + unit * 170_000)
