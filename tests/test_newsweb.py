"""Real pages of some hundred publishers, crawled by name alone from a loopback news web."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archive.article import Article
from archive.prove import prove
from archive.store import Archive
from benchmarks import newsweb

SHARED = Path(os.environ.get("PRESSKEEP_SHARED", Path(__file__).parents[2] / "shared"))
pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.skipif(not (SHARED / "newsweb" / "newsweb.py").is_file(), reason="needs the reference pages"),
]


def crawled(tmp_path: Path, which: str) -> tuple[Path, newsweb.Corpus, dict[str, object], list[dict[str, object]]]:
    """An archive of a whole set, what the crawl said of itself, and what the server was asked for."""
    corpus = newsweb.read_corpus(SHARED / "newsweb", which)
    log = tmp_path / "server.log"
    with newsweb.served(SHARED / "newsweb", which, log) as port:
        path = newsweb.make_archive(tmp_path, corpus, port)
        said, _ = newsweb.crawl(path)
    return path, corpus, said, newsweb.served_requests(log, 0)


def test_every_article_of_the_publishers_is_captured_and_nearly_all_have_text(tmp_path: Path) -> None:
    path, corpus, said, asked = crawled(tmp_path, "publishers")
    found = newsweb.coverage(path, corpus)
    assert found["captured"] == found["articles"] == 147
    assert found["texts"] >= 145, found["losses"]
    assert not [one for one in asked if str(one["path"]).startswith(newsweb.TRAP)]
    assert isinstance(said["memory"], int)
    assert said["memory"] < 250 * 10**6
    with Archive.open(path) as archive:
        assert not archive.verify().findings
        for entry in list(archive.entries())[::10]:
            if isinstance(entry.text, Article):
                assert prove(entry.text, [archive.capture(one.id) for one in entry.text.provenance.captures]).holds


def test_both_seed_stories_come_out(tmp_path: Path) -> None:
    path, _, _, _ = crawled(tmp_path, "seeds")
    pages = newsweb.chrome(path, SHARED / "newsweb")
    stories = {name: one for name, one in pages.items() if "withdrawal-from-kazakhstan" in name}
    assert len(stories) == 4  # each with and without machine-readable dates
    assert all(one["recall"] > 0.9 for one in stories.values()), stories
