"""Retention over a real writer whose disk fails: nothing half-written is acknowledged, nothing that came is lost."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from scrapy import Request

from archive.errors import StorageFull
from archive.exchange import Attempt, Drawn, Exchange, NoAnswer, Origin, Role
from archive.store import Archive
from archive.writing import Committed
from crawler.retention import NotStored, Retention

AT = 1_795_000_000_000_000
BODY = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.create(tmp_path / "A", name="TEST") as made:
        yield made


def exchange(number: int, size: int = 2000) -> Exchange:
    return Exchange(
        f"https://a.example/{number}",
        AT + number,
        b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
        BODY + os.urandom(size),
        origin=Origin(site="a.example", role=Role.ARTICLE),
    )


def ask(what: Exchange | Attempt) -> Request:
    return Request(what.url)


@contextmanager
def failing(name: str, code: int, *, after: int = 0) -> Iterator[None]:
    """A call of the system that fails, after it worked so many times. No real disk does so on demand."""
    real, calls = getattr(os, name), 0

    def fail(*given: object) -> object:
        nonlocal calls
        calls += 1
        if calls > after:
            raise OSError(code, os.strerror(code))
        return real(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, name, fail)
        yield


def held_by(archive: Archive, exchanges: Sequence[Exchange]) -> bool:
    """Whether the archive has these exchanges, each once, byte for byte."""
    held = {capture.url: capture.block() for capture in archive.captures()}
    return held == {one.url: one.response for one in exchanges} and archive.count()[0] == len(exchanges)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
def test_a_write_that_fails_is_held_and_written_later(archive: Archive, code: int) -> None:
    told: list[Committed] = []
    given = [exchange(n) for n in range(3)]

    async def run() -> None:
        retention = Retention(archive.writer("crawl"))
        retention.write(given[0], ask(given[0]))
        requests = [ask(one) for one in given[1:]]
        with failing("writev", code):
            for one, request in zip(given[1:], requests, strict=True):
                with pytest.raises(StorageFull):
                    retention.write(one, request)
            waiting = [retention.hold(one, request) for one, request in zip(given[1:], requests, strict=True)]
            with pytest.raises(StorageFull):
                retention.retry(told.append)
            assert not any(one.done() for one in waiting)
        assert [len(one) for one in told] == [1], "what was written before is durable, and acknowledged"
        retention.retry(told.append)
        assert all(one.done() for one in waiting)
        assert [request.meta["presskeep_capture"] for request in requests] == [one.id for one in told[-1].captures]
        retention.writer.close()

    asyncio.run(run())
    assert held_by(archive, given)
    assert not archive.verify(deep=True).findings


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("anew", [False, True])
def test_what_a_failed_sync_loses_is_written_again(archive: Archive, code: int, anew: bool) -> None:
    told: list[Committed] = []
    given = [exchange(n) for n in range(5)]

    async def run() -> None:
        retention = Retention(archive.writer("crawl"))
        retention.write(given[0], ask(given[0]))
        told.append(retention.commit())
        requests = [ask(one) for one in given[1:]]
        for one, request in zip(given[1:], requests, strict=True):
            retention.write(one, request)
        lost = [request.meta["presskeep_capture"] for request in requests]
        with failing("fsync", code):
            for _ in range(2):
                with pytest.raises(StorageFull):
                    retention.commit() if retention.pending else retention.retry(told.append, anew=anew)
        assert {one.url for one in archive.captures()} == {given[0].url}, "nothing else was acknowledged"
        retention.retry(told.append, anew=anew)
        assert [request.meta["presskeep_capture"] for request in requests] == [one.id for one in told[-1].captures]
        assert not set(lost) & {one.id for one in archive.captures()}
        retention.writer.close()

    asyncio.run(run())
    archive.adopt()  # a file that could not be closed is left to the next writer
    assert held_by(archive, given)
    assert not archive.verify(deep=True).findings


def test_what_is_durable_waits_for_the_catalogue_and_is_not_written_twice(archive: Archive) -> None:
    told: list[Committed] = []
    given = [exchange(n) for n in range(3)]

    async def run() -> None:
        retention = Retention(archive.writer("crawl"))
        for one in given:
            retention.write(one, ask(one))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(archive.catalog, "writing", _full)
            with pytest.raises(StorageFull):
                retention.commit()
            with pytest.raises(StorageFull):
                retention.retry(told.append)
        retention.retry(told.append)
        retention.writer.close()

    asyncio.run(run())
    assert [len(one) for one in told if len(one)] == [3]
    assert held_by(archive, given)
    assert not archive.verify(deep=True).findings


def _full() -> None:
    raise StorageFull("the catalogue could not be written (database or disk is full): free some space")


def test_a_file_that_cannot_be_closed_loses_nothing(archive: Archive) -> None:
    """The rotation of the WARC file fails: what was in the old one and not durable is written into the new one."""
    told: list[Committed] = []
    given = [exchange(n) for n in range(6)]

    async def run() -> None:
        retention = Retention(archive.writer("crawl"))
        for one in given[:3]:
            retention.write(one, ask(one))
        with failing("fsync", errno.EIO), pytest.raises(StorageFull):
            retention.retry(told.append, anew=True)
        for one in given[3:]:
            retention.write(one, ask(one))
        for _ in range(4):  # each failure is told once
            try:
                retention.retry(told.append)
            except StorageFull:
                continue
            break
        retention.writer.close()

    asyncio.run(run())
    with archive.writer("test"):
        pass  # adopts the file that was left
    assert {one.url for one in archive.captures()} == {one.url for one in given}
    assert sum(len(one.captures) for one in told) == len(given)
    assert not archive.verify(deep=True).damaged


def test_what_is_given_up_says_so_to_whoever_waits(archive: Archive) -> None:
    async def run() -> None:
        retention = Retention(archive.writer("crawl"))
        attempt = Attempt("https://a.example/", AT, NoAnswer.TIMEOUT)
        waiting = retention.hold(attempt, ask(attempt))
        retention.release("the crawl ends")
        with pytest.raises(NotStored, match="the crawl ends"):
            await waiting
        retention.writer.close()

    asyncio.run(run())
    assert archive.count() == (0, 0)


def test_a_drawn_page_names_what_was_written_again_by_its_new_id(archive: Archive) -> None:
    told: list[Committed] = []
    given = [exchange(1), exchange(2)]

    async def run() -> None:
        retention = Retention(archive.writer("crawl"))
        requests = [ask(one) for one in given]
        drawn = Drawn(given[0].url, AT + 9, b"<p>drawn</p>", "Chrome/1", (), origin=given[0].origin)
        beside = Request(drawn.url, meta={"presskeep_made_from": requests})
        for one, request in zip(given, requests, strict=True):
            retention.write(one, request)
        first = [request.meta["presskeep_capture"] for request in requests]
        retention.write(drawn, beside)
        assert retention.bytes == sum(len(one.response) for one in given) + len(drawn.page)
        with failing("fsync", errno.ENOSPC), pytest.raises(StorageFull):
            retention.commit()
        retention.retry(told.append)
        again = [request.meta["presskeep_capture"] for request in requests]
        assert not set(first) & set(again)
        assert beside.meta["presskeep_capture"] == told[-1].captures[-1].id
        assert told[-1].captures[-1].refers_to == again[0]
        retention.writer.close()

    asyncio.run(run())
    assert archive.count() == (3, 0)
    assert not archive.verify(deep=True).findings


@contextmanager
def too_large(most: int) -> Iterator[None]:
    """A system that takes no more bytes than that at once, as one with a limit for files does."""
    real = os.writev

    def write(file: int, pieces: Sequence[bytes]) -> int:
        if sum(map(len, pieces)) > most:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        return real(file, pieces)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "writev", write)
        yield


def test_a_drawn_page_that_fits_nowhere_is_an_attempt(archive: Archive) -> None:
    async def run() -> None:
        retention = Retention(archive.writer("crawl"))
        of_page = ask(exchange(1))
        retention.write(exchange(1), of_page)
        drawn = Drawn(of_page.url, AT + 9, os.urandom(100_000), "Chrome/1", (), origin=Origin(site="a.example"))
        beside = Request(drawn.url, meta={"presskeep_made_from": [of_page]})
        with too_large(50_000), pytest.raises(NotStored):
            retention.write(drawn, beside)
        retention.commit()
        assert beside.meta["presskeep_attempt"].attempt.reason is NoAnswer.STORAGE
        retention.writer.close()

    asyncio.run(run())
    assert archive.count() == (1, 1)
