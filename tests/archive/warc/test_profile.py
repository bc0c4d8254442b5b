"""docs/warc-profile.md names every field that is written and every rule that is checked."""

from __future__ import annotations

import re
from pathlib import Path

from archive.exchange import NoAnswer, Role, Truncation
from archive.warc import record
from archive.warc.finding import Rule

PROFILE = (Path(__file__).parents[3] / "docs" / "warc-profile.md").read_text("utf-8")


def test_every_field_and_value_is_in_the_profile() -> None:
    source = Path(record.__file__).read_text("utf-8")
    fields = set(re.findall(r'"(presskeep-[a-z-]+|WARC-[A-Za-z-]+|via|hopsFromSeed|fetchTimeMs)"', source))
    assert len(fields) > 20
    assert [one for one in sorted(fields - {"WARC-Type"}) if f"`{one}" not in PROFILE] == []
    for value in (*NoAnswer, *Role, *Truncation):
        assert f"`{value.value}`" in PROFILE
    assert f"schema {record.SCHEMA}" in PROFILE


def test_every_rule_is_in_the_profile() -> None:
    assert [str(one) for one in Rule if f"| `{one}` |" not in PROFILE] == []
