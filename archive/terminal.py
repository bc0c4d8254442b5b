"""Console habits that all verbs share: results on stdout, the rest on stderr, errors in one line, exit codes."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import sqlite3
import sys
import time
import traceback
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType

import typer
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from archive.durable import FULL
from archive.errors import ArchiveBusy, DamagedRecord, PresskeepError, StorageFull
from archive.misuse import in_words

INTERRUPTED = 130  # 128 and SIGINT's number, as shells have it
PIPE_CLOSED = 141  # the same for SIGPIPE
DEBUG = "--debug"
_PATIENCE = 2.0  # seconds
TEXT_WIDTH = 80  # longer lines are hard to read, however wide the terminal is
_SIZES = {"records"}  # what is reported in bytes
PLAIN_WIDTH = 10_000  # a pipe has no edge to wrap at

# C0 and C1 controls steer terminals; the bidirectional overrides and isolates make text look like what it is not;
# lone surrogates cannot be written at all. Marks that only order letters (U+200E, U+200F) are harmless.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 word``, ``1,250 words``, ``2 entries``, ``3 days``, ``2 fetches``."""
    if noun.endswith("y") and noun[-2] not in "aeou":
        plural = f"{noun[:-1]}ies"
    else:
        plural = f"{noun}{'es' if noun.endswith(('ch', 'sh', 's', 'x')) else 's'}"
    return f"{number:,} {noun if number == 1 else plural}"


def reason_of(error: OSError | ValueError) -> str:
    """What an error says, without the number and the name of the file that who tells it has named already."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def plain(text: object) -> str:
    """Text of foreign origin as it may go to a terminal: without control characters; line feeds and tabs stay."""
    return _CONTROLS.sub("", str(text).replace("\r\n", "\n"))


def one_line(text: object) -> str:
    """The same on one line: for cells and messages."""
    return " ".join(plain(text).split())


def shorten(text: str, width: int) -> str:
    """The text in at most ``width`` terminal cells, with an ellipsis where it was cut."""
    if cell_len(text) <= width:
        return text
    kept: list[str] = []
    left = max(width - 1, 0)
    for letter in unicodedata.normalize("NFC", text):
        left -= cell_len(letter)
        if left < 0:
            break
        kept.append(letter)
    return "".join(kept).rstrip() + "…"


def out() -> Console:
    """The console of results. Made at each use: tests and pipes exchange ``sys.stdout``."""
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PLAIN_WIDTH
    return console


def err() -> Console:
    """The console of progress and remarks."""
    return Console(file=sys.stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)


def put(page: RenderableType, width: int | None = None) -> None:
    """A page on stdout; in a pipe, without the spaces that fill its lines up."""
    console = out()
    if console.is_terminal:
        console.print(page, width=width)
        return
    with console.capture() as taken:
        console.print(page, width=width)
    for line in taken.get().splitlines():
        console.print(line.rstrip(), soft_wrap=True)


def row(cells: Iterable[object]) -> None:
    """One line of a list in a pipe: fields separated by tabs. (The console would turn the tabs into spaces.)"""
    sys.stdout.write("\t".join(one_line(cell) for cell in cells) + "\n")


def say(message: str) -> None:
    """A remark on stderr."""
    err().print(plain(message))


def emit(value: object) -> None:
    """One JSON document on one line of stdout."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    sys.stdout.write(json.dumps(value, ensure_ascii=not utf8, separators=(",", ":")) + "\n")


class _Amount(ProgressColumn):
    """How much of a task is done, of how much; ``size=True`` among the task's fields makes it bytes."""

    def render(self, task: Task) -> Text:
        write = decimal if task.fields.get("size") else "{:,}".format
        done = write(int(task.completed))
        return Text(done if task.total is None else f"{done}/{write(int(task.total))}", style="progress.download")


