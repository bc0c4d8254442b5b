"""What a backup brings back after a purge: told by everything that looks, and removed by purging again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from contents import created, place
from exchanges import OTHER, attempt, exchange
from withdrawn import URL, copied, found, held, is_sound, purged, secret, warcs

from archive.catalogue.blocking import Target
from archive.catalogue.database import remove
from archive.errors import TakenDown
from archive.removal.purge import plan
from archive.removal.returned import to_purge_again
from archive.removal.takedown import lift
from archive.repairing.repair import Outcome, repair
from archive.store import Archive
from archive.warc.finding import Rule

FERRY = "https://courier.example/ferry"
LONG_AGO = -1_000_000  # minutes: before any purge, whatever the clock of the machine


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("returned") / "NEWS"
    with created(path) as archive:
        with archive.writer("crawl", {"courier": b"{}"}) as writer:
            writer.add(exchange("first", LONG_AGO))
            writer.add(secret(minute=LONG_AGO + 1))
            writer.add(exchange("ferry", LONG_AGO + 2, sentence=OTHER))
            writer.add_attempt(attempt("secret", LONG_AGO + 3))
        with archive.writer("crawl", {"courier": b"{}"}) as writer:
            writer.add(exchange("last", LONG_AGO + 4, sentence=OTHER))
    return path


@pytest.fixture
def archive(original: Path, tmp_path: Path) -> Iterator[Archive]:
    shutil.copytree(original, tmp_path / "NEWS")
    with Archive.open(tmp_path / "NEWS") as opened:
        yield opened


def put_back(backup: dict[Path, bytes]) -> None:
    for path, content in backup.items():
        path.write_bytes(content)


def rules(archive: Archive) -> list[Rule]:
    return [one.rule for one in archive.verify().findings if not one.severity.harmless]


@pytest.mark.parametrize("lifted", [False, True])
def test_a_file_from_a_backup_is_told_and_purged_again(archive: Archive, *, lifted: bool) -> None:
    backup, before = warcs(archive), held(archive)
    gone = {one.id for one in archive.captures(url=URL)}
    purged(archive)
    if lifted:
        lift(archive, Target.of(URL), given=URL, reason="settled")
    put_back(backup)
    assert rules(archive) == [Rule.RETURNED]
    done = repair(archive)
    assert [one.outcome for one in done.actions] == [Outcome.RETURNED]
    assert "purge again" in done.actions[0].said
    assert not gone & {one.id for one in archive.captures()}
    ((told, files),) = to_purge_again(archive)
    assert (told.given, len(files)) == (URL, 1)
    assert told.command.startswith(f"presskeep takedown {URL} --purge")
    assert plan(archive, Target.of(URL)).returned == files
    again = purged(archive)
    assert (again.records, again.files, again.again) == (5, files, ())
    assert found(archive) == set()
    assert held(archive) == {one: block for one, block in before.items() if one not in gone}
    assert to_purge_again(archive) == []
    is_sound(archive)
    purged(archive)
    assert rules(archive) == []


@pytest.mark.parametrize("lost", [False, True])
def test_a_rebuild_does_not_make_it_forgotten(archive: Archive, *, lost: bool) -> None:
    backup = warcs(archive)
    purged(archive)
    put_back(backup)
    if lost:
        archive.close()
        remove(archive.catalog.path)
    archive.rebuild()
    with pytest.raises(TakenDown):
        archive.memento(URL)
    assert rules(archive) == [Rule.RETURNED]
    assert purged(archive).records == 5
    assert found(archive) == set()
    is_sound(archive)


def test_of_two_purges_in_one_file_each_is_told_until_it_is_done_again(archive: Archive) -> None:
    backup = warcs(archive)
    purged(archive)
    between = warcs(archive)
    purged(archive, FERRY)
    put_back({path: between[path] for path in backup})
    assert [told.given for told, _ in to_purge_again(archive)] == [FERRY]
    put_back(backup)
    assert {told.given for told, _ in to_purge_again(archive)} == {URL, FERRY}
    done = purged(archive, FERRY)
    assert (done.records, [one.given for one in done.again]) == (3, [URL])
    assert rules(archive) == [Rule.RETURNED]
    assert [told.given for told, _ in to_purge_again(archive)] == [URL]
    purged(archive)
    assert (found(archive), to_purge_again(archive)) == (set(), [])
    is_sound(archive)


def test_a_purge_that_has_not_come_to_a_file_yet_is_no_return(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("archive.entering.rewrites.put_in_place", killed)
        with pytest.raises(KeyboardInterrupt):
            purged(archive)
    assert rules(archive) == [Rule.PURGE]
    assert to_purge_again(archive) == []


def test_files_whose_revisits_had_inherited_come_back_together(archive: Archive) -> None:
    copied(archive, "page", "copy", "second", start=LONG_AGO + 10)
    page = "https://courier.example/page"
    backup = warcs(archive)
    before = {one.id: one.message().raw for one in archive.captures() if one.url != page}
    purged(archive, page)
    assert held(archive) == before
    put_back(backup)
    assert set(rules(archive)) == {Rule.RETURNED, Rule.OLDER_COPY}
    done = purged(archive, page)
    assert len(done.plan.inheritance.promoted) == 1
    assert held(archive) == before
    is_sound(archive)


def test_an_older_copy_without_an_inherited_payload_is_damage(archive: Archive) -> None:
    copied(archive, "page", "copy", start=LONG_AGO + 10)
    (copy,) = archive.captures(url="https://courier.example/copy")
    path = archive.warc_path / place(copy).file
    older = path.read_bytes()
    purged(archive, "https://courier.example/page")
    newer = path.read_bytes()
    path.write_bytes(older)
    assert rules(archive) == [Rule.OLDER_COPY]
    assert {one.outcome for one in repair(archive).actions} <= {Outcome.LEFT}
    path.write_bytes(newer)
    assert rules(archive) == []
    path.write_bytes(older)
    archive.rebuild()
    assert Rule.REVISIT in rules(archive)  # its payload is lost, unless the newer copy is somewhere


def test_a_revisit_whose_payload_was_purged_with_it_is_no_damage(archive: Archive) -> None:
    """A 304 had no body on the wire: it can hold none."""
    from dataclasses import replace

    (page,) = archive.captures(url=FERRY)
    with archive.writer("crawl") as writer:
        late = exchange("other-address", LONG_AGO + 20, status=304, body=b"")
        writer.add(replace(late, confirms=page.id))
    purged(archive, FERRY)
    told = archive.verify()
    assert [one.rule for one in told.findings] == [Rule.PURGED_REFERENT]
    assert not told.damaged
