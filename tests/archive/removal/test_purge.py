"""Purges: the bytes are gone from every file, all else is as it was, and a kill anywhere is gone on from."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from contents import created
from exchanges import OTHER, attempt, exchange
from kills import Killed, killed_at
from withdrawn import URL, WORDS, copied, dump, found, held, is_sound, purged, secret

from archive.article import Article
from archive.capture import Capture
from archive.catalogue import holdings, tables
from archive.catalogue.blocking import Target
from archive.crew import clean_pending
from archive.dataset.rows import Entry
from archive.errors import ArchiveBusy, StorageFull, TakenDown
from archive.lint.linter import lint
from archive.removal.purge import plan
from archive.removal.purges import unfinished
from archive.repairing.repair import repair
from archive.store import Archive
from archive.warc.finding import Severity


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a page that is to go: captured twice, copied by another address, attempted, torn."""
    path = tmp_path_factory.mktemp("purge") / "NEWS"
    with created(path) as archive:
        with archive.writer("crawl", {"courier": b"{}"}) as writer:
            writer.add(exchange("first", 0))
            writer.add(secret(minute=1))
            writer.add(exchange("ferry", 2, sentence=OTHER))
            writer.add_attempt(attempt("secret", 3))
            writer.add_attempt(attempt("other", 3))
        with archive.writer("crawl", {"courier": b"{}"}) as writer:
            writer.add(exchange("last", 10, sentence=OTHER))
            writer.add(replace(secret(minute=11), url="http://courier.example/secret?utm_source=feed"))
        clean_pending(archive)
        archive.compact()
        # What a killed writer left of the page, and of another one.
        for name, number in (("secret", 20), ("first", 21)):
            child = os.fork()
            if child == 0:
                late = archive.writer("crawl")
                late.add(secret(name, number) if name == "secret" else exchange(name, number))
                os._exit(9)
            os.waitpid(child, 0)
            (left,) = archive.warc_path.rglob("*.open")
            left.write_bytes(left.read_bytes()[:-700])
            archive.adopt()
        archive.compact()
    return path


@pytest.fixture
def archive(original: Path, tmp_path: Path) -> Iterator[Archive]:
    shutil.copytree(original, tmp_path / "NEWS")
    with Archive.open(tmp_path / "NEWS") as opened:
        yield opened


def test_nothing_of_it_is_left_and_all_else_is_as_it_was(archive: Archive) -> None:
    before = {one: block for one, block in held(archive).items() if b"lantern" not in block}
    assert len(found(archive)) > 4  # WARC files, catalogue, text, quarantine: or the test would show nothing
    attempts = {one.id for one in archive.attempts() if one.attempt.url != URL}
    for left in (archive.quarantine_path / "x.bytes.part", archive.text_path / ".part-0.parquet.part"):
        left.write_bytes(WORDS[0])  # as kills leave them
    archive.path.joinpath("catalog.sqlite.rebuild").write_bytes(WORDS[0])
    done = purged(archive)
    assert (len(done.plan.captures), done.plan.attempts, done.records) == (2, 1, 8)
    assert len(done.files) == 2
    assert done.bytes > 0
    assert len(done.quarantined) == 1
    assert not done.damaged
    assert not done.waiting
    assert found(archive) == set()
    assert held(archive) == before
    assert {one.id for one in archive.attempts()} == attempts
    assert unfinished(archive) == ()
    with pytest.raises(TakenDown):
        archive.memento(URL)
    is_sound(archive)
    assert found(archive) == set()


def test_to_purge_again_changes_no_file(archive: Archive) -> None:
    purged(archive)
    files = {one.file: one for one in archive.files()}
    again = purged(archive)
    assert (again.records, again.files) == (0, ())
    assert {one.file: one for one in archive.files() if one.file in files} == files


