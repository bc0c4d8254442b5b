from __future__ import annotations

import re

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
    ("https://news．例え｡example/", "https://news.xn--r8jz45g.example/"),
    ("https://under_score．é。example/", "https://under_score.xn--9ca.example/"),  # IDNA refuses the underscore
    ("https://%65xample-news.org/", "https://example-news.org/"),
    ("http://[::1]:80/", "https://[::1]/"),
    ("http://[0:0:0:0:0:0:0:1]:8017/", "http://[::1]:8017/"),
    ("http://[::FFFF:1.2.3.4]/", "https://[::ffff:102:304]/"),
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
    ("http://[::1", "http://[::]/"),
    ("http://[::1]80/", "http://[::1]:80/"),
    ("http://[fe80::1%1]/", "http://[fe80::1]/"),
    ("http://%ff.example/", "http://%fe.example/"),
    ("http://example-news.org../", "http://example-news.org/"),
    ("http://example-news.org%00/", "http://example-news.org/"),
    ("http://example-news.org\\@example.org/", "http://example.org/"),
    ("https://a:b@example-news.org/", "https://example-news.org/"),
    ("https://example-news.org/a%00b", "https://example-news.org/ab"),
    ("https://example-news.org/a%5Cb", "https://example-news.org/a/b"),
    ("https://example-news.org/%2541", "https://example-news.org/A"),
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
    "http://h:8:0/",
    "http://h:-1/",
    "http://h:٣/",
    "http://[::1",
    "http://[::1/a",
    "http://[::1]80/",
    "http://[::1]x:80/",
    "http://[]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%\n]/",
    "http://h]/",
    "http://%ff.example/",
    "http://%C3%28.example/",
    "http://h%00/",
    "http://h%2F/",
    "http://h%40i/",
    "http://h%2541/",
    "http://h\x00/",
    "http://h../",
    "http://h%2e./",
    "http://h。./",
    "http://../",
    "http://example-news.org\\@example.org/",
    "http://example-news.org\\/a",
    "http://user:secret@/",
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


ODD = [
    *("%", "%2", "%25", "%2e", "%2F", "%5C", "%00", "%ff", "%E2%80%A6", "%ED%A0%80", ".", "..", "...", "/", "?", "#"),
    *("&", "=", ";", "+", "utm_x", "@", ":", ":80", ":0443", "[", "]", "[::1]", "[::ffff:1.2.3.4]", "\\", "\x00", "\t"),
    *(
        "\x7f",
        "\x85",
        "\xa0",
        "\xad",
        "é",
        "e\u0301",
        "ß",
        "İ",
        "K",
        "。",
        "．",
        "｡",
        "／",
        "℀",
        "\u200d",
        "xn--",
        "\ud800",
    ),
    *("XN--9CA", "xn--a", "1", "0x7f", "127.1"),
]
pieces = st.lists(st.sampled_from(ODD) | st.text(max_size=4)).map("".join)
schemes = st.sampled_from(["http", "https", "HTTP", "hTTps"])
addresses = st.builds("{}://{}{}/{}".format, schemes, pieces, st.sampled_from(["example-news.org", ""]), pieces)


@given(addresses)
@example("http://%2541/%%41")
@example("http://xn--\ud800example-news.org/")
@example("http://[::1")
@example("http://h../")
@example("http://%2e%2e./")
def test_normalising_twice_changes_nothing(url: str) -> None:
    once = normalise(url)
    assert normalise(once) == once
    assert host(once) == host(url)


