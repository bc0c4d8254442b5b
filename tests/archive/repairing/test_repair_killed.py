"""Repairs that are killed: at each change of the disk, whatever comes next ends them."""

from __future__ import annotations

import random
import shutil
from functools import partial
from pathlib import Path

import pytest
from contents import place
from damaged import build, flip
from kills import killed_at

from archive.catalogue import holdings
from archive.repairing.repair import repair
from archive.store import Archive

EFFORT = 2**28


@pytest.mark.slow
@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("crawled", [False, True])
def test_killed_at_any_step_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, lost: bool, crawled: bool
) -> None:
    """Before it is repaired again, a crawl may come, or a rebuild."""
    held = build(tmp_path / "NEWS", captures=6, files=2, largest=3.0)
    with Archive.open(tmp_path / "NEWS") as archive:
        captures = list(archive.captures())
    where = place(captures[1])
    path = tmp_path / "NEWS" / "warc" / where.file
    content = path.read_bytes()
    if lost:
        noise = random.Random(1).randbytes(60)
        path.write_bytes(content[: where.offset + 20] + noise + content[where.offset + 80 :])
    else:
        flip(path, (where.offset + where.length // 2) * 8)
    steps = 0
    for step in range(0, 60, 2):
        copy = tmp_path / "copies" / str(step)
        shutil.copytree(tmp_path / "NEWS", copy)
        with Archive.open(copy) as archive:
            if not killed_at(step, monkeypatch, partial(repair, archive, effort=EFFORT)):
                break
            steps += 1
        with Archive.open(copy) as archive:
            if crawled:
                with archive.writer("crawl"):
                    pass
            else:
                archive.rebuild()
            repair(archive, effort=EFFORT)
            assert not [one for one in archive.verify().findings if not one.severity.harmless]
            assert [one.id for one in archive.captures()] == [one.id for one in captures]
            for one in archive.captures():
                if not (lost and one.id == captures[1].id):
                    assert one.block() == held[one.id]
            assert lost or (archive.warc_path / where.file).read_bytes() == content
            assert sorted(one.act for one in holdings.acts(archive.catalog)) == ["repair", "rewrite"]
            assert not list(copy.rglob("*.part"))
        shutil.rmtree(copy)
    assert 4 < steps < 29
