"""Places: found by whoever has read the registry before, however it was written since."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archive.errors import DamagedRecord
from archive.warc.places import Place, add, note, place_of


def at(letter: str, where: str = "there") -> Place:
    return Place(f"attached/{letter * 16}/a.warc", f"/{where}/{letter}.warc", 1, f"sha256:{letter * 64}")


def put(path: Path, content: bytes, when: int) -> None:
    """Write a registry anew into the inode that it has, as one whose number was given again."""
    with path.open("r+b") as out:
        out.truncate(0)
        out.write(content)
    os.utime(path, ns=(when, when))


def test_what_is_added_is_found_and_what_was_written_anew_is_read_anew(tmp_path: Path) -> None:
    directory = tmp_path / "warc"
    note(directory, [at("a"), at("b")])
    add(directory, at("c"))
    assert [place_of(directory, at(letter).file) for letter in "abc"] == [at(letter) for letter in "abc"]
    note(directory, [at("a", "else")])
    assert place_of(directory, at("a").file) == at("a", "else")
    with pytest.raises(DamagedRecord, match="nothing is attached"):
        place_of(directory, at("c").file)


@pytest.mark.parametrize("same_time", [False, True])
def test_a_registry_that_has_the_inode_of_an_older_one_is_no_continuation_of_it(
    tmp_path: Path, *, same_time: bool
) -> None:
    directory = tmp_path / "warc"
    note(directory, [at("a")])
    registry = tmp_path / "attached.jsonl"
    before = registry.stat()
    assert place_of(directory, at("a").file) == at("a")
    other = tmp_path / "other" / "warc"
    other.parent.mkdir()
    note(other, [at("b")])  # as long as the old one
    content = (tmp_path / "other" / "attached.jsonl").read_bytes()
    assert len(content) == before.st_size
    put(registry, content, before.st_mtime_ns + (0 if same_time else 10**9))
    assert place_of(directory, at("b").file) == at("b")
    with pytest.raises(DamagedRecord, match="nothing is attached"):
        place_of(directory, at("a").file)
    put(registry, content + content.replace(b"b", b"d"), before.st_mtime_ns + 2 * 10**9)
    assert place_of(directory, at("b").file) == at("b")
