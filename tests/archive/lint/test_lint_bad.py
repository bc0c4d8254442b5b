"""Bad files, each with the exact rules that do not hold in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.lint.catalogue import RULES
from archive.lint.finding import Severity
from archive.lint.linter import lint

from .bad_cases import CASES, Case


@pytest.mark.parametrize("given", CASES, ids=lambda given: given.name)
def test_exactly_these_rules_do_not_hold(given: Case, tmp_path: Path) -> None:
    path = tmp_path / given.file
    path.write_bytes(given.make())
    found = lint([path])
    assert {one.rule.id for one in found.files[0].findings} == given.rules
    assert found.clean == all(RULES[name].severity is not Severity.ERROR for name in given.rules)
    assert all(one.offset is None or 0 <= one.offset <= path.stat().st_size for one in found.files[0].findings)


def test_there_are_more_than_a_hundred_bad_files() -> None:
    assert len(CASES) > 100
    assert len({given.name for given in CASES}) == len(CASES)
