"""Bulk cleaning: the same texts as in an archive, whole or not at all, and finished files passed over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from exchanges import OTHER, exchange

from archive.bulk import Bulk, Cleaned, Shard
from archive.cleaning.profile import Profile
from archive.cleaning.publisher import PublisherRule
from archive.crew import clean_pending
from archive.dataset.export import Format
from archive.errors import UsageError
from archive.store import Archive


@pytest.fixture(scope="module")
def warc(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A WARC file with two articles, one of them twice, and a page that is none; and the ids of its texts."""
    with Archive.create(tmp_path_factory.mktemp("bulk") / "NEWS", name="NEWS") as archive:
        with archive.writer("crawl") as writer:
            writer.add(exchange("crane"))
            writer.add(exchange("harbour", 1, sentence=OTHER))
            writer.commit()
            writer.add(exchange("crane", 60))
            writer.add(exchange("gone", 2, status=404))
            writer.commit()
        clean_pending(archive, workers=1)
        (path,) = archive.warc_path.rglob("*.warc.gz")
        return path, {entry.capture.id: entry.identity for entry in archive.entries()}


def rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def cleaned(bulk: Bulk, *paths: Path) -> list[Cleaned]:
    return list(bulk.clean(paths))


def test_texts_are_those_of_an_archive(warc: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    path, texts = warc
    bulk = Bulk(tmp_path / "out", workers=1)
    (done,) = cleaned(bulk, path)
    assert (done.articles, done.refusals, done.failures, done.broken) == (3, 1, (), 0)
    articles, refusals = rows(bulk.place(path, "articles")), rows(bulk.place(path, "refusals"))
    assert {one["capture_id"]: one["id"] for one in articles + refusals} == texts
    assert {one["verdict"] for one in articles} == {"article"}
    assert {one["warc_file"] for one in articles} == {path.name}
    assert sorted(one.name for one in bulk.out.iterdir()) == [
        f"{path.name}.articles.jsonl",
        f"{path.name}.json",
        f"{path.name}.refusals.jsonl",
    ]

    before = {one: one.stat().st_ino for one in bulk.out.iterdir()}
    (again,) = cleaned(bulk, path)
    assert again.skipped
    assert again.document() == done.document()
    assert {one: one.stat().st_ino for one in bulk.out.iterdir()} == before

    bulk.place(path, "refusals").unlink()
    assert not cleaned(bulk, path)[0].skipped
    assert bulk.place(path, "refusals").exists()

    summary = bulk.out / f"{path.name}.json"
    summary.write_text(summary.read_text().replace('"cleaner": "', '"cleaner": "0.'))
    with pytest.raises(UsageError, match="name another directory"):
        cleaned(bulk, path)
    summary.write_text('{"schema": 1, "cl')  # who cuts it has the file cleaned again, and no error
    assert not cleaned(bulk, path)[0].skipped


def test_a_file_that_grew_is_cleaned_again_and_damage_is_told(
    warc: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    path, texts = warc
    copied = tmp_path / path.name
    whole = path.read_bytes()
    copied.write_bytes(whole[:-20])
    bulk = Bulk(tmp_path / "out", Format.PARQUET, workers=1)
    (torn,) = cleaned(bulk, copied)
    assert torn.broken == 1
    assert torn.reasons
    copied.write_bytes(whole)
    (done,) = cleaned(bulk, copied)
    assert not done.skipped
    assert (done.broken, done.articles + done.refusals) == (0, len(texts))
    no_warc = tmp_path / "letter.warc.gz"
    no_warc.write_text("Dear reader")
    (refused,) = cleaned(bulk, no_warc)
    assert refused.refused
    assert not bulk.place(no_warc, "articles").exists()


def test_files_of_one_name_are_refused_before_anything_is_written(
    warc: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    other = tmp_path / warc[0].name
    other.write_bytes(b"")
    with pytest.raises(UsageError, match="have one name"):
        cleaned(Bulk(tmp_path / "out"), warc[0], other)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_ends_it_leaves_nothing_half_written(
    warc: tuple[Path, dict[str, str]], tmp_path: Path, number: signal.Signals
) -> None:
    out, passing = tmp_path / "out", tmp_path / "passing"
    passing.mkdir()
    environment = {**os.environ, "TMPDIR": str(passing)}
    words = [sys.executable, "-m", "archive.cli", "clean-warc", str(warc[0]), "--out", str(out), "--workers", "1"]
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE) as process:
        while process.poll() is None and not list(passing.glob("*/*/archive.toml")):
            pass
        process.send_signal(number)
    # It may have been quicker than the signal: then all of it is there.
    summary = out / f"{warc[0].name}.json"
    assert process.returncode in {0, -9, 143}
    assert summary.exists() == (process.returncode == 0)
    assert not [one for one in out.iterdir() if one.name.endswith(".part")] or number == signal.SIGKILL
    if number == signal.SIGTERM:
        assert not list(passing.iterdir())
    (done,) = cleaned(Bulk(out, workers=1), warc[0])
    assert done.articles == 3


def test_shards_are_parts_of_the_whole() -> None:
    paths = [Path(f"/crawls/{name}.warc.gz") for name in "gaefbdc"]
    parts = [Shard.parse(f"{number}/3").part(reversed(paths)) for number in (1, 2, 3)]
    assert sorted(one for part in parts for one in part) == sorted(paths)
    assert [len(part) for part in parts] == [3, 2, 2]
    assert parts == [Shard(number, 3).part(paths) for number in (1, 2, 3)]
    for given in ("0/3", "4/3", "3", "a/b", "1/", "/3", "-1/3", "1/0", "٣/٣", "1/" + "9" * 5000):
        with pytest.raises(UsageError, match="--shard takes"):
            Shard.parse(given)


def test_profiles_hold_for_the_hosts_that_they_are_about(warc: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    path, texts = warc
    rule = PublisherRule(("courier.example",), "the headline of the tests", "https://courier.example/", headline="p")
    other = PublisherRule(("elsewhere.example",), "of another host", "https://elsewhere.example/", drop=("p",))
    bulk = Bulk(
        tmp_path / "out", workers=1, profiles=(Profile(rules=(rule, other)), Profile("nowhere.example", ("x",)))
    )
    cleaned(bulk, path)
    articles = rows(bulk.place(path, "articles"))
    assert all(one["headline"] in one["text"] for one in articles)
    assert not {one["id"] for one in articles} & set(texts.values())
    assert cleaned(bulk, path)[0].skipped
    with pytest.raises(UsageError, match="made with other profiles"):
        cleaned(Bulk(bulk.out, workers=1), path)
