"""tdmrep.json: read as it is meant, whatever it holds; asked for once a day, and recorded on what it is about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from crawled import crawl, make_archive, site
from oddserver import Answers, Odd, OddServer

from archive.exchange import Role
from archive.reservation import Reserved, reserved
from crawler.robots import DAY, FAILED_FOR
from crawler.sites import SourceKind
from crawler.state import State
from crawler.tdmmemory import TdmMemory
from crawler.tdmrep import MAX_TDMREP, MOST, PATH, parse_tdmrep, reservations_of_host

HOST = "gazette.example"
NOW = 1_796_000_000_000_000


def said(rules: object, path: str) -> tuple[str, ...]:
    return reservations_of_host(parse_tdmrep(json.dumps(rules).encode()), f"https://{HOST}{path}")


def test_what_a_path_reserves() -> None:
    rules = [
        {"location": "/news/", "tdm-reservation": 1, "tdm-policy": "https://gazette.example/policy.json"},
        {"location": "/open/*", "tdm-reservation": 0},
        {"location": "/*.pdf$", "tdm-reservation": "1"},
    ]
    policy = "tdmrep.json policy: https://gazette.example/policy.json"
    assert said(rules, "/news/a") == ("tdmrep.json /news/: 1", policy)
    assert said(rules, "/open/a") == ("tdmrep.json /open/*: 0",)
    assert said(rules, "/a.pdf") == ("tdmrep.json /*.pdf$: 1",)
    assert said(rules, "/a.pdf?page=1") == ()
    assert said(rules, "/") == ()


def test_of_the_rules_that_match_the_first_counts() -> None:
    everything = {"location": "/", "tdm-reservation": 1}
    free = {"location": "/open/", "tdm-reservation": 0, "tdm-policy": "https://gazette.example/policy.json"}
    assert said([free, everything], "/open/a") == ("tdmrep.json /open/: 0",)
    assert said([everything, free], "/open/a") == ("tdmrep.json /: 1",)
    assert said([free, everything], "/closed/a") == ("tdmrep.json /: 1",)


@pytest.mark.parametrize("rule", [{"location": "/", "tdm-reservation": 1}, {"location": "*", "tdm-reservation": 1}])
def test_it_reserves_mining(rule: dict[str, object]) -> None:
    assert reserved(said([rule], "/a")) == {Reserved.TDM}
    assert said(rule, "/a") == said([rule], "/a"), "one rule without an array is meant, too"
    assert reserved(said([{**rule, "tdm-reservation": 0}], "/a")) == frozenset()


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"null", b"[]", b"{}", b"[1, null, []]", b"<html>not found</html>", b"\xff\xfe\x00", b"[" * 100_000),
        *(b'[{"location": 5, "tdm-reservation": 1}]', b'[{"location": "/", "tdm-reservation": 2}]'),
        *(b'[{"location": "", "tdm-reservation": 1}]', b'[{"location": "/"}]', b"[" + b" " * MAX_TDMREP + b"]"),
    ],
)
def test_what_is_no_rule_says_nothing(body: bytes) -> None:
    assert parse_tdmrep(body) == ()


def test_hostile_files_are_bounded() -> None:
    rule = {"location": "/\u202e\r\nX: y*" + "*a" * 100, "tdm-reservation": 1, "tdm-policy": "a\r\nb"}
    found = parse_tdmrep(json.dumps([rule] * 1200).encode()[:MAX_TDMREP])
    assert len(parse_tdmrep(json.dumps([{"location": "/", "tdm-reservation": 1}] * (MOST + 5)).encode())) == MOST
    assert found == ()
    [one] = parse_tdmrep(json.dumps([rule]).encode())
    assert one.location.isprintable()
    assert one.policy is None
    assert said([{"location": "/" + "*a" * 140 + "b", "tdm-reservation": 1}], "/" + "a" * 200_000) == ()  # at once


def test_it_is_remembered_for_a_day(tmp_path: Path) -> None:
    body = b'[{"location": "/", "tdm-reservation": 1}]'
    origin = f"https://{HOST}"
    with State(tmp_path / "state.sqlite") as state:
        assert TdmMemory(state).get(origin, NOW) is None
        assert len(TdmMemory(state).put(origin, NOW, body)) == 1
        memory = TdmMemory(state)  # of another process
        assert memory.get(origin, NOW + DAY - 1) == parse_tdmrep(body)
        assert memory.get(origin, NOW + DAY) is None
        assert memory.put(origin, NOW + DAY, None) == parse_tdmrep(body), "the last copy holds while it cannot be had"
        assert memory.get(origin, NOW + DAY + FAILED_FOR - 1) == parse_tdmrep(body)
        assert memory.get(origin, NOW + DAY + FAILED_FOR) is None
        assert memory.put(origin, NOW + 2 * DAY, b"") == ()
        assert TdmMemory(state).get(origin, NOW + 2 * DAY) == ()


def test_a_page_goes_before_its_head_and_that_before_the_file_of_its_host() -> None:
    file, head, page = "tdmrep.json /: {}", "tdm-reservation: {}", "meta tdm-reservation: {}"
    for ways in ((file, head), (head, page), (file, page)):
        for first, second in (("0", "1"), ("1", "0")):
            told = (ways[0].format(first), ways[1].format(second))
            assert reserved(told) == reserved(told[::-1]) == ({Reserved.TDM} if second == "1" else set())
    assert reserved(("meta tdm-reservation: 0", "meta tdm-reservation: 1")) == {Reserved.TDM}
    assert reserved(("meta tdm-reservation: 0", "content-usage: train-ai=n")) == {Reserved.TDM}


def feed() -> bytes:
    links = "".join(f"<item><link>http://{HOST}/{part}/2026/11/24/a-story-of-today</link></item>" for part in "ab")
    return f"<rss version='2.0'><channel>{links}</channel></rss>".encode()


@pytest.mark.slow
def test_captures_say_what_their_host_reserves(tmp_path: Path) -> None:
    page = b"<html><head><title>A story</title></head><body><p>Of today.</p></body></html>"
    answers: Answers = {
        f"{HOST}/feed": Odd(body=feed(), fields={"Content-Type": "application/rss+xml"}),
        f"{HOST}/robots.txt": b"User-agent: *\nContent-Usage: /b/ train-ai=n\nContent-Signal: search=yes\n",
        f"{HOST}{PATH}": Odd(302, fields={"Location": "/legal/tdm.json"}),
        f"{HOST}/legal/tdm.json": b'[{"location": "/a/", "tdm-reservation": 1}]',
        **dict.fromkeys((f"{HOST}/{part}/2026/11/24/a-story-of-today" for part in "ab"), page),
    }
    with OddServer(answers) as server, make_archive(tmp_path / "A", server.resolve(HOST)) as archive:
        crawl(archive, [site(HOST, (SourceKind.FEED, "/feed"))])
        crawl(archive, [site(HOST, (SourceKind.FEED, "/feed"))])
        found = {one.url: one for one in archive.captures()}
        asked = [one.path for one in server.seen]
        assert asked.count(PATH) == 1
        assert asked.index(PATH) < asked.index("/a/2026/11/24/a-story-of-today")
    signal = "robots.txt Content-Signal: search=yes"
    assert found[f"http://{HOST}/a/2026/11/24/a-story-of-today"].reservations == ("tdmrep.json /a/: 1", signal)
    assert found[f"http://{HOST}/b/2026/11/24/a-story-of-today"].reservations == (
        "robots.txt Content-Usage /b/: train-ai=n",
        signal,
    )
    assert found[f"http://{HOST}/feed"].reservations == (signal,), "lists are used, too"
    file = found[f"http://{HOST}/legal/tdm.json"]
    assert (file.role, file.source) == (Role.ROBOTS, "tdmrep")


@pytest.mark.slow
def test_it_is_not_asked_for_where_robots_txt_forbids_that_nor_at_a_front_page(tmp_path: Path) -> None:
    other, story = "herald.example", "/a/2026/11/24/a-story-of-today"
    rss = Odd(body=feed(), fields={"Content-Type": "application/rss+xml"})
    answers: Answers = {
        f"{HOST}/robots.txt": b"User-agent: *\nDisallow: /.well-known/\n",
        f"{HOST}/feed": rss,
        f"{HOST}{story}": b"<p>Of today.</p>",
        f"{other}/feed": Odd(body=feed().replace(HOST.encode(), other.encode()), fields=rss.fields),
        f"{other}{PATH}": Odd(302, fields={"Location": "/"}),  # as many hosts answer whatever they do not have
        f"{other}{story}": b"<p>Of today.</p>",
    }
    with OddServer(answers) as server, make_archive(tmp_path / "A", server.resolve(HOST, other)) as archive:
        crawl(archive, [site(host, (SourceKind.FEED, "/feed")) for host in (HOST, other)])
        asked = {(one.host, one.path) for one in server.seen}
        assert (HOST, PATH) not in asked
        assert (other, PATH) in asked
        assert (other, "/") not in asked
        assert {f"http://{HOST}{story}", f"http://{other}{story}"} <= {one.url for one in archive.captures()}
