"""An archive of our own, made once: two sites, editions, refusals, redirects, failures and hostile text."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from archive import terminal
from archive.cli import app

from . import pages

ROOT = Path(__file__).parents[3]


def run(*words: str | Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line for real, without a terminal, in this process: the libraries are imported once for all tests."""
    given = [str(word) for word in words]
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="")
    err = io.TextIOWrapper(io.BytesIO(), "utf-8", newline="")
    with (
        contextlib.chdir(cwd or Path.cwd()),
        mock.patch.dict(os.environ, environment),
        mock.patch.object(sys, "stdin", io.StringIO()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = terminal.run(app, given)
    return subprocess.CompletedProcess(given, code, _written(out), _written(err))


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stored = stream.buffer
    assert isinstance(stored, io.BytesIO)
    return stored.getvalue().decode()


@pytest.fixture(scope="session")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of an archive that tests only read."""
    return make(tmp_path_factory.mktemp("verbs") / "NEWS")


@pytest.fixture
def uncleaned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of an archive whose captures wait for the cleaner."""
    return make(tmp_path_factory.mktemp("uncleaned") / "NEWS", clean=False)


def clean_one(path: Path) -> None:
    """Make the text of one article of the archive, and leave the others to wait."""
    from archive.article import canonical_json
    from archive.cleaning.clean import clean
    from archive.store import Archive

    with Archive.open(path) as archive:
        (capture, *_) = archive.captures(url=pages.FERRY)
        archive.add_texts([(capture, canonical_json(clean([capture])))])


def make(path: Path, *, clean: bool = True) -> Path:
    """A new archive with all captures of `pages`, and their texts."""
    from archive.crew import clean_pending
    from archive.store import Archive

    with Archive.create(path, name="NEWS", operator="The tests", contact="tests@example.org") as archive:
        with archive.writer("crawl", {"gazette.example": b"{}", "talblatt.example": b"{}"}) as writer:
            for exchange in pages.EXCHANGES:
                writer.add(exchange)
            for attempt in pages.ATTEMPTS:
                writer.add_attempt(attempt)
        if clean:
            clean_pending(archive)
    return path