def test_a_dry_run_tells_and_changes_nothing(archive: Archive) -> None:
    before = dump(archive)
    told = plan(archive, Target.of("courier.example", prefix=True))
    assert (len(told.captures), told.attempts, len(told.foreign)) == (5, 2, 0)
    assert told.bytes > 1000
    assert dump(archive) == before


def test_acts_tell_what_was_done(archive: Archive) -> None:
    purged(archive)
    acts = list(holdings.acts(archive.catalog))
    assert [one.act for one in acts] == ["takedown", "purge", "rewrite", "rewrite", "purged"]
    states = {one.file: one.sha256 for one in archive.files()}
    for one in acts[2:4]:
        assert states[one.first("file") or ""] == one.first("is")
        assert one.first("serves") == acts[1].id
    assert (acts[1].first("reason"), acts[1].first("by")) == ("court order", "desk")
    assert acts[4].first("records") == "8"


def test_nobody_may_write_meanwhile(archive: Archive) -> None:
    with archive.writer("crawl"), pytest.raises(ArchiveBusy):
        purged(archive)
    with pytest.raises(TakenDown):  # it is blocked in any case
        archive.memento(URL)


def _words(entry: Entry) -> str:
    assert isinstance(entry.text, Article)
    return entry.text.text_digest


def _original_of(archive: Archive, url: str) -> Capture:
    return next(iter(archive.captures(url=url)))


@pytest.fixture
def revisited(tmp_path: Path) -> Iterator[Archive]:
    """A page under three addresses: the first as a response, two as revisits of it, one of them confirmed by a 304."""
    with Archive.create(tmp_path / "NEWS", contact="tests@example.org") as archive:
        copied(archive, "secret", "copy", "second")
        with archive.writer("crawl") as writer:
            confirmed = _original_of(archive, "https://courier.example/second")
            late = exchange("second", 9, status=304, body=b"")
            writer.add(replace(late, confirms=confirmed.id))
            writer.add(exchange("other", 9))
        clean_pending(archive)
        yield archive


def test_a_purge_promotes_the_first_revisit_that_stays(revisited: Archive) -> None:
    archive = revisited
    kinds = {one.url.rpartition("/")[2]: one.kind for one in archive.captures()}
    assert kinds == {"secret": "response", "copy": "revisit", "second": "revisit", "other": "response"}
    before = {one.id: (one.message().raw, one.payload()) for one in archive.captures() if one.url != URL}
    texts = {one.capture.id: _words(one) for one in archive.entries() if one.capture.url != URL}
    told = plan(archive, Target.of(URL))
    assert [one.revisit.url for one in told.inheritance.promoted] == ["https://courier.example/copy"]
    done = purged(archive)
    assert len(done.plan.inheritance.heirs) == 3
    copy, *others = archive.captures(url="https://courier.example/copy")
    assert (copy.kind, others) == ("response", [])
    for one in archive.captures(url="https://courier.example/second"):
        assert (one.kind, one.refers_to, one.refers_to_at) == ("revisit", copy.id, copy.at)
    assert {one.id: (one.message().raw, one.payload()) for one in archive.captures()} == before
    clean_pending(archive)
    assert {one.capture.id: _words(one) for one in archive.entries()} == texts
    is_sound(archive)


def test_with_payload_every_copy_goes(revisited: Archive) -> None:
    archive = revisited
    told = plan(archive, Target.of(URL), payload=True)
    assert len(told.captures) == 4
    purged(archive, payload=True)
    assert found(archive) == set()
    assert [one.url.rpartition("/")[2] for one in archive.captures()] == ["other"]
    is_sound(archive)


def test_what_is_held_of_a_304_says_that_it_went_with_what_it_confirms(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "NEWS", contact="tests@example.org") as archive:
        copied(archive, "secret")
        with archive.writer("crawl") as writer:
            late = exchange("other-address", 9, status=304, body=b"")
            writer.add(replace(late, confirms=_original_of(archive, URL).id))
        (held,) = archive.captures(url="https://courier.example/other-address")
        purged(archive)
        assert held.message().status == 304
        with pytest.raises(TakenDown, match=r"this one confirms went.*the record \S+ was removed from"):
            held.payload()


