"""Lasting answers: asked for once, within their room and time."""

from __future__ import annotations

import asyncio

from scrapy import Request

from crawler.drawing.lasting import LIFE, Kept, Lasting
from crawler.drawing.sheet import Reply

URL = "http://cdn.example/app.js"


def kept(body: bytes = b"x", status: int = 200, fields: tuple[tuple[str, str], ...] = ()) -> Kept:
    return Kept(Reply(status, fields, body), Request(URL))


def test_each_site_has_its_own() -> None:
    lasting = Lasting()
    lasting.put("a.example", URL, one := kept())
    assert lasting.get("a.example", URL) is one
    assert lasting.get("b.example", URL) is None


def test_they_end_after_an_hour() -> None:
    now = 0.0
    lasting = Lasting(now=lambda: now)
    lasting.put("a", URL, kept())
    now = LIFE + 1
    assert lasting.get("a", URL) is None
    assert lasting.bytes == 0


def test_the_room_is_for_those_that_are_used() -> None:
    lasting = Lasting(room=10)
    for name in "abc":
        lasting.put("site", name, kept(b"1234"))
        lasting.get("site", "a")
    assert [lasting.get("site", name) is not None for name in "abc"] == [True, False, True]
    assert lasting.bytes == 8
    lasting.put("site", "large", kept(b"x" * 11))
    assert lasting.get("site", "large") is None
    lasting.put("site", "a", kept(b"12"))
    assert lasting.bytes == 6


def test_errors_and_what_is_not_to_be_stored_are_asked_for_again() -> None:
    lasting = Lasting()
    lasting.put("a", "1", kept(status=503))
    lasting.put("a", "2", kept(fields=(("Cache-Control", "private, No-Store"),)))
    assert lasting.get("a", "1") is None
    assert lasting.get("a", "2") is None


def test_what_two_pages_want_at_the_same_time_is_asked_for_once() -> None:
    asked = []

    async def run() -> None:
        lasting, gate = Lasting(), asyncio.Event()

        async def ask() -> Kept | None:
            asked.append(1)
            await gate.wait()
            return kept() if len(asked) > 1 else None

        both = [asyncio.ensure_future(lasting.once("a", URL, ask)) for _ in range(2)]
        while not asked:
            await asyncio.sleep(0)
        gate.set()
        assert await asyncio.gather(*both) == [None, None]
        assert await lasting.once("a", URL, ask) is await lasting.once("a", URL, ask)

    asyncio.run(run())
    assert len(asked) == 2


def test_a_page_that_is_given_up_leaves_nobody_waiting() -> None:
    async def run() -> None:
        lasting = Lasting()

        async def never() -> Kept | None:
            await asyncio.Event().wait()
            return None

        first = asyncio.ensure_future(lasting.once("a", URL, never))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(lasting.once("a", URL, never))
        await asyncio.sleep(0)
        first.cancel()
        assert await second is None

    asyncio.run(run())
