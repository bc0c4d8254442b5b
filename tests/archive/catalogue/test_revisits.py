"""Revisits: the same payload is stored once for each site, loses no byte by it, and has a text of its own."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from exchanges import OTHER, SENTENCE, exchange, page
from sqlalchemy import delete, text, update
from warcio.archiveiterator import ArchiveIterator

from archive.article import Article, CaptureRef
from archive.capture import Capture
from archive.catalogue import revisits, tables
from archive.catalogue.holdings import enter
from archive.catalogue.waiting import MAX_TRIES
from archive.cleaning.clean import clean
from archive.crew import clean_pending
from archive.digest import sha256
from archive.errors import DamagedRecord, NotFound
from archive.exchange import Exchange, Truncation
from archive.failure import FailureReason
from archive.prove import prove
from archive.store import Archive
from archive.warc.answer import Answer
from archive.warc.paths import resolve
from archive.warc.reader import read_events
from archive.warc.record import IDENTICAL_PAYLOAD, NOT_MODIFIED
from archive.warc.stored import read_records

STORY, CHANGED = SENTENCE * 4, OTHER * 4


def story(minute: int = 0, sentence: str = STORY, **given: object) -> Exchange:
    return exchange("crane", minute, sentence=sentence, **given)  # type: ignore[arg-type]


def chunked(one: Exchange, size: int = 500, last: bytes = b"0\r\n\r\n", sizes: bytes = b"%x\r\n") -> Exchange:
    head, _, body = one.response.partition(b"\r\n\r\n")
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    framed = b"".join(sizes % len(part) + part + b"\r\n" for part in parts)
    return replace(one, response=head + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + last)


def unchanged(minute: int, confirms: str) -> Exchange:
    head = b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nDate: now\r\n\r\n'
    return replace(story(minute), response=head, confirms=confirms)


def store(archive: Archive, *exchanges: Exchange) -> list[Capture]:
    """Each in a commit of its own."""
    found: list[Capture] = []
    with archive.writer("crawl") as writer:
        for one in exchanges:
            writer.add(one)
            found += writer.commit().captures
    return found


def kinds(captures: Sequence[Capture]) -> list[str]:
    return [one.kind for one in captures]


def in_order(archive: Archive) -> list[Capture]:
    return list(archive.captures())


def test_the_same_payload_is_stored_once_and_read_as_it_crossed(archive: Archive) -> None:
    given = [story(), story(1), chunked(story(2)), chunked(story(3), 700, sizes=b"00%X\r\n")]
    first, *others = store(archive, *given)
    assert (first.kind, kinds(others)) == ("response", ["revisit"] * 3)
    for sent, capture in zip(given, in_order(archive), strict=True):
        assert capture.message().raw == sent.response
        assert capture.payload() == page("crane", STORY)
        assert capture.payload_digest == first.payload_digest
        assert capture.truncated is None
    assert {one.refers_to for one in others} == {first.id}
    assert all(len(one.block()) < 200 for one in others), "only the head"


def test_what_is_read_back_is_what_the_writer_said(archive: Archive) -> None:
    stored = store(archive, story(), chunked(story(1)))
    confirmed = store(archive, unchanged(2, stored[1].id))
    everything = [*stored, *confirmed]
    files = sorted({one.location.file for one in everything if one.location})
    read = [event for file in files for event in read_events(archive.warc_path, file) if isinstance(event, Capture)]
    assert read == everything
    assert in_order(archive) == everything


def test_the_record_says_what_the_standard_wants(archive: Archive) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    again = replace(story(1), response=interim + story().response)
    first, second, third = store(archive, story(), again, unchanged(2, store(archive, story(9))[0].id))
    file = first.location.file if first.location else ""
    records = {one.id: one for one in read_records(resolve(archive.warc_path, file))}
    same, confirmed = records[second.id], records[third.id]
    assert same.fields.first("WARC-Profile") == IDENTICAL_PAYLOAD
    assert same.fields.first("WARC-Truncated") == "length", "section 6.7.2"
    assert same.block == interim + story().response.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert confirmed.fields.first("WARC-Profile") == NOT_MODIFIED
    assert confirmed.fields.first("WARC-Truncated") is None, "the answer is whole"
    assert confirmed.block.startswith(b"HTTP/1.1 304 ")
    for one in (same, confirmed):
        assert one.kind == "revisit"
        assert one.fields.first("WARC-Refers-To") in {f"<{first.id}>", f"<{third.refers_to}>"}
        assert one.fields.first("WARC-Refers-To-Target-URI") == first.url
        assert (one.fields.first("WARC-Refers-To-Date") or "").startswith("2026-11-25T09:")
        assert one.fields.first("WARC-Payload-Digest") == first.payload_digest
        assert one.fields.first("WARC-Block-Digest") == sha256(one.block)
    assert in_order(archive)[1].message().raw == again.response


def test_other_programs_read_it(archive: Archive) -> None:
    first, second, _ = store(archive, story(), chunked(story(1)), unchanged(2, store(archive, story(9))[0].id))
    assert first.location
    with resolve(archive.warc_path, first.location.file).open("rb") as stream:
        seen = {}
        for record in ArchiveIterator(stream, check_digests=True):
            record.content_stream().read()
            assert record.digest_checker.passed is not False
            if record.rec_type == "revisit":
                seen[record.http_headers.get_statuscode()] = record.rec_headers.get_header("WARC-Record-ID")
    assert seen["200"] == f"<{second.id}>"
    assert set(seen) == {"200", "304"}


WHOLE = {
    "a trailer": chunked(story(1), last=b"0\r\nX-Sum: 1\r\n\r\n"),
    "a chunk extension": chunked(story(1), sizes=b"%x;a=b\r\n"),
    "bytes behind the last chunk": chunked(story(1), last=b"0\r\n\r\nmore"),
    "chunks without number": chunked(story(1), 1),
    "bytes behind the body": replace(
        story(1),
        response=b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%bmore"
        % (len(page("crane", STORY)), page("crane", STORY)),
    ),
    "a cut answer": replace(story(1), truncated=Truncation.TIME),
    "another status": story(1, status=203),
    "another method": story(1, method="POST"),
    "another site": story(1, site="gazette"),
    "no site": story(1, site=None),
}


@pytest.mark.parametrize("what", WHOLE)
def test_what_could_not_be_made_again_or_is_no_copy_is_stored_whole(archive: Archive, what: str) -> None:
    captures = store(archive, story(), WHOLE[what])
    assert kinds(captures) == ["response", "response"]
    assert captures[1].block() == WHOLE[what].response


def test_a_small_payload_is_stored_again(archive: Archive) -> None:
    assert kinds(store(archive, story(body=b"x" * 1023), story(1, body=b"x" * 1023))) == ["response"] * 2
    assert kinds(store(archive, story(2, body=b"x" * 1024), story(3, body=b"x" * 1024))) == ["response", "revisit"]


def test_nothing_refers_to_what_is_not_committed(archive: Archive) -> None:
    with archive.writer("crawl") as writer:
        pair = [writer.add(story()), writer.add(story(1))]
        assert kinds(pair) == ["response", "response"]
        writer.commit()
        assert writer.add(story(2)).refers_to == pair[0].id, "the earliest"


def test_across_runs_processes_and_addresses_of_one_site(archive: Archive) -> None:
    (first,) = store(archive, story())
    with archive.writer("crawl", worker="one") as one, archive.writer("crawl", worker="two") as two:
        elsewhere = replace(story(5), url="https://courier.example/crane?again")
        for writer in (one, two):
            assert writer.add(elsewhere).refers_to == first.id
    assert {capture.refers_to_uri for capture in in_order(archive)[1:]} == {first.url}


def test_the_packed_form_is_another_payload(archive: Archive) -> None:
    plain = page("crane", STORY)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n"
    packed = [replace(story(minute), response=head + gzip.compress(plain, 0, mtime=0)) for minute in (1, 2)]
    assert kinds(store(archive, story(), *packed)) == ["response", "response", "revisit"]
    assert [one.payload() for one in in_order(archive)] == [plain] * 3


def test_a_304_confirms_the_capture_that_holds_the_payload(archive: Archive) -> None:
    first, again = store(archive, story(), story(1))
    (confirmed,) = store(archive, unchanged(2, again.id))
    assert (confirmed.kind, confirmed.status, confirmed.refers_to) == ("revisit", 304, first.id)
    capture = archive.memento(first.url)
    assert capture.message().status == 304
    assert capture.representation().status == 200
    assert capture.payload() == page("crane", STORY)


@pytest.mark.parametrize("confirms", [None, "urn:uuid:00000000-0000-4000-8000-000000000000"])
def test_a_304_that_confirms_nothing_known_is_a_response(archive: Archive, confirms: str | None) -> None:
    store(archive, story())
    (answer,) = store(archive, replace(unchanged(1, ""), confirms=confirms))
    assert (answer.kind, answer.status) == ("response", 304)


def test_a_304_never_confirms_another_sites_capture(archive: Archive) -> None:
    (first,) = store(archive, story(site="gazette"))
    assert kinds(store(archive, unchanged(1, first.id))) == ["response"]


def test_a_catalogue_that_cannot_be_asked_costs_room_and_nothing_else(archive: Archive) -> None:
    store(archive, story())
    earlier = revisits.Earlier(archive.catalog, archive.warc_path)
    archive.close()
    archive.catalog.path.unlink()
    answer = Answer.of(story(1).response)
    assert earlier(story(1), answer, answer.digest()) is None


# Texts


def test_each_revisit_is_an_observation(archive: Archive) -> None:
    first, *_ = store(archive, story(), story(1, CHANGED), chunked(story(2)))
    (_, _, back) = in_order(archive)
    store(archive, unchanged(3, back.id))
    clean_pending(archive)
    entries = list(archive.entries())
    assert [(one.capture.kind, one.edition, one.editions) for one in entries] == [
        ("response", 1, 3),
        ("response", 2, 3),
        ("revisit", 3, 3),
        ("revisit", 3, 3),
    ]
    assert entries[2].text.provenance.captures == (
        CaptureRef(back.id, back.url, back.at, back.payload_digest, "page"),
        CaptureRef(first.id, first.url, first.at, first.payload_digest, "payload"),
    )
    assert archive.text(first.url).text == entries[3].text


def test_its_text_is_a_function_of_both_captures(archive: Archive) -> None:
    first, again = store(archive, story(), chunked(story(1)))
    made = clean([again, first])
    assert made == clean([again]) == clean([in_order(archive)[1]])
    assert isinstance(made, Article)
    alone = clean([first])
    assert isinstance(alone, Article)
    assert made.text_digest == alone.text_digest
    with pytest.raises(DamagedRecord, match="does not have the capture"):
        clean([replace(again, referent=None)])


def test_rebuild_and_deep_verification_agree_with_it(archive: Archive) -> None:
    stored = store(archive, story(), chunked(story(1)), story(2, CHANGED), story(3))
    store(archive, unchanged(4, stored[1].id))
    clean_pending(archive)
    before = [(one.identity, one.edition) for one in archive.entries()]
    deep = archive.verify(deep=True)
    assert deep.findings == ()
    assert deep.deep is not None
    assert (deep.deep.same, deep.deep.different, deep.deep.undecided) == (5, 0, 0)
    captures = in_order(archive)
    archive.rebuild()
    assert [(one.identity, one.edition) for one in archive.entries()] == before
    assert in_order(archive) == captures
    assert archive.verify(deep=True).findings == ()


def test_it_is_proved_by_the_bytes_of_the_record_that_holds_them(archive: Archive) -> None:
    first, again = store(archive, story(), chunked(story(1)))
    clean_pending(archive)
    article = archive.text(again.url).text
    assert isinstance(article, Article)
    proof = prove(article, [archive.capture(one.id) for one in article.provenance.captures])
    assert proof.holds
    assert [link.location for link in proof.links] == [again.location, first.location]
    assert any(place.byte is not None for claim in proof.claims for place in claim.places)
    assert not prove(article, [archive.capture(again.id)]).holds, "the chain names both"


# Following


def lose(archive: Archive, capture: Capture) -> None:
    with archive.catalog.writing() as connection:
        connection.execute(delete(tables.captures).where(tables.captures.c.id == capture.id))


def point(archive: Archive, capture: Capture, **values: object) -> None:
    with archive.catalog.writing() as connection:
        connection.execute(update(tables.captures).where(tables.captures.c.id == capture.id).values(**values))


def follow(archive: Archive, capture: Capture) -> Capture:
    return revisits.followed(archive.catalog, archive.warc_path, replace(capture, referent=None))


def test_a_dangling_revisit_says_so_and_its_text_is_tried_again(archive: Archive) -> None:
    first, again = store(archive, story(), story(1))
    row = archive.capture(first.id)
    lose(archive, first)
    (left,) = in_order(archive)
    assert left.message().status == 200
    with pytest.raises(DamagedRecord, match=first.id):
        left.payload()
    with pytest.raises(NotFound, match=first.id):
        follow(archive, again)
    clean_pending(archive)
    (failure,) = archive.failures()
    assert failure.reason is FailureReason.UNREAD
    assert first.id in failure.detail
    for _ in range(MAX_TRIES):
        clean_pending(archive)
    assert archive.text_jobs() == (), "it has failed too often"
    with archive.catalog.writing() as connection:
        enter(connection, [row])
    clean_pending(archive)
    assert list(archive.failures()) == []


def test_chains_are_followed_and_circles_are_not(archive: Archive) -> None:
    first, *others = store(archive, *(story(minute) for minute in range(4)))
    for one, target in zip(others[1:], others, strict=False):
        point(archive, one, refers_to=target.id)
    last = archive.capture(others[-1].id)
    assert follow(archive, last).referent == first
    assert last.payload() == page("crane", STORY)
    point(archive, others[0], refers_to=others[-1].id)
    assert archive.capture(others[-1].id).referent is None
    with pytest.raises(NotFound):
        follow(archive, archive.capture(others[-1].id))


def test_the_payload_of_another_capture_is_never_taken(archive: Archive) -> None:
    first, other, again = store(archive, story(), story(1, CHANGED), story(2))
    point(archive, again, refers_to=other.id)
    with pytest.raises(DamagedRecord, match="verify"):
        follow(archive, archive.capture(again.id))
    clean_pending(archive)
    assert [one.reason for one in archive.failures()] == [FailureReason.UNREAD]
    assert [one for one in archive.verify().findings if one.rule == "revisit"]
    assert first.payload_digest == again.payload_digest


def test_without_an_id_address_and_date_lead_to_it_and_else_the_digest(archive: Archive) -> None:
    first, again = store(archive, story(), story(1))
    point(archive, again, refers_to=None)
    assert archive.capture(again.id).referent == first
    point(archive, again, refers_to_at=first.at // 1_000_000 * 1_000_000)
    assert archive.capture(again.id).referent == first, "to the second"
    point(archive, again, refers_to_at=None)
    assert archive.capture(again.id).referent is None
    assert follow(archive, archive.capture(again.id)).referent == first
    point(archive, again, payload_digest="sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    with pytest.raises(NotFound):
        follow(archive, archive.capture(again.id))


def test_who_refers_to_a_capture(archive: Archive) -> None:
    first, second, third = store(archive, story(), story(1), story(2))
    (fourth,) = store(archive, unchanged(3, third.id))
    point(archive, third, refers_to=None)
    found = revisits.referring_to(archive.catalog, archive.warc_path, first)
    assert [one.id for one in found] == [second.id, third.id, fourth.id]
    assert revisits.referring_to(archive.catalog, archive.warc_path, second) == ()


def test_the_index_serves_the_question(archive: Archive) -> None:
    store(archive, story())
    with archive.catalog.reading() as connection:
        asked = revisits._EARLIER.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {asked}"), {"site": "courier", "digest": "sha256:A"}).all()
    assert any("captures_by_payload (<expr>=? AND site=?)" in str(row) for row in plan), plan


def test_a_moved_archive_reads_its_revisits(archive: Archive, tmp_path: Path) -> None:
    store(archive, story(), chunked(story(1)))
    archive.close()
    archive.path.rename(tmp_path / "MOVED")
    with Archive.open(tmp_path / "MOVED") as moved:
        assert in_order(moved)[1].message().raw == chunked(story(1)).response
