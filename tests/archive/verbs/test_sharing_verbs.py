"""``presskeep index`` and ``pack``, run for real."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from .conftest import make, run
from .console import in_terminal
from .pages import BRIDGE, SNOW


def urls(text: str) -> list[str]:
    return [json.loads(one.split(" ", 2)[2])["url"] for one in text.splitlines()]


def pages(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as package:
        return [json.loads(one)["url"] for one in package.read("pages/pages.jsonl").splitlines()[1:]]


def test_an_index_on_stdout_and_the_summary_on_stderr(news: Path) -> None:
    done = run("index", "--cdxj", "--archive", news)
    assert done.returncode == 0, done.stderr
    assert {BRIDGE, SNOW} < set(urls(done.stdout))
    assert done.stderr == f"{len(urls(done.stdout))} captures\n"
    assert run("index", "-", "--archive", news).stdout == done.stdout


def test_an_index_in_a_file(news: Path, tmp_path: Path) -> None:
    path = tmp_path / "index.cdxj"
    done = run("index", path, "--site", "talblatt.example", "--archive", news)
    assert done.stdout.startswith(f"{path}: {len(urls(path.read_text()))} capture")
    assert SNOW in urls(path.read_text())
    assert BRIDGE not in urls(path.read_text())
    before = path.read_bytes()
    done = run("index", path, "--json", "--until", "2020-01-01", "--archive", news)
    assert (done.returncode, done.stdout, path.read_bytes()) == (4, "", before)
    done = run("index", path, "--json", "--archive", news)
    size = path.stat().st_size
    said = {"target": str(path), "captures": len(urls(path.read_text())), "confirmations": 0, "lost": 0}
    assert json.loads(done.stdout) == {**said, "withheld": 0, "bytes": size}


def test_a_package_and_what_it_holds(news: Path, tmp_path: Path) -> None:
    path = tmp_path / "news.wacz"
    done = run("pack", path, "--title", "Zwei Blätter", "--description", "All of both", "--archive", news)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == f"packed  {path}"
    assert f"--unpack-wacz COLLECTION {path}" in done.stderr
    with zipfile.ZipFile(path) as package:
        manifest = json.loads(package.read("datapackage.json"))
    assert (manifest["title"], manifest["description"]) == ("Zwei Blätter", "All of both")
    assert {BRIDGE, SNOW} < set(pages(path))


def test_parts(news: Path, tmp_path: Path) -> None:
    path = tmp_path / "part.wacz"
    done = run("pack", path, "--url", SNOW, "--json", "--archive", news)
    summary = json.loads(done.stdout)
    assert (summary["target"], summary["captures"], summary["pages"]) == (str(path), 1, 1)
    assert summary["bytes"] == path.stat().st_size
    assert pages(path) == [SNOW]
    (tmp_path / "urls.txt").write_text(f"{SNOW}\n\n  {BRIDGE}?utm_source=x  \nhttps://nowhere.example/\n")
    done = run("pack", path, "--urls", tmp_path / "urls.txt", "--archive", news)
    assert set(pages(path)) == {SNOW, BRIDGE}
    assert "nothing was captured of 1 URL: https://nowhere.example/" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("pack", "news.zip"), 2, "ends in .wacz"),
        (("pack", "news.wacz", "--site", "talblat.example"), 4, "did you mean talblatt.example?"),
        (("pack", "news.wacz", "--until", "2020-01-01"), 4, "nothing matched"),
        (("pack", "news.wacz", "--since", "soon"), 2, "--since takes a day or a time"),
        (("pack", "news.wacz", "--url", "no address"), 2, "is no web address"),
        (("pack", "news.wacz", "--urls", "missing.txt"), 4, "there is no file missing.txt: write one"),
        (("pack", "news.wacz", "--urls", "/"), 2, "/ cannot be read (Is a directory): name a text file"),
        (("pack", "news.wacz", "--urls", "latin.txt"), 2, "latin.txt, line 2: this is not UTF-8"),
        (("pack", "news.wacz", "--urls", "wrong.txt"), 2, "wrong.txt, line 2"),
        (("pack", "news.wacz", "--urls", "empty.txt"), 2, "names no address"),
        (("pack", "nowhere/news.wacz"), 2, "does not exist"),
        (("index", "nowhere/index.cdxj"), 2, "does not exist"),
        (("index", "--json"), 2, "name a file for the index"),
        (("export", "jsonl", "-", "--json"), 2, "name a file for the rows"),
        (("index", "index.cdxj", "--until", "2020-01-01"), 4, "nothing matched"),
        (("index", "--until", "2020-01-01"), 4, "nothing matched"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_left(
    news: Path, tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    (tmp_path / "wrong.txt").write_text(f"{SNOW}\nno address\n")
    (tmp_path / "empty.txt").write_text("\n")
    (tmp_path / "latin.txt").write_bytes(b"https://a.example/\nhttps://a.example/f\xfcr\n")
    done = run(*words, "--archive", news, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(one.name for one in tmp_path.iterdir()) == ["empty.txt", "latin.txt", "wrong.txt"]


def test_on_a_terminal(news: Path, tmp_path: Path) -> None:
    seen, code = in_terminal("pack", tmp_path / "news.wacz", "--archive", news)
    assert code == 0
    assert "WARC file" in seen
    assert "with text" in seen


def test_what_is_taken_down_is_named_where_it_is_asked_for(tmp_path: Path) -> None:
    news = make(tmp_path / "NEWS", clean=False)
    assert run("takedown", SNOW, "--reason", "a wish", "--archive", news).returncode == 0
    done = run("pack", tmp_path / "snow.wacz", "--url", SNOW, "--archive", news)
    assert done.returncode == 4
    assert f"{SNOW} was taken down on " in done.stderr
    done = run("pack", tmp_path / "both.wacz", "--url", SNOW, "--url", BRIDGE, "--archive", news)
    assert done.returncode == 0
    assert f"taken down, and so not in it: {SNOW}; " in done.stderr
    assert "nothing was captured" not in done.stderr
