"""Histories drawn at random: whatever came, went, changed or was killed, a rebuild makes the same catalogue of it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bringing_in import attached, derived, imported, laid, told
from foreign_files import gzipped, http, warc_record

from archive.catalogue.blocking import Target
from archive.catalogue.terms import Filter
from archive.clock import parse_warc_date
from archive.entering import adoption, standing
from archive.entering.attaching import attachments, detach
from archive.errors import NotFound
from archive.removal.purge import purge
from archive.removal.takedown import lift, take_down
from archive.store import Archive
from archive.warc.incoming import Incoming

ROUNDS = int(os.environ.get("PRESSKEEP_ROUNDS", "6"))
NAMES = ("crane", "quay", "ferry", "tower", "mill")
URL = "http://herald.example/quay"
DOWN = {"given": URL, "reason": "a test"}


class _Killed(BaseException):
    pass


class _History:
    """A few files that share records, copies of each other and ids, and what happens to them."""

    def __init__(self, archive: Archive, tmp_path: Path, chance: random.Random) -> None:
        self.archive = archive
        self.chance = chance
        self.files = [laid(tmp_path, f"{n}.warc{'.gz' * (n % 2)}", self.content(packed=n % 2 == 1)) for n in range(4)]
        self.files.append(laid(tmp_path, "again.warc", self.files[0].read_bytes()))
        self.told: list[str] = []

    def content(self, *, packed: bool) -> bytes:
        records = []
        for _ in range(self.chance.randint(1, 5)):
            page = self.chance.randrange(len(NAMES))
            number = self.chance.choice([page, page, page, self.chance.randrange(5)])
            record_id = self.chance.choice(["", "", "", None])
            block = http(NAMES[page], status=302)  # there is nothing to clean
            records.append(warc_record(NAMES[page], number, block=block, record_id=record_id))
        return gzipped(records) if packed else b"".join(records)

    def go_on(self) -> None:
        steps = (
            self.bring,
            self.bring,
            self.attach,
            self.attach,
            self.detach,
            self.change,
            self.move,
            self.kill,
            self.down,
        )
        step = self.chance.choice(steps)
        path = self.chance.choice(self.files)
        self.told.append(f"{step.__name__} {path.name}")
        try:
            step(path)
        except NotFound as error:
            self.told.append(str(error))

    def bring(self, path: Path) -> None:
        imported(self.archive, path, site=self.chance.choice([None, "herald", "crier"]))

    def attach(self, path: Path) -> None:
        until = parse_warc_date(f"2019-03-0{self.chance.randint(1, 6)}")
        site, wanted = self.chance.choice([(None, Filter()), ("herald", Filter()), (None, Filter(until=until))])
        attached(self.archive, path, site=site, filter=wanted)

    def detach(self, path: Path) -> None:
        detach(self.archive, str(path))

    def change(self, path: Path) -> None:
        path.write_bytes(self.content(packed=path.suffix == ".gz"))
        self._again(path, path)

    def move(self, path: Path) -> None:
        moved = path.rename(path.with_name(f"moved-{path.name}"))
        self.files[self.files.index(path)] = moved
        self._again(path, moved)

    def _again(self, path: Path, now: Path) -> None:
        if any(one.source == str(path) for one in attachments(self.archive)):
            attached(self.archive, now)

    def kill(self, path: Path) -> None:
        places: tuple[tuple[Any, str], ...] = ((Incoming, "put"), (adoption, "enter_foreign"), (standing, "enter"))
        where, name = self.chance.choice(places)

        def killed(*_: object, **__: object) -> None:
            raise _Killed

        step = self.chance.choice([self.bring, self.attach])
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(where, name, killed)
            try:
                step(path)
            except _Killed:
                self.told.append(f"killed at {name}")

    def down(self, _: Path) -> None:
        target = Target.of(URL)
        ways: tuple[Callable[..., object], ...] = (take_down, lift, purge)
        self.chance.choice(ways)(self.archive, target, **DOWN)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_the_catalogue_is_what_a_rebuild_makes(tmp_path: Path, archive: Archive, seed: int) -> None:
    history = _History(archive, tmp_path, random.Random(seed))
    for _ in range(history.chance.randint(4, 10)):
        history.go_on()
    archive.adopt()
    assert told(archive.verify()) == set(), history.told
    before = derived(archive)
    archive.catalog.path.unlink()
    archive.close()
    assert archive.rebuild().unreached == (), history.told
    assert derived(archive) == before, history.told
