"""``presskeep list``, run for real."""

from __future__ import annotations

import json
from pathlib import Path

from archive.verbs.entries import some_of
from archive.verbs.words import explain

from .conftest import clean_one, run
from .pages import BRIDGE, FERRY, FORBIDDEN, GONE, HOSTILE, SNOW, TEASER, UNRESOLVED


def lines(news: Path, *words: str) -> list[list[str]]:
    done = run("list", "--archive", news, *words)
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_articles_by_date_with_words_verdict_headline_and_url(news: Path) -> None:
    listed = lines(news)
    assert [cells[4] for cells in listed] == [BRIDGE, FERRY, SNOW, HOSTILE]
    assert listed[0] == [
        "2026-11-24", "207", "article", "Harbour bridge reopens after nine years, two winters late", BRIDGE,
    ]  # fmt: skip


def test_an_article_stays_when_its_page_cannot_be_had_later_and_that_is_listed_too(news: Path) -> None:
    everything = lines(news, "--verdict", "all")
    assert [(cells[2], cells[3]) for cells in everything if cells[4] == BRIDGE] == [
        ("article", "Harbour bridge reopens after nine years, two winters late"),
        ("http-error", "status 503"),
    ]
    assert {cells[4] for cells in everything} == {BRIDGE, FERRY, SNOW, HOSTILE, TEASER, GONE, FORBIDDEN, UNRESOLVED}


def test_failures_say_why(news: Path) -> None:
    failed = lines(news, "--verdict", "failed")
    assert [cells[3:] for cells in failed] == [
        ["robots.txt does not allow it: Disallow: /private/", FORBIDDEN],
        ["the name does not resolve: lost.example: Name or service not known", UNRESOLVED],
    ]


def test_filters(news: Path) -> None:
    assert [cells[4] for cells in lines(news, "--site", "talblatt.example")] == [SNOW]
    assert [cells[4] for cells in lines(news, "--language", "de")] == [SNOW]
    assert [cells[4] for cells in lines(news, "--since", "2026-11-26")] == [HOSTILE]
    assert [cells[4] for cells in lines(news, "--until", "2026-11-25")] == [BRIDGE]
    assert [cells[4] for cells in lines(news, "--limit", "1")] == [HOSTILE]
    assert [cells[4] for cells in lines(news, "--verdict", "http-error")] == [GONE, BRIDGE]
    assert [cells[4] for cells in lines(news, "--search", "WINTERS bridge", "--verdict", "all")] == [BRIDGE]


def test_json_lines_have_all_fields(news: Path) -> None:
    done = run("list", "--archive", news, "--json", "--limit", "4")
    first = json.loads(done.stdout.splitlines()[0])
    assert first == {
        "date": "2026-11-24T08:15:00+01:00",
        "captured_at": "2026-11-25T09:30:05.123456Z",
        "verdict": "article",
        "words": 207,
        "site": "gazette.example",
        "language": "en-GB",
        "headline": "Harbour bridge reopens after nine years, two winters late",
        "reason": None,
        "editions": 2,
        "reserved": [],
        "url": BRIDGE,
    }
    assert done.stderr == ""


def test_the_summary_counts_what_is_not_shown(news: Path) -> None:
    done = run("list", "--archive", news)
    assert done.stderr == "4 articles; 2 http-error, 2 failed, 1 teaser under --verdict all\n"


def test_wrong_values_say_what_is_right(news: Path) -> None:
    unknown = run("list", "--archive", news, "--site", "gazete.example")
    assert unknown.returncode == 4
    assert "gazette.example" in unknown.stderr
    verdict = run("list", "--archive", news, "--verdict", "artikel")
    assert verdict.returncode == 2
    assert "did you mean article?" in verdict.stderr
    date = run("list", "--archive", news, "--since", "yesterday")
    assert date.returncode == 2
    assert "2026-11-24" in date.stderr


def test_an_empty_list_says_whether_nothing_is_there_or_nothing_matched(news: Path, tmp_path: Path) -> None:
    run("init", tmp_path / "A", "--contact", "we@example.org")
    assert run("list", "--archive", tmp_path / "A").stderr.startswith("nothing to list yet: 'presskeep crawl' fetches")
    assert run("list", "--archive", news, "--since", "2030-01-01").stderr.startswith("nothing matched: ")


def test_pages_that_wait_for_the_cleaner_are_told(uncleaned: Path) -> None:
    done = run("list", "--archive", uncleaned)
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == (
        "8 pages of this archive wait for the cleaner: 'presskeep clean' makes the texts"
    )
    assert "presskeep crawl" not in done.stderr
    clean_one(uncleaned)
    listed = run("list", "--json", "--archive", uncleaned)
    assert [json.loads(line)["verdict"] for line in listed.stdout.splitlines()] == ["article"]
    assert listed.stderr.startswith("7 pages of this archive wait")


def test_robots_that_could_not_be_had_are_no_rule_of_the_publisher() -> None:
    lost = "robots.txt could not be had (refused: …), so nothing may be fetched"
    assert explain("robots", lost) == lost
    assert explain("robots", "Disallow: /private/") == "robots.txt does not allow it: Disallow: /private/"


def test_of_many_sites_it_is_said_that_some_are_not_named() -> None:
    assert some_of(["a.example"]) == "it has a.example"
    assert some_of([f"{letter}.example" for letter in "abcdefg"]).endswith("d.example, e.example and 2 more")
