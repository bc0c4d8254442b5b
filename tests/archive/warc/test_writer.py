"""The writer: exact bytes back, equal values back, durable files, full disks."""

from __future__ import annotations

import errno
import hashlib
import os
import pickle
import resource
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import digest
from archive.errors import FileTooLarge, StorageFull
from archive.event import Event, RunEnded, RunStarted
from archive.exchange import Attempt, Exchange, NoAnswer, Origin
from archive.warc.paths import resolve
from archive.warc.reader import read_events, read_records
from archive.warc.wellformed import with_well_formed
from archive.warc.writer import WarcWriter

from .samples import (
    AT,
    CHUNKED,
    REQUEST,
    RESPONSE,
    RUN,
    attempts,
    exchange,
    exchanges,
    findings_of,
    optional,
    texts,
    times,
    writer,
)


def events(directory: Path) -> list[Event]:
    files = sorted(directory.rglob("*.warc.gz*"))
    names = [path.relative_to(directory).as_posix().removesuffix(".open") for path in files]
    return [event for name in names for event in read_events(directory, name)]


@settings(deadline=None, max_examples=60)
@given(st.lists(exchanges | attempts, min_size=1, max_size=4))
def test_whatever_is_written_is_read_back_equal_and_byte_for_byte(given: list[Exchange | Attempt]) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with writer(directory) as to:
            stored = [to.add(one) if isinstance(one, Exchange) else to.add_attempt(one) for one in given]
        found = events(directory)
        assert found == stored
        (file,) = (one.file for one in to.take_closed())
        assert list(findings_of(directory / file)) == []
        blocks = [record.block for record in read_records(directory / file) if record.kind in {"response", "request"}]
        wanted = []
        for one, event in zip(given, found, strict=True):
            if isinstance(one, Exchange):
                wanted += [one.response, one.request]
                assert event.block() == pickle.loads(pickle.dumps(event)).block() == one.response  # type: ignore[union-attr]
            else:
                assert event.attempt == with_well_formed(one)  # type: ignore[union-attr]
                wanted += [one.request] if one.request else []
        assert blocks == wanted


@settings(deadline=None)
@given(texts, times, texts, st.lists(texts, max_size=3), optional, st.binary(max_size=99))
def test_runs_and_sites_are_read_back_equal(
    run: str, at: int, text: str, sites: list[str], site_run: str | None, body: bytes
) -> None:
    with tempfile.TemporaryDirectory() as name, writer(Path(name)) as to:
        stored = [
            to.add_run_started(RunStarted(run, at, text, tuple(sites), text)),
            to.add_site(text, site_run, at, body),
            to.add_run_ended(RunEnded(run, at, text)),
        ]
        assert events(Path(name)) == stored


@pytest.mark.parametrize(
    "response",
    [
        RESPONSE.replace(b"quay\n", b"\0\xff\r"),
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 2_000_000 + b"\r\n\r\nbody",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n" + os.urandom(8 * 2**20),
        b"\0" * 100_000,
    ],
    ids=["NUL", "head of 2 MB", "no body", "8 MiB of noise", "zeros"],
)
def test_odd_messages_come_back(tmp_path: Path, response: bytes) -> None:
    with writer(tmp_path) as to:
        capture = to.add(exchange(response, request=response))
        assert capture.block() == response  # still open
    assert capture.block() == response
    assert events(tmp_path) == [capture]


def test_a_capture_describes_its_exchange(tmp_path: Path) -> None:
    with writer(tmp_path) as to:
        capture = to.add(exchange(CHUNKED, url="https://courier.example/harbour?utm_source=feed"))
        bare = to.add(exchange(b"no status line"))
    assert (capture.status, capture.mime, capture.payload_length) == (200, None, 5)
    assert capture.payload_digest == digest.sha256(b"quay\n")  # the entity, without its chunk framing
    assert capture.key == "https://courier.example/harbour"
    assert (capture.site, capture.run, capture.hops, capture.ip) == ("courier", RUN, "L", "192.0.2.7")
    assert (bare.status, bare.payload_digest, bare.payload_length) == (None, None, None)


def test_nothing_exists_before_the_first_record(tmp_path: Path) -> None:
    with writer(tmp_path / "warc") as to:
        to.sync()
        assert to.file is None
        assert to.size == 0
    assert not (tmp_path / "warc").exists()
    assert to.take_closed() == ()


