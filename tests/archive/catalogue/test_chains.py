"""The order of what happened to a file, also where a clock was set back in between."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from exchanges import exchange
from foreign_files import gzipped, warc_records
from withdrawn import is_sound, purged

from archive.catalogue import database
from archive.catalogue.chains import in_order
from archive.catalogue.terms import in_force
from archive.entering import rewrites
from archive.entering.attaching import Asked, attach, attachments, detach
from archive.entering.importing import import_files
from archive.event import Act
from archive.removal.purges import unfinished
from archive.store import Archive
from archive.warc.finding import Rule

_DAYS = 500 * 86_400 * 10**9
SITE = "https://courier.example/"


class Killed(BaseException):
    """A kill: nothing catches it."""


def rewritten(was: str, becomes: str, at: int) -> Act:
    facts = (("file", "a.warc.gz"), ("was", was), ("is", becomes))
    return Act(id=f"{was}{becomes}{at}", act="rewrite", run=None, at=at, facts=facts, location=None)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("AB BC CD", "AB BC CD"),
        ("CD BC AB", "AB BC CD"),
        ("BC AB", "AB BC"),
        ("AB BC AB", "AB BC AB"),  # a backup brought the first one back
        ("AB BA AB", "AB BA AB"),
        ("AA AB", "AA AB"),
        ("CD AB", "CD AB"),  # what was between is not known
    ],
)
def test_each_rewrite_stands_behind_what_it_builds_upon(given: str, expected: str) -> None:
    acts = [rewritten(one[0], one[1], at) for at, one in enumerate(given.split())]
    assert " ".join(f"{one.first('was')}{one.first('is')}" for one in in_order(acts)) == expected


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A clock that is far ahead until it is undone."""
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + _DAYS)
    return monkeypatch


def test_a_purge_behind_one_by_a_clock_that_was_ahead_is_entered(archive: Archive, ahead: pytest.MonkeyPatch) -> None:
    with archive.writer("crawl") as writer:
        for number, name in enumerate(("a", "b", "c")):
            writer.add(exchange(name, number))
    purged(archive, f"{SITE}a")
    ahead.undo()

    def killed(*_: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rewrites, "_enter", killed)
        with pytest.raises(Killed):
            purged(archive, f"{SITE}b")
    told = archive.verify()
    assert not told.damaged
    assert Rule.REPLACED in {one.rule for one in told.findings}
    archive.adopt()
    assert not archive.verify().damaged
    assert [one.url for one in archive.captures()] == [f"{SITE}c"]
    purged(archive, f"{SITE}b")
    assert not unfinished(archive)
    is_sound(archive)


def test_a_purge_that_ends_by_a_clock_behind_that_of_its_beginning_has_ended(
    archive: Archive, ahead: pytest.MonkeyPatch
) -> None:
    with archive.writer("crawl") as writer:
        writer.add(exchange("a", 0))
        writer.add(exchange("b", 1))

    def killed(_: Path) -> bool:
        raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(database, "shrink", killed)
        with pytest.raises(Killed):
            purged(archive, f"{SITE}a")
    assert len(unfinished(archive)) == 1
    ahead.undo()
    purged(archive, f"{SITE}a")
    assert not unfinished(archive)
    is_sound(archive)


def test_an_imported_file_is_what_a_purge_by_a_clock_behind_has_made_of_it(
    tmp_path: Path, archive: Archive, ahead: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzipped(warc_records()))
    (brought,) = import_files(archive, [path])
    assert not brought.refused
    ahead.undo()
    purged(archive, "http://herald.example/quay")
    purged(archive, "http://herald.example/crane")
    (terms,) = in_force(archive.catalog).values()
    (state,) = (one for one in archive.files() if one.file == terms.file)
    assert (terms.size, terms.identity) == (state.size, state.sha256)
    assert not archive.verify().damaged
    is_sound(archive)


@pytest.mark.parametrize("again", ["", "same", "other terms"])
def test_attached_and_let_go_of_by_a_clock_behind(
    tmp_path: Path, archive: Archive, ahead: pytest.MonkeyPatch, again: str
) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzipped(warc_records()))
    wanted = Asked((str(path),))
    (brought,) = attach(archive, wanted)
    assert not brought.refused
    ahead.undo()
    if again == "other terms":  # in the place of the first ones, by one run
        wanted = Asked((str(path),), site="herald")
    else:
        detach(archive, str(path))
        assert attachments(archive) == ()
        assert not list(archive.captures())
    if again:
        (brought,) = attach(archive, wanted)
        assert not brought.refused
    told = attachments(archive)
    sites = {one.site for one in archive.captures()}
    assert [one.site for one in told] == {"": [], "same": [None], "other terms": ["herald"]}[again]
    archive.rebuild()
    assert attachments(archive) == told
    assert {one.site for one in archive.captures()} == sites
    assert not archive.verify().findings
