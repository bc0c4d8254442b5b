"""Repairs that are killed: at each change of the disk, whatever comes next ends them."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contents import place
from damaged import build, flip

from archive.catalogue import holdings
from archive.repairing.repair import repair
from archive.store import Archive

EFFORT = 2**28


class Killed(BaseException):
    """A kill: nothing catches it."""


def killed(archive: Archive, monkeypatch: pytest.MonkeyPatch, step: int) -> bool:
    """A repair that ends at so many calls that change something on the disk; False where it ended before."""
    count = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def instead(*given: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count > step:
                raise Killed
            return call(*given, **named)

        return instead

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", counted(os.fsync))
        for name in ("replace", "rename", "unlink"):
            patch.setattr(Path, name, counted(getattr(Path, name)))
        try:
            repair(archive, effort=EFFORT)
        except Killed:
            return True
    return False


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
            if not killed(archive, monkeypatch, step):
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
