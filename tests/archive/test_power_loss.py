"""Loss of power at every step: what was acknowledged is there, nothing lies behind a tear, and verify says so."""

from __future__ import annotations

import errno
import gzip
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest
from exchanges import attempt, exchange
from powerloss import Disk, Op, Recorder, Tree, failing
from sqlalchemy import select

from archive.catalogue import tables
from archive.catalogue.blocking import Target
from archive.catalogue.database import Catalog
from archive.errors import StorageFull
from archive.exchange import Exchange, Role
from archive.removal.purge import purge
from archive.repairing.repair import repair
from archive.store import Archive
from archive.warc.openfile import OpenFile
from archive.warc.paths import OPEN
from archive.warc.quarantine import is_kept

Held = dict[str, bytes]  # blocks of captures by their ids


def fetched(number: int) -> Exchange:
    """One exchange of a body of one to six blocks of the disk."""
    size = random.Random(number).randrange(500, 3000)
    return exchange(f"page-{number}", number, role=Role.FEED, body=random.Random(number).randbytes(size))


@contextmanager
def noting_commits(recorder: Recorder) -> Iterator[None]:
    """The catalogue's content is recorded with each of its transactions."""
    writing = Catalog.writing

    @contextmanager
    def noted(self: Catalog) -> Iterator[object]:
        with writing(self) as connection:
            yield connection
        recorder.note("catalogue", snapshot(self.path))

    with mock.patch.object(Catalog, "writing", noted):
        yield


def snapshot(path: Path) -> bytes:
    connection = sqlite3.connect(path)
    try:
        return connection.serialize()
    finally:
        connection.close()


def crawl(archive: Archive, recorder: Recorder, captures: int) -> None:
    """A writer's life: groups, commits, storage that fails, rotation, close."""
    with archive.writer("crawl", {"courier": b"{}"}) as writer:
        for number in range(captures):
            try:
                writer.add(fetched(number))
                if number % 3 == 1:
                    writer.add_attempt(attempt(f"gone-{number}", number))
                if number % 2:
                    done = writer.commit()
                    recorder.note("acknowledged", {one.id: one.block() for one in done.captures})
            except StorageFull:
                continue
        done = writer.commit()
        recorder.note("acknowledged", {one.id: one.block() for one in done.captures})


class Life:
    """What was recorded: operations with the states that a loss of power after each of them may leave."""

    def __init__(self, recorder: Recorder, catalogue: bytes | None) -> None:
        self.ops = recorder.ops
        self.first = catalogue

    def moments(self) -> Iterator[tuple[Op, Disk, bytes | None, Held]]:
        """The disk after each operation, the catalogue then, and all that was acknowledged until then."""
        disk, catalogue, held = Disk(), self.first, Held()
        for op in self.ops:
            if op.name == "catalogue":
                (catalogue,) = op.args
            elif op.name == "acknowledged":
                held = {**held, **op.args[0]}
            else:
                disk.apply(op)
            if not op.name.startswith("found"):
                yield op, disk, catalogue, held


