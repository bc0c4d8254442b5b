"""Where stories may have changed is found by indexes of their own; a catalogue without them gives the same answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from editing.stories import BEGIN, BODY, GONE, article
from editing.written import written
from sqlalchemy import Connection, event

from archive.article import Refusal, Verdict
from archive.catalogue import edited
from archive.catalogue.edited import Span
from archive.cleaning.version import CLEANER
from archive.editing.archived import edits

A = article()
STORIES = {
    "https://gazette.example/crane": (A, article(*BODY[:2])),
    "https://gazette.example/gone": (A, replace(GONE, verdict=Verdict.HTTP_ERROR, reason="status 410"), A),
    "https://gazette.example/lost": (A, GONE),
    "https://gazette.example/never": (GONE, A),
}


def _plan(connection: Connection, span: Span) -> str:
    asked: list[tuple[str, object]] = []

    def note(_: Connection, __: object, statement: str, values: object, *___: object) -> None:
        asked.append((statement, values))

    event.listen(connection, "before_cursor_execute", note)
    list(edited.edited(connection, span))
    edited.gone(connection, span, (404, 410, 451))
    event.remove(connection, "before_cursor_execute", note)
    driver = connection.connection.driver_connection
    assert driver is not None
    return "\n".join(row[3] for said, values in asked for row in driver.execute(f"EXPLAIN QUERY PLAN {said}", values))


def test_only_indexes_are_read(tmp_path: Path) -> None:
    with written(tmp_path / "NEWS", STORIES) as archive:
        for span in (Span(CLEANER), Span(CLEANER, since=BEGIN)):
            with archive.catalog.reading() as connection:
                plan = _plan(connection, span)
            assert "COVERING INDEX editions_later" in plan
            assert "COVERING INDEX texts_gone" in plan
            assert "SCAN" not in plan
            assert "TEMP B-TREE" not in plan
        with archive.catalog.reading() as connection:
            found = edited.gone(connection, Span(CLEANER), (404, 410, 451))
        assert [key.rpartition("/")[2] for _, key in found] == ["gone", "lost"]
        every = list(edits(archive))
        assert [(one.url.rpartition("/")[2], *map(str, one.kinds)) for one in every] == [
            ("gone", "returned"),
            ("lost", "deleted"),
            ("gone", "deleted"),
            ("crane", "removed"),
        ]
        with archive.catalog.writing() as connection:
            for name in ("editions_later", "texts_gone"):
                connection.exec_driver_sql(f"DROP INDEX {name}")
        assert list(edits(archive)) == every


def test_a_refusal_of_another_kind_is_no_deletion(tmp_path: Path) -> None:
    wall = Refusal(GONE.provenance, Verdict.CONSENT_WALL, "it asks for consent")
    with written(tmp_path / "NEWS", {"https://gazette.example/wall": (A, wall, A)}) as archive:
        assert list(edits(archive)) == []
