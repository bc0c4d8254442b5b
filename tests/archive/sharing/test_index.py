"""The index: complete, in order, and line by line what cdxj-indexer makes of the same files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers import ask, needs_peers

from archive.catalogue.blocking import Target
from archive.errors import NotFound, StorageFull
from archive.removal.takedown import take_down
from archive.sharing.cdxj import write_index
from archive.sharing.selection import Selection
from archive.sharing.sorting import in_order
from archive.store import Archive
from archive.url import normalise

from .conftest import ODD, fill, full_beyond, second_begins, warcs

Line = tuple[str, str, dict[str, str]]


def index(archive: Archive, path: Path, selection: Selection | None = None) -> list[Line]:
    done = write_index(archive, str(path), selection or Selection())
    text = path.read_text()
    assert text == "".join(sorted(text.splitlines(keepends=True)))
    assert done.captures == text.count("\n")
    assert done.bytes == len(text)
    return lines(text)


def lines(text: str) -> list[Line]:
    found = (one.split(" ", 2) for one in text.splitlines())
    return [(key, when, json.loads(said)) for key, when, said in found]


def test_a_line_for_each_capture(news: Archive, tmp_path: Path) -> None:
    found = index(news, tmp_path / "index.cdxj")
    assert len(found) == len([one for one in news.captures() if one.status != 304]) > len(ODD)
    key, when, said = next(one for one in found if one[2]["url"].endswith("/bridge"))
    capture = news.memento("https://courier.example/bridge")
    assert capture.location is not None
    assert (key, when) == ("example,courier)/bridge", "20261125100740")
    assert said == {
        "url": "https://courier.example/bridge",
        "mime": "text/html",
        "status": "200",
        "digest": capture.payload_digest,
        "length": str(capture.location.length),
        "offset": str(capture.location.offset),
        "filename": capture.location.file,
    }


def test_revisits_are_resolved(news: Archive, tmp_path: Path) -> None:
    found = index(news, tmp_path / "index.cdxj")
    fronts = [said for _, _, said in found if said["url"].endswith((".example/", "/index.html"))]
    (stored,) = (said for said in fronts if said["mime"] == "text/html")
    revisits = [said for said in fronts if said["mime"] == "warc/revisit"]
    assert [said["url"].rpartition("/")[2] for said in revisits] == ["", "index.html"]
    for said in revisits:
        assert {name: said[f"orig.{name}"] for name in ("filename", "offset", "length")} == {
            name: stored[name] for name in ("filename", "offset", "length")
        }
        assert said["digest"] == stored["digest"]
        assert said["status"] == "200"


def test_what_only_confirms_has_no_line(news: Archive, tmp_path: Path) -> None:
    done = write_index(news, str(tmp_path / "index.cdxj"), Selection())
    assert done.confirmations == 1
    assert done.captures == len(list(news.captures())) - 1


def test_what_is_no_get_has_a_key_of_its_own(news: Archive, tmp_path: Path) -> None:
    (posted,) = (one for one in index(news, tmp_path / "index.cdxj") if "method" in one[2])
    assert posted[0] == "example,courier)/search?__wb_method=post"
    assert posted[2]["method"] == "POST"


def test_a_part_of_the_archive(news: Archive, tmp_path: Path) -> None:
    def urls(selection: Selection) -> list[str]:
        return [said["url"].rpartition("/")[2] for _, _, said in index(news, tmp_path / "part.cdxj", selection)]

    assert urls(Selection(sites=("talblatt",))) == ["snow"]
    assert urls(Selection(keys=(normalise("https://courier.example/crane"),))) == ["crane", "crane"]
    # The front page that the revisits refer to is older, and comes along.
    assert urls(Selection(since=second_begins())) == ["", "", "crane", "index.html"]
    with pytest.raises(NotFound, match="nothing matched"):
        urls(Selection(sites=("courier",), until=second_begins(), keys=(normalise("https://a.example/"),)))


def test_what_is_taken_down_is_not_in_it(archive: Archive, tmp_path: Path) -> None:
    fill(archive)
    before = index(archive, tmp_path / "before.cdxj")
    take_down(archive, Target.of("https://courier.example/"), given="the front page", reason="a test")
    after = index(archive, tmp_path / "after.cdxj")
    gone = [said["url"] for _, _, said in before if said not in [other for _, _, other in after]]
    # With the payload goes the revisit of another address, which nothing could be shown of.
    assert gone == [*["https://courier.example/"] * 2, "https://courier.example/index.html"]


def test_standard_output_takes_it_too(news: Archive, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    done = write_index(news, "-", Selection())
    write_index(news, str(tmp_path / "index.cdxj"), Selection())
    assert capfdbinary.readouterr().out == (tmp_path / "index.cdxj").read_bytes()
    assert done.bytes is None


@pytest.mark.parametrize("form", [pytest.param("cdxj", marks=needs_peers)])
def test_the_same_as_cdxj_indexer_but_for_what_the_documents_name(news: Archive, tmp_path: Path, form: str) -> None:
    ours = {(said["filename"], said["offset"]): (key, when, said) for key, when, said in index(news, tmp_path / form)}
    asked = ask("cdxj-indexer", "--sort", "--dir-root", news.warc_path, *warcs(news))
    assert asked.returncode == 0, asked.stderr
    theirs = {(said["filename"], said["offset"]): (key, when, said) for key, when, said in lines(asked.stdout)}
    left_out = [said["url"] for place, (_, _, said) in theirs.items() if place not in ours]
    # A resource, which is no capture, of each run, and the 304.
    assert sorted(left_out) == ["https://courier.example/", *["urn:presskeep:site:courier"] * 2]
    for place, (our_key, when, said) in ours.items():
        key = our_key.removesuffix("?__wb_method=post")
        their_key, their_time, their_said = theirs[place]
        plain = {name: value for name, value in said.items() if not name.startswith("orig.")}
        plain.pop("method", None)
        if "mime" in their_said:
            their_said["mime"] = their_said["mime"].lower()
        if plain["url"].endswith("/no-http"):
            their_said = {name: value for name, value in their_said.items() if name in plain}
        assert (key, when) == (their_key, their_time)
        assert plain == their_said
        assert list(plain) == list(their_said)


@given(st.lists(st.binary(max_size=12).map(lambda one: one.replace(b"\n", b"") + b"\n")), st.integers(1, 500))
def test_lines_in_order_however_little_room_there_is(given_lines: list[bytes], room: int) -> None:
    assert list(in_order(iter(given_lines), room)) == sorted(given_lines)


def test_no_room_for_sorting_is_said() -> None:
    with full_beyond(100), pytest.raises(StorageFull, match="TMPDIR"):
        in_order(iter([b"a" * 200 + b"\n"]), room=1)
