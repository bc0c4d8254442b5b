"""Several archives as one: merged by time, each capture once and with its archive; which spelling answers a request."""

from __future__ import annotations

from pathlib import Path

import pytest
from exchanges import START, exchange, page
from foreign_files import forms

from archive.catalogue.blocking import Target
from archive.entering.importing import import_files
from archive.errors import NotFound, TakenDown, UsageError
from archive.exchange import Drawn, Exchange, Origin
from archive.removal.takedown import take_down
from archive.several import Archives
from archive.store import Archive

CRANE = "https://courier.example/crane"
MINUTE = 60_000_000


def made(path: Path, *exchanges: Exchange) -> Archive:
    archive = Archive.create(path, contact="tests@example.org")
    with archive.writer("crawl") as writer:
        for one in exchanges:
            writer.add(one)
    return archive


def spelled(url: str, minute: int, status: int = 200, location: str = "") -> Exchange:
    head = f"HTTP/1.1 {status} Such\r\n{f'Location: {location}{chr(13)}{chr(10)}' if location else ''}\r\n"
    return Exchange(
        url, START + minute * MINUTE, b"GET / HTTP/1.1\r\n\r\n", head.encode() + b"page", origin=Origin(site="s")
    )


def test_captures_are_merged_by_time_and_know_their_archive(tmp_path: Path) -> None:
    first = made(tmp_path / "A", exchange(minute=0), exchange(minute=20))
    second = made(tmp_path / "B", exchange(minute=10))
    [file] = first.warc_path.rglob("*.warc.gz")
    list(import_files(second, [file]))
    with Archives.open(tmp_path / "A", tmp_path / "B", tmp_path / "A") as both:
        assert len(both.archives) == 2, "the same directory twice is one archive"
        a, b = both.archives
        told = both.timeline(CRANE)
        assert [(one.capture.at - START, one.archive) for one in told] == [
            (0, a),
            (10 * MINUTE, b),
            (20 * MINUTE, a),
        ], "what one imported from the other is given once"
        assert both.memento(CRANE, START + 8 * MINUTE).archive is b
        assert both.memento(CRANE).capture.at == START + 20 * MINUTE
        assert all(one.capture.payload() for one in told)
        assert both.timeline("https://courier.example/never") == ()
        with pytest.raises(NotFound):
            both.memento("https://courier.example/never")
    with pytest.raises(UsageError):
        Archives.open()


def test_what_one_has_taken_down_none_hands_out(tmp_path: Path) -> None:
    first = made(tmp_path / "A", exchange(minute=0))
    made(tmp_path / "B", exchange(minute=10))
    take_down(first, Target.of(CRANE), given=CRANE, reason="asked for")
    with Archives.open(tmp_path / "A", tmp_path / "B") as both:
        assert both.timeline(CRANE) == ()
        for ask in (both.memento, both.answer):
            with pytest.raises(TakenDown):
                ask(CRANE)
    with Archives.open(tmp_path / "A") as alone, pytest.raises(TakenDown):
        alone.answer(CRANE)


@pytest.mark.parametrize("form", forms())
def test_files_of_other_writers_answer_too(form: str, tmp_path: Path) -> None:
    first = Archive.create(tmp_path / "A", contact="tests@example.org")
    file = tmp_path / f"herald.{form}"
    file.write_bytes(forms()[form])
    list(import_files(first, [file]))
    second = made(tmp_path / "B", exchange(minute=0))
    with Archives([first, second]) as both:
        held = both.answer("https://herald.example/crane?utm_source=x")
        assert held.archive is first
        assert held.capture.payload() == page("crane") == b"".join(held.capture.payload_pieces())
        assert both.answer(CRANE).archive is second


def test_a_redirect_between_spellings_answers_for_its_own_alone(tmp_path: Path) -> None:
    plain, safe, tagged = "http://courier.example/x", "https://courier.example/x", "https://courier.example/x?utm_id=1"
    archive = made(
        tmp_path / "A",
        spelled(plain, 0, 301, safe),
        spelled(safe, 1),
        spelled(plain, -3 * 365 * 24 * 60),
        spelled("http://courier.example/round", 0, 302, "https://courier.example/round"),
    )
    with Archives([archive]) as one:

        def answer(url: str, minute: int | None) -> tuple[str, int | None]:
            at = None if minute is None else START + minute * MINUTE
            found = one.answer(url, at).capture
            return found.url, found.status

        for minute in (None, -10, 0, 10, 1_000_000):
            assert answer(plain, minute) == (plain, 301)
            assert answer(safe, minute) == (safe, 200)
            assert answer(tagged, minute) == (safe, 200), "a spelling that was never asked for"
        assert answer(plain, -3 * 365 * 24 * 60) == (plain, 200), "before it moved"
        assert answer(safe, -3 * 365 * 24 * 60) == (plain, 200)
        with pytest.raises(NotFound):
            answer("https://courier.example/round", None)
        with pytest.raises(NotFound, match="POST"):
            one.answer(safe, method="POST")


def test_a_page_that_was_drawn_stands_for_its_answer_where_that_is_asked_for(tmp_path: Path) -> None:
    archive = made(tmp_path / "A", exchange(minute=0, body=b"<div id=app></div>"), exchange("quay", 0))
    (shell,) = archive.timeline(CRANE)
    with archive.writer("crawl") as writer:
        writer.add_drawn(
            Drawn(shell.url, shell.at + 4_000_000, b"<p>drawn", "Chrome/1", (shell.id,), origin=Origin(site="s"))
        )
    with Archives([archive]) as one:
        assert one.answer(CRANE).capture.id == shell.id
        drawn = one.answer(CRANE, drawn=True).capture
        assert (drawn.kind, drawn.payload(), b"".join(drawn.payload_pieces())) == (
            "conversion",
            b"<p>drawn",
            b"<p>drawn",
        )
        assert b"".join(drawn.raw_pieces()) == drawn.message().raw
        assert one.answer("https://courier.example/quay", drawn=True).capture.kind == "response"
