"""Pages that are followed for good: written into sites.toml, which keeps all else, and taken out again."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.errors import ConfigurationError, NotFound, UsageError
from crawler.sites import Site, Watched, read_sites
from crawler.watching import unwatch, watch

PAGE = "https://www.a.example/live/storm?id=7"
GIVEN = '# mine\n["A.example"]\ndelay = 9  # slow\n\n# theirs\n["b.example"]\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "sites.toml"
    made.write_text(GIVEN)
    return made


def sites(path: Path) -> dict[str, Site]:
    return {site.host: site for site in read_sites(path)}


def test_a_page_of_a_declared_site_is_added_to_it(path: Path) -> None:
    assert watch(path, PAGE, "15m") == "a.example"
    assert watch(path, f"{PAGE}&x=1", "0 6 * * *") == "a.example"
    assert path.read_text().startswith(GIVEN)
    assert sites(path)["a.example"].watch == (
        Watched(url=PAGE, every="15m"),
        Watched(url=f"{PAGE}&x=1", every="0 6 * * *"),
    )
    assert sites(path)["a.example"].delay == 9


def test_a_page_of_no_declared_site_gets_one_that_is_asked_for_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    assert watch(path, "http://c.example/x", "1h") == "c.example"
    assert watch(path, "http://c.example/y", "1h") == "c.example"
    site = sites(path)["c.example"]
    assert (site.discover, site.sources, len(site.watch)) == (False, (), 2)


def test_what_is_taken_out_leaves_all_else(path: Path) -> None:
    watch(path, PAGE, "15m")
    before = path.read_text()
    watch(path, "https://b.example/x", "1h")
    with path.open("a") as more:
        more.write('\n# the end\n["d.example"]\n')
    assert unwatch(path, "https://B.example/x#top") == "https://b.example/x"
    assert path.read_text() == f'{before}\n\n# the end\n["d.example"]\n'
    with pytest.raises(NotFound, match="lists what is"):
        unwatch(path, "https://b.example/x")


@pytest.mark.parametrize(
    ("url", "every", "said"),
    [
        ("live/storm", "1h", "write it whole"),
        (PAGE, "often", "such as 90s"),
        (PAGE, "99 * * * *", "cron expression"),
    ],
)
def test_what_cannot_be_followed(path: Path, url: str, every: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        watch(path, url, every)
    assert path.read_text() == GIVEN


def test_a_page_is_followed_once(path: Path) -> None:
    watch(path, PAGE, "15m")
    with pytest.raises(UsageError, match=r"followed already \(every 15m\)"):
        watch(path, f"{PAGE}&utm_source=mail", "1h")


def test_other_forms_are_left_to_people(path: Path) -> None:
    path.write_text('["a.example"]\nwatch = [{ url = "https://a.example/x", every = "1h" }]\n')
    with pytest.raises(ConfigurationError, match="line 2: watch is a list in brackets"):
        watch(path, PAGE, "1h")
    with pytest.raises(ConfigurationError, match="by hand"):
        unwatch(path, "https://a.example/x")
    path.write_text("[[[")
    with pytest.raises(ConfigurationError, match="line 1"):
        watch(path, PAGE, "1h")
