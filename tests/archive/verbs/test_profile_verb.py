"""``presskeep profile``: learned, shown, made to hold, checked, ended; and a rebuild makes the same texts again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from archive.article import Article
from archive.cleaning.profile import EMPTY, Profile
from archive.crew import clean_pending
from archive.exchange import Exchange, Origin, Role
from archive.profiles import Layout, Profiles, activate, layouts
from archive.store import Archive
from benchmarks.grown import Grown, grow

from .conftest import run

SITE = "grown.example"
START = 1_796_000_000_000_000
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"


def put(archive: Archive, pages: list[Grown]) -> None:
    with archive.writer("crawl") as writer:
        for number, page in enumerate(pages):
            request = f"GET /{number} HTTP/1.1\r\nHost: {SITE}\r\n\r\n".encode()
            at = START + number * 3_600_000_000
            writer.add(
                Exchange(page.url, at, request, HEAD + page.html.encode(), origin=Origin(site=SITE, role=Role.ARTICLE))
            )


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with articles of a site before its redesign."""
    path = tmp_path_factory.mktemp("profile") / "NEWS"
    with Archive.create(path) as archive:
        put(archive, grow(24, 3)[:12])
        clean_pending(archive)
    return path


@pytest.fixture
def copy(grown: Path, tmp_path: Path) -> Path:
    shutil.copytree(grown, tmp_path / "NEWS")
    return tmp_path / "NEWS"


def texts(path: Path) -> dict[str, str]:
    with Archive.open(path) as archive:
        return {entry.capture.id: entry.identity for entry in archive.entries()}


def articles(path: Path) -> list[str]:
    with Archive.open(path) as archive:
        return [entry.text.text for entry in archive.entries() if isinstance(entry.text, Article)]


def words(path: Path) -> str:
    return "\n".join(articles(path))


def leaking(path: Path) -> list[str]:
    """The lines that all articles have, which no story of this site does: what the cleaner alone takes for text."""
    every = [text.split("\n") for text in articles(path)]
    return [line for line in every[0] if line and all(line in one for one in every)]


def test_it_is_learned_and_shown_and_changes_nothing(grown: Path) -> None:
    before = texts(grown)
    told = json.loads(run("profile", SITE, "--json", "--archive", grown).stdout)
    assert told["learned_from"] == told["pages"] == told["touched"] == 12
    line = leaking(grown)[0]
    assert {"text": line, "pages": 12} in told["lines"]
    assert told["activated"] is None
    kept = json.loads(Path(told["file"]).read_text("utf-8"))
    assert kept["chrome"] == told["chrome"]
    shown = run("profile", SITE, "--archive", grown)
    assert shown.returncode == 0
    assert f"12  {line}"[:60] in shown.stdout
    assert "--activate' makes it hold" in shown.stderr
    assert texts(grown) == before


def test_it_holds_is_rebuilt_and_ends(copy: Path) -> None:
    without, lines = texts(copy), leaking(copy)
    assert lines
    told = json.loads(run("profile", SITE, "--activate", "--json", "--archive", copy).stdout)
    assert "12 article" in told["activated"]
    held = texts(copy)
    assert held.keys() == without.keys()
    assert not set(held.values()) & set(without.values())
    assert not any(line in words(copy) for line in lines)
    (listed,) = map(json.loads, run("profile", "--list", "--json", "--archive", copy).stdout.splitlines())
    assert (listed["profile"], listed["texts"], listed["texts_by_others"]) == (told["profile"], 12, 0)
    deep = json.loads(run("verify", "--deep", "--json", "--archive", copy).stdout)
    assert deep["findings"] == []

    shutil.rmtree(copy / "profiles")
    (copy / "catalog.sqlite").unlink()
    assert run("rebuild", "--archive", copy).returncode == 0
    assert texts(copy) == held

    assert run("profile", SITE, "--off", "--archive", copy).returncode == 0
    assert texts(copy) == without
    assert "no site has a profile" in run("profile", "--list", "--archive", copy).stderr
    again = run("profile", SITE, "--off", "--archive", copy)
    assert (again.returncode, "has no profile" in again.stderr) == (4, True)