@pytest.mark.slow
@pytest.mark.parametrize("payload", [False, True])
def test_killed_at_any_step_it_goes_on(
    revisited: Archive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, payload: bool
) -> None:
    original = revisited
    original.close()
    wanted = {
        one.id: one.message().raw
        for one in original.captures()
        if one.url != URL and not (payload and "other" not in one.url)
    }
    original.close()
    killed = 0
    for step in range(0, 200, 4 if payload else 3):
        path = tmp_path / "copies" / str(step)
        shutil.copytree(original.path, path)
        with Archive.open(path) as archive:
            if not killed_at(step, monkeypatch, partial(purged, archive, payload=payload)):
                break
            killed += 1
        with Archive.open(path) as archive:
            decided = [one.act for one in holdings.acts(archive.catalog)]
            assert not ("takedown" in decided and any(one.url == URL for one in archive.captures()))
            with archive.writer("crawl"):  # the next writer settles what was under way
                pass
            assert {one.id: one.message().raw for one in archive.captures() if one.id in wanted} == wanted
            assert not archive.verify().damaged
            purged(archive, payload=payload)
            assert unfinished(archive) == ()
            assert {one.id: one.message().raw for one in archive.captures()} == wanted
            assert not list(archive.warc_path.rglob("*.part"))
            assert not payload or found(archive) == set()
            assert not archive.verify().damaged
        shutil.rmtree(path)
    assert killed > 10
    assert step < 190


def test_a_full_disk_leaves_all_as_it_was_but_blocked(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {one.file: one.sha256 for one in archive.files()}

    def full(*_: object) -> None:
        raise StorageFull("no room")

    with monkeypatch.context() as patch:
        patch.setattr("archive.entering.rewrites.put_in_place", full)
        with pytest.raises(StorageFull):
            purged(archive)
    states = {one.file: one.sha256 for one in archive.files()}
    assert {name: states[name] for name in before} == before
    assert not list(archive.warc_path.rglob("*.part"))
    assert len(unfinished(archive)) == 1
    purged(archive)
    assert found(archive) == set()
    is_sound(archive)


def test_a_purge_that_was_killed_is_told_and_damages_nothing(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("archive.entering.rewrites.reenter", killed)
        with pytest.raises(Killed):
            purged(archive)
    told = archive.verify()
    assert not told.damaged
    assert [one.rule for one in told.of(Severity.REPAIRABLE)] == ["replaced", "purge"]
    archive.rebuild()
    assert [one.rule for one in archive.verify().of(Severity.REPAIRABLE)] == ["purge"]
    purged(archive)
    assert found(archive) == set()
    is_sound(archive)


def test_a_tombstone_that_no_act_accounts_for_is_damage(archive: Archive) -> None:
    purged(archive)
    assert not archive.verify().damaged
    with archive.catalog.writing() as connection:
        connection.execute(tables.acts.update().where(tables.acts.c.act == "purge").values(act="other"))
    told = [one for one in archive.verify().of(Severity.DAMAGED) if one.rule == "tombstone"]
    assert len(told) == 3
    assert "by no purge" in told[0].message


def test_the_linter_finds_no_error_in_what_a_purge_wrote(revisited: Archive) -> None:
    purged(revisited)
    result = lint([revisited.warc_path / state.file for state in revisited.files()])
    assert result.clean, [file.findings for file in result.files]


def test_a_repair_after_a_kill_makes_no_catalogue_again(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("archive.entering.rewrites.reenter", killed)
        with pytest.raises(Killed):
            purged(archive)
    done = repair(archive)
    assert not done.rebuilt
    assert not done.lost
    assert [one.rule for one in archive.verify().of(Severity.REPAIRABLE)] == ["purge"]
    purged(archive)
    assert found(archive) == set()
