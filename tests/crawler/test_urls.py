from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.exchange import NoAnswer
from archive.url import normalise
from crawler.urls import MAX_URL, Refused, Scope, is_file, readable_path, refusal, resolve, trap_of

SHARED = Path(os.environ.get("PRESSKEEP_SHARED", Path(__file__).parents[3] / "shared"))
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


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("events/2031/05/", "endless calendar"),
        ("en/calendar/month/2031-05", "endless calendar"),
        ("kalender/2026/11/24", "endless calendar"),
        ("veranstaltungen/liste?tribe-bar-date=2031-05-01", "endless calendar"),
        ("agenda/?month=5&year=2031", "endless calendar"),
        ("?" + "&".join(f"filter{n}={n}" for n in range(41)), "more than 40 parameters"),
        ("?" + "&".join(f"tag[]={n}" for n in range(6)), "the parameter 'tag[]' 6 times"),
        ("a/b/c/a/b/c/a/b/c", "repeats 'a'"),
    ],
)
def test_traps(path: str, said: str) -> None:
    assert said in (trap_of(HOME + path) or "")


def test_a_way_back_within_a_way_back_is_a_trap() -> None:
    url, turns = f"{HOME}login", 0
    while trap_of(url) is None:
        url, turns = f"{HOME}login?next={quote(url, safe='')}", turns + 1
        assert turns < 12
    assert turns > 4
    assert "'next'" in (trap_of(url) or "")


@pytest.mark.parametrize(
    "path",
    [
        *("events/2026/11/24/the-great-fair", "agenda/2026-11-24-concert-in-the-hall", "calendar", "events/887/"),
        *("2026/11/24/", "2026/11/", "kalender/2026/11/24/feuerwehr.html", "news?month=5&year=2026", "events?id=2026"),
        *("?" + "&".join(f"utm_{n}={n}" for n in range(60)), "a?tag=1&tag=2&tag=3", "politik/agenda/2030-ziele/"),
        *("agenda/2030", "story?url=http%3A%2F%2Fa.example%2F%3Furl%3Db"),
    ],
)
def test_what_only_looks_a_little_like_a_trap(path: str) -> None:
    assert trap_of(HOME + path) is None


@pytest.mark.shared
@pytest.mark.skipif(not (SHARED / "pages" / "index.jsonl").is_file(), reason="needs the reference pages")
def test_no_real_article_is_refused_as_a_trap() -> None:
    lines = (SHARED / "pages" / "index.jsonl").read_text().strip().split("\n")
    urls = [url for url in (json.loads(line)["url"] for line in lines) if url]
    assert len(urls) > 1000
    assert [url for url in urls if trap_of(url)] == []
    assert len({normalise(url) for url in urls}) >= len(set(urls)) - 5, "and none is taken for another"
