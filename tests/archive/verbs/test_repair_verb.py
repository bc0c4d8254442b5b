"""``presskeep repair`` from the command line: what it prints, its exit codes, and what the other verbs say then."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from archive.store import Archive

from .conftest import run
from .pages import BRIDGE, FERRY


@pytest.fixture
def copy(news: Path, tmp_path: Path) -> Path:
    shutil.copytree(news, tmp_path / "NEWS")
    return tmp_path / "NEWS"


def only_file(copy: Path) -> Path:
    (file,) = (one for one in (copy / "warc").rglob("*.warc.gz") if "-repair" not in one.name)
    return file


def harm(copy: Path, url: str, *, bit: bool) -> None:
    """Turn one bit of the first capture of a URL, or overwrite it with noise."""
    with Archive.open(copy) as archive:
        place = archive.timeline(url)[0].location
    assert place is not None
    content = bytearray(only_file(copy).read_bytes())
    middle = place.offset + place.length // 2
    if bit:
        content[middle] ^= 8
    else:
        content[middle : middle + 50] = random.Random(1).randbytes(50)
    only_file(copy).write_bytes(content)


def test_a_sound_archive_has_nothing_to_repair(copy: Path) -> None:
    done = run("repair", "--archive", copy)
    assert (done.returncode, done.stdout) == (0, "✓ there is nothing to repair\n")


def test_a_turned_bit_is_restored(copy: Path) -> None:
    before = only_file(copy).read_bytes()
    harm(copy, FERRY, bit=True)
    dry = run("repair", "--dry-run", "--archive", copy)
    assert dry.returncode == 0
    assert "without --dry-run this is done" in dry.stdout
    assert only_file(copy).read_bytes() != before
    done = run("repair", "--archive", copy)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("restored  warc/")
    assert "✓ everything is as it was" in done.stdout
    assert only_file(copy).read_bytes() == before
    assert run("verify", "--archive", copy).returncode == 0


def test_what_is_lost_is_named_and_stays_known(copy: Path) -> None:
    text = run("show", FERRY, "--text", "--archive", copy).stdout
    harm(copy, FERRY, bit=False)
    done = run("repair", str(only_file(copy)), "--json", "--archive", copy)
    assert done.returncode == 6
    told = json.loads(done.stdout)
    assert (told["outcome"], told["lost"]) == ("lost", [FERRY])
    (cut,) = told["actions"]
    assert (copy / "quarantine" / cut["kept"]).stat().st_size == cut["length"]
    checked = run("verify", "--archive", copy)
    assert checked.returncode == 0
    assert FERRY in checked.stdout
    assert run("show", FERRY, "--text", "--archive", copy).stdout == text
    assert "lost to damage" in run("show", FERRY, "--archive", copy).stdout
    payload = run("show", FERRY, "--payload", "--archive", copy)
    assert payload.returncode == 6
    assert f"quarantine/{cut['kept']}" in payload.stderr
    proved = run("prove", FERRY, "--archive", copy)
    assert proved.returncode == 8
    assert proved.stdout.startswith(f"cannot be read\tcapture\tquarantine/{cut['kept']}\t")
    assert "copy the file from a backup" in proved.stdout
    assert "fails" not in proved.stdout
    assert run("prove", BRIDGE, "--archive", copy).returncode == 0
    listed = run("captures", FERRY, "--archive", copy)
    assert listed.returncode == 0
    assert f"quarantine/{cut['kept']}" in listed.stdout
    assert "warc/quarantine" not in listed.stdout


def test_a_file_that_is_not_there_is_told(copy: Path) -> None:
    done = run("repair", "nothing.warc.gz", "--archive", copy)
    assert done.returncode == 4
    assert "nothing.warc.gz" in done.stderr
    (copy / "catalog.sqlite").unlink()
    done = run("repair", "--archive", copy)
    assert done.returncode == 0
    assert "the catalogue is made again" in done.stdout
    only_file(copy).unlink()
    done = run("repair", "--archive", copy)
    assert done.returncode == 6
    assert "left  warc/" in done.stdout