def test_a_file_carries_open_until_it_is_closed(tmp_path: Path) -> None:
    to = writer(tmp_path)
    capture = to.add(exchange())
    assert capture.location
    file = capture.location.file
    assert to.file == f"{file}"
    assert resolve(tmp_path, file) == tmp_path / f"{file}.open"
    to.sync()
    assert (tmp_path / f"{file}.open").stat().st_size == to.size
    to.close()
    raw = (tmp_path / file).read_bytes()
    (closed,) = to.take_closed()
    assert (closed.file, closed.size) == (file, len(raw))
    assert closed.sha256 == digest.label("sha256", hashlib.sha256(raw).digest())
    assert not to.file
    assert to.take_closed() == ()
    assert [path.name for path in tmp_path.rglob("*.warc.gz*")] == [file.rpartition("/")[2]]


def test_the_next_file_begins_when_one_is_large_or_old_enough(tmp_path: Path) -> None:
    clock = iter([AT, AT + 1, AT + 59_999_999, AT + 60_000_000, AT + 60_000_001])
    to = WarcWriter(tmp_path, "N", {}, max_bytes=10**6, max_age=60, now=lambda: next(clock))
    files = [to.add(exchange()).location for _ in range(4)]
    assert [one.file.rpartition("/")[2][:26] for one in files if one] == [
        "N-20261125094640123-00001-",
        "N-20261125094640123-00001-",
        "N-20261125094640123-00001-",
        "N-20261125094740123-00002-",
    ]
    to.close()
    with writer(tmp_path / "small", max_bytes=1) as small:
        assert len({small.add(exchange()).location.file for _ in range(3)}) == 3  # type: ignore[union-attr]
        assert len(small.take_closed()) == 2


def test_writers_of_one_name_and_instant_never_share_a_file(tmp_path: Path) -> None:
    def make() -> WarcWriter:
        return WarcWriter(tmp_path, "N", {}, max_bytes=10**6, max_age=60, now=lambda: AT)

    first, second, third = make(), make(), make()
    one, two = first.add(exchange()), second.add(exchange())
    first.close()
    three = third.add(exchange())
    second.close()
    third.close()
    assert sorted(one.location.file[-20:-14] for one in (one, two, three) if one.location) == [
        "00001-",
        "00002-",
        "00003-",
    ]
    assert len(events(tmp_path)) == 3


def test_a_file_begins_with_what_made_it(tmp_path: Path) -> None:
    with WarcWriter(
        tmp_path, "N", {"software": "presskeep/1", "presskeep-site": ("a 1", "b 2")}, max_bytes=10**6, max_age=60
    ) as to:
        to.add(exchange())
    (closed,) = to.take_closed()
    info = next(read_records(tmp_path / closed.file))
    assert info.kind == "warcinfo"
    assert info.fields.first("WARC-Filename") == closed.file.rpartition("/")[2]
    assert b"software: presskeep/1\r\npresskeep-site: a 1\r\npresskeep-site: b 2\r\n" in info.block
    assert b"format: WARC File Format 1.1\r\n" in info.block


