"""Acts: what was decided or done, kept in the WARC files, and the same after a rebuild."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.catalogue import holdings
from archive.event import Act
from archive.store import Archive

FACTS = (("reason", "asked for by the publisher,\nin two lines"), ("url", "https://courier.example/a"), ("url", "b"))


def acts(archive: Archive) -> list[Act]:
    return list(holdings.acts(archive.catalog))


def test_an_act_comes_back_after_a_rebuild(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "NEWS") as archive:
        with archive.writer("takedown") as writer:
            act = writer.add_act("takedown", FACTS)
        assert acts(archive) == [act]
        assert act.first("reason") == FACTS[0][1]
        assert act.all("url") == ("https://courier.example/a", "b")
        assert archive.verify().findings == ()
        archive.rebuild()
        assert acts(archive) == [act]


def test_the_name_of_a_fact_is_a_lower_case_token(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "NEWS") as archive, archive.writer("takedown") as writer:
        with pytest.raises(ValueError, match="cannot be the name"):
            writer.add_act("takedown", [("two words", "x")])
        with pytest.raises(ValueError, match="lower case"):
            writer.add_act("takedown", [("Reason", "x")])
