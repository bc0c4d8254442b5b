"""Imports and attachments that were killed anywhere, or that go on at once: what is left is finished, or taken up."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bringing_in import attached, derived, imported, laid, told, urls
from foreign_files import NAMES, gzipped, http, warc_record

from archive.catalogue.terms import in_force
from archive.entering import adoption, importing, standing
from archive.entering.attaching import detach
from archive.errors import NotFound, StorageFull
from archive.repairing.repair import repair
from archive.store import Archive
from archive.warc.finding import Severity
from archive.warc.incoming import Incoming, finish, sweep

# Redirects, of which there is nothing to clean.
RECORDS = [warc_record(name, n, block=http(name, status=302)) for n, name in enumerate(NAMES)]


class _Killed(BaseException):
    """As if the process had died: nothing is cleaned up behind it that a kill would leave."""


def killed(*_: Any, **__: Any) -> None:
    raise _Killed


def cut_off(archive: Archive, path: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(where, name, killed)
        with pytest.raises(_Killed):
            imported(archive, path)
    assert told(archive.verify()) == {("unknown-import", Severity.REPAIRABLE)}


def parts(archive: Archive) -> list[Path]:
    return list((archive.warc_path / "imported").glob("*.part"))


@pytest.mark.parametrize(
    "heal",
    [
        lambda archive, other: imported(archive, other),  # noqa: PLW0108 - beside its kin
        lambda archive, _: repair(archive),
        lambda archive, _: archive.adopt(),
        lambda archive, _: archive.rebuild(),
    ],
    ids=["import", "repair", "adopt", "rebuild"],
)
@pytest.mark.parametrize("where", [(Incoming, "put"), (adoption, "enter_foreign")], ids=["name", "rows"])
def test_an_import_that_was_killed_is_finished_without_its_source(
    tmp_path: Path,
    archive: Archive,
    monkeypatch: pytest.MonkeyPatch,
    heal: Callable[[Archive, Path], object],
    where: tuple[Any, str],
) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    cut_off(archive, path, monkeypatch, *where)
    path.unlink()
    heal(archive, laid(tmp_path, "other.warc", RECORDS[0]))
    assert archive.count()[0] == 3
    assert told(archive.verify()) == set()
    assert not parts(archive)
    assert next(archive.captures()).block() == http("crane", status=302)


def test_what_a_killed_import_has_taken_is_told_by_the_next(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    cut_off(archive, path, monkeypatch, adoption, "enter_foreign")
    (brought,) = imported(archive, path)
    assert (brought.there, brought.entered.captures) == (False, 3)


def test_an_import_of_which_nothing_is_left_is_let_go_of(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    cut_off(archive, path, monkeypatch, Incoming, "put")
    for part in parts(archive):
        part.unlink()
    path.unlink()
    assert told(archive.verify()) == {("unknown-import", Severity.REPAIRABLE)}
    detach(archive, str(path))
    assert told(archive.verify()) == set()
    assert in_force(archive.catalog) == {}


def test_an_imported_file_that_was_there_and_is_gone_is_damage_with_an_empty_catalogue_too(
    tmp_path: Path, archive: Archive
) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    (brought,) = imported(archive, path)
    assert brought.file is not None
    (archive.warc_path / brought.file).unlink()
    archive.catalog.path.unlink()
    archive.close()
    archive.rebuild()
    assert told(archive.verify()) == {("imported-file", Severity.DAMAGED)}
    with pytest.raises(NotFound):
        detach(archive, "nowhere")
    (again,) = imported(archive, path)
    assert again.entered.captures == 3
    assert told(archive.verify()) == set()


def test_a_name_that_no_room_was_left_for_is_given_by_the_next_import(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))

    def full(*_: object) -> None:
        raise StorageFull("no room")

    with monkeypatch.context() as patched:
        patched.setattr(Incoming, "put", full)
        with pytest.raises(StorageFull):
            imported(archive, path)
    assert len(parts(archive)) == 1
    imported(archive, path)
    assert not parts(archive)
    assert told(archive.verify()) == set()


def test_two_imports_of_one_file_at_once_come_to_what_a_rebuild_makes(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    others = [laid(tmp_path, f"{n}.warc.gz", gzipped(RECORDS[n:])) for n in range(3)]
    failed: list[BaseException] = []

    def run(site: str) -> None:
        try:
            with Archive.open(archive.path) as own:
                imported(own, *others, path, site=site)
                imported(own, path, *reversed(others), site=site)
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("herald", "crier", "gazette")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(in_force(archive.catalog)) == 4
    assert not parts(archive)
    assert told(archive.verify()) == set()
    before = derived(archive)
    archive.rebuild()
    assert derived(archive) == before


def test_a_living_import_keeps_what_it_copies(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    other = laid(tmp_path, "b.warc", RECORDS[0])
    agreed = importing._Import._agreed

    def meanwhile(run: Any, *given: Any) -> Any:
        monkeypatch.setattr(importing._Import, "_agreed", agreed)
        assert len(parts(archive)) == 1
        adoption.adopt(archive.warc_path, archive.quarantine_path, archive.catalog)
        sweep(archive.warc_path)
        assert not finish(archive.warc_path, "imported/x/a.warc", given[1].sha256, given[1].size)
        assert len(parts(archive)) == 1
        return agreed(run, *given)

    monkeypatch.setattr(importing._Import, "_agreed", meanwhile)
    imported(archive, path, other)
    assert len(urls(archive)) == 3


@pytest.mark.parametrize("bring", [imported, attached])
def test_other_terms_that_were_killed_behind_their_act_are_brought_to_their_end(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch, bring: Callable[..., Any]
) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    bring(archive, path, site="herald")
    with monkeypatch.context() as patched:
        patched.setattr(standing, "enter", killed)
        with pytest.raises(_Killed):
            bring(archive, path, site="crier")
    assert told(archive.verify()) == {("unknown-import", Severity.REPAIRABLE)}
    archive.adopt()
    assert {one.site for one in archive.captures()} == {"crier"}
    assert told(archive.verify()) == set()


def test_a_detachment_that_was_killed_is_brought_to_its_end(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    attached(archive, path)
    attached(archive, laid(tmp_path, "b.warc.gz", gzipped(RECORDS[:2])))
    for where in ("unsettle", "_forget", "_enter_all"):
        with monkeypatch.context() as patched:
            patched.setattr(standing, where, killed)
            with pytest.raises((_Killed, NotFound)):
                detach(archive, str(path))
        assert not archive.verify().damaged
    archive.adopt()
    assert archive.count()[0] == 2
    assert told(archive.verify()) == set()
    before = derived(archive)
    archive.rebuild()
    assert derived(archive) == before


def test_an_attachment_that_was_killed_is_finished(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    with monkeypatch.context() as patched:
        patched.setattr(standing, "enter", killed)
        with pytest.raises(_Killed):
            attached(archive, path, site="herald")
    assert told(archive.verify()) == {("unknown-import", Severity.REPAIRABLE)}
    (brought,) = attached(archive, path)
    assert (brought.there, brought.entered.captures) == (False, 3)
    assert {one.site for one in archive.captures()} == {"herald"}
    assert told(archive.verify()) == set()


_CHILD = """
import sys
from pathlib import Path
from archive.store import Archive
from archive.entering.importing import import_files
with Archive.open(sys.argv[1]) as archive:
    print("go", flush=True)
    for _ in import_files(archive, map(Path, sys.argv[2:])):
        pass
"""


@pytest.mark.slow
def test_killed_at_random_and_run_again_it_loses_and_doubles_nothing(tmp_path: Path, archive: Archive) -> None:
    chance = random.Random(int(os.environ.get("PRESSKEEP_SEED", "7")))
    made = [
        warc_record(f"page{n}", n % 9, block=http("crane", status=302), record_id=f"urn:uuid:{n}") for n in range(900)
    ]
    paths = [laid(tmp_path, f"{n}.warc.gz", gzipped(made[n * 90 : n * 90 + 150])) for n in range(9)]
    for _ in range(int(os.environ.get("PRESSKEEP_ROUNDS", "4"))):
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(archive.path), *map(str, paths)], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        child.stdout.readline()
        try:
            child.wait(timeout=chance.uniform(0, 0.7))
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert not archive.verify().damaged
    imported(archive, *paths)
    assert len(urls(archive)) == 870
    assert len(in_force(archive.catalog)) == 9
    assert not parts(archive)
    assert told(archive.verify()) == set()
    before = derived(archive)
    archive.rebuild()
    assert derived(archive) == before