class Scene:
    """Where states of a disk are laid out, and what must hold in each of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.states = 0

    def recorded(
        self, captures: int = 6, max_bytes: int = 9_000, failing: Callable[[str, int], int | None] | None = None
    ) -> Life:
        path = self.root / "recorded"
        recorder = Recorder(path)
        if failing is not None:
            recorder.failing = failing
        Archive.create(path).close()
        first = snapshot(path / "catalog.sqlite")
        recorder.start_from({"archive.toml": (path / "archive.toml").read_bytes()}, ["warc"])
        with Archive.open(path) as archive, recorder.recording(), noting_commits(recorder):
            small = archive.configuration.warc.model_copy(update={"max_bytes": max_bytes})
            archive.configuration = archive.configuration.model_copy(update={"warc": small})
            crawl(archive, recorder, captures)
        return Life(recorder, first)

    def laid(self, tree: Tree, catalogue: bytes | None) -> Path:
        path = self.root / "state"
        shutil.rmtree(path, ignore_errors=True)
        (path / "warc").mkdir(parents=True)
        for name, content in tree.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
        if catalogue is not None:
            (path / "catalog.sqlite").write_bytes(catalogue)
        self.states += 1
        return path

    def done(self, tree: Tree, catalogue: bytes, action: Callable[[Archive], object]) -> Life:
        """What is recorded while something is done to a state of the disk."""
        path = self.laid(tree, catalogue)
        recorder = Recorder(path)
        recorder.start_from(tree, ["warc"])
        with Archive.open(path) as archive, recorder.recording(), noting_commits(recorder):
            action(archive)
        return Life(recorder, catalogue)

    def found(self) -> Held:
        """The captures of the state that was laid last, by their ids, as far as they can be read."""
        with Archive.open(self.root / "state") as archive:
            readable = [one for one in archive.captures() if one.location and not is_kept(one.location.file)]
            return {one.id: one.block() for one in readable}

    def bytes_left(self) -> list[bytes]:
        """The content of all WARC files, and of the quarantine."""
        paths = [*(self.root / "state").rglob("*.warc.gz"), *(self.root / "state").rglob("*.bytes")]
        return [path.read_bytes() for path in paths]

    def check(self, tree: Tree, catalogue: bytes | None, held: Held) -> None:
        """After a start, what was acknowledged is there, and nothing is damaged."""
        with Archive.open(self.laid(tree, catalogue)) as archive:
            if catalogue is None:
                repair(archive)
            else:
                archive.adopt()
            assert not list(archive.warc_path.rglob(f"*{OPEN}"))
            found = {one.id: one.block() for one in archive.captures()}
            assert held.items() <= found.items()
            bad = [one for one in archive.verify().findings if not one.severity.harmless]
            assert not bad


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with mock.patch.object(os, "fsync", return_value=None):  # only the recorded order counts, and the disk is real
        yield Scene(tmp_path)


def test_a_row_is_never_ahead_of_its_bytes(scene: Scene) -> None:
    """Each time the catalogue is written, what it names is durable: in every state that the disk may be left in."""
    life = scene.recorded()
    known = 0
    for op, disk, catalogue, _ in life.moments():
        if op.name != "catalogue":
            continue
        assert catalogue is not None
        places = locations(scene.root, catalogue)
        known += len(places)
        whole = next(disk.trees())
        for tree in disk.trees():
            for file, offset, end in places:
                content = tree.get(f"warc/{file}", tree.get(f"warc/{file}{OPEN}", b""))
                full = whole.get(f"warc/{file}", whole.get(f"warc/{file}{OPEN}", b""))
                assert len(content) >= end
                assert content[offset:end] == full[offset:end]
    assert known > 20


def locations(root: Path, catalogue: bytes) -> list[tuple[str, int, int]]:
    path = root / "asked.sqlite"
    path.write_bytes(catalogue)
    connection = sqlite3.connect(path)
    try:
        found = []
        for table in (tables.captures, tables.attempts, tables.marks, tables.sites):
            question = select(table.c.file, table.c.offset, table.c.offset + table.c.length)
            found += connection.execute(str(question)).fetchall()
        return found
    finally:
        connection.close()


# What storage refuses while a writer lives: by operation, and which of them, counted from 1.
REFUSED = {
    "nothing": failing("write", set()),
    "no room for a group": failing("write", {4, 9, 10}),
    "an fsync fails": failing("fsync", {2, 4}, errno.EIO),
}


@pytest.mark.slow
@pytest.mark.parametrize("refused", REFUSED)
def test_what_was_acknowledged_is_there_whenever_the_power_goes(scene: Scene, refused: str) -> None:
    life = scene.recorded(failing=REFUSED[refused])
    states = [(tree, now, held) for _, disk, now, held in life.moments() for tree in disk.trees()]
    assert len(states) > 200
    for tree, catalogue, held in states if refused == "nothing" else states[::2]:
        scene.check(tree, catalogue, held)


@pytest.mark.slow
def test_a_catalogue_that_is_lost_or_behind_takes_nothing_away(scene: Scene) -> None:
    life = scene.recorded()
    states = [(tree, held) for _, disk, _, held in life.moments() for tree in disk.trees()]
    for tree, held in states[::9]:
        scene.check(tree, life.first, held)
    for tree, held in states[::23]:
        scene.check(tree, None, held)


@pytest.mark.slow
def test_a_recovery_may_lose_its_power_too(scene: Scene) -> None:
    """Of states in which a writer left its file torn or with holes, each step of the recovery that follows."""
    life = scene.recorded(captures=3)
    torn = []
    for _, disk, catalogue, held in life.moments():
        whole = next(disk.trees())
        torn += [(tree, catalogue, held) for tree in disk.trees() if tree != whole and any(OPEN in one for one in tree)]
    chosen = random.Random(7).sample(torn, 6)
    for tree, catalogue, held in chosen:
        assert catalogue is not None
        again = scene.done(tree, catalogue, Archive.adopt)
        for _, disk, now, _ in again.moments():
            for left in disk.trees():
                scene.check(left, now, held)
                kept = scene.bytes_left()
                cuts = len(list((scene.root / "state" / "quarantine").glob("*.bytes")))
                # A block in which a cut begins or ends is in no one file as a whole.
                assert all(uncovered(content, kept) <= 2 * cuts for name, content in tree.items() if OPEN in name)


@pytest.mark.slow
def test_a_repair_may_lose_its_power_too(scene: Scene) -> None:
    """One response is lost, one bit of another is turned: whenever the power goes, a second repair ends the first."""
    life = scene.recorded(captures=4, max_bytes=10**6)
    *_, (_, disk, catalogue, held) = life.moments()
    assert catalogue is not None
    tree = next(disk.trees())
    (name,) = [one for one in tree if one.startswith("warc/")]
    first, _, third = locations(scene.root, catalogue)[:3]
    content = bytearray(tree[name])
    content[first[1] + 20 : first[1] + 120] = random.Random(1).randbytes(100)
    content[third[2] - 60] ^= 4
    tree[name] = bytes(content)
    damaged = bytes(content[first[1] : first[2]])
    again = scene.done(tree, catalogue, repair)
    (lost,) = {one for one in held if one not in scene.found()}
    states = [(tree, now) for _, disk, now, _ in again.moments() for tree in disk.trees()]
    assert len(states) > 100
    for left, now in states[::3]:
        with Archive.open(scene.laid(left, now)) as archive:
            repair(archive)
            assert archive.capture(lost).location is not None
            bad = [one for one in archive.verify().findings if not one.severity.harmless]
            assert not bad
        found = scene.found()
        assert found == {one: block for one, block in held.items() if one != lost}
        assert damaged in scene.bytes_left()


@pytest.mark.slow
def test_a_purge_may_lose_its_power_too(scene: Scene) -> None:
    """Whenever the power goes, either file is there whole, all else is as it was, and a second purge ends the first."""
    life = scene.recorded(captures=4, max_bytes=10**6)
    *_, (_, disk, catalogue, held) = life.moments()
    assert catalogue is not None
    url = "https://courier.example/page-1"

    def gone(archive: Archive) -> None:
        purge(archive, Target.of(url), given=url, reason="asked for")

    again = scene.done(next(disk.trees()), catalogue, gone)
    wanted = scene.found()
    assert len(wanted) == len(held) - 1
    (secret,) = (block for one, block in held.items() if one not in wanted)
    states = [(tree, now) for _, disk, now, _ in again.moments() for tree in disk.trees()]
    assert len(states) > 100
    for left, now in states[::4]:
        with Archive.open(scene.laid(left, now)) as archive:
            archive.adopt()
            assert not archive.verify().damaged
            gone(archive)
            bad = [one for one in archive.verify().findings if not one.severity.harmless]
            assert not bad
        assert scene.found() == wanted
        whole = [gzip.decompress(path.read_bytes()) for path in (scene.root / "state").rglob("*.warc.gz")]
        assert not any(secret in content for content in whole)


def test_bytes_that_were_cut_off_do_not_come_back_behind_a_closed_file(tmp_path: Path) -> None:
    """A group for which there was no room is cut off; that, too, must be on the disk before the file gets its name."""
    recorder = Recorder(tmp_path)
    recorder.failing = failing("write", {2})
    with recorder.recording():
        opened = OpenFile.create(tmp_path, "a.warc.gz", 0)
        assert opened is not None
        opened.append([b"whole" * 300])
        opened.sync()
        with pytest.raises(StorageFull):
            opened.append([b"torn" * 300])
        closed = opened.close()
    disk = Disk()
    for op in recorder.ops:
        disk.apply(op)
    assert closed.size == 1500
    assert list(disk.trees()) == [{"a.warc.gz": b"whole" * 300}]


def test_a_new_archive_is_there_after_a_loss_of_power(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    with recorder.recording():
        Archive.create(tmp_path / "NEWS").close()
        with Archive.open(tmp_path / "NEWS") as archive, archive.writer("crawl") as writer:
            writer.add(fetched(1))
            writer.commit()
            disk = Disk()
            for op in recorder.ops:
                disk.apply(op)
            (where,) = [op.args[0] for op in recorder.ops if op.name == "create" and op.args[0].endswith(OPEN)]
            assert all(where in tree for tree in disk.trees())


def uncovered(content: bytes, kept: list[bytes]) -> int:
    """How many blocks of some bytes are in none of the files that are left; zeros need not be."""
    blocks = [content[at : at + 64] for at in range(0, len(content) - 64, 64)]
    return sum(not any(block in one for one in kept) for block in blocks if block.strip(b"\0"))
