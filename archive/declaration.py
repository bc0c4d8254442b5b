"""``sites.toml`` and ``archive.toml`` as text: read with line numbers, added to without touching what people wrote."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.durable import FULL, leads_to, written
from archive.errors import ConfigurationError, StorageFull, UsageError

# Ten thousand sites with thirty sources each have 20 MB; more is another file by mistake.
MAX_BYTES = 64_000_000

_SHOWN = 80  # characters of a value that are worth repeating
# What a value must be, by the beginning of pydantic's name for the error (https://docs.pydantic.dev/latest/errors/).
_KINDS = {
    "int": "a whole number", "float": "a number", "bool": "true or false", "string": "a text in quotes",
    "list": "a list in brackets", "tuple": "a list in brackets", "dict": "a table", "model": "a table",
    "mapping": "a table", "finite": "a finite number",
}  # fmt: skip
_BOUNDS = {
    "ge": "{} or more", "gt": "more than {}", "le": "{} at most", "lt": "less than {}",
    "min_length": "at least {} of them", "max_length": "at most {} of them",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Declaration:
    """The tables of a declaration by header, with the text they stand in."""

    path: Path
    text: str
    tables: Mapping[str, Any]

    def line_of(self, header: str, *keys: str | int) -> int:
        """The line, from 1, on which a table's header or a key in it stands; the nearest one that can be told."""
        lines = self.text.splitlines()
        start = next((at for at, line in enumerate(lines) if _is_below(line, header)), None)
        if start is None:
            loose = re.compile(rf"""\s*["']?{re.escape(header)}["']?\s*=""")
            return next((at for at, line in enumerate(lines, 1) if loose.match(line)), 1)
        end = len(lines)
        for at in range(start + 1, end):
            if _header(lines[at]) is not None and not _is_below(lines[at], header):
                end = at
                break
        at = start
        for key in keys:
            at = _find(lines, at, end, key)
        return at + 1

    def error(self, message: str, header: str, *keys: str | int) -> ConfigurationError:
        """The error that says what is wrong, and on which line."""
        where = f"{self.path}, line {self.line_of(header, *keys)}"
        return ConfigurationError(f"{where}: {message}", file=str(self.path))


def _header(line: str) -> tuple[str, ...] | None:
    """The dotted name in a TOML header such as ``["example.org"]`` or ``[["example.org".sources]]``."""
    text = line.strip()
    if not text.startswith("["):
        return None
    try:
        node: Any = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None  # the first line of an array over several lines, or the like
    names: list[str] = []
    while node:
        if isinstance(node, list):
            node = node[0]
            continue
        name, node = next(iter(node.items()))
        names.append(name)
    return tuple(names)


def _is_below(line: str, header: str) -> bool:
    names = _header(line)
    return bool(names) and names is not None and names[0] == header


def _find(lines: list[str], start: int, end: int, key: str | int) -> int:
    """The line of a key (or of the n-th inline table or ``[[…]]``) at or after a line; that line if none is found."""
    if isinstance(key, int):
        seen = -1
        for at in range(start, end):
            seen += lines[at].count("{") + (1 if lines[at].lstrip().startswith("[[") else 0)
            if seen >= key:
                return at
        return start
    pattern = re.compile(rf"""(?:^|[{{,\s])["']?{re.escape(key)}["']?\s*=|\.\s*["']?{re.escape(key)}["']?\s*\]""")
    return next((at for at in range(start, end) if pattern.search(lines[at])), start)


