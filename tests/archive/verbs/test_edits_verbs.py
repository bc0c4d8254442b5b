"""``presskeep diff`` and ``edits``: for people, in a pipe, as JSON, a feed and a page; hostile text stays text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from editing.stories import BEGIN, BODY, GONE, HOUR, article
from editing.written import Text, written

import archive.cli  # noqa: F401 - mounts the verbs
from archive.article import Verdict
from archive.exchange import Exchange, Origin, Role

from . import pages
from .conftest import run
from .console import in_terminal

BAD = "\x1b[31mRed\x1b[2J \x07 \u202ereversed <script>alert(1)</script> ]]> \ufffe & [bold]x[/bold]"
CRANE, FERRY, SNOW, BRIDGE = (f"https://gazette.example/{name}" for name in ("crane", "ferry", "snow", "bridge"))
A = article()
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An archive with an edit that is silent, one that is told, a headline test, a page that went, and hostile text."""
    path = tmp_path_factory.mktemp("edited") / "NEWS"
    told = article(*BODY[:2], "A second crane follows in May.", modified="2026-11-25T09:00Z")
    stories: dict[str, Sequence[Text]] = {
        CRANE: (A, article(*BODY[:2], "A second crane follows in May."), replace(told, body=A.body)),
        FERRY: (A, replace(A, headline="You will not believe which crane moved"), A),
        BRIDGE: (A, A, GONE),
        SNOW: (A, article(BODY[0], f"{BODY[1]} {BAD}", headline=f"Crane {BAD}", byline=(BAD,))),
    }
    with written(path, stories):
        yield path


def lines(*words: str | Path) -> list[dict[str, object]]:
    done = run(*words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_list(edited: Path) -> None:
    done = run("edits", "--archive", edited)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [(row[1], row[2], row[6].rpartition("/")[2]) for row in rows] == [
        ("deleted", "", "bridge"),
        ("reworded,modified", "", "crane"),
        ("headline,removed,reworded,byline", "silent", "snow"),
        ("reworded", "silent", "crane"),
    ]
    assert "4 edits" in done.stderr
    assert "left out: 2 headline tests (--tests)" in done.stderr


@pytest.mark.parametrize(
    ("words", "urls"),
    [
        (("--silent",), [SNOW, CRANE]),
        (("--tests",), [FERRY, FERRY]),
        (("--kind", "headline"), [SNOW]),
        (("--kind", "deleted", "--kind", "headline"), [BRIDGE, SNOW]),
        (("--kind", "body", "--limit", "1"), [CRANE]),
        (("--kind", "byline"), [SNOW]),
        (("--site", "gazette.example", "--until", "2020-01-01"), []),
        (("--since", "1h"), []),
    ],
)
def test_filters(edited: Path, words: tuple[str, ...], urls: list[str]) -> None:
    assert [one["url"] for one in lines("edits", "--json", *words, "--archive", edited)] == urls


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("edits", "--kind", "headlines"), "headline"),
        (("edits", "--since", "yesterday"), "7d"),
        (("edits", "--json", "--atom", "x"), "exclude each other"),
        (("edits", "--tests", "--silent"), "--tests or --silent"),
        (("diff", CRANE, "1", "--all"), "leave A and B out"),
        (("diff", CRANE, "soon"), "the number of an edition"),
        (("diff", CRANE, "3"), "is the last edition of 3"),
    ],
)
def test_wrong_calls(edited: Path, words: tuple[str, ...], said: str) -> None:
    done = run(*words, "--archive", edited)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("diff", CRANE, "9"), "no edition 9"),
        (("diff", CRANE, "urn:uuid:00000000-0000-4000-8000-000000000009"), "has no capture"),
        (("diff", f"{CRANE}s"), "did you mean https://gazette.example/crane"),
        (("diff", CRANE, "--site", "x.example"), "gazette.example"),
        (("edits", "--site", "x.example"), "gazette.example"),
    ],
)
def test_what_is_not_there(edited: Path, words: tuple[str, ...], said: str) -> None:
    done = run(*words, "--archive", edited)
    assert (done.returncode, said in done.stderr) == (4, True), done.stderr


def test_a_diff_in_a_pipe(edited: Path) -> None:
    done = run("diff", CRANE, "1", "2", "--archive", edited)
    assert done.returncode == 0
    for said in (
        "edition  1 → 2 of 3",
        "1 paragraph reworded (+1 −12 words)",
        "silent: it states no date of modification",
        "~ A second crane follows in [-March, when",
        "carry it-]{+May+}.",
    ):
        assert said in done.stdout
    assert "\x1b" not in done.stdout
    assert "standfirst" not in done.stdout.lower()
    assert "Standfirst" in run("diff", CRANE, "1", "2", "--whole", "--archive", edited).stdout


def test_the_last_two_editions_are_meant_where_none_is_named(edited: Path) -> None:
    (found,) = lines("diff", CRANE, "--json", "--archive", edited)
    assert found == lines("diff", CRANE, "2", "3", "--json", "--archive", edited)[0]
    assert found == lines("diff", CRANE, "2", "--json", "--archive", edited)[0]
    assert (found["silent"], found["kinds"]) == (False, ["reworded", "modified"])
    old, new = found["old"], found["new"]
    assert isinstance(old, dict)
    assert isinstance(new, dict)
    by_id = lines("diff", CRANE, old["capture_id"], new["capture_id"], "--json", "--archive", edited)
    by_time = lines("diff", CRANE, old["captured_at"], new["captured_at"], "--json", "--archive", edited)
    digits = [one["captured_at"].translate(str.maketrans("", "", "-:TZ"))[:14] for one in (old, new)]
    assert [found] == by_id == by_time == lines("diff", CRANE, *digits, "--json", "--archive", edited)


