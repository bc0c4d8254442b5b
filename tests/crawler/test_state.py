"""state.sqlite: made, shared, refused when it is newer or damaged."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from archive.errors import DamagedRecord, NotAnArchive, StorageFull
from crawler.schema import SCHEMA
from crawler.state import State, translated


def test_it_is_made_and_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with State(path) as state:
        assert not state.seeded
        with state.write() as db:
            db.execute("INSERT INTO meta VALUES ('seeded', '0')")
    with State(path) as state:
        assert state.seeded


def test_an_exception_undoes_what_was_written(tmp_path: Path) -> None:
    with State(tmp_path / "state.sqlite") as state:
        with pytest.raises(sqlite3.IntegrityError), state.write() as db:
            db.executemany("INSERT INTO meta VALUES ('seeded', ?)", [("0",), ("1",)])
        assert not state.seeded
        with state.write() as db:  # the connection is usable afterwards
            db.execute("INSERT INTO meta VALUES ('seeded', '0')")


def test_two_connections_write_in_turn(tmp_path: Path) -> None:
    with State(tmp_path / "state.sqlite") as one, State(tmp_path / "state.sqlite") as other:
        for number, state in enumerate((one, other, one, other)):
            with state.write() as db:
                db.execute("INSERT INTO meta VALUES (?, '')", (str(number),))
        assert len(one.read("SELECT * FROM meta")) == 5


def test_many_that_make_it_at_once_all_have_it(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from crawler.state import State\n"
        "sys.stdin.read(1); State(Path(sys.argv[1]))"
    )
    for number in range(3):
        command = [sys.executable, "-c", code, str(tmp_path / f"{number}.sqlite")]
        makers = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(8)]
        for one in makers:
            assert one.stdin is not None
            one.stdin.write("\n")
            one.stdin.flush()
        assert [(one.communicate()[1], one.returncode) for one in makers] == [("", 0)] * 8


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    State(path).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    db.close()
    with pytest.raises(NotAnArchive, match="schema 99"):
        State(path)


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    path.write_bytes(b"this is no database, but it is long enough to be looked at" * 100)
    with pytest.raises(DamagedRecord, match="delete the file"):
        State(path)


def test_a_full_disk_is_told_as_such(tmp_path: Path) -> None:
    with State(tmp_path / "state.sqlite") as state:
        state.read("PRAGMA max_page_count = 20")
        with pytest.raises(StorageFull), state.write() as db:
            db.execute("INSERT INTO meta VALUES ('large', ?)", ("x" * 200_000,))
        assert state.read("SELECT count(*) FROM meta WHERE name = 'large'") == [(0,)]


def test_other_errors_of_sql_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError), translated(tmp_path):
        raise sqlite3.OperationalError("no such table: nowhere")


def test_a_file_of_the_first_schema_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    with sqlite3.connect(path) as db:
        db.executescript(
            "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE urls (site TEXT NOT NULL, key TEXT NOT NULL, url TEXT NOT NULL, state TEXT NOT NULL,"
            " rank INTEGER NOT NULL DEFAULT 0, announced TEXT, updated INTEGER, via TEXT, source TEXT,"
            " hops TEXT NOT NULL DEFAULT '', tries INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',"
            " run TEXT, at INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (site, key)) WITHOUT ROWID;"
            "INSERT INTO meta VALUES ('schema', '1');"
            "INSERT INTO urls (site, key, url, state) VALUES ('herald', 'k', 'u', 'due');"
        )
    db.close()
    State(tmp_path / "new.sqlite").close()
    for _ in range(2):  # the second time there is nothing to do
        with State(path) as state, State(tmp_path / "new.sqlite") as new:
            assert state.read("SELECT site, url, next FROM urls") == [("herald", "u", None)]
            described = "SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p ORDER BY 1, 2"
            assert state.read(described) == new.read(described)
            assert state.read("SELECT value FROM meta WHERE name = 'schema'") == [(str(SCHEMA),)]
