"""Strings that mean harm, in archived addresses and in what is asked: nothing breaks, and nothing gets out of hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

import pytest
from exchanges import exchange

from archive.store import Archive

from .serving import Served, said, served

NAUGHTY = (
    *("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'-alert(1)-'", "javascript:alert(1)"),
    *("{{7*7}}", "${7*7}", "a\r\nSet-Cookie: x=1", "a\nX-Injected: 1\n\n<h1>", "a%0d%0aX-Injected:%201"),
    *("\x00", "a\x00b", "\x1b[2J", "\x7f", "\x85\u2028", "../../../../etc/passwd", "..\\..\\windows"),
    *("%2e%2e%2f%2e%2e%2f", "%252e%252e", "%", "%%%", "%zz", "%u0041", "%ff%fe", "\u202eevil", "\ufeff"),
    *("\U0001f600", "ﬃ", "İ", "ß", "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1")),
    *("'; DROP TABLE captures; --", '" OR 1=1 --', "%' OR '1'='1", "*", "?", "#", "&&&&", "=", ";", "|", "`id`"),
    *("$(id)", "NULL", "undefined", "NaN", "-1", "0", "1e309", "9" * 400, "a" * 3_000, "http://", "//", "/"),
    *("http://[::1", "http://a:b@c", "http://%41", "http://xn--", "https://" + "a." * 200 + "example"),
    *("data:text/html,<script>alert(1)</script>", "urn:x:y", "CON", "aux", "ÅÄÖ", "ｔｅｓｔ", "&lt;b&gt;", "]]>"),
    *("<!--", "<?xml?>", "\\u003cscript\\u003e", "onload=alert(1)"),
)
ASKED = (
    *("/timegate/https://courier.example/{}", "/timemap/link/{}", "/timemap/json/https://courier.example/{}"),
    *("/web/{}", "/web/20261125094640id_/https://courier.example/{}", "/web/{}/https://courier.example/", "/{}"),
    *("/cdx?url={}", "/cdx?url=courier.example/2*&filter={}", "/cdx?url=courier.example/2*&output=text&fl={}"),
    *("/files/warc/{}", "/files/pack.wacz?url={}"),
)
# In the head of a record it is escaped what no address has, and what browsers strip.
_STRIPPED = re.compile("%0[09AD]")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    path = tmp_path_factory.mktemp("naughty") / "NEWS"
    with Archive.create(path) as archive, archive.writer("crawl") as writer:
        for number, one in enumerate(NAUGHTY):
            writer.add(replace(exchange("x", number), url=f"https://courier.example/{one}"))
    with served(path) as it:
        yield it


@pytest.mark.slow
@pytest.mark.parametrize("pattern", ASKED)
def test_whatever_is_asked(site: Served, pattern: str) -> None:
    for one in NAUGHTY:
        escaped = quote(one, safe="", errors="surrogatepass")
        for spelt in {escaped, "".join(letter if "!" <= letter <= "~" else quote(letter) for letter in one)}:
            answer = said(
                site.url,
                f"GET {pattern.format(spelt)} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n"
                "Connection: close\r\n\r\n".encode(),
            )
            head, _, body = answer.partition(b"\r\n\r\n")
            assert re.match(rb"HTTP/1\.1 (?:[234]\d\d|503) ", head), (pattern, one, head[:200])
            names = {line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]}
            assert not names & {b"set-cookie", b"x-injected"}, (pattern, one)
            assert head.isascii(), (pattern, one)
            if b"content-type: text/html" in head and b"memento-datetime" not in head:
                assert b"<script>alert" not in body, (pattern, one)
                assert b"<img src=x" not in body, (pattern, one)
                assert body[:2] != b"49", (pattern, one)


def test_archived_addresses_stay_one_line_and_lead_back(site: Served) -> None:
    found = site.get("/cdx?url=courier.example&matchType=host&output=json")
    lines = [json.loads(line) for line in found.text.splitlines()]
    assert len(lines) >= len(set(NAUGHTY)) - 3  # some are spellings of one address
    assert len(site.get("/cdx?url=courier.example&matchType=host&output=text").text.splitlines()) == len(lines)
    for line in lines:
        assert line["url"].isascii()
        if _STRIPPED.search(line["url"]):
            continue
        stamp, url = line["timestamp"], line["url"]
        answer = site.get(f"/web/{stamp}id_/{quote(url, safe='')}")
        assert answer.status_code == 200, url
        assert "\n" not in answer.headers["link"]
        links = site.get(f"/timemap/link/{quote(url, safe='')}")
        assert links.status_code == 200
        for written in re.findall(r"<([^>]*)>", links.text):
            assert re.fullmatch(r"[!#-;=?-~]+", written)
            if written.startswith(f"{site.url}/web/"):
                assert site.client.get(written).status_code == 200, written