@contextlib.contextmanager
def progress() -> Iterator[Progress]:
    """A progress bar on stderr; nothing at all where stderr is no terminal."""
    console = err()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        _Amount(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        yield shown


@contextlib.contextmanager
def reported() -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar fed by a report of what is done, the total, and of what: a line for each thing that is counted."""
    with progress() as bar:
        tasks: dict[str, TaskID] = {}

        def report(done: int, total: int, what: str) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total, size=what in _SIZES)
            bar.update(tasks[what], completed=done, total=total)

        yield report


class Waiting:
    """A progress bar that is shown only while nothing else is: results may be printed between its reports."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}
        self._rested = time.monotonic()
        self._shown = False

    def report(self, done: int, total: int, what: str) -> None:
        """How far it is; shown where nothing was printed for some seconds."""
        if what not in self._tasks:
            self._tasks[what] = self._bar.add_task(what, total=total)
        self._bar.update(self._tasks[what], completed=done, total=total)
        if not self._shown and time.monotonic() - self._rested > _PATIENCE:
            self._bar.start()
            self._shown = True

    def rest(self) -> None:
        """Take it away: something is printed now."""
        self._rested = time.monotonic()
        if self._shown:
            self._bar.stop()
            self._shown = False


@contextlib.contextmanager
def waiting() -> Iterator[Waiting]:
    """A progress bar on stderr for results that come one by one; nothing where stderr is no terminal."""
    with progress() as bar:
        bar.stop()
        yield Waiting(bar)


def run(app: typer.Typer, arguments: Sequence[str] | None = None, name: str = "presskeep") -> int:
    """Run a command line and return its exit code; expected errors become one line on stderr.

    Errors of SQL and of the system are translated here, once. What nobody foresaw leaves as an exception: `main`
    shows it in one line. With ``--debug`` or PRESSKEEP_DEBUG, every error comes with its traceback.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    debug = wants_debug(given)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a letter must not end the program
    try:
        command = typer.main.get_command(app)
        code = command.main(args=_debug_first(given), prog_name=name, standalone_mode=False)
        sys.stdout.flush()
        code = code if isinstance(code, int) else 0
        if code == INTERRUPTED:
            _complain("stopped by Ctrl-C; what was committed is kept", name)
        return code
    except BrokenPipeError:
        _close_stdout()
        return PIPE_CLOSED
    except SystemExit as leave:
        if isinstance(leave.__context__, BrokenPipeError):  # typer turns it into a plain exit with 1
            _close_stdout()
            return PIPE_CLOSED
        raise
    except KeyboardInterrupt:
        _complain("stopped by Ctrl-C; what was committed is kept", name)
        return INTERRUPTED
    except typer.Abort:
        _complain("aborted; nothing was changed", name)
        return 1
    except typer.TyperException as error:
        said = in_words(error, given, getattr(command, "commands", {}), name)
        _complain(said, name, error if debug else None)
        return error.exit_code
    except _expected() as error:
        known = translate(error)
        _complain(str(known), name, error if debug else None)
        return known.exit_code


def main(app: typer.Typer, name: str = "presskeep") -> None:
    """The entry point of a program: run, and leave with the exit code."""
    if not wants_debug(sys.argv[1:]):
        sys.excepthook = _surprise
    raise SystemExit(run(app, name=name))


def wants_debug(arguments: Sequence[str]) -> bool:
    """Whether tracebacks are wanted, by option or environment."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return DEBUG in own or os.environ.get("PRESSKEEP_DEBUG", "") not in {"", "0"}


def translate(error: Exception) -> PresskeepError:
    """An error of the system or of SQL as one of ours, whose message says what to do next."""
    if isinstance(error, PresskeepError):
        return error
    if isinstance(error, OSError):
        file = one_line(error.filename) if error.filename else None
        if error.errno in FULL:
            return StorageFull("the disk took no more bytes: free some space and run it again", file=file)
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            return PresskeepError("no permission: run it as the owner of the archive, or make it writable", file=file)
        return PresskeepError(f"{error.strerror or error}: check the path and run it again", file=file)
    said = str(getattr(error, "orig", None) or error)
    low = said.lower()
    if "locked" in low or "busy" in low:
        return ArchiveBusy("another process is writing the catalogue: wait until it ends and run it again")
    if "full" in low:
        return StorageFull("the disk took no more bytes for the catalogue: free some space and run it again")
    if "malformed" in low or "not a database" in low:
        return DamagedRecord("the catalogue is damaged: delete catalog.sqlite and run 'presskeep rebuild'")
    if "readonly" in low or "unable to open" in low:
        return PresskeepError("the catalogue cannot be opened for writing: check the permissions of the archive")
    return PresskeepError(f"the catalogue answered '{said}': run 'presskeep rebuild', or again with {DEBUG}")


def _expected() -> tuple[type[Exception], ...]:
    """Errors that are translated. Those of SQLAlchemy only where it is in use: help must not wait for its import."""
    sql = sys.modules.get("sqlalchemy.exc")
    return (PresskeepError, OSError, sqlite3.Error, *([sql.SQLAlchemyError] if sql is not None else []))


def _debug_first(arguments: list[str]) -> list[str]:
    """``--debug`` may stand anywhere: it is moved before the verb, where it is declared."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    if DEBUG not in arguments[:end]:
        return arguments
    return [DEBUG, *(word for word in arguments[:end] if word != DEBUG), *arguments[end:]]


def _complain(message: str, name: str, error: BaseException | None = None) -> None:
    if error is not None:
        traceback.print_exception(error, file=sys.stderr)
    sys.stderr.write(f"{name}: {one_line(message)}\n")


def _surprise(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    detail = f"{kind.__name__}: {error}" if str(error) else kind.__name__
    _complain(
        f"unexpected error, please report it: {detail} (run it again with {DEBUG} for the traceback)", "presskeep"
    )


def _close_stdout() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not complain about the closed pipe."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
