"""Recovery: a dead writer's file torn at every byte, garbage, zeros, and nothing at all."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from archive import digest
from archive.errors import DamagedRecord, StorageFull
from archive.event import Event
from archive.exchange import Attempt, NoAnswer, Origin
from archive.warc.reader import Gap, read_events, read_on, read_records
from archive.warc.recovery import Recovery, recover
from archive.warc.writer import WarcWriter

from .samples import AT, REQUEST, exchange, findings_of, writer
from .test_writer import at_most


class Left:
    """An archive's directories after its writer died: one ``.open`` file with three groups, durable."""

    def __init__(self, root: Path) -> None:
        self.warc, self.quarantine = root / "warc", root / "quarantine"
        to = writer(self.warc)
        first = to.add(exchange())
        second = to.add_attempt(Attempt("https://courier.example/x", AT, NoAnswer.TIMEOUT, request=REQUEST))
        self.before_last = to.size
        third = to.add(exchange())
        self.events: list[Event] = [first, second, third]
        self.file = to.file or ""
        self.raw = (self.warc / f"{self.file}.open").read_bytes()
        to.close()
        (self.warc / self.file).unlink()

    def lay(self, raw: bytes) -> None:
        """The dead writer's file holds these bytes."""
        for directory in (self.warc, self.quarantine):
            shutil.rmtree(directory, ignore_errors=True)
        (self.warc / self.file).parent.mkdir(parents=True)
        (self.warc / f"{self.file}.open").write_bytes(raw)

    def recovered(self) -> Recovery:
        (found,) = recover(self.warc, self.quarantine)
        assert not list(self.warc.rglob("*.open"))
        return found


@pytest.fixture
def left(tmp_path: Path) -> Left:
    return Left(tmp_path)


def test_a_whole_file_is_closed_as_it_is(left: Left) -> None:
    left.lay(left.raw)
    found = left.recovered()
    assert found == Recovery(left.file, len(left.raw), digest.sha256(left.raw), 0, None)
    assert (left.warc / left.file).read_bytes() == left.raw
    assert list(read_events(left.warc, left.file)) == left.events
    assert not left.quarantine.exists()
    assert recover(left.warc, left.quarantine) == ()


def test_a_tail_torn_anywhere_in_the_last_group_leaves_the_groups_before(left: Left) -> None:
    left.lay(left.raw)
    path = left.warc / f"{left.file}.open"
    # Every byte would take 20 s of fsync; test_member.py tears a member at each.
    ends = {*range(left.before_last, len(left.raw), 29), *range(len(left.raw) - 12, len(left.raw))}
    members = [one.offset for one in read_records(path, left.before_last)]
    for end in sorted(ends | {at + near for at in members for near in (-1, 0, 1, 9)} - {left.before_last - 1}):
        left.lay(left.raw[:end])
        found = left.recovered()
        assert (found.size, found.cut) == (left.before_last, end - left.before_last)
        assert (left.warc / left.file).read_bytes() == left.raw[: left.before_last]
        assert found.sha256 == digest.sha256(left.raw[: left.before_last])
        if found.report:
            report = json.loads(found.report.read_text("utf-8"))
            kept = left.quarantine / report["kept"]
            assert kept.read_bytes() == left.raw[left.before_last : end]
            assert report["sha256"] == digest.sha256(kept.read_bytes())
            assert (report["file"], report["offset"]) == (left.file, left.before_last)
        else:
            assert end == left.before_last
    assert list(read_events(left.warc, left.file)) == left.events[:2]


@pytest.mark.parametrize(
    "tail", [b"garbage", bytes(5000), b"\x1f\x8b\x08", os.urandom(4096)], ids=["garbage", "zeros", "a head", "noise"]
)
def test_what_is_no_record_at_the_end_is_put_aside(left: Left, tail: bytes) -> None:
    left.lay(left.raw + tail)
    found = left.recovered()
    assert (found.size, found.cut) == (len(left.raw), len(tail))
    assert list(read_events(left.warc, left.file)) == left.events
    assert (left.quarantine / f"{Path(left.file).name}.{len(left.raw)}.bytes").read_bytes() == tail


