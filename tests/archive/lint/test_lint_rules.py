"""The rules themselves: their ids, and docs/lint.md, which lists them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archive.lint.catalogue import GROUPS, RULES, table
from archive.lint.finding import Rule

ROOT = Path(__file__).parents[3]
SECTION = re.compile(
    r"WARC/1\.[01], (?:[4-8]|5\.(?:[1-9]|1\d|2[0-2])|6\.\d(?:\.\d)?|Annex (?:[A-C]|D\.[1-3]))"
    r"|WACZ 1\.1\.1, .+|CDXJ 0\.1\.0, .+|ARC File Format 1\.0|Zstandard for WARC 1\.0, .+"
)


def test_no_id_stands_for_two_rules() -> None:
    assert sum(map(len, GROUPS.values())) == len(RULES)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_rule_is_whole(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", rule.id)
    assert len(rule.id) <= 40
    assert SECTION.fullmatch(rule.section)
    assert rule.title.endswith((".", ")"))
    assert rule.why.endswith((".", ")"))


def test_the_documentation_lists_the_rules_as_they_are() -> None:
    text = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
    _, heading, listed = text.partition("## All rules\n\n")
    assert heading
    assert listed == table(), "docs/lint.md: put what archive.lint.catalogue.table() returns under '## All rules'"
