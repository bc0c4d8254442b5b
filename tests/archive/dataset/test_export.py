"""Exports: schemas, formats, the choice of editions, and files that appear whole or not at all."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archive.article import (
    Article,
    Block,
    BlockKind,
    CaptureRef,
    Image,
    Provenance,
    Refusal,
    Verdict,
    canonical_json,
    identity,
)
from archive.capture import Capture, Location
from archive.dataset.export import Format, export
from archive.dataset.foreign import NEWSPLEASE, SCHEMAS, TRAFILATURA, spaced
from archive.dataset.rows import PRESSKEEP, Entry
from archive.dataset.selection import Editions, Selection, choose, not_before
from archive.errors import ArchiveBusy, StorageFull, UsageError
from archive.reservation import Reserved
from archive.target import open_target

AT = 1_795_512_600_000_000  # 2026-11-24T09:30:00Z


def entry(
    headline: str = "Harbour bridge reopens",
    *,
    site: str = "gazette",
    path: str = "bridge",
    at: int = AT,
    edition: int | None = 1,
    editions: int = 1,
    refusal: bool = False,
    language: str = "en",
    published: str | None = "2026-11-24T09:30+01:00",
    body: str = "The bridge is open.",
) -> Entry:
    url = f"http://{site}.example/{path}"
    record = f"<urn:uuid:{site}-{path}-{at}>"
    refs = (
        CaptureRef(record, url, at, "sha256:AAAA"),
        CaptureRef("<urn:uuid:two>", url + "?2", at, None, "further-page"),
    )
    provenance = Provenance(refs, "0.1.0+abc", "sha256:EMPTY")
    text: Article | Refusal = Article(
        provenance=provenance,
        headline=headline,
        body=(
            Block(BlockKind.PARAGRAPH, body),
            Block(BlockKind.EMBED, ""),
            Block(BlockKind.SUBHEADING, "Näher “am” Wasser\u2028weiter"),
        ),
        byline=("Ann Bee", "Cé | Dee; Eff"),
        standfirst="After two years, traffic is back.",
        published=published,
        language=language,
        section="Local",
        tags=("bridge", "traffic"),
        images=(Image("http://i.example/1.jpg", caption="The bridge"),),
        word_count=8,
    )
    if refusal:
        text = Refusal(provenance, Verdict.TEASER, "only 12 words")
    capture = Capture(
        id=record,
        url=url,
        key=url,
        at=at,
        site=site,
        payload_digest="sha256:AAAA",
        location=Location("2026/11/news.warc.gz", 1234, 99),
    )
    return Entry(text, identity(canonical_json(text)), capture, None if refusal else edition, editions)


def written(entries: list[Entry], form: Format, tmp_path: Path, **options: object) -> bytes:
    target = tmp_path / f"out.{form}"
    result = export(entries, str(target), form, **options)  # type: ignore[arg-type]
    assert result.bytes == target.stat().st_size
    assert [one.name for one in tmp_path.iterdir() if one.name.endswith(".part")] == []
    return target.read_bytes()


def test_json_lines_have_every_field_in_order(tmp_path: Path) -> None:
    lines = written([entry(), entry(path="z")], Format.JSONL, tmp_path).decode().splitlines()
    assert len(lines) == 2  # a line separator inside a text ends no line, in Python's sense either
    row = json.loads(lines[0])
    assert list(row) == [column.name for column in PRESSKEEP.columns]
    assert row["captured_at"] == "2026-11-24T09:30:00.000000Z"
    assert row["published"] == "2026-11-24T09:30+01:00"
    assert row["byline"] == ["Ann Bee", "Cé | Dee; Eff"]
    assert row["text"].split("\n\n") == ["The bridge is open.", "", "Näher “am” Wasser\u2028weiter"]
    assert row["block_kinds"] == ["paragraph", "embed", "subheading"]
    assert row["images"][0] == {"url": "http://i.example/1.jpg", "alt": None, "caption": "The bridge", "credit": None}
    assert (row["warc_file"], row["warc_offset"]) == ("2026/11/news.warc.gz", 1234)
    assert row["companions"] == ["<urn:uuid:two>"]


def test_csv_is_rfc_4180_with_lists_as_json(tmp_path: Path) -> None:
    data = written([entry('Bridge, "reopened"')], Format.CSV, tmp_path)
    header, row = csv.reader(io.StringIO(data.decode(), newline=""))
    assert header == [column.name for column in PRESSKEEP.columns]
    cells = dict(zip(header, row, strict=True))
    assert cells["headline"] == 'Bridge, "reopened"'
    assert json.loads(cells["byline"]) == ["Ann Bee", "Cé | Dee; Eff"]
    assert cells["reason"] == ""
    assert data.endswith(b"\r\n")


def test_formulas_are_guarded_only_when_asked(tmp_path: Path) -> None:
    evil = [entry("=HYPERLINK(1)")]
    assert b",=HYPERLINK(1)," in written(evil, Format.CSV, tmp_path)
    assert b",'=HYPERLINK(1)," in written(evil, Format.CSV, tmp_path, csv_safe=True)


def test_parquet_has_types_and_metadata(tmp_path: Path) -> None:
    data = written([entry(), entry(path="z", refusal=True)], Format.PARQUET, tmp_path, selection=Selection(verdicts=()))
    table = pq.read_table(io.BytesIO(data))
    assert table.schema.field("captured_at").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("byline").type == pa.list_(pa.string())
    assert table.schema.metadata[b"presskeep.schema"] == b"presskeep/1"
    rows = table.to_pylist()
    assert rows[0]["captured_at"].isoformat() == "2026-11-24T09:30:00+00:00"
    assert rows[1]["headline"] is None
    assert rows[1]["reason"] == "only 12 words"
    assert rows[1]["edition"] is None


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("schema", list(SCHEMAS.values()), ids=list(SCHEMAS))
def test_the_same_texts_give_the_same_bytes(form: Format, schema: object, tmp_path: Path) -> None:
    entries = [entry(path=f"{number:03}") for number in range(50)]
    first = written(entries, form, tmp_path, schema=schema)
    assert written(entries, form, tmp_path, schema=schema) == first


@pytest.mark.parametrize("form", list(Format))
def test_an_empty_export_is_still_a_valid_file(form: Format, tmp_path: Path) -> None:
    data = written([], form, tmp_path)
    if form is Format.JSONL:
        assert data == b""
    elif form is Format.CSV:
        assert data.decode().strip().split(",") == [column.name for column in PRESSKEEP.columns]
    else:
        assert pq.read_table(io.BytesIO(data)).num_rows == 0


def test_row_groups_are_bounded_and_written_as_they_fill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.dataset.parquet.GROUP_ROWS", 10)
    target = tmp_path / "out.parquet"
    sizes: list[int] = []

    def stream() -> Iterator[Entry]:
        for number in range(25):
            yield entry(path=f"{number:03}")
            sizes.append((tmp_path / ".out.parquet.part").stat().st_size)

    export(stream(), str(target), Format.PARQUET)
    assert pq.ParquetFile(target).metadata.num_row_groups == 3
    assert sizes[5] < sizes[15] < sizes[24]


def test_newsplease_has_the_names_and_shapes_of_news_please(tmp_path: Path) -> None:
    row = json.loads(written([entry()], Format.JSONL, tmp_path, schema=NEWSPLEASE))
    assert " ".join(sorted(row)) == (
        "authors date_download date_modify date_publish description filename image_url language localpath maintext"
        " source_domain text title title_page title_rss url"
    )
    assert row["date_publish"] == "2026-11-24 09:30:00+01:00"
    assert row["date_download"] == "2026-11-24 09:30:00+00:00"
    assert row["filename"] == "http%3A%2F%2Fgazette.example%2Fbridge.json"
    assert row["source_domain"] == "gazette.example"
    assert row["authors"] == ["Ann Bee", "Cé | Dee; Eff"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-11-24", "2026-11-24 00:00:00"),
        ("2026-11-24T09:30Z", "2026-11-24 09:30:00+00:00"),
        ("2026-11-24T09:30:05-05:00", "2026-11-24 09:30:05-05:00"),
        (None, None),
    ],
)
def test_dates_in_the_form_of_news_please(given: str | None, expected: str | None) -> None:
    assert spaced(given) == expected


def test_trafilatura_has_the_keys_of_the_installed_trafilatura(tmp_path: Path) -> None:
    import trafilatura

    page = f"<html><body><article><p>{'Many words go here. ' * 40}</p></article></body></html>"
    theirs = json.loads(trafilatura.extract(page, output_format="json", with_metadata=True) or "")
    ours = json.loads(written([entry()], Format.JSONL, tmp_path, schema=TRAFILATURA))
    assert list(ours) == list(theirs)
    assert ours["date"] == "2026-11-24"
    assert ours["tags"] == "bridge;traffic"


@pytest.mark.parametrize("verdict", Verdict)
def test_articles_alone_unless_others_are_asked_for(verdict: Verdict) -> None:
    """Texts of other kinds too, such as live blogs and teasers, whose words are no whole story."""
    given = entry()
    entries = [replace(given, text=replace(given.text, verdict=verdict))]
    assert len(list(choose(entries, Selection()))) == (verdict is Verdict.ARTICLE)
    assert len(list(choose(entries, Selection(verdicts=(verdict,))))) == 1


def test_the_choice_of_editions() -> None:
    one = [entry(f"v{number}", at=AT + number, edition=number, editions=3) for number in (1, 2, 3)]
    wall = entry(at=AT + 9, refusal=True)
    entries = [*one, wall, entry(path="other")]

    def headlines(**options: object) -> list[str]:
        chosen = choose(entries, Selection(**options))  # type: ignore[arg-type]
        return [e.text.headline or "" if isinstance(e.text, Article) else "refused" for e in chosen]

    other = "Harbour bridge reopens"
    assert headlines() == ["v3", other]
    assert headlines(editions=Editions.FIRST) == ["v1", other]
    assert headlines(editions=Editions.ALL) == ["v1", "v2", "v3", other]
    assert headlines(verdicts=()) == ["refused", other]
    assert headlines(verdicts=(Verdict.TEASER,)) == ["refused"]
    assert headlines(captured_since=AT + 2, editions=Editions.FIRST) == ["v2"]
    assert headlines(sites=("nobody",)) == []
    assert headlines(languages=("EN",)) == ["v3", other]
    assert headlines(languages=("e",)) == []


@pytest.mark.parametrize(
    ("date", "since", "expected"),
    [
        ("2026-11-24", "2026-11-24", True),
        ("2026-11-24T00:10+02:00", "2026-11-24", True),  # the 23rd in UTC, the publisher's 24th
        ("2026-11-23", "2026-11-24T08:00", False),
        ("2026-11-24T09:30+01:00", "2026-11-24T08:30Z", True),
        ("2026-11-24T09:29+01:00", "2026-11-24T08:30Z", False),
        ("2026-13-45", "2026-01-01", False),
        (None, "2026-01-01", False),
    ],
)
def test_dates_of_pages_compare_as_their_publishers_mean_them(date: str | None, since: str, expected: bool) -> None:
    assert not_before(date, since) is expected


def test_an_interrupted_export_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("old")

    def stream() -> Iterator[Entry]:
        yield entry()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(stream(), str(target), Format.JSONL)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_two_exports_to_one_target_do_not_mix(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    with (tmp_path / ".out.jsonl.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(ArchiveBusy, match="another process"):
            export([entry()], str(target), Format.JSONL)
    assert not target.exists()
    export([entry()], str(target), Format.JSONL)  # what the other one left is taken over
    assert [one.name for one in tmp_path.iterdir()] == ["out.jsonl"]


def test_targets_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a directory"), open_target(str(tmp_path)):
        pass
    with pytest.raises(UsageError, match="does not exist"), open_target(str(tmp_path / "no" / "out.csv")):
        pass


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StorageFull, match="free some space"), open_target("/dev/full") as out:
        out.write(b"x" * 100_000)


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real.jsonl", tmp_path / "link.jsonl"
    real.write_text("")
    link.symlink_to(real)
    export([entry()], str(link), Format.JSONL)
    assert link.is_symlink()
    assert real.stat().st_size > 0


def test_files_have_the_permissions_of_new_files(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        export([entry()], str(tmp_path / "out.csv"), Format.CSV)
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o644


def test_parquet_goes_through_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    export([entry()], str(pipe), Format.PARQUET)
    reader.join(10)
    assert pq.read_table(io.BytesIO(received[0])).num_rows == 1


def test_what_reserves_is_left_out_where_it_is_withheld() -> None:
    plain, reserving = entry(path="a"), entry(path="b")
    reserving = replace(reserving, capture=replace(reserving.capture, reservations=("tdm-reservation: 1",)))
    chosen = list(choose([plain, reserving], Selection(withheld=frozenset({Reserved.TDM}))))
    assert chosen == [plain]
    assert list(choose([plain, reserving], Selection(withheld=frozenset({Reserved.NOARCHIVE})))) == [plain, reserving]
    assert PRESSKEEP.row(reserving)["reservations"] == ["tdm-reservation: 1"]
