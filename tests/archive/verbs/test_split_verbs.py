"""What the verbs say of a story on several pages."""

from __future__ import annotations

import json

from split_archive import add, first, make, second
from split_story import address

from archive.store import Archive
from archive.worker import CleaningChild

from .conftest import run


def test_verbs_say_what_the_pages_are(archive: Archive) -> None:
    add(archive, first(), second(3))
    with CleaningChild() as child:
        make(archive, child)
    shown = run("show", address(1), cwd=archive.path).stdout
    assert "page 2" in shown
    assert "missing: it was not captured" in shown
    assert run("prove", address(1), cwd=archive.path).returncode == 0
    told = run("show", "--text", address(3), cwd=archive.path)
    assert f"it is a further page of an article: run 'presskeep show {address(1)}'" in told.stderr
    counted = json.loads(run("show", address(1), "--ledger", "--json", cwd=archive.path).stdout)
    assert {one["sources"][0]["capture"] for one in counted["entries"] if one["sources"]} == {0, 1}
