from __future__ import annotations

import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.declaration import parse_declaration
from archive.errors import ConfigurationError, UsageError
from crawler.adding import append_site, render_site
from crawler.sites import Site, Source, SourceKind, parse_sites, read_sites

FEED = Source(kind=SourceKind.FEED, url="https://example-news.org/feed/")
SITE = Site(host="example-news.org", name='The "News"', delay=2.5, sources=(FEED,), hosts=("*.example.net",))


def test_a_plain_site_is_one_line() -> None:
    assert render_site(Site(host="example-news.org")) == '["example-news.org"]\n'


def test_a_site_with_comments() -> None:
    assert render_site(SITE, {FEED.url: "RSS, 10 items\nto 24 Nov\x00"}, "Added for a test.\nTwo lines.") == (
        "# Added for a test.\n# Two lines.\n"
        '["example-news.org"]\nname = "The \\"News\\""\nhosts = ["*.example.net"]\ndelay = 2.5\nsources = [\n'
        '  { kind = "feed", url = "https://example-news.org/feed/" },  # RSS, 10 items to 24 Nov\n]\n'
    )


@given(
    name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200),
    note=st.text(),
    heading=st.text(),
    delay=st.floats(0, 3600),
)
def test_what_is_written_reads_back(name: str, note: str, heading: str, delay: float) -> None:
    site = Site(host="example-news.org", name=name, delay=delay, cookies=True, mask=("X-Key",), sources=(FEED, FEED))
    block = render_site(site, {FEED.url: note}, heading)
    assert parse_sites(parse_declaration(Path("sites.toml"), block.encode())) == (site,)


def test_appending_keeps_what_people_wrote(tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    mine = b'# my sites\r\n["a.example"]  # the first\ndelay = 9 # slow'
    path.write_bytes(mine)
    path.chmod(0o640)
    block = append_site(path, SITE)
    assert path.read_bytes() == mine + b"\n\n" + block.encode()
    assert [site.host for site in read_sites(path)] == ["a.example", "example-news.org"]
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["sites.toml"]


def test_appending_makes_a_missing_file_and_follows_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real.toml"
    link = tmp_path / "sites.toml"
    link.symlink_to(real)
    append_site(link, Site(host="a.example"))
    append_site(link, Site(host="b.example"))
    assert link.is_symlink()
    assert real.read_text() == '["a.example"]\n\n["b.example"]\n'


def test_a_site_that_is_there_already(tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    path.write_text('\n["Example-News.org"]\n')
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"example-news\.org is already declared in .*, line 2: edit it there"):
        append_site(path, SITE)
    assert path.read_bytes() == before


def test_a_broken_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    path.write_text('["a.example"]\ndely = 3\n')
    with pytest.raises(ConfigurationError, match='did you mean "delay"'):
        append_site(path, SITE)
    assert path.read_text() == '["a.example"]\ndely = 3\n'


def test_many_at_once_lose_none(tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    hosts = [f"n{number}.example" for number in range(24)]
    threads = [threading.Thread(target=append_site, args=(path, Site(host=host))) for host in hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(tomllib.loads(path.read_text())) == sorted(hosts)
    assert [entry.name for entry in tmp_path.iterdir()] == ["sites.toml"]


FULL = """
import resource, signal, sys
from pathlib import Path
from archive.errors import StorageFull
from crawler.adding import append_site
from crawler.sites import Site
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
try:
    append_site(Path(sys.argv[1]), Site(host="b.example"))
except StorageFull as error:
    sys.stdout.write(str(error))
"""


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    before = b'["a.example"]\n' + b"# a comment\n" * 1000
    path.write_bytes(before)
    ended = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    assert "it is as it was" in ended.stdout
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["sites.toml"]
