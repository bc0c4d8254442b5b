"""SURT keys: the examples that others publish, and the keys that pywb and cdxj-indexer make of the same URLs."""

from __future__ import annotations

import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers import needs_peers, program

from archive.surt import surt

# From the tests of iipc/webarchive-commons (WaybackURLKeyMakerTest, IAURLCanonicalizerTest), pywb's documentation of
# its indexes, and the CDXJ specification.
PUBLISHED = {
    "": "-",
    "http://archive.org/": "org,archive)/",
    "http://archive.org/goo/": "org,archive)/goo",
    "http://archive.org/goo/?": "org,archive)/goo",
    "http://archive.org/goo/?b&a": "org,archive)/goo?a&b",
    "http://archive.org/goo/?a=2&b&a=1": "org,archive)/goo?a=1&a=2&b",
    "http://archive.org:/": "org,archive)/",
    "https://34.203.211.192/robots.txt": "192,211,203,34)/robots.txt",
    "https://[2600:1f18:200d:fb00:2b74:867c:ab0c:150a]/robots.txt": (
        "2600:1f18:200d:fb00:2b74:867c:ab0c:150a)/robots.txt"
    ),
    "http://1kr.ua/newslist.html?tag=%E4%EE%F8%EA": "ua,1kr)/newslist.html?tag=%e4%ee%f8%ea",
    "http://www.aluroba.com/tags/%C3%CE%CA.htm": "com,aluroba)/tags/%c3%ce%ca.htm",
    "http://www.archive.org:80/": "org,archive)/",
    "https://www.archive.org:80/": "org,archive:80)/",
    "http://www.archive.org:443/": "org,archive:443)/",
    "https://www.archive.org:443/": "org,archive)/",
    "http://www.nsf.gov/SED_2009.zip?CFID=14387305&CFTOKEN=72942008": "gov,nsf)/sed_2009.zip",
    "http://www12.foo.com/": "com,foo)/",
    "http://www2foo.com/": "com,www2foo)/",
    "http://example.com/path/file.html": "com,example)/path/file.html",
    "https://www.example.org/index.html": "org,example)/index.html",
    "urn:some:id": "urn:some:id",
}

HOSTS = (
    *("example.com", "WWW2.Example.COM", "www.www2.example.com", "www.com", "example.com.", "a..b.example.com"),
    *("münchen.example", "xn--mnchen-3ya.example", "faß.de", "日本.jp", "[2001:DB8::1]", "192.0.2.7", "2130706433"),
    *(
        "017700000001",
        "1.2.3",
        "010.1.2.3",
        "256.1.1.1",
        "ex%61mple.com",
        "exa_mple.com",
        "u:p@example.com",
        "a@b@c.de",
    ),
)
PORTS = ("", ":80", ":443", ":8080", ":0080", ":")
PATHS = (
    *("", "/", "/A/B/", "/a/../b", "/../x", "/a/../../b", "//a//b", "/a/b/..", "/a//../b", "/%41%2541", "/%E4", "/ä"),
    *("/a%2Fb", "/a b", "/%", "/%zz", "/%2e%2e/x", "/~x", "/'\"<>{}|\\^`", "/a%23b", "/a%25b", "/a;v=1/c", "/%0a"),
    *(
        "/(S(0123456789abcdefghijklmn))/p.aspx",
        "/x/(0123456789abcdefghijklmn)/p.ASPX",
        "/a;jsessionid=0123456789abcdef",
    ),
)
QUERIES = (
    *("", "?", "?b=2&a=1", "?B=2&a=1&A=0", "?a=2&b&a=1", "?a=1&&b=2", "?&a", "?a==&a=", "?a-b=1&a=2", "?a=1?b=2"),
    *("?sid=0123456789abcdef0123456789abcdef&x=1", "?x=1&PHPSESSID=0123456789abcdef0123456789abcdef", "?sid=x"),
    *("?z=1&cfid=1&cftoken=2", "?ASPSESSIONIDABCDEFGH=ABCDEFGHIJKLMNOPQRSTUVWX&a", "?q=a+b%20c", "?q=%E4", "?ä"),
    *("?a=%26b", "?a=%2526", "?%3d=1", "?a=1#fragment", "?utm_source=x"),
)


@pytest.mark.parametrize("url", PUBLISHED)
def test_published_examples(url: str) -> None:
    assert surt(url) == PUBLISHED[url]


@pytest.mark.parametrize("name", [pytest.param("surt", marks=needs_peers)])
def test_the_same_keys_as_pywb_and_cdxj_indexer(name: str) -> None:
    """Both take theirs from the library ``surt``, which is asked in a process of its own."""
    urls = [f"http://{host}{port}/A?b&a" for host in HOSTS for port in PORTS]
    urls += [f"https://www.example.com{path}{query}" for path in PATHS for query in QUERIES]
    code = f"import json, sys, {name}; json.dump([{name}.surt(url) for url in json.load(sys.stdin)], sys.stdout)"
    asked = subprocess.run(
        [program("python"), "-c", code], input=json.dumps(urls), capture_output=True, text=True, check=True
    )
    assert {url: surt(url) for url in urls} == dict(zip(urls, json.loads(asked.stdout), strict=True))


@given(st.text(st.characters(codec=None), max_size=80) | st.builds("http://a.de/{}?{}".format, st.text(), st.text()))
def test_a_key_is_one_word_of_ascii_whatever_the_url(url: str) -> None:
    key = surt(url)
    assert key
    assert key.isascii()
    assert not any(letter <= " " for letter in key)


@pytest.mark.parametrize("unit", ["%25", "sid=", "cfid=", "cfid=a&", "(a(0123456789", "../", "..", "&", "/"])
def test_long_urls_cost_no_more_than_their_length(unit: str) -> None:
    assert surt(f"http://example.com/{unit * 100_000}?{unit * 100_000}cftoken=.aspx").startswith("com,example)/")
