"""``presskeep show`` and ``captures``, run for real."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from .conftest import run
from .pages import BRIDGE, BRIDGE_FIRST, FEED, FORBIDDEN, GONE, HOSTILE, MOVED, TEASER, UNRESOLVED


def test_the_latest_article_with_its_provenance(news: Path) -> None:
    done = run("show", BRIDGE, "--archive", news)
    assert done.returncode == 0
    assert "  Harbour bridge reopens after nine years, two winters late\n" in done.stdout
    assert "  • The footbridge to the island" in done.stdout
    assert "  → 2  2026-11-25 09:30:05 UTC" in done.stdout
    assert "\n  3 captures\n  warc/20" in done.stdout
    assert "found     in a feed through https://gazette.example/feed.xml" in done.stdout
    assert all(line == line.rstrip() for line in done.stdout.splitlines())
    assert "the latest capture (2026-11-27 09:30:05 UTC) gave no article: http-error: status 503" in done.stderr
    assert "1 fetch of it gave no answer" in done.stderr


def test_an_earlier_edition(news: Path) -> None:
    done = run("show", "gazette.example/2026/11/24/harbour-bridge-reopens", "--at", "2026-11-24", "--archive", news)
    assert "  Harbour bridge reopens after nine years\n" in done.stdout
    assert "  → 1  2026-11-24" in done.stdout


def test_plain_text(news: Path) -> None:
    cited = run("show", BRIDGE, "--cite", "--archive", news)
    assert f"{BRIDGE} . Captured " in cited.stdout
    assert cited.stdout.count("\n") == 1
    done = run("show", BRIDGE, "--text", "--archive", news)
    assert done.stdout.startswith("Harbour bridge reopens after nine years, two winters late\n\nThe harbour has waited")
    assert max(map(len, done.stdout.splitlines())) > 150  # a pipe has no edge to wrap at


def test_the_payload_is_the_pages_own_bytes(news: Path) -> None:
    words = ["show", BRIDGE, "--payload", "--at", "2026-11-24", "--archive", str(news)]
    done = subprocess.run([sys.executable, "-m", "archive.cli", *words], capture_output=True, check=True)
    assert done.stdout == BRIDGE_FIRST.encode()


def test_json_has_the_row_the_events_and_the_canonical_text(news: Path) -> None:
    document = json.loads(run("show", BRIDGE, "--json", "--archive", news).stdout)
    assert document["type"] == "article"
    assert document["headline"] == document["canonical"]["headline"]
    assert [one["edition"] for one in document["edition_list"]] == [1, 2]
    assert [one["type"] for one in document["events"]] == ["capture", "capture", "attempt", "capture"]
    assert document["canonical"]["body"][0]["sources"][0]["path"].startswith("/html")


def test_a_refusal_shows_its_verdict_and_reason(news: Path) -> None:
    done = run("show", GONE, "--archive", news)
    assert done.returncode == 0
    assert "  http-error: status 404\n" in done.stdout
    text = run("show", GONE, "--text", "--archive", news)
    assert (text.returncode, text.stdout) == (4, "")
    assert "http-error: status 404" in text.stderr
    assert json.loads(run("show", GONE, "--json", "--archive", news).stdout)["type"] == "refusal"


def test_a_teaser_says_so(news: Path) -> None:
    assert "\n  teaser · en-GB · " in run("show", TEASER, "--archive", news).stdout


def test_a_failed_attempt_says_why(news: Path) -> None:
    done = run("show", UNRESOLVED, "--archive", news)
    assert done.returncode == 0
    assert "it could not be fetched: the name does not resolve" in done.stdout
    document = json.loads(run("show", FORBIDDEN, "--json", "--archive", news).stdout)
    assert (document["type"], document["events"][0]["reason"]) == ("none", "robots")


def test_what_has_no_text_says_why_and_what_next(news: Path) -> None:
    moved = run("show", MOVED, "--archive", news).stdout
    assert f"it redirects: run 'presskeep show {BRIDGE}'" in moved
    assert "it was fetched as a feed, not as an article" in run("show", FEED, "--archive", news).stdout


def test_an_unknown_url_suggests_near_ones(news: Path) -> None:
    done = run("show", "https://gazette.example/2026/11/24/harbour-bridge-opens", "--archive", news)
    assert done.returncode == 4
    assert f"did you mean {BRIDGE}?" in done.stderr
    nothing = run("show", "https://elsewhere.example/story", "--archive", news)
    assert nothing.returncode == 4
    assert "presskeep list" in nothing.stderr
    assert run("show", "not a url", "--archive", news).returncode == 2
    assert run("show", BRIDGE, "--json", "--text", "--archive", news).returncode == 2


def test_hostile_text_steers_nothing(news: Path) -> None:
    for words in (["show", HOSTILE], ["list"], ["prove", HOSTILE], ["show", HOSTILE, "--text"]):
        shown = run(*words, "--archive", news).stdout
        assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e"}
        assert "[bold]not markup[/bold]" in shown


def test_captures_in_the_order_of_time(news: Path) -> None:
    done = run("captures", BRIDGE, "--archive", news)
    cells = [line.split("\t") for line in done.stdout.splitlines()]
    assert [(one[0][:10], *one[1:4]) for one in cells] == [
        ("2026-11-24", "200", "response", "text/html"),
        ("2026-11-25", "200", "response", "text/html"),
        ("2026-11-26", "timeout", "attempt", "no byte within 45 s"),
        ("2026-11-27", "503", "response", "text/html"),
    ]
    assert done.stderr == "3 captures, 1 failed attempt\n"
    first = json.loads(run("captures", BRIDGE, "--json", "--archive", news).stdout.splitlines()[0])
    assert first["payload_length"] == len(BRIDGE_FIRST.encode())
    assert first["warc_offset"] == int(cells[0][6])