def test_pages_that_a_power_loss_left_as_zeros_stay_where_they_are_and_so_does_what_lies_behind(left: Left) -> None:
    zeroed = bytearray(left.raw)
    middle = left.before_last - 300
    zeroed[middle : middle + 100] = bytes(100)
    left.lay(bytes(zeroed) + b"torn")
    found = left.recovered()
    assert (found.size, found.cut) == (len(left.raw), 4)
    assert (left.warc / left.file).read_bytes() == bytes(zeroed)
    read = list(read_on(left.warc, left.file))
    assert [one for one in read if not isinstance(one, Gap)] == [left.events[0], left.events[2]]
    (gap,) = [one for one in read if isinstance(one, Gap)]
    assert gap.offset <= middle < gap.end <= left.before_last
    assert [one.rule for one in findings_of(left.warc / left.file)] == ["readable"]


def test_records_in_the_payload_of_a_torn_record_are_cut_off_with_it(left: Left, tmp_path: Path) -> None:
    with WarcWriter(tmp_path / "hostile", "NEWS", {}, max_bytes=10**6, max_age=60) as hostile:
        hostile.add(replace(exchange(), origin=Origin(run="urn:uuid:another")))
    (served,) = hostile.take_closed()
    payload = (tmp_path / "hostile" / served.file).read_bytes() + os.urandom(5000)
    # Stored, not packed, as deflate does with what cannot be made smaller.
    outer = gzip.compress(b"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 9999\r\n\r\n" + payload, 0)
    left.lay(left.raw + outer[:-2000])
    found = left.recovered()
    assert found.size == len(left.raw)
    assert found.report
    report = json.loads(found.report.read_text("utf-8"))
    assert "response" in [one["type"] for one in report["whole_records"]]


@pytest.mark.parametrize("end", [0, 1, 9, 200])
def test_a_file_of_which_nothing_is_whole_is_gone_but_not_its_bytes(left: Left, end: int) -> None:
    left.lay(left.raw[:end])
    found = left.recovered()
    assert (found.file, found.size, found.cut) == (left.file, 0, end)
    assert list(left.warc.rglob("*.warc*")) == []
    kept = list(left.quarantine.glob("*.bytes"))
    assert [one.read_bytes() for one in kept] == ([left.raw[:end]] if end else [])


def test_only_zeros_are_put_aside(left: Left) -> None:
    left.lay(bytes(10_000))
    found = left.recovered()
    assert (found.size, found.cut) == (0, 10_000)
    assert found.report
    assert "zeros" in json.loads(found.report.read_text("utf-8"))["reason"]


def test_a_living_writers_file_is_left_alone(tmp_path: Path) -> None:
    to = writer(tmp_path / "warc")
    capture = to.add(exchange())
    assert recover(tmp_path / "warc", tmp_path / "quarantine") == ()
    to.add(exchange())
    to.close()
    assert next(read_events(tmp_path / "warc", capture.location.file if capture.location else "")) == capture


def test_a_full_disk_leaves_everything_as_it_was_and_it_can_be_done_again(left: Left) -> None:
    torn = left.raw + os.urandom(50_000)
    left.lay(torn)
    with at_most(10_000), pytest.raises(StorageFull):
        recover(left.warc, left.quarantine)
    assert (left.warc / f"{left.file}.open").read_bytes() == torn
    assert left.recovered().size == len(left.raw)
    assert not list(left.quarantine.glob("*.part"))


def test_a_recovery_killed_before_the_cut_is_done_again(left: Left) -> None:
    torn = left.raw[:-5]
    left.lay(torn)
    left.recovered()
    kept = {path.name: path.read_bytes() for path in left.quarantine.glob("*.bytes")}
    # As if it had been killed with the bytes put aside and the file not cut yet.
    (left.warc / left.file).unlink()
    (left.warc / f"{left.file}.open").write_bytes(torn)
    assert left.recovered().size == left.before_last
    assert {path.name: path.read_bytes() for path in left.quarantine.glob("*.bytes")} == kept


