"""Logs: lines for people on stderr, and one JSON object a line in files that rotate."""

from __future__ import annotations

import contextlib
import json
import logging
import logging.handlers
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from archive import clock
from archive.terminal import one_line

FOLDER, NAME = "logs", "run.jsonl"
LARGEST, KEPT = 10 * 2**20, 5  # bytes of a file, and how many older ones stay
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class _Lines(logging.Formatter):
    """Time in UTC and the message; what is worth a look is named."""

    def format(self, record: logging.LogRecord) -> str:
        said = one_line(record.getMessage())
        level = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(record.created))
        return f"{when} {level}{said}"


class _Objects(logging.Formatter):
    """One JSON object: time, level, message, and the fields that came with it."""

    def format(self, record: logging.LogRecord) -> str:
        given = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        said = {
            "at": clock.warc_date(int(record.created * 1_000_000)),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **given,
        }
        return json.dumps(said, ensure_ascii=False, default=str)


class _Rotating(logging.handlers.RotatingFileHandler):
    """A file that rotates; where there is no room for a line, the work goes on without it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging calls it so
        pass


def set_up(directory: Path, *, objects: bool = False, stream: TextIO | None = None) -> logging.Logger:
    """The service's logger: lines on stderr, or objects on stdout, and objects in ``logs/`` of the archive."""
    logger = logging.getLogger("presskeep.run")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    tear_down()
    seen = logging.StreamHandler(stream or (sys.stdout if objects else sys.stderr))
    seen.setFormatter(_Objects() if objects else _Lines())
    logger.addHandler(seen)
    folder = directory / FOLDER
    try:
        logger.addHandler(_kept(folder / NAME))
    except OSError as error:
        logger.warning("no log is kept in %s: %s", folder, error)
    return logger


def append(path: Path, message: str, given: Mapping[str, Any], level: int = logging.INFO) -> None:
    """One object more in a file that rotates; nothing where there is no room for it."""
    record = logging.makeLogRecord(
        {"name": path.stem, "levelno": level, "levelname": logging.getLevelName(level), "msg": message, **given}
    )
    with contextlib.suppress(OSError), contextlib.closing(_kept(path)) as kept:
        kept.handle(record)


def _kept(path: Path) -> _Rotating:
    path.parent.mkdir(exist_ok=True)
    kept = _Rotating(path, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8")
    kept.setFormatter(_Objects())
    return kept


def tear_down() -> None:
    """Close what `set_up` opened."""
    logger = logging.getLogger("presskeep.run")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