def test_a_file_that_somebody_wrote_is_taken(copy: Path, tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    first, *others = leaking(copy)
    file.write_text(json.dumps({"site": SITE, "schema": 2, "chrome": [first.replace(" ", "  ")]}))
    assert run("profile", SITE, "--file", file, "--activate", "--archive", copy).returncode == 0
    assert leaking(copy) == others
    for content, said in (
        ("{}", "it has no schema"),
        ('{"site": 5, "schema": 2}', "of another kind"),
        ('{"site": "a", "schema": 2, "chrome": "x"}', "chrome is no list"),
        ('{"site": "elsewhere.example", "schema": 2}', "is the profile of 'elsewhere.example'"),
        ('{"site": "a", "schema": 99}', "install a newer Presskeep"),
        ("no json", "cannot be read as a profile"),
    ):
        file.write_text(content)
        wrong = run("profile", SITE, "--file", file, "--activate", "--archive", copy)
        assert (wrong.returncode, said in wrong.stderr) == (2, True)
    file.write_text(json.dumps({"site": SITE, "schema": 2}))
    assert run("profile", SITE, "--file", file, "--activate", "--archive", copy).returncode == 4


RULES = f"""
[[rule]]
hosts = ["{SITE}"]
why = "the form below the story has no name of its own"
example = "https://{SITE}/1"
drop = [".nothing-is-called-so"]
headline = "title"

[[rule]]
hosts = ["elsewhere.example"]
why = "about other pages"
example = "https://elsewhere.example/1"
drop = ["p"]
"""


def test_rules_are_tried_made_to_hold_and_stay_when_the_rest_is_learned(copy: Path, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    before = texts(copy)
    told = json.loads(run("profile", SITE, "--rules", file, "--json", "--archive", copy).stdout)
    assert texts(copy) == before
    assert told["met"][0] == {"selector": "drop .nothing-is-called-so", "pages": 0, "of": 12}
    assert [one["selector"] for one in told["met"]] == ["drop .nothing-is-called-so", "headline title"]
    assert Path(told["file"]).is_file()
    shown = run("profile", SITE, "--rules", file, "--activate", "--archive", copy)
    assert shown.returncode == 0
    assert "0 of 12   drop .nothing-is-called-so" in shown.stdout
    with Archive.open(copy) as archive:
        met = [one for entry in archive.articles() for one in entry.evidence if one.field == "publisher-rule"]
    assert len(met) == 24
    learned = run("profile", SITE, "--activate", "--archive", copy)
    assert "2 publisher rules of the profile that holds stay in it" in learned.stderr
    (listed,) = map(json.loads, run("profile", "--list", "--json", "--archive", copy).stdout.splitlines())
    assert (listed["rules"], listed["texts"]) == (2, 12)
    held = texts(copy)
    (copy / "catalog.sqlite").unlink()
    assert run("rebuild", "--archive", copy).returncode == 0
    assert texts(copy) == held
    file.write_text("")
    assert run("profile", SITE, "--rules", file, "--activate", "--archive", copy).returncode == 0
    again = run("profile", SITE, "--rules", file, "--archive", copy)
    assert (again.returncode, "has no rule" in again.stderr) == (4, True)
    file.write_text("[[rule]]\ndrop = ['p >>']")
    wrong = run("profile", SITE, "--rules", file, "--archive", copy)
    assert (wrong.returncode, "cannot be read as publisher rules" in wrong.stderr) == (2, True)
    file.unlink()
    gone = run("profile", SITE, "--rules", file, "--archive", copy)
    assert gone.stderr.endswith("cannot be read as publisher rules: No such file or directory\n")


def test_texts_move_to_a_profile_by_clean_alone(copy: Path) -> None:
    with Archive.open(copy) as archive:
        activate(archive, Profile(SITE, ("Leave a reply",)))
        assert Profiles(archive.catalog).named(EMPTY.digest) is EMPTY
        put(archive, [grow(24, 4)[0]])
        clean_pending(archive)
        found = {entry.capture.id: entry.text.provenance.profile for entry in archive.entries()}
    assert len(set(found.values())) == 2, "what is cleaned later has the new one, the others stay"
    assert run("clean", "--archive", copy).returncode == 0
    with Archive.open(copy) as archive:
        assert len({entry.text.provenance.profile for entry in archive.entries()}) == 1


def test_a_redesign_is_told(copy: Path) -> None:
    assert run("profile", SITE, "--check", "--archive", copy).returncode == 4
    assert run("profile", SITE, "--activate", "--archive", copy).returncode == 0
    same = run("profile", SITE, "--check", "--archive", copy)
    assert (same.returncode, "stand where they stood" in same.stdout) == (0, True)
    with Archive.open(copy) as archive:
        assert layouts(archive) == {SITE: Layout(12, 0)}
        put(archive, [page for page in grow(60, 5) if page.template == 2])
        clean_pending(archive)
        assert layouts(archive)[SITE].has_drifted
    told = run("profile", SITE, "--check", "--json", "--archive", copy)
    assert (told.returncode, json.loads(told.stdout)["drifted"]) == (1, True)
    assert "the layout of grown.example has changed" in told.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "name a site"),
        ((SITE, "--list"), 2, "name a site"),
        ((SITE, "--check", "--off"), 2, "exclude each other"),
        ((SITE, "--off", "--activate"), 2, "exclude each other"),
        (("elsewhere.example",), 4, "nothing of a site"),
        ((SITE, "--file", "missing.json"), 2, "cannot be read as a profile"),
    ],
)
def test_wrong_words_are_told(grown: Path, words: tuple[str, ...], code: int, said: str) -> None:
    done = run("profile", *words, "--archive", grown)
    assert (done.returncode, said in done.stderr) == (code, True)
