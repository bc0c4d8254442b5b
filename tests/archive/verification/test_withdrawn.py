"""Files under ``text/`` that a kill has left with what may not be handed out any more."""

from __future__ import annotations

import pytest
from exchanges import exchange, page
from withdrawn import SECRET, URL, found, is_sound, purged, secret

from archive.catalogue.blocking import Target
from archive.crew import clean_pending
from archive.removal.purges import unfinished
from archive.removal.takedown import take_down
from archive.store import Archive
from archive.warc.finding import Finding, Remedy, Rule


class Killed(BaseException):
    """A kill: nothing catches it."""


@pytest.fixture
def told(archive: Archive) -> Archive:
    """An archive whose text/ holds a page that is to go."""
    with archive.writer("crawl") as writer:
        writer.add(secret(body=page("one", SECRET)))
        writer.add(exchange("other", 1))
    clean_pending(archive)
    archive.compact()
    return archive


def killed_at_compaction(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Kills the program before one of the compactions that come."""
    real, times = Archive.compact, 0

    def compact(self: Archive) -> object:
        nonlocal times
        times += 1
        if times == number:
            raise Killed
        return real(self)

    monkeypatch.setattr(Archive, "compact", compact)


def of_text(archive: Archive) -> list[Finding]:
    return [one for one in archive.verify().findings if one.rule is Rule.TEXT_FILE]


def test_a_takedown_that_was_killed_before_its_compaction_is_told(
    told: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not of_text(told)
    with monkeypatch.context() as patched:
        killed_at_compaction(patched, 1)
        with pytest.raises(Killed):
            take_down(told, Target.of(URL), given=URL, reason="court order")
    (one,) = of_text(told)
    assert one.file.startswith("text/cleaner=")
    assert "one text of a capture that may not be handed out any more" in one.message
    assert one.remedy is Remedy.TEXTS
    told.compact()
    assert not of_text(told)


def test_a_purge_has_not_ended_before_its_compaction(told: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    take_down(told, Target.of(URL), given=URL, reason="court order")
    clean_pending(told)
    for number in (1, 2):
        with monkeypatch.context() as patched:
            killed_at_compaction(patched, number)
            with pytest.raises(Killed):
                purged(told)
        assert not of_text(told)
    assert len(unfinished(told)) == 1
    purged(told)
    assert not unfinished(told)
    assert not found(told)
    is_sound(told)


def test_copies_leave_no_text_where_their_purge_is_killed_before_its_compaction(
    told: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    with told.writer("crawl") as writer:
        writer.add(secret("copy", 2, body=page("one", SECRET)))
    clean_pending(told)
    told.compact()
    with monkeypatch.context() as patched:
        killed_at_compaction(patched, 2)
        with pytest.raises(Killed):
            purged(told, payload=True)
    assert len(unfinished(told)) == 1
    assert of_text(told)
    purged(told, payload=True)
    assert not of_text(told)
    assert not found(told)
    is_sound(told)


def test_a_file_that_cannot_be_read_is_told_and_made_again(told: Archive) -> None:
    (path,) = told.text_path.rglob("*.parquet")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    (one,) = of_text(told)
    assert "cannot be read" in one.message
    told.compact()
    assert not of_text(told)
    assert path.read_bytes() == content
