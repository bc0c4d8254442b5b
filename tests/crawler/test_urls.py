from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.exchange import NoAnswer
from crawler.urls import MAX_URL, Refused, Scope, is_file, readable_path, refusal, resolve, trap_of

HOME = "https://example-news.org/"
SCOPE = Scope.of(["example-news.org", "live.example.net", "*.example-news.net"])


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("example-news.org", True),
        ("www.example-news.org", True),
        ("WWW.Example-News.ORG.", True),
        ("sport.example-news.org", False),
        ("notexample-news.org", False),
        ("live.example.net", True),
        ("www.live.example.net", True),
        ("example.net", False),
        ("example-news.net", True),
        ("a.b.example-news.net", True),
        ("xexample-news.net", False),
        ("", False),
    ],
)
def test_scope(host: str, inside: bool) -> None:
    assert SCOPE.in_scope(f"http://{host}:8017/a") is inside


def test_the_twin_of_a_www_site() -> None:
    scope = Scope.of(["www.example-news.org"])
    assert scope.in_scope(HOME)
    assert scope.in_scope("https://www.example-news.org/")
    assert not scope.in_scope("https://www.www.example-news.org/")


def test_international_hosts_are_one_however_written() -> None:
    assert Scope.of(["Zeitung-Köln.example"]).in_scope("https://xn--zeitung-kln-zfb.example/a")


@pytest.mark.parametrize(
    ("url", "reason", "said"),
    [
        ("mailto:desk@example-news.org", NoAnswer.SCOPE, "only http and https"),
        ("ftp://example-news.org/a", NoAnswer.SCOPE, "only http and https"),
        ("file:///etc/passwd", NoAnswer.SCOPE, "only http and https"),
        ("https://user:pass@example-news.org/", NoAnswer.SCOPE, "credentials"),
        ("https://elsewhere.example/a", NoAnswer.SCOPE, "elsewhere.example is not one of"),
        (f"{HOME}news/news/news/1", NoAnswer.OTHER, "repeats 'news'"),
        (f"{HOME}{'a' * MAX_URL}", NoAnswer.OTHER, "longer than"),
    ],
)
def test_refused_with_a_reason(url: str, reason: NoAnswer, said: str) -> None:
    refused = refusal(url, SCOPE)
    assert isinstance(refused, Refused)
    assert refused.reason is reason
    assert said in refused.detail


@pytest.mark.parametrize("path", ["", "2026/11/11/11/a", "a/b/a/b", "x?a=1&a=1&a=1", "news//news"])
def test_ordinary_addresses_may_be_fetched(path: str) -> None:
    assert refusal(HOME + path, SCOPE) is None


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        *(("a.jpg", True), ("a.JPEG?x=1", True), ("a.mp4#t", True), ("sitemap.xml.gz", True), ("b.pdf/", True)),
        *(("a.html", False), ("a.php", False), ("1234.ece", False), ("doc.afp.com.B2LA2G3", False), ("", False)),
        *(("?file=a.jpg", False), ("a.jpg/story", False), ("about.amp", False)),
    ],
)
def test_files(path: str, answer: bool) -> None:
    assert is_file(HOME + path) is answer


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("a", f"{HOME}desk/a"),
        ("/a#b", f"{HOME}a"),
        ("//example-news.org/a", f"{HOME}a"),
        ("?p=1", f"{HOME}desk/?p=1"),
        (" /a\n/b\t ", f"{HOME}a/b"),
        ("\\a\\b?c\\d", f"{HOME}a/b?c\\d"),
        ("https://other.example", "https://other.example"),
        ("../../../a", f"{HOME}a"),
        *((one, None) for one in ("", "#x", "mailto:a@b", "javascript:x", "http://[x", "http://a@b/", "a" * 9000)),
    ],
)
def test_references_are_read_as_browsers_do(reference: str, url: str | None) -> None:
    assert resolve(f"{HOME}desk/", reference) == url


@given(st.text(), st.text())
def test_nothing_raises(one: str, other: str) -> None:
    resolve(HOME, one)
    resolve(one, other)
    for url in (one, HOME + one, f"https://{one}/{other}"):
        refusal(url, SCOPE)
        trap_of(url)
        is_file(url)
        readable_path(url)


def test_long_addresses_take_linear_time() -> None:
    for unit in ("a/", "../", ".", "//", "?", "\\", "[", "a.jpg/"):
        is_file(HOME + unit * 300_000)
        resolve(HOME, unit * 4000)
        trap_of(HOME + unit * 300_000)
