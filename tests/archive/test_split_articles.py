"""Split stories in an archive: their pages are found, joined, made anew, taken away and rebuilt."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from contents import rows
from exchanges import START
from split_archive import DAY, MINUTE, add, fetched, first, make, second
from split_story import FOOT, HOST, PARAGRAPHS, PATH, address, on_one_page, page

from archive.article import Article
from archive.bulk import Bulk
from archive.catalogue.blocking import Target
from archive.dataset.rows import Entry, reserved_by
from archive.dataset.selection import is_withheld
from archive.exchange import Role
from archive.prove import prove
from archive.removal.purge import purge
from archive.removal.takedown import lift, take_down
from archive.reservation import Reserved
from archive.sharing.packing import pack
from archive.sharing.selection import Selection
from archive.store import Archive
from archive.url import normalise
from archive.worker import CleaningChild

ALL = [one for some in PARAGRAPHS for one in some]


@pytest.fixture(scope="module")
def child() -> Iterator[CleaningChild]:
    with CleaningChild() as one:
        yield one


def entry(archive: Archive, at: int | None = None) -> Entry:
    found = archive.text(address(1), at)
    assert isinstance(found.text, Article)
    return found


def said(archive: Archive, at: int | None = None) -> list[str]:
    text = entry(archive, at).text
    assert isinstance(text, Article)
    return [one.text for one in text.body]


def missing(archive: Archive) -> list[int]:
    text = entry(archive).text
    assert isinstance(text, Article)
    return [one.number for one in text.missing]


def proved(archive: Archive) -> bool:
    text = entry(archive).text
    assert isinstance(text, Article)
    return prove(text, [archive.capture(one.id) for one in text.provenance.captures]).holds


def test_pages_that_are_there_are_joined_and_none_is_an_article(archive: Archive, child: CleaningChild) -> None:
    ids = add(archive, first(), second(2), second(3))
    assert make(archive, child) == 1
    (only,) = archive.entries()
    assert said(archive) == [*ALL, FOOT]
    assert [one.id for one in only.text.provenance.captures] == ids
    assert [one.id for one in only.beside] == ids[1:]
    assert proved(archive)
    assert (archive.verify(deep=True)).findings == ()
    before = rows(archive)
    archive.rebuild()
    assert rows(archive) == before


@pytest.mark.parametrize("linked", [True, False])
def test_a_text_is_made_anew_when_a_page_comes(archive: Archive, child: CleaningChild, linked: bool) -> None:
    add(archive, first(linked=linked))
    make(archive, child)
    assert said(archive) == [*PARAGRAPHS[0], FOOT]
    assert missing(archive) == ([2, 3] if linked else [2])
    assert archive.text_jobs() == ()
    add(archive, second(3, linked=linked))
    if linked:
        make(archive, child)
        assert said(archive) == [*PARAGRAPHS[0], *PARAGRAPHS[2], FOOT]
        assert missing(archive) == [2]
    add(archive, second(2, linked=linked))
    make(archive, child)
    assert said(archive) == [*ALL, FOOT]
    assert missing(archive) == []
    (outcome,) = archive.outcomes()
    assert outcome.new_edition
    before = rows(archive)
    archive.rebuild()
    assert rows(archive) == before


def test_a_page_that_comes_while_the_text_is_made_is_not_forgotten(archive: Archive, child: CleaningChild) -> None:
    add(archive, first())
    (job,) = archive.text_jobs()
    (capture,) = archive.waiting_in(job)
    canonical = child.clean(capture)
    assert isinstance(canonical, bytes)
    add(archive, second(2), second(3))
    assert archive.add_texts([(capture, canonical)]) == ()
    make(archive, child)
    assert said(archive) == [*ALL, FOOT]


def test_a_look_has_its_own_pages_or_those_of_the_look_before(archive: Archive, child: CleaningChild) -> None:
    hour = 60 * MINUTE
    add(archive, first(), second(2), second(3))
    add(
        archive,
        first(hour),
        second(2, hour + MINUTE, changed="A fourth contractor was heard in court on Friday, he said."),
    )
    add(archive, first(2 * DAY))
    make(archive, child)
    made = sorted(archive.entries(), key=lambda one: one.capture.at)
    assert [one.edition for one in made] == [1, 2, 2]  # the last look took what the one before had found
    assert [len(one.text.body) for one in made if isinstance(one.text, Article)] == [10, 11, 11]
    assert [one.at for one in made[2].beside] == [START + hour + MINUTE + 2, START + MINUTE + 3]
    # Its payloads were stored before: what is a revisit names the capture that has them.
    roles = [one.role for one in made[1].text.provenance.captures]
    assert roles == ["page", "payload", "further-page", "further-page"]
    assert archive.verify(deep=True).findings == ()


def test_pages_of_other_sites_and_of_other_times_are_not_taken(archive: Archive, child: CleaningChild) -> None:
    add(archive, first(), fetched(address(2), page(2), MINUTE, site="elsewhere"))
    add(archive, fetched(address(2), page(2), 31 * DAY), fetched(address(3), b"gone", MINUTE, status=404))
    make(archive, child)
    assert missing(archive) == [2, 3]


def test_what_was_fetched_as_an_article_is_a_further_page_too(archive: Archive, child: CleaningChild) -> None:
    add(archive, *(fetched(address(n), page(n), -n * DAY, role=Role.OTHER, site=None) for n in (1, 2, 3)))
    make(archive, child)
    assert said(archive) == [*ALL, FOOT]


def test_the_page_that_has_all_of_it_comes_first_or_late(archive: Archive, child: CleaningChild) -> None:
    whole = f"{PATH}?view=all"
    add(archive, first(whole=whole), second(2), second(3))
    make(archive, child)
    assert said(archive) == [*ALL, FOOT]
    assert len(entry(archive).beside) == 2
    (single,) = add(archive, fetched(HOST + whole, on_one_page(), 2 * MINUTE))
    make(archive, child)
    assert said(archive) == [*ALL, FOOT]
    assert [one.id for one in entry(archive).beside] == [single]
    assert proved(archive)
    before = rows(archive)
    archive.rebuild()
    assert rows(archive) == before


def test_what_is_taken_down_takes_its_words_away(archive: Archive, child: CleaningChild) -> None:
    add(archive, first(), second(2), second(3))
    make(archive, child)
    target = Target(normalise(address(2)))
    take_down(archive, target, given=address(2), reason="court order")
    make(archive, child)
    assert said(archive) == [*PARAGRAPHS[0], *PARAGRAPHS[2], FOOT]
    assert missing(archive) == [2]
    lift(archive, target, given=address(2), reason="overturned")
    make(archive, child)
    assert said(archive) == [*ALL, FOOT]
    purge(archive, target, given=address(2), reason="court order")
    make(archive, child)
    assert said(archive) == [*PARAGRAPHS[0], *PARAGRAPHS[2], FOOT]
    before = rows(archive)
    archive.rebuild()
    assert rows(archive) == before


def test_a_package_of_a_story_has_its_further_pages(archive: Archive, child: CleaningChild, tmp_path: Path) -> None:
    add(archive, first(), second(2), second(3), fetched(f"{HOST}/other", page(1), role=Role.ARTICLE))
    make(archive, child)
    done = pack(archive, str(tmp_path / "story.wacz"), Selection(keys=(normalise(address(1)),)))
    assert (done.captures, done.brought) == (3, 2)
    with zipfile.ZipFile(tmp_path / "story.wacz") as package:
        (_, only) = [json.loads(one) for one in package.read("pages/pages.jsonl").splitlines()]
    assert only["url"] == address(1)
    assert PARAGRAPHS[2][2] in only["text"]


def test_what_a_further_page_reserves_withholds_the_text(
    archive: Archive, child: CleaningChild, tmp_path: Path
) -> None:
    add(archive, first(), replace(second(2), reservations=("tdm-reservation: 1",)), second(3))
    make(archive, child)
    assert reserved_by(entry(archive)) == ("tdm-reservation: 1",)
    assert archive.compact().texts == 1
    kinds = frozenset({Reserved.TDM})
    assert is_withheld(entry(archive), kinds)
    pack(archive, str(tmp_path / "story.wacz"), Selection(withheld=kinds))
    with zipfile.ZipFile(tmp_path / "story.wacz") as package:
        assert PARAGRAPHS[1][0] not in package.read("pages/pages.jsonl").decode()
    told = archive.path / "archive.toml"
    told.write_text(f'{told.read_text()}\n[reservations]\ntdm = "withhold"\n')
    assert archive.compact().texts == 0


def test_clean_warc_joins_what_lies_in_one_file(archive: Archive, child: CleaningChild, tmp_path: Path) -> None:
    add(archive, first(), second(2), second(3))
    make(archive, child)
    (path,) = archive.warc_path.rglob("*.warc.gz")
    (done,) = Bulk(tmp_path / "out", workers=1).clean([path])
    assert done.articles == 1
    (row,) = [json.loads(line) for one in (tmp_path / "out").glob("*articles*") for line in one.open(encoding="utf-8")]
    assert row["text"].split("\n\n") == [*ALL, FOOT]
    assert (len(row["companions"]), row["missing_pages"]) == (2, [])


def test_a_page_that_was_lost_takes_nothing_away(archive: Archive, child: CleaningChild) -> None:
    add(archive, first())
    (lost,) = add(archive, second(2))
    add(archive, second(3))
    make(archive, child)
    place = archive.capture(lost).location
    assert place is not None
    (archive.warc_path / place.file).unlink()
    archive.rebuild()
    assert said(archive) == [*ALL, FOOT]