def test_a_whole_story(edited: Path) -> None:
    assert [one["kinds"] for one in lines("diff", BRIDGE, "--all", "--json", "--archive", edited)] == [["deleted"]]
    found = lines("diff", FERRY, "--all", "--json", "--archive", edited)
    assert [one["test"] for one in found] == [True, True]
    (last,) = lines("diff", FERRY, "--json", "--archive", edited)
    assert (last["id"], last["test"]) == (found[1]["id"], True)


def test_nothing_to_compare(edited: Path, news: Path) -> None:
    done = run("diff", BRIDGE, "--archive", edited)
    assert (done.returncode, done.stdout) == (0, "")
    assert "3 captures, 1 edition: nothing changed" in done.stderr
    assert "gave no article: soft-404" in done.stderr
    (told,) = lines("diff", BRIDGE, "--json", "--archive", edited)
    assert (told["type"], told["captures"], told["editions"]) == ("none", 3, 1)
    done = run("diff", pages.GONE, "--archive", news)
    assert (done.returncode, "has no text to compare" in done.stderr) == (4, True)


def test_a_page_that_leads_elsewhere_now_is_said_to(tmp_path: Path) -> None:
    with written(tmp_path / "NEWS", {CRANE: (A, article(*BODY[:2]))}) as made, made.writer("crawl") as writer:
        head = f"HTTP/1.1 301 Moved\r\nLocation: {FERRY}\r\nContent-Length: 0\r\n\r\n"
        origin = Origin(site="gazette.example", role=Role.ARTICLE)
        writer.add(Exchange(CRANE, BEGIN + 9 * HOUR, b"GET / HTTP/1.1\r\n\r\n", head.encode(), origin=origin))
    done = run("diff", CRANE, "--archive", tmp_path / "NEWS")
    assert (done.returncode, "leads elsewhere, status 301" in done.stderr) == (0, True), done.stderr


def test_hostile_text_does_not_reach_the_terminal(edited: Path) -> None:
    for words in (("diff", SNOW), ("edits",)):
        shown, code = in_terminal(*words, "--archive", edited)
        assert code == 0
        assert "[2J" in shown, "as text"
        assert not any(one in shown for one in ("\x1b[31mRed", "\x1b[2J \x07", "\x07", "\u202e"))
        piped = run(*words, "--archive", edited).stdout
        assert not any(one in piped for one in ("\x1b", "\x07", "\u202e"))


def test_a_terminal_has_colours_and_no_marks(edited: Path) -> None:
    shown, _ = in_terminal("diff", CRANE, "1", "2", "--archive", edited, columns=60)
    assert "[-" not in shown
    assert "\x1b[9;31m" in shown or "\x1b[31;9m" in shown
    assert all(len(line) < 200 for line in shown.splitlines())


def test_the_feed(edited: Path, tmp_path: Path) -> None:
    file = tmp_path / "edits.atom"
    done = run("edits", "--atom", file, "--archive", edited)
    assert (done.returncode, "4 edits" in done.stdout) == (0, True), done.stderr
    feed = ET.fromstring(file.read_bytes())
    entries = feed.findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == 4
    assert ids == [one["id"] for one in lines("edits", "--json", "--archive", edited)]
    updated = [entry.findtext(f"{ATOM}updated") or "" for entry in entries]
    assert updated == sorted(updated, reverse=True)
    assert feed.findtext(f"{ATOM}updated") == updated[0]
    for parent in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert len(parent.findall(f"{ATOM}{name}")) == 1
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "NEWS"
    for entry in entries:
        (link,) = entry.findall(f"{ATOM}link")
        assert (link.get("rel"), link.get("href", "").startswith("https://gazette.example/")) == ("alternate", True)
        content = entry.find(f"{ATOM}content")
        assert content is not None
        assert content.get("type") == "html"
        assert "<script" not in (content.text or "")
    again = run("edits", "--atom", "-", "--archive", edited)
    assert again.stdout.encode() == file.read_bytes()
    empty = ET.fromstring(run("edits", "--atom", "-", "--since", "1h", "--archive", edited).stdout)
    assert (empty.findall(f"{ATOM}entry"), empty.findtext(f"{ATOM}updated")) == ([], "1970-01-01T00:00:00.000000Z")


def test_the_page(edited: Path, tmp_path: Path) -> None:
    file = tmp_path / "edits.html"
    assert run("edits", "--html", file, "--archive", edited).returncode == 0
    text = file.read_text(encoding="utf-8")
    assert text.count("<article>") == 4
    assert "<script" not in text
    assert "\x1b" not in text
    assert "alert(1)" in text, "as text"
    assert "default-src 'none'" in text
    assert "No edits were found" in run("edits", "--html", "-", "--since", "1h", "--archive", edited).stdout


def test_what_is_withheld_is_in_no_feed(tmp_path: Path) -> None:
    path = tmp_path / "NEWS"
    stories = {CRANE: (A, article(*BODY[:2])), FERRY: (A, replace(A, verdict=Verdict.TEASER))}
    with written(path, stories, reserved=("tdm-reservation: 1",)):
        pass
    with (path / "archive.toml").open("a", encoding="utf-8") as file:
        file.write('[reservations]\ntdm = "withhold"\n')
    assert len(lines("edits", "--json", "--archive", path)) == 1
    for option in ("--atom", "--html"):
        done = run("edits", option, "-", "--archive", path)
        assert CRANE not in done.stdout
        assert "withheld by [reservations]" in done.stderr
        assert CRANE in run("edits", option, "-", "--with-withheld", "--archive", path).stdout