@given(st.text())
def test_any_text_has_a_key(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    is_fetchable(text)
    is_fetchable(once)


@given(addresses)
def test_a_key_is_made_of_what_can_be_written_in_a_line_of_ascii(url: str) -> None:
    if host(url):
        assert re.fullmatch(r"https?://[!-~]+", normalise(url))
    else:
        assert normalise(url) == url


@given(st.from_regex(r"[a-z0-9_-]{1,6}(\.[a-z0-9_-]{1,6}){1,3}/[A-Za-z0-9\-._~!*'()$&+,;=:@/?]{0,40}", fullmatch=True))
def test_what_is_in_its_form_already_takes_the_short_way_to_the_same_key(rest: str) -> None:
    assert normalise(f"https://{rest}") == normalise(f"HTTPS://{rest}") == normalise(f"http://{rest}#x")


def served(raw: bytes) -> str:
    """Bytes of a path's segment, each one escaped: so a server is certain to get these."""
    return "".join(f"%{byte:02x}" for byte in raw)


@given(st.binary(max_size=6), st.binary(max_size=6))
def test_segments_and_values_of_other_bytes_have_other_keys(one: bytes, other: bytes) -> None:
    whole = "https://example-news.org/a/{}x?id={}x"
    keys = {normalise(whole.format(served(raw), "")) for raw in (one, other)}
    values = {normalise(whole.format("", served(raw))) for raw in (one, other)}
    assert len(keys) == len(values) == len({one, other})


@given(st.binary(max_size=8), st.data())
def test_the_spelling_of_escapes_makes_no_other_key(raw: bytes, data: st.DataObject) -> None:
    def spelt(byte: int) -> str:
        forms = [f"%{byte:02x}", f"%{byte:02X}", *([chr(byte)] if chr(byte).isascii() and chr(byte).isalnum() else [])]
        return data.draw(st.sampled_from(forms))

    url = f"https://example-news.org/x{''.join(map(spelt, raw))}"
    assert normalise(url) == normalise(f"https://example-news.org/x{served(raw)}")


@given(st.sampled_from(["http", "https"]), st.integers(0, 99_999), st.integers(0, 99_999))
def test_ports_are_numbers_and_keep_apart(scheme: str, one: int, other: int) -> None:
    keys = {normalise(f"{scheme}://example-news.org:{port}/") for port in (one, other)}
    assert len(keys) == len({one, other})
    assert normalise(f"{scheme}://example-news.org:{one:05}/") in keys


@given(addresses, addresses)
def test_one_key_means_one_host(one: str, other: str) -> None:
    if normalise(one) == normalise(other):
        assert host(one) == host(other)


@pytest.mark.parametrize("unit", ["../", "./", "%2", "%25", "&", "a=b&", "é", "@", "[", ":", "//", "a."])
def test_long_addresses_take_linear_time(unit: str) -> None:
    # Half a million characters: anything quadratic would take minutes.
    normalise("http://example-news.org/" + unit * 170_000)
    normalise("http://example-news.org/?" + unit * 170_000)
    normalise("http://" + unit * 170_000)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("a/b.html;jsessionid=B01BDCE4530EF0FB9BD5.2_cid390", "a/b.html"),
        ("a;JSESSIONID=x/b", "a/b"),
        ("a?PHPSESSID=0123456789abcdef0123&id=7", "a?id=7"),
        ("(S(lit3py55t21z5v55vlm25s55))/a/b.aspx", "a/b.aspx"),
        ("a?ASPSESSIONIDQQ=ABCDEFGHIJKLMNOPQRST", "a"),
        ("a/.;jsessionid=x", "a/"),
        # What may be more than a session id stays.
        ("a;v=1/b", "a;v=1/b"),
        ("a?sid=717e7233bc467f2b1c98c7876fab0c20", "a?sid=717e7233bc467f2b1c98c7876fab0c20"),
        ("a?session_id=2026-11-24-evening-session", "a?session_id=2026-11-24-evening-session"),
        ("a?phpsessid=1", "a?phpsessid=1"),
        ("wiki/Mercury_(S(planet))", "wiki/Mercury_(S(planet))"),
        ("jsessionid=x/a", "jsessionid=x/a"),
    ],
)
def test_session_ids_split_no_article(path: str, key: str) -> None:
    assert normalise(f"https://example-news.org/{path}") == f"https://example-news.org/{key}"


@given(
    st.lists(st.sampled_from([";jsessionid=", ";sid", "x", "/", ".", "..", "/(S(" + "a" * 20 + "))", "(", "=", ";"]))
)
def test_keys_of_addresses_with_session_ids_are_keys(parts: list[str]) -> None:
    key = normalise(f"https://example-news.org/{''.join(parts)}")
    assert normalise(key) == key
