"""Traffic: the same whether they are counted from what was committed or in the catalogue."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from exchanges import attempt, exchange

from archive.catalogue.exchanged import traffic
from archive.exchange import Role
from archive.store import Archive
from archive.traffic import Answers, Traffic


def test_what_was_committed_adds_up_to_what_the_catalogue_has(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "A") as archive:
        parts = []
        with archive.writer("crawl") as writer:
            same = os.urandom(2000)
            for number, role in enumerate([Role.FEED, Role.ARTICLE, Role.ARTICLE, Role.ARTICLE]):
                writer.add(exchange(f"page-{number}", number, role=role, body=same))
                done = writer.commit()
                parts.append(Traffic.of(done.captures, done.attempts))
            writer.add(exchange("style.css", 5, role=Role.REQUISITE))
            for number, (role, hops) in enumerate(
                [(Role.ARTICLE, "L"), (Role.REQUISITE, "LE"), (Role.ROBOTS, "LEI"), (Role.ROBOTS, "LI")]
            ):
                failed = attempt(f"gone-{number}", 10 + number)
                writer.add_attempt(replace(failed, origin=replace(failed.origin, role=role, hops=hops)))
            done = writer.commit()
            parts.append(Traffic.of(done.captures, done.attempts))
        found = sum(parts, Traffic())
        assert found == traffic(archive.catalog, writer.run)
        assert (found.captures, found.articles, found.failures) == (5, 3, 2)
        assert (found.requisites, sum(found.lacking.values())) == (1, 2), "which no page is missing for"
        assert found.revisits == 3
        assert found.roles == {"feed": 1, "article": 3, "requisite": 1}
        assert found.answers == {"2xx": 5}
        assert found.bytes > 2000
        archive.rebuild()
        assert found == traffic(archive.catalog, writer.run)
        assert traffic(archive.catalog, "urn:uuid:unknown") == Traffic()


def test_classes() -> None:
    some = [
        Answers(status, Role.ARTICLE, "response", status == 599, 2, 10)
        for status in (200, 304, 404, 599, 99, 600, None)
    ]
    found = Traffic.summed(some, {}, {})
    assert found.answers == {"2xx": 2, "3xx": 2, "4xx": 2, "5xx": 2, "other": 6}
    assert (found.articles, found.unchanged, found.truncated, found.bytes) == (4, 2, 2, 70)
    assert Traffic({"2xx": 1}, attempts={"dns": 2}).document()["attempts"] == {"dns": 2}
