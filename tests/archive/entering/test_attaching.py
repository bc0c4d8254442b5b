"""Attaching: files are catalogued where they lie, only ever read, missed when they are gone, and let go of."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bringing_in import attached, derived, few_workers, imported, laid, told, urls
from exchanges import exchange, page
from foreign_files import NAMES, forms, gzipped, http, warc_record, warc_records
from rangeserver import RangeServer

from archive.article import Article
from archive.catalogue.terms import Filter, lines
from archive.clock import parse_warc_date
from archive.crew import clean_pending
from archive.entering.attaching import attachments, detach
from archive.errors import DamagedRecord, NotFound, UsageError
from archive.prove import prove
from archive.store import Archive
from archive.warc.finding import Severity

FORMS = forms()
HERALD = [f"http://herald.example/{name}" for name in NAMES]


@pytest.mark.slow
def test_every_form_is_read_where_it_lies_and_found_again_by_a_rebuild(tmp_path: Path, archive: Archive) -> None:
    few_workers(archive)
    apart = forms(apart=True)
    for name, content in apart.items():
        laid(tmp_path, name, content).chmod(0o400)
    with Archive.open(archive.path) as opened:
        done = attached(opened, tmp_path / "there", by_host=True)
        assert [(one.refused, one.entered.captures) for one in done] == [("", 3)] * len(apart)
        assert clean_pending(opened).cleaned == 3 * len(apart)
        for entry in opened.entries():
            assert isinstance(entry.text, Article)
            assert prove(entry.text, [entry.capture]).holds
        assert told(opened.verify(deep=True)) == set()
        before = derived(opened)
        opened.catalog.path.unlink()
        (opened.path / "attached.jsonl").unlink()
        shutil.rmtree(opened.path / "seek")
        opened.close()
        assert opened.rebuild().unreached == ()
        assert derived(opened) == before
    assert {one.name: one.read_bytes() for one in (tmp_path / "there").iterdir()} == apart


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (Filter(hosts=("herald.example",)), ["crane", "quay", "ferry"]),
        (Filter(hosts=("example",)), ["crane", "quay", "ferry"]),
        (Filter(hosts=("ald.example",)), []),
        (Filter(mimes=("text/*",)), ["crane", "quay", "ferry"]),
        (Filter(mimes=("image/png",)), []),
        (Filter(since=parse_warc_date("2019-03-02T10:00:00Z")), ["quay", "ferry"]),
        (Filter(until=parse_warc_date("2019-03-02T10:00:00Z")), ["crane"]),
    ],
)
def test_filters_hold_in_a_rebuild_too(tmp_path: Path, archive: Archive, wanted: Filter, left: list[str]) -> None:
    (brought,) = attached(archive, laid(tmp_path, "a.warc", FORMS["plain.warc"]), filter=wanted)
    assert (brought.entered.captures, brought.entered.left_out) == (len(left), 3 - len(left))
    assert urls(archive) == sorted(f"http://herald.example/{one}" for one in left)
    assert told(archive.verify()) == set()
    archive.rebuild()
    assert urls(archive) == sorted(f"http://herald.example/{one}" for one in left)


def test_what_is_gone_or_changed_is_told_apart_from_damage(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc.gz", FORMS["members.warc.gz"])
    attached(archive, path)
    capture = next(archive.captures())
    content = path.read_bytes()
    for harm, said in (
        (b"", "has changed"),
        (None, "is gone"),
        (content[:-40] + b"x" * 40, ""),
    ):
        if harm is None:
            path.unlink()
        else:
            path.write_bytes(harm)
        found = archive.verify()
        assert {severity for _, severity in told(found)} == {Severity.ELSEWHERE}
        assert found.elsewhere
        assert not found.damaged
        if harm is None or not harm:
            with pytest.raises(DamagedRecord, match=said):
                capture.block()
    path.write_bytes(content)
    assert told(archive.verify()) == set()
    assert capture.block() == http("crane")


@pytest.mark.slow
def test_a_rebuild_keeps_what_is_known_of_a_file_that_cannot_be_reached(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc.gz", FORMS["members.warc.gz"])
    attached(archive, path, site="herald")
    content = path.read_bytes()
    path.unlink()
    done = archive.rebuild()
    assert len(done.unreached) == 1
    assert done.lost == 0
    assert urls(archive) == sorted(HERALD)
    path.write_bytes(content)
    archive.rebuild()
    assert next(archive.captures()).block() == http("crane")


@pytest.mark.slow
def test_detaching_takes_captures_and_texts_and_leaves_the_file(tmp_path: Path, archive: Archive) -> None:
    few_workers(archive)
    kept = laid(tmp_path, "kept.warc", warc_record("tower", 8))
    gone = laid(tmp_path, "gone.warc", FORMS["plain.warc"])
    with Archive.open(archive.path) as opened:
        attached(opened, kept.parent)
        clean_pending(opened)
        assert [one.source for one in detach(opened, str(gone)).files] == [str(gone)]
        assert urls(opened) == ["http://herald.example/tower"]
        assert opened.count_texts() == 1
        assert told(opened.verify(deep=True)) == set()
        before = derived(opened)
        opened.rebuild()
        assert derived(opened) == before
        assert [one.source for one in attachments(opened)] == [str(kept)]
        with pytest.raises(NotFound):
            detach(opened, str(gone))
        (again,) = [one for one in attached(opened, gone) if not one.there]
        assert again.entered.captures == 3
        before = derived(opened)
        clean_pending(opened)
        opened.rebuild()
        assert set(derived(opened)["captures"]) == set(before["captures"])
    assert gone.read_bytes() == FORMS["plain.warc"]


def test_no_capture_of_ours_rests_on_a_file_that_lies_elsewhere(tmp_path: Path, archive: Archive) -> None:
    again = exchange("crane", site="herald", body=page("crane") * 3)
    block = again.response
    attached(archive, laid(tmp_path, "a.warc", warc_record("crane", block=block)), site="herald")
    with archive.writer("crawl") as writer:
        assert writer.add(again).kind == "response"
        writer.commit()
        assert writer.add(replace(again, at=again.at + 1)).kind == "revisit"


def test_what_is_attached_or_imported_already_is_passed_over(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc", FORMS["plain.warc"])
    attached(archive, path)
    assert [one.there for one in attached(archive, path, f"file://{path}")] == [True]
    assert [one.there for one in attached(archive, laid(tmp_path, "b.warc", FORMS["plain.warc"]))] == [True]
    assert archive.count()[0] == 3
    (copied,) = imported(archive, laid(tmp_path, "c.warc", warc_record("tower", 8)))
    assert not copied.there
    assert [one.there for one in attached(archive, copied.source)] == [True]


def cdxj(content: bytes, name: str) -> str:
    """An index as cdxj-indexer makes it, of a file of gzip members."""
    said = ["!meta something else"]
    offset = 0
    for number, record in enumerate(warc_records()[1:]):
        offset = content.index(gzip.compress(record, mtime=0))
        about = {"url": HERALD[number], "mime": "text/html", "status": "200", "offset": str(offset), "filename": name}
        said.append(f"example,herald)/{NAMES[number]} 2019030{number + 1}100000 {json.dumps(about)}")
    return "\n".join([*said, "broken {", "example,herald)/x 2019 {}", ""])


@pytest.mark.slow
def test_with_an_index_only_what_it_lists_is_read(tmp_path: Path, archive: Archive) -> None:
    content = FORMS["members.warc.gz"]
    path = laid(tmp_path, "a.warc.gz", content)
    index = tmp_path / "index.cdxj"
    index.write_text(cdxj(content, "a.warc.gz").replace("broken {", ""))
    since = parse_warc_date("2019-03-02T00:00:00Z")
    (brought,) = attached(archive, path, index=index, filter=Filter(since=since))
    assert (brought.refused, brought.entered.captures) == ("", 2)
    assert urls(archive) == sorted(HERALD[1:])
    index.unlink()  # what it lists is kept in the archive
    assert told(archive.verify()) == set()
    before = derived(archive)["captures"]
    archive.catalog.path.unlink()
    archive.close()
    archive.rebuild()
    assert derived(archive)["captures"] == before
    (listed,) = (archive.warc_path / "attached").rglob("*.cdxj")
    listed.write_bytes(listed.read_bytes()[:-10])
    assert told(archive.verify()) == {("attached-file", Severity.ELSEWHERE)}


def test_an_index_of_several_files_names_them(tmp_path: Path, archive: Archive) -> None:
    content = FORMS["members.warc.gz"]
    for name in ("a.warc.gz", "b.warc.gz"):
        laid(tmp_path, name, content if name[0] == "a" else gzipped([warc_record("tower", 8)]))
    index = tmp_path / "index.cdxj.gz"
    tower = {"url": "http://herald.example/tower", "offset": "0", "filename": "b.warc.gz", "mime": "text/html"}
    given = cdxj(content, "a.warc.gz") + f"example,herald)/tower 20190309100000 {json.dumps(tower)}\n"
    index.write_bytes(gzip.compress(given.encode()))
    done = attached(archive, tmp_path / "there", index=index)
    assert [one.entered.captures for one in done] == [3, 1]
    index.write_bytes(given.replace("b.warc.gz", "../b.warc.gz").encode())
    with pytest.raises(UsageError, match="leads out"):
        attached(archive, tmp_path / "there", index=index)


def test_ids_depend_neither_on_the_place_of_a_file_nor_on_its_date(
    tmp_path: Path, archive: Archive, server: RangeServer
) -> None:
    nameless = gzipped([warc_record(name, n, record_id=None) for n, name in enumerate(NAMES)])
    path = laid(tmp_path, "a.warc.gz", nameless)
    server.files["/b.warc.gz"] = nameless
    index = tmp_path / "index.cdxj"
    about = {"url": HERALD[0], "offset": "0", "filename": "a.warc.gz"}
    index.write_text(f"example,herald)/crane 20190301100000 {json.dumps(about)}\n")
    ids: set[str] = set()
    for place in (path, path, laid(tmp_path / "else", "c.warc.gz", nameless), f"{server.url}/b.warc.gz"):
        if isinstance(place, Path):
            os.utime(place, (1e9 + len(ids), 1e9))
        (brought,) = attached(archive, place, index=index)
        assert (brought.refused, brought.entered.captures) == ("", 1)
        ids.update(one.id for one in archive.captures())
        detach(archive, str(place))
    assert len(ids) == 1
    # What changes at an end is seen, as the size is.
    attached(archive, path, index=index)
    path.write_bytes(nameless[:-1] + b"\x01")
    assert told(archive.verify()) == {("attached-file", Severity.ELSEWHERE)}
    (brought,) = attached(archive, path)
    assert "attach it with --cdxj and an index of what it is now" in brought.refused
    (brought,) = attached(archive, path, index=index)
    assert (brought.refused, brought.changed) == ("", True)
    assert told(archive.verify()) == set()
    assert len(list((archive.warc_path / "attached").rglob("*.cdxj"))) == 1


def test_an_index_that_is_wrong_is_told_of_and_harms_nothing(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc.gz", FORMS["members.warc.gz"])
    index = tmp_path / "index.cdxj"
    lies = [{"offset": str(offset), "url": "http://herald.example/"} for offset in (1, 7, 10**15, 2**80, -4)]
    index.write_text("".join(f"example,herald)/ 20190301100000 {json.dumps(one)}\n" for one in lies))
    (brought,) = attached(archive, path, index=index)
    assert brought.refused == ""
    assert (brought.entered.captures, len(brought.entered.gaps)) == (0, 3)
    assert list(lines([b"x 2019 {", b"x {}", b"\xff\xfe", b'x 1 {"offset": []}'])) == []


def test_an_index_may_say_anything_of_its_records_and_separate_lines_by_line_feeds_alone(
    tmp_path: Path, archive: Archive
) -> None:
    content = FORMS["members.warc.gz"]
    path = laid(tmp_path, "a.warc.gz", content)
    index = tmp_path / "index.cdxj"
    odd = cdxj(content, "a.warc.gz").replace('"text/html"', '["text/html"]', 1).replace('"text/html"', "{}", 1)
    index.write_bytes(odd.replace(", ", ",\r").replace("\n", "\r\n").encode())
    (brought,) = attached(archive, path, index=index, filter=Filter(mimes=("text/html",)))
    assert (brought.refused, brought.entered.captures) == ("", 3)
    assert told(archive.verify()) == set()


def test_file_names_are_told_however_json_writes_them(tmp_path: Path, archive: Archive) -> None:
    places = {"crane": "sub/a.warc.gz", "quay": "b.warc.gz", "ferry": "sub/é b.warc.gz", "tower": "aa.warc.gz"}
    said: list[str] = []
    for number, (name, file) in enumerate(places.items()):
        laid(tmp_path, file, gzipped([warc_record(name, number)]))
        about = json.dumps({"offset": "0", "filename": file})
        said.append(f"example,herald)/{name} 20190301100000 {about}")
    said[0] = said[0].replace("/a.warc", "\\/a.warc")
    said[1] = said[1].replace("b.warc", "\\u0062.warc")
    index = tmp_path / "index.cdxj"
    index.write_text("\n".join([*said, ""]))
    done = attached(archive, tmp_path / "there", index=index)
    assert [(one.refused, one.entered.captures) for one in done] == [("", 1)] * 4
    assert len(urls(archive)) == 4


def test_an_index_that_can_be_read_but_once_is_refused_at_once(tmp_path: Path, archive: Archive) -> None:
    laid(tmp_path, "a.warc.gz", FORMS["members.warc.gz"])
    index = tmp_path / "index.cdxj"
    os.mkfifo(index)
    with pytest.raises(UsageError, match="write it into one first"):
        attached(archive, tmp_path / "there", index=index)


@pytest.fixture
def server() -> Iterator[RangeServer]:
    pytest.importorskip("fsspec")
    noise = random.Random(3)
    large = [warc_record(f"large{n}", 4, block=http("x") + noise.randbytes(900_000), record_id=None) for n in range(6)]
    files = {
        "/crawl/members.warc.gz": gzipped([*warc_records(), *large]),
        "/crawl/crawl.wacz": FORMS["crawl.wacz"],
        "/crawl/whole.warc.gz": FORMS["whole.warc.gz"],
    }
    with RangeServer(files).running() as running:
        yield running


@pytest.mark.slow
def test_files_behind_urls_are_read_in_ranges(archive: Archive, server: RangeServer) -> None:
    few_workers(archive)
    url = f"{server.url}/crawl/members.warc.gz"
    with Archive.open(archive.path) as opened:
        (brought,) = attached(opened, url, filter=Filter(until=parse_warc_date("2019-03-05T00:00:00Z")))
        assert (brought.refused, brought.entered.captures) == ("", 3)
        server.given = 0
        assert next(opened.captures()).block() == http("crane")
        assert 0 < server.given < 2_000_000
        assert clean_pending(opened).cleaned == 3
        assert told(opened.verify()) == set()
        before = derived(opened)
        opened.rebuild()
        assert derived(opened) == before
        server.files["/crawl/members.warc.gz"] += b"more"
        assert told(opened.verify()) == {("attached-file", Severity.ELSEWHERE)}
        with pytest.raises(DamagedRecord, match="has changed since"):
            next(opened.captures()).block()
        del server.files["/crawl/members.warc.gz"]
        assert told(opened.verify()) == {("attached-file", Severity.ELSEWHERE)}


@pytest.mark.slow
def test_with_an_index_little_of_a_file_behind_a_url_is_fetched(
    tmp_path: Path, archive: Archive, server: RangeServer
) -> None:
    index = tmp_path / "index.cdxj"
    index.write_text(cdxj(server.files["/crawl/members.warc.gz"], "members.warc.gz"))
    server.given = 0
    (brought,) = attached(archive, f"{server.url}/crawl/", index=index)
    assert (brought.refused, brought.entered.captures) == ("", 3)
    assert server.given < len(server.files["/crawl/members.warc.gz"]) // 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["crawl.wacz", "whole.warc.gz"])
def test_other_forms_behind_urls(archive: Archive, server: RangeServer, name: str) -> None:
    (brought,) = attached(archive, f"{server.url}/crawl/{name}")
    assert (brought.refused, brought.entered.captures) == ("", 3)
    assert next(archive.captures()).block() == http("crane")


def test_a_url_that_leads_nowhere_is_refused(archive: Archive, server: RangeServer) -> None:
    (brought,) = attached(archive, f"{server.url}/nothing.warc.gz")
    assert "cannot be read" in brought.refused
    assert archive.count()[0] == 0