def read_declaration(path: Path) -> Declaration:
    """The tables of a file; raises ConfigurationError with the line where it is not TOML."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        # An archive begins without a sites.toml, but never without its archive.toml.
        declared = path.name != "sites.toml"
        hint = "run 'presskeep init' first" if declared else "no site is declared yet, begin with 'presskeep add URL'"
        raise ConfigurationError(f"there is no {path}: {hint}") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror}): check its owner and mode") from error
    return parse_declaration(path, raw)


def parse_declaration(path: Path, raw: bytes) -> Declaration:
    """The tables in these bytes of a file; raises ConfigurationError."""
    if len(raw) > MAX_BYTES:
        raise ConfigurationError(f"{path} has {len(raw)} bytes, which is no declaration", file=str(path))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path}, line {line}: not UTF-8: save the file in that encoding") from error
    try:
        return Declaration(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        said = str(error).partition(" (at ")[0]
        hint = f'; put the host name in quotes, as in ["{_unquoted(text, line)}"]' if _unquoted(text, line) else ""
        raise ConfigurationError(f"{path}, line {line}: {said}{hint}", file=str(path)) from None
    except RecursionError:
        raise ConfigurationError(f"{path} nests arrays too deeply to be read", file=str(path)) from None


def _unquoted(text: str, line: int) -> str | None:
    """The name in a header that looks like a host name or URL without quotes."""
    lines = text.splitlines()
    found = re.match(r"\s*\[\s*([^\]\"']+?)\s*\]", lines[line - 1]) if 0 < line <= len(lines) else None
    return found[1].partition("://")[2].strip("/") or found[1] if found else None


def append_table(path: Path, block: str, check: Callable[[Declaration], object]) -> None:
    """Appends a block to the file, which keeps every byte it had; see `edit`.

    Raises UsageError where a table of the block is already there.
    """

    def appended(before: Declaration) -> str:
        declared = {header.lower(): header for header in before.tables}
        for header in tomllib.loads(block):
            if header.lower() in declared:
                line = before.line_of(declared[header.lower()])
                raise UsageError(
                    f"{header} is already declared in {path}, line {line}: edit it there, or remove it first"
                )
        return before.text + gap(before.text) + block

    edit(path, appended, check)


def gap(text: str) -> str:
    """What stands between a file's text and a block behind it."""
    return "" if not text else "\n" if text.endswith("\n") else "\n\n"


def edit(path: Path, change: Callable[[Declaration], str], check: Callable[[Declaration], object]) -> None:
    """Changes the file; all or nothing, also when killed half-way.

    ``change`` gets the declaration and gives the text as it shall be, ``check`` the declaration as it would be and
    raises to refuse it. A missing file is made. Two that edit at once wait for each other. Raises ConfigurationError
    when the file was broken before, StorageFull.
    """
    target = Path(os.path.realpath(path))  # a symbolic link stays one
    with _held(target) as raw:
        before = parse_declaration(path, raw)
        mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""  # of an editor: no part of the text
        after = mark + change(before).encode("utf-8")
        check(parse_declaration(path, after))
        try:
            written(target, [after])
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise StorageFull(f"no room to write {target}: it is as it was; make room and try again") from error


@contextlib.contextmanager
def _held(target: Path) -> Iterator[bytes]:
    """The file's bytes, locked against others that append; made where it is missing."""
    while True:
        try:
            descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ConfigurationError(f"{target} cannot be written ({error.strerror})", file=str(target)) from error
        with os.fdopen(descriptor, "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            if not leads_to(target, held.fileno()):
                continue  # another one replaced it while this one waited
            yield held.read()
            return


def expected(wrong: Mapping[str, Any]) -> str | None:
    """What a value must be of which pydantic says that it is something else; None where that is its own sentence."""
    context: Mapping[str, Any] = wrong.get("ctx") or {}
    if wrong["type"] in {"literal_error", "enum"}:
        return str(context.get("expected", "")).replace("'", '"') or None
    for bound, value in context.items():
        if bound in _BOUNDS:
            return _BOUNDS[bound].format(f"{value:,g}" if isinstance(value, float) else value)
    return _KINDS.get(str(wrong["type"]).partition("_")[0]) if wrong["type"] != "string_pattern_mismatch" else None


def declared(key: str, wrong: Mapping[str, Any]) -> str:
    """What is said of a value in a TOML file: the key, the value as it stands there, and what to write."""
    given = wrong["input"]
    shown = json.dumps(given, ensure_ascii=False, default=str)
    value = f" = {shown}" if not isinstance(given, dict | list) and len(shown) <= _SHOWN else ""
    wanted = expected(wrong)
    return f"{key}{value}: {f'write {wanted}' if wanted else str(wrong['msg']).removeprefix('Value error, ')}"
