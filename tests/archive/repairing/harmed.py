"""An archive that is harmed, and what a repair of it must have brought back."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from contents import Rows, place, rows

from archive.catalogue import holdings
from archive.catalogue.database import remove
from archive.errors import DamagedRecord
from archive.repairing.repair import Outcome, Repaired, repair
from archive.store import Archive
from archive.verification.verify import Verification

EFFORT = 2**28


class Harmed:
    """A copy of that archive, to be harmed; ``file`` is one of its files, ``before`` what the catalogue had."""

    def __init__(self, archive: Archive, held: dict[str, bytes], number: int = 1) -> None:
        self.archive = archive
        self.held = held
        self.captures = {one.id: one for one in archive.captures()}
        self.before = rows(archive)
        self.file = archive.files()[number].file
        self.path = archive.warc_path / self.file
        self.content = self.path.read_bytes()
        self.in_file = [one for one in self.captures.values() if place(one).file == self.file]

    def repaired(self, *files: str) -> Repaired:
        return repair(self.archive, files, effort=EFFORT)

    def is_as_it_was(self) -> bool:
        assert self.path.read_bytes() == self.content
        return of_others(rows(self.archive)) == of_others(self.before)

    def check(self, lost: set[str], *, rebuilt: bool = True) -> None:
        """All but the lost captures are there byte for byte, and a rebuild from the files alone gives the same."""
        found = self.archive.verify()
        assert not [one for one in found.findings if not one.severity.harmless]
        assert {one.id for one in self.archive.captures()} == set(self.held)
        for one in self.archive.captures():
            if one.id in lost:
                with pytest.raises(DamagedRecord, match="lost to damage"):
                    one.block()
            else:
                assert one.block() == self.held[one.id]
        if not rebuilt:
            return
        before = rows(self.archive)
        self.archive.close()
        remove(self.archive.catalog.path)
        self.archive.rebuild()
        assert rows(self.archive) == before
        assert repair(self.archive) == Repaired()


def of_others(found: Rows) -> Rows:
    """All rows but those of the files in which repairs tell what they did."""
    return {name: [row for row in some if "-repair.warc.gz" not in repr(row)] for name, some in found.items()}


def acts(archive: Archive) -> list[str]:
    return [one.act for one in holdings.acts(archive.catalog)]


def outcomes(done: Repaired) -> set[Outcome]:
    return {one.outcome for one in done.actions}


def overwrite(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as out:
        out.seek(offset)
        out.write(content)


def damage(path: Path, offset: int, length: int) -> None:
    """Noise over a range: nothing can restore that."""
    overwrite(path, offset, random.Random(offset).randbytes(length))


def losses_told(found: Verification) -> str:
    return "\n".join(one.message for one in found.findings if one.rule == "loss")
