"""Packages: complete, exact, the same again; and opened by the tools that people open them with."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from exchanges import exchange
from foreign_files import warc_record
from peers import ask, needs_peers

from archive.capture import Capture
from archive.entering.attaching import Asked, attach
from archive.errors import NotFound, StorageFull, UsageError
from archive.exchange import Role
from archive.lint.linter import lint
from archive.sharing.cdxj import write_index
from archive.sharing.package import Package
from archive.sharing.packing import pack
from archive.sharing.selection import Selection
from archive.store import Archive
from archive.url import normalise
from archive.warc.reader import read_events

from .conftest import full_beyond, second_begins, warcs
from .packages import listed, packed, pages
from .replay import Replay, replaying

SELECTIONS = {
    "whole": Selection(),
    "late": Selection(since=second_begins()),
    "site": Selection(sites=("courier",)),
}


def places(entries: list[dict[str, str]]) -> set[tuple[str, ...]]:
    return {tuple(one[name] for name in ("url", "filename", "offset", "length", "recordDigest")) for one in entries}


def test_the_whole_archive(news: Archive, tmp_path: Path) -> None:
    done, package = packed(news, tmp_path / "news.wacz", title="The Courier", description="*All* of it")
    files = warcs(news)
    assert [package.read(f"archive/{one.name}") for one in files] == [one.read_bytes() for one in files]
    assert (done.files, done.captures, done.brought) == (len(files), len(list(news.captures())), 0)
    assert len(listed(package)) == done.captures - 1  # the 304 has no line
    stored = {one.filename for one in package.infolist() if one.compress_type == zipfile.ZIP_STORED}
    assert stored == {*(f"archive/{one.name}" for one in files), "indexes/index.cdx.gz"}
    manifest = json.loads(package.read("datapackage.json"))
    assert manifest["profile"] == "data-package"
    assert manifest["wacz_version"] == "1.1.1"
    assert (manifest["title"], manifest["description"]) == ("The Courier", "*All* of it")
    assert manifest["created"] == manifest["modified"] == "2026-11-25T10:49:40Z"
    assert (manifest["mainPageUrl"], manifest["mainPageDate"]) == ("https://courier.example/", "2026-11-25T10:13:40Z")
    resources = {one["path"]: one for one in manifest["resources"]}
    assert set(resources) == set(package.namelist()) - {"datapackage.json", "datapackage-digest.json"}
    for path, resource in resources.items():
        data = package.read(path)
        assert resource["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        assert resource["bytes"] == len(data)
    digest = json.loads(package.read("datapackage-digest.json"))
    assert digest["hash"] == f"sha256:{hashlib.sha256(package.read('datapackage.json')).hexdigest()}"


def test_the_index_names_the_records_in_the_package(news: Archive, tmp_path: Path) -> None:
    for selection in (Selection(), Selection(since=second_begins()), Selection(sites=("talblatt",))):
        _, package = packed(news, tmp_path / "news.wacz", selection)
        for one in listed(package):
            data = package.read(f"archive/{one['filename']}")
            offset, length = int(one["offset"]), int(one["length"])
            assert one["recordDigest"] == f"sha256:{hashlib.sha256(data[offset : offset + length]).hexdigest()}"
            record = gzip.decompress(data[offset : offset + length])
            assert record.startswith(b"WARC/1.1\r\n")
            assert f"WARC-Target-URI: {one['url']}\r\n".encode() in record


def test_a_description_is_made_where_none_is_given(news: Archive, tmp_path: Path) -> None:
    def described(selection: Selection) -> str:
        return str(
            json.loads(packed(news, tmp_path / "news.wacz", selection)[1].read("datapackage.json"))["description"]
        )

    assert described(Selection()) == f"{len(list(news.captures()))} captures of courier, talblatt, 2026-11-25."
    assert described(Selection(sites=("talblatt",))) == "One capture of talblatt, 2026-11-25."


@pytest.mark.parametrize("name", SELECTIONS)
def test_our_own_linter_finds_nothing(news: Archive, tmp_path: Path, name: str) -> None:
    pack(news, str(tmp_path / "news.wacz"), SELECTIONS[name])
    (file,) = lint([tmp_path / "news.wacz"]).files
    found = {finding.rule.id for finding in file.findings}
    # An odd address, and what is no HTTP, are kept as they came; the latter has no status to be in the index.
    assert found == (set() if name == "late" else {"target-uri-characters", "http-status-line", "cdxj-details"})


def test_its_index_has_blocks_that_are_found_by_their_first_line(news: Archive, tmp_path: Path) -> None:
    _, package = packed(news, tmp_path / "news.wacz")
    head, *blocks = package.read("indexes/index.idx").decode().splitlines()
    assert head == '!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}'
    data = package.read("indexes/index.cdx.gz")
    for block in blocks:
        prefix, _, said = block.partition(" {")
        where = json.loads("{" + said)
        piece = data[where["offset"] : where["offset"] + where["length"]]
        assert gzip.decompress(piece).decode().startswith(prefix + " {")
        assert where["digest"] == f"sha256:{hashlib.sha256(piece).hexdigest()}"


def test_pages_have_titles_and_texts_once_for_each_state(news: Archive, tmp_path: Path) -> None:
    done, package = packed(news, tmp_path / "news.wacz")
    header = json.loads(package.read("pages/pages.jsonl").splitlines()[0])
    assert header == {"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": True}
    found = pages(package)
    assert [(one["url"].rpartition("/")[2], one["title"]) for one in found] == [
        ("", "The Harbour & Courier"),
        ("bridge", "Bridge"),
        ("crane", "crane"),
        ("crane", "crane"),
        ("ferry", "Ferry"),
        ("index.html", "The Harbour & Courier"),
        ("snow", "snow"),
    ]
    assert "the whole town stood at the quay" in found[3]["text"]
    assert found[2]["ts"] == "2026-11-25T10:06:40Z"
    assert "text" not in found[0]
    assert (done.pages, done.texts, done.uncleaned) == (7, 5, 0)


def test_what_is_not_cleaned_yet_is_counted(archive: Archive, tmp_path: Path) -> None:
    with archive.writer("crawl") as writer:
        writer.add(exchange("crane"))
        writer.add(exchange("", 1, role=Role.FRONT))
    done, package = packed(archive, tmp_path / "news.wacz")
    assert (done.pages, done.texts, done.uncleaned) == (2, 0, 1)
    assert [one["title"] for one in pages(package)] == [one["url"] for one in pages(package)]


def test_a_part_takes_along_what_its_revisits_refer_to(news: Archive, tmp_path: Path) -> None:
    done, package = packed(news, tmp_path / "late.wacz", Selection(since=second_begins()))
    assert (done.files, done.captures, done.brought) == (2, 5, 1)
    extracted = tmp_path / "late"
    package.extractall(extracted)
    originals = {one.id: one for one in news.captures()}
    events = [
        event
        for name in sorted(one.name for one in (extracted / "archive").iterdir())
        for event in read_events(extracted / "archive", name)
    ]
    # Nothing else: no runs, no sites, no attempts.
    assert all(isinstance(event, Capture) for event in events)
    assert len(events) == 5
    for event in events:
        assert isinstance(event, Capture)
        original = originals[event.id]
        assert event.block() == original.block()
        assert (event.role, event.site, event.via) == (original.role, original.site, original.via)


def test_records_of_a_part_are_copied_byte_for_byte(news: Archive, tmp_path: Path) -> None:
    _, package = packed(news, tmp_path / "one.wacz", Selection(keys=(normalise("https://courier.example/ferry"),)))
    (name,) = (one for one in package.namelist() if one.startswith("archive/"))
    data = package.read(name)
    whole = next(one for one in warcs(news) if one.name == name.rpartition("/")[2]).read_bytes()
    ferry = news.memento("https://courier.example/ferry")
    assert ferry.location is not None
    begin = data.index(whole[ferry.location.offset : ferry.location.offset + ferry.location.length])
    assert data[:begin] == whole[:begin]  # the warcinfo record
    assert data[begin:] == whole[ferry.location.offset : ferry.location.offset + len(data) - begin]


@pytest.mark.parametrize("name", SELECTIONS)
def test_a_package_is_read_back_as_the_captures_that_went_in(news: Archive, tmp_path: Path, name: str) -> None:
    place = tmp_path / "warc" / "imported" / "0000" / "news.wacz"
    place.parent.mkdir(parents=True)
    done = pack(news, str(place), SELECTIONS[name])
    events = read_events(tmp_path / "warc", "imported/0000/news.wacz")
    found = {one.id: one for one in events if isinstance(one, Capture)}
    assert len(found) == done.captures
    for original in news.captures():
        if original.id in found:
            assert found[original.id].block() == original.block()
            assert found[original.id].payload_digest == original.payload_digest


@pytest.mark.parametrize("part", [False, True])
def test_the_same_archive_gives_the_same_bytes(news: Archive, tmp_path: Path, part: bool) -> None:
    selection = Selection(sites=("courier",)) if part else Selection()
    packed(news, tmp_path / "a.wacz", selection)
    packed(news, tmp_path / "b.wacz", selection)
    assert (tmp_path / "a.wacz").read_bytes() == (tmp_path / "b.wacz").read_bytes()


def test_what_a_writer_has_open_is_taken_as_far_as_it_is_acknowledged(archive: Archive, tmp_path: Path) -> None:
    with archive.writer("crawl") as writer:
        writer.add(exchange("crane"))
        writer.commit()
        writer.add(exchange("bridge", 1))
        done, package = packed(archive, tmp_path / "news.wacz")
        assert done.captures == 1
        (one,) = listed(package)
        assert gzip.decompress(package.read(f"archive/{one['filename']}"))


@pytest.mark.parametrize("name", ["news.zip", "news", ".wacz", "here.wacz"])
def test_a_name_that_no_package_can_have(news: Archive, tmp_path: Path, name: str) -> None:
    (tmp_path / "here.wacz").mkdir()
    with pytest.raises(UsageError, match=r"\.wacz"):
        pack(news, str(tmp_path / name), Selection())


def test_nothing_selected_and_nothing_written(news: Archive, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nothing matched"):
        pack(news, str(tmp_path / "none.wacz"), Selection(sites=("nowhere",)))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("year", "said"), [("1601", 1980), ("2262", 2107)])
def test_captures_of_years_that_no_package_can_say(archive: Archive, tmp_path: Path, year: str, said: int) -> None:
    path = tmp_path / "old.warc.gz"
    path.write_bytes(gzip.compress(warc_record("crane", date=f"{year}-03-01T10:00:00Z")))
    list(attach(archive, Asked((str(path),))))
    done, package = packed(archive, tmp_path / "out.wacz")
    assert done.captures == 1
    assert {one.date_time[0] for one in package.infolist()} == {said}
    assert package.testzip() is None
    assert pages(package) == []


def test_a_member_that_may_be_larger_than_32_bits_can_say(tmp_path: Path) -> None:
    with (tmp_path / "large.wacz").open("w+b") as out, Package(out, 0) as package:
        with package.member("archive/a.warc.gz", stored=True, most=2**40) as member:
            member.write(b"a record")
        package.finish({})
    with zipfile.ZipFile(tmp_path / "large.wacz") as read:
        assert read.read("archive/a.warc.gz") == b"a record"
        assert read.getinfo("archive/a.warc.gz").date_time == (1980, 1, 1, 0, 0, 0)  # ZIP knows no earlier year


@pytest.mark.parametrize("room", [1_000, 6_000, 12_000])
def test_a_full_disk_leaves_nothing(news: Archive, tmp_path: Path, room: int) -> None:
    with full_beyond(room), pytest.raises(StorageFull, match="free some space"):
        pack(news, str(tmp_path / "news.wacz"), Selection())
    assert not list(tmp_path.iterdir())


SELECTIONS = {
    "whole": Selection(),
    "late": Selection(since=1_795_603_600_000_000),
    "site": Selection(sites=("courier",)),
}


@pytest.fixture(scope="module")
def made(news: Archive, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    room = tmp_path_factory.mktemp("packages")
    for name, selection in SELECTIONS.items():
        pack(news, str(room / f"{name}.wacz"), selection)
    return {name: room / f"{name}.wacz" for name in SELECTIONS}


@pytest.mark.parametrize("name", [pytest.param(name, marks=needs_peers) for name in SELECTIONS])
def test_they_are_valid(made: dict[str, Path], name: str, tmp_path: Path) -> None:
    asked = ask("wacz", "validate", "-f", made[name])
    assert asked.returncode == 0, asked.stdout
    assert "the passed WACZ is valid" in asked.stdout
    with zipfile.ZipFile(made[name]) as package:
        package.extractall(tmp_path)
    files = sorted((tmp_path / "archive").iterdir())
    for file in files:
        asked = ask("fastwarc", "check", "-q", file)
        assert asked.returncode == 0, asked.stdout + asked.stderr
    asked = ask("warcio", "check", "-v", *files)
    # Known: it takes payload digests over chunk framing (docs/warc-profile.md).
    failed = [line for line in asked.stdout.splitlines() if "failed" in line]
    assert len(failed) == (0 if name == "late" else 1), asked.stdout
    asked = ask("cdxj-indexer", "--sort", "--post-append", "--digest-records", *files)
    theirs = [json.loads(line.split(" ", 2)[2]) for line in asked.stdout.splitlines()]
    captures = [one for one in theirs if not one["url"].startswith("urn:") and one.get("status") != "304"]
    with zipfile.ZipFile(made[name]) as package:
        assert places(listed(package)) == places(captures)


DIRECT = "direct"  # the archive where it lies, by an index of it


@pytest.fixture(scope="module")
def pywb(news: Archive, made: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    room = tmp_path_factory.mktemp("pywb")
    for name, path in made.items():
        assert ask("wb-manager", "init", name, cwd=room).returncode == 0
        asked = ask("wb-manager", "add", "--unpack-wacz", name, path, cwd=room)
        assert asked.returncode == 0, asked.stderr
    write_index(news, str(room / "index.cdxj"), Selection())
    where = {"index_paths": str(room / "index.cdxj"), "archive_paths": f"{news.warc_path}/"}
    (room / "config.yaml").write_text(json.dumps({"collections": {DIRECT: where}}))
    with replaying(room) as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(name, marks=needs_peers) for name in (*SELECTIONS, DIRECT)])
def test_pywb_replays_every_capture_byte_for_byte(news: Archive, pywb: Replay, name: str) -> None:
    selection = SELECTIONS.get(name, Selection())
    captures = [one for one in news.captures() if selection.takes(one) and one.method == "GET"]
    kinds = set()
    for capture in captures:
        if capture.status in {None, 304}:
            continue
        answer = pywb.fetch(name, capture.url, capture.at)
        assert answer.status == capture.status
        assert answer.body == capture.representation().decoded(), capture.url
        if capture.status == 301:
            assert answer.location == "https://courier.example/crane"
        kinds.add((capture.kind, capture.status))
    late = {("response", 200), ("revisit", 200)}
    assert kinds == (late if name == "late" else late | {("response", 301), ("response", 404)})