def test_hostile_values_break_no_head(tmp_path: Path) -> None:
    evil = "x\r\nWARC-Type: warcinfo\r\n\r\nHTTP/1.1"
    hostile = replace(
        exchange(url=f"http://{evil}"), ip=evil, cipher=evil, protocols=(evil,), method=evil, masked=(evil,),
        origin=Origin(site=evil, run=evil, via=evil, source=evil, hops=evil, announced=evil),
    )  # fmt: skip
    with writer(tmp_path) as to:
        capture = to.add(hostile)
        to.add_attempt(Attempt(f"http://{evil}", AT, NoAnswer.DNS, evil, ip=evil, request=REQUEST))
    assert events(tmp_path)[0] == capture
    (closed,) = to.take_closed()
    kinds = [record.fields.all("WARC-Type") for record in read_records(tmp_path / closed.file)]
    assert kinds == [("warcinfo",), ("response",), ("request",), ("metadata",), ("request",), ("metadata",)]


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """No file may grow beyond this size; Python ignores the signal, so the write fails with EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def full_after(room: int) -> Iterator[None]:
    """The disk takes so many bytes more, as a full one does: the last write that fits is a short one."""
    left, writev = room, os.writev

    def full(descriptor: int, pieces: Sequence[bytes | memoryview]) -> int:
        nonlocal left
        if left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = writev(descriptor, [b"".join(pieces)[:left]])
        left -= written
        return written

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "writev", full)
        yield


@pytest.mark.parametrize("room", [0, 1, 17, 200, 600])
def test_a_full_disk_takes_no_half_group_and_the_writer_goes_on(tmp_path: Path, room: int) -> None:
    to = writer(tmp_path)
    kept = to.add(exchange())
    to.sync()
    size = to.size
    path = resolve(tmp_path, to.file or "")
    with full_after(room):
        for _ in range(2):
            with pytest.raises(StorageFull, match="free space") as caught:
                to.add(exchange(RESPONSE + os.urandom(2000)))
            assert isinstance(caught.value.__cause__, OSError)
            assert path.stat().st_size == to.size == size
        to.sync()
    after = to.add(exchange())
    to.close()
    assert events(tmp_path) == [kept, after]
    (closed,) = to.take_closed()
    assert closed.sha256 == digest.sha256((tmp_path / closed.file).read_bytes())


@pytest.mark.parametrize("room", [0, 1, 17, 200, 600])
def test_where_a_file_may_not_grow_the_next_one_is_begun(tmp_path: Path, room: int) -> None:
    to = writer(tmp_path)
    kept = [to.add(exchange()), to.add(exchange())]
    with at_most(to.size + room):
        kept += [to.add(exchange()) for _ in range(6)]
        with pytest.raises(FileTooLarge):  # it fits into no file at all
            to.add(exchange(RESPONSE + os.urandom(to.size + 9000)))
        kept.append(to.add(exchange()))
        to.close()
    assert events(tmp_path) == kept
    closed = to.take_closed()
    assert len(closed) > 3
    for one in closed:
        assert one.sha256 == digest.sha256((tmp_path / one.file).read_bytes())


def test_a_disk_that_is_full_at_the_beginning_keeps_no_file(tmp_path: Path) -> None:
    to = writer(tmp_path)
    with at_most(10), pytest.raises(StorageFull):
        to.add(exchange())
    assert to.file is None
    assert list(tmp_path.rglob("*.warc*")) == []
    capture = to.add(exchange())
    to.close()
    assert events(tmp_path) == [capture]


# No real disk fails an fsync on demand: the three tests below make the call itself fail.
def failing(code: int) -> int:
    raise OSError(code, os.strerror(code))


def test_after_a_failed_sync_only_what_was_durable_remains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    to = writer(tmp_path)
    kept = to.add(exchange())
    to.sync()
    to.add(exchange())
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: failing(errno.EIO))
        with pytest.raises(StorageFull):
            to.sync()
    to.sync()
    after = to.add(exchange())
    to.close()
    assert events(tmp_path) == [kept, after]
    (closed,) = to.take_closed()
    assert closed.sha256 == digest.sha256((tmp_path / closed.file).read_bytes())


def test_a_rotation_that_fails_is_told_by_the_next_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    to = writer(tmp_path, max_bytes=1)
    to.add(exchange())
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: failing(errno.ENOSPC))
        with pytest.raises(StorageFull):
            to.add(exchange())
    to.add(exchange())
    with pytest.raises(StorageFull, match="did not reach"):
        to.sync()
    to.sync()
    to.close()


def test_other_errors_pass_and_cut_back_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    to = writer(tmp_path)
    kept = to.add(exchange())
    real = os.writev

    def interrupted(descriptor: int, views: list[memoryview]) -> int:
        real(descriptor, [views[0][:10]])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "writev", interrupted)
        with pytest.raises(KeyboardInterrupt):
            to.add(exchange())
    assert resolve(tmp_path, to.file or "").stat().st_size == to.size
    to.close()
    assert events(tmp_path) == [kept]


def test_a_group_is_one_write_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    to = writer(tmp_path)
    to.add(exchange())
    calls = []
    real = os.writev

    def counted(descriptor: int, views: list[memoryview]) -> int:
        calls.append(len(views))
        return real(descriptor, views)

    monkeypatch.setattr(os, "writev", counted)
    to.add(exchange(RESPONSE + os.urandom(3 * 2**20)))
    assert len(calls) == 1
    to.close()
