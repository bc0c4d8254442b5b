"""Console habits: one line for an error, its exit code, and nothing that steers a terminal."""

from __future__ import annotations

import errno
import io
import os
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import sqlalchemy.exc
from rich.console import Console
from rich.progress import Progress

from archive import terminal
from archive.errors import ArchiveBusy, DamagedRecord, NotFound, PresskeepError, StorageFull
from archive.terminal import one_line, plain, shorten, translate, wants_debug

PROGRAM = """
    import os, sys
    import typer
    from archive import terminal
    from archive.errors import NotFound

    app = typer.Typer()

    @app.callback()
    def root(debug: bool = False) -> None:
        pass

    @app.command()
    def missing() -> None:
        raise NotFound("no capture\\x1b[2J of it: add the site first", url="http://a.example/")

    @app.command()
    def bug() -> None:
        raise ZeroDivisionError("oops")

    @app.command()
    def stop() -> None:
        raise KeyboardInterrupt

    @app.command()
    def lines() -> None:
        for number in range(100_000):
            print("line", number)

    @app.command()
    def full() -> None:
        with open("/dev/full", "wb") as out:
            out.write(b"x")
            out.flush()

    @app.command()
    def umlaut() -> None:
        terminal.emit({"a": "ü"})

    terminal.main(app)
"""


def command(*words: str, program: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(program), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
    )


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "program.py"
    file.write_text(textwrap.dedent(PROGRAM))
    return file


def test_an_expected_error_is_one_line_with_its_exit_code(program: Path) -> None:
    done = command("missing", program=program)
    assert done.returncode == 4
    assert done.stdout == ""
    assert done.stderr == "presskeep: no capture[2J of it: add the site first (http://a.example/)\n"


@pytest.mark.parametrize("words", [("--debug", "missing"), ("missing", "--debug")])
def test_debug_shows_the_traceback_wherever_it_stands(words: tuple[str, ...], program: Path) -> None:
    done = command(*words, program=program)
    assert done.returncode == 4
    assert "Traceback" in done.stderr


def test_debug_can_be_set_in_the_environment(program: Path) -> None:
    assert "Traceback" in command("missing", program=program, PRESSKEEP_DEBUG="1").stderr
    assert "Traceback" in command("bug", program=program, PRESSKEEP_DEBUG="1").stderr


def test_a_surprise_is_one_line_too(program: Path) -> None:
    done = command("bug", program=program)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "ZeroDivisionError: oops" in done.stderr
    assert "--debug" in done.stderr


def test_wrong_usage_says_where_help_is(program: Path) -> None:
    done = command("missing", "--nonsense", program=program)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--nonsense" in done.stderr
    assert "'presskeep missing --help'" in done.stderr


def test_an_interrupt_ends_with_130(program: Path) -> None:
    done = command("stop", program=program)
    assert (done.returncode, done.stderr) == (130, "presskeep: stopped by Ctrl-C; what was committed is kept\n")


def test_a_full_disk_ends_with_5(program: Path) -> None:
    done = command("full", program=program)
    assert done.returncode == 5
    assert "free some space" in done.stderr


def test_a_closed_pipe_is_quiet(program: Path) -> None:
    with subprocess.Popen(
        [sys.executable, str(program), "lines"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_json_stays_json_where_the_terminal_has_no_unicode(program: Path) -> None:
    assert command("umlaut", program=program, PYTHONIOENCODING="ascii").stdout == '{"a":"\\u00fc"}\n'
    assert command("umlaut", program=program, PYTHONIOENCODING="utf-8").stdout == '{"a":"ü"}\n'


def test_what_steers_a_terminal_is_left_out() -> None:
    assert plain("a\x1b[31mb\x07\x9b2J\u202ec\ud800") == "a[31mb2Jc"
    assert plain("one\r\ntwo\tthree") == "one\ntwo\tthree"
    assert one_line(" one\r\ntwo\x00 ") == "one two"
    assert plain("[bold]markup[/bold]") == "[bold]markup[/bold]"


def test_shortening_counts_cells() -> None:
    assert shorten("plain", 5) == "plain"
    assert shorten("plainly", 5) == "plai…"
    assert shorten("東京の朝", 8) == "東京の朝"
    assert shorten("東京の朝です", 8) == "東京の…"


@pytest.mark.parametrize(
    ("error", "kind", "word"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/a/b"), StorageFull, "/a/b"),
        (PermissionError(errno.EACCES, "Permission denied", "/a/b"), PresskeepError, "owner"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "/a/b"), PresskeepError, "/a/b"),
        (sqlite3.OperationalError("database is locked"), ArchiveBusy, "wait"),
        (sqlite3.OperationalError("database or disk is full"), StorageFull, "free"),
        (sqlite3.DatabaseError("file is not a database"), DamagedRecord, "rebuild"),
        (sqlite3.OperationalError("unable to open database file"), PresskeepError, "permissions"),
        (sqlite3.OperationalError("no such table: x"), PresskeepError, "rebuild"),
        (
            sqlalchemy.exc.OperationalError("SELECT 1", {}, sqlite3.OperationalError("database is locked")),
            ArchiveBusy,
            "wait",
        ),
        (NotFound("gone"), NotFound, "gone"),
    ],
)
def test_errors_below_become_errors_that_say_what_to_do(
    error: Exception, kind: type[PresskeepError], word: str
) -> None:
    known = translate(error)
    assert type(known) is kind
    assert word in str(known)


def test_debug_after_two_dashes_is_an_argument() -> None:
    assert wants_debug(["show", "--debug"])
    assert not wants_debug(["show", "--", "--debug"])


def test_a_bar_that_waits_is_there_only_while_nothing_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    bar = Progress(console=Console(file=shown, force_terminal=True, width=60), transient=True, auto_refresh=False)
    waiting = terminal.Waiting(bar)
    waiting.report(50, 100, "editions")
    assert shown.getvalue() == "", "something was printed a moment ago"
    monkeypatch.setattr(terminal, "_PATIENCE", -1.0)
    waiting.report(60, 100, "editions")
    assert "editions" in shown.getvalue()
    states = [bar.live.is_started]
    waiting.rest()
    states.append(bar.live.is_started)
    waiting.report(70, 100, "editions")
    states.append(bar.live.is_started)
    waiting.rest()
    assert states == [True, False, True]