WRITES_FOR_EVER = """
import sys
from pathlib import Path
from archive.exchange import Exchange
from archive.warc.writer import WarcWriter

to = WarcWriter(Path(sys.argv[1]), "NEWS", {}, max_bytes=40_000, max_age=3600)
number = 0
while True:
    number += 1
    body = b"HTTP/1.1 200 OK\\r\\n\\r\\n" + b"%d " % number * 2000
    exchange = Exchange("https://courier.example/", number, b"GET / HTTP/1.1\\r\\n\\r\\n", body)
    ids = [to.add(exchange).id for _ in range(3)]
    to.sync()
    print(*ids, flush=True)
"""


def test_what_a_killed_writer_had_synced_is_there(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITES_FOR_EVER, str(tmp_path / "warc")], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        synced = [child.stdout.readline().split() for _ in range(40)]
        child.send_signal(signal.SIGKILL)
        synced += [line.split() for line in child.stdout.read().splitlines() if line.count(" ") == 2]
    recover(tmp_path / "warc", tmp_path / "quarantine")
    files = [path.relative_to(tmp_path / "warc").as_posix() for path in (tmp_path / "warc").rglob("*.warc.gz")]
    found = {event.id for file in files for event in read_events(tmp_path / "warc", file)}  # type: ignore[union-attr]
    assert found >= {one for line in synced for one in line}
    assert len(files) > 1
    assert [one for file in files for one in findings_of(tmp_path / "warc" / file)] == []


def test_a_new_writer_goes_on_beside_what_was_recovered(left: Left) -> None:
    left.lay(left.raw[:-1])
    left.recovered()
    with WarcWriter(left.warc, "NEWS", {}, max_bytes=10**6, max_age=60) as to:
        capture = to.add(exchange())
    assert capture.location
    assert capture.location.file != left.file


def test_no_file_is_ever_overwritten(left: Left) -> None:
    left.lay(left.raw)
    (left.warc / left.file).write_bytes(b"there before")
    with pytest.raises(DamagedRecord, match="both"):
        recover(left.warc, left.quarantine)
    assert (left.warc / left.file).read_bytes() == b"there before"
    assert (left.warc / f"{left.file}.open").read_bytes() == left.raw


@pytest.mark.parametrize("known", ["nothing", "two groups", "all"])
def test_holes_behind_what_was_committed_are_closed(left: Left, known: str) -> None:
    """A loss of power has left zeros in the second group, the third is whole."""
    holed = bytearray(left.raw)
    middle = left.before_last - 200
    holed[middle : middle + 100] = bytes(100)
    left.lay(bytes(holed))
    committed = {"nothing": 0, "two groups": left.before_last, "all": len(left.raw)}[known]
    (found,) = recover(left.warc, left.quarantine, lambda file: committed)
    read = list(read_on(left.warc, left.file))
    kept = [path.read_bytes() for path in left.quarantine.glob("*.bytes")]
    if known == "nothing":
        assert [one for one in read if isinstance(one, Gap)] == []
        assert [type(one) for one in read] == [type(left.events[0]), type(left.events[2])]
        assert bytes(holed[middle : middle + 50]) in kept[0]
        assert list(findings_of(left.warc / left.file)) == []
        assert found.size + found.cut == len(left.raw)
    else:
        assert [type(one) for one in read] == [type(left.events[0]), Gap, type(left.events[2])]
        assert (found.size, found.cut, kept) == (len(left.raw), 0, [])


def test_a_hole_in_the_beginning_leaves_a_file_that_begins_as_it_should(left: Left) -> None:
    left.lay(bytes(100) + left.raw[100:])
    (found,) = recover(left.warc, left.quarantine, lambda file: 0)
    assert [one for one in read_on(left.warc, left.file) if not isinstance(one, Gap)] != []
    assert list(findings_of(left.warc / left.file)) == []
    assert found.sha256 == digest.sha256((left.warc / left.file).read_bytes())
