"""``presskeep verify``, ``clean`` and ``rebuild``, run for real."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import run
from .pages import BRIDGE


@pytest.fixture
def copy(news: Path, tmp_path: Path) -> Path:
    """The archive, to be damaged."""
    path = tmp_path / "NEWS"
    shutil.copytree(news, path)
    return path


@pytest.mark.slow
def test_a_sound_archive(news: Path) -> None:
    done = run("verify", "--archive", news)
    assert done.returncode == 0, done.stdout
    assert "✓ every byte is accounted for\n" in done.stdout
    deep = json.loads(run("verify", "--deep", "--json", "--archive", news).stdout)
    assert (deep["outcome"], deep["captures"], deep["attempts"], deep["texts"]) == ("sound", 10, 3, 8)
    assert deep["deep"]["same"] == 8


@pytest.mark.slow
def test_a_lost_catalogue_can_be_made_again(copy: Path) -> None:
    before = run("list", "--verdict", "all", "--archive", copy).stdout
    (copy / "catalog.sqlite").unlink()
    done = run("verify", "--archive", copy)
    assert done.returncode == 7
    assert "! nothing is lost: run 'presskeep rebuild'" in done.stdout
    assert run("list", "--archive", copy).returncode == 6
    built = run("rebuild", "--archive", copy)
    assert built.returncode == 0, built.stderr
    assert "found   10 captures, 3 failed attempts\n" in built.stdout
    assert run("verify", "--archive", copy).returncode == 0
    assert run("list", "--verdict", "all", "--archive", copy).stdout == before


def test_damage_is_named_with_file_and_byte(copy: Path) -> None:
    (file,) = (copy / "warc").rglob("*.warc.gz")
    stored = bytearray(file.read_bytes())
    stored[len(stored) // 2] ^= 0xFF
    file.write_bytes(stored)
    done = run("verify", "--archive", copy)
    assert done.returncode == 6
    assert f"damaged  warc/{file.relative_to(copy / 'warc')}: readable\n    byte " in done.stdout
    assert "presskeep repair" in done.stdout
    assert json.loads(run("verify", "--json", "--archive", copy).stdout)["outcome"] == "damaged"
    built = run("rebuild", "--json", "--archive", copy)
    assert built.returncode == 6
    assert json.loads(built.stdout)["damaged"]


def test_missing_texts_are_made(copy: Path) -> None:
    before = run("show", BRIDGE, "--text", "--archive", copy).stdout
    with sqlite3.connect(copy / "catalog.sqlite") as catalogue:
        catalogue.executescript("DELETE FROM texts; DELETE FROM editions; DELETE FROM about WHERE name = 'cleaner'")
    catalogue.close()
    assert "it is not cleaned yet: run 'presskeep clean'" in run("show", BRIDGE, "--archive", copy).stdout
    done = run("clean", "--archive", copy)
    assert done.returncode == 0, done.stderr
    assert "made    8 texts: 5 article, 2 http-error, 1 teaser\n" in done.stdout
    assert run("show", BRIDGE, "--text", "--archive", copy).stdout == before
    assert json.loads(run("clean", "--json", "--archive", copy).stdout)["cleaned"] == 0
    assert list((copy / "text").rglob("*.parquet"))


@pytest.mark.slow
def test_ctrl_c_ends_a_rebuild_and_leaves_the_old_catalogue(copy: Path) -> None:
    before = run("list", "--archive", copy).stdout
    words = [sys.executable, "-m", "archive.cli", "rebuild", "--archive", str(copy)]
    for _ in range(8):  # on a busy machine the signal may come when all is done
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            while process.poll() is None and not (copy / "catalog.sqlite.rebuild").exists():
                pass  # it is there while the new one is being made
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        if process.returncode:
            break
    assert (process.returncode, out) == (130, "")
    assert err == "presskeep: stopped by Ctrl-C; what was committed is kept\n"
    assert not list(copy.glob("catalog.sqlite.rebuild*"))
    assert run("list", "--archive", copy).stdout == before
