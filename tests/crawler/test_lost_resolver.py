"""A crawl without a resolver: nobody's failure, and nothing is remembered of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from crawled import CONTACT, crawl, site

from archive import clock
from archive.exchange import NoAnswer
from archive.store import Archive
from crawler.agenda import Agenda
from crawler.lookup import WITNESS
from crawler.robots import RobotsMemory
from crawler.sites import SourceKind
from crawler.state import State

SLOW_NAMES = Path(__file__).parents[2] / "benchmarks" / "slow_names"
HOST = "gazette.example"


@pytest.mark.slow
def test_where_no_name_can_be_looked_up_it_is_no_sources_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = tmp_path / "names.json"
    names.write_text(json.dumps(dict.fromkeys((HOST, WITNESS), "name_failing")))
    monkeypatch.setenv("SLOW_NAMES", str(names))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(SLOW_NAMES), os.environ.get("PYTHONPATH")))))
    with Archive.create(tmp_path / "A", name="TEST", contact=CONTACT) as archive:
        declared = site(HOST, (SourceKind.FEED, "/feed"), delay=1.0)
        (report,) = crawl(archive, [declared]).reports
        assert report.away
        assert "no network, or no resolver" in (report.problem or "")
        attempts = {one.attempt.url: one.attempt for one in archive.attempts()}
        robots = attempts[f"http://{HOST}/robots.txt"]
        assert robots.reason is NoAnswer.DNS
        assert "(EAI_AGAIN); no other name can be looked up either" in robots.detail
        with State(archive.state_path) as state:
            assert RobotsMemory(state).last(f"http://{HOST}/") is None, "it says nothing of the host"
            assert [one.memory.failures for one in Agenda(state).sources(HOST)] == [0]
            assert Agenda(state).due(declared, clock.now() + 86_400_000_000) != ()
