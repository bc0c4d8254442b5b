from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.declaration import parse_declaration
from archive.errors import ConfigurationError, NotFound
from crawler.scheduling import DEFAULT_STEPS
from crawler.scheduling.durations import DAY, HOUR
from crawler.sites import DEFAULT_DELAY, Site, SourceKind, parse_sites, read_sites

WHOLE = """# mine
["Example-News.org"]
start = "https://www.example-news.org/home"
name = "Example News"
language = "en-GB"
hosts = ["live.example.net", "*.example-news.net"]
sources = [
  { kind = "feed", url = "https://example-news.org/feed/" },  # all
  { kind = "news-sitemap", url = "https://sport.example-news.net/news.xml" },
]
delay = 2
max_articles = 50
cookies = true
mask = ["X-Api-Key"]
spider = "awkward:Spider"
enabled = false

["straße.example"]
"""


def parsed(text: str) -> tuple[Site, ...]:
    return parse_sites(parse_declaration(Path("sites.toml"), text.encode()))


def test_a_site_is_one_line() -> None:
    (site,) = parsed('["example-news.org"]')
    assert site == Site(host="example-news.org")
    assert site.starts == ("https://example-news.org/", "http://example-news.org/")
    assert (site.label, site.delay, site.enabled, site.sources) == ("example-news.org", DEFAULT_DELAY, True, ())
    assert site.scope.in_scope("http://www.example-news.org/a")


def test_everything_that_can_be_said() -> None:
    site, other = parsed(WHOLE)
    assert (site.host, site.label, site.language, site.delay) == ("example-news.org", "Example News", "en-GB", 2.0)
    assert site.starts == ("https://www.example-news.org/home",)
    assert [source.kind for source in site.sources] == [SourceKind.FEED, SourceKind.NEWS_SITEMAP]
    assert (site.max_articles, site.cookies, site.mask, site.spider, site.enabled) == (
        *(50, True, ("X-Api-Key",), "awkward:Spider", False),
    )
    assert other.host == "xn--strae-oqa.example"
    assert [one.render for one in parsed('["a.example"]\n["b.example"]\nrender = "browser"')] == ["none", "browser"]
    assert [one.keep for one in parsed('["a.example"]\n["b.example"]\nkeep = "page"')] == ["text", "page"]


def test_schedules_are_of_the_site_or_of_a_source() -> None:
    (site,) = parsed(
        '["a.example"]\nevery = "6h"\nrevisits = ["1h", "1d"]\nsources = ['
        '{ kind = "feed", url = "http://a.example/f", every = "*/5 * * * *" },'
        '{ kind = "front", url = "http://a.example/" }]'
    )
    assert str(site.pattern("http://a.example/f")) == "*/5 * * * *"
    assert str(site.pattern("http://a.example/")) == str(site.pattern()) == "6h"
    assert site.steps == (HOUR, DAY)
    (plain,) = parsed('["a.example"]')
    assert plain.pattern() is None
    assert plain.steps == DEFAULT_STEPS
    (never,) = parsed('["a.example"]\nrevisits = []')
    assert never.steps == ()


def test_array_tables_are_allowed() -> None:
    (site,) = parsed('["a.example"]\n[["a.example".sources]]\nkind = "front"\nurl = "http://a.example:8017/"\n')
    assert site.sources[0].url == "http://a.example:8017/"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('["a.example"]\n\ndely = 3', 3, 'unknown key "dely": did you mean "delay"?'),
        ('["a.example"]\nzzz = 3', 2, "valid keys: start, name,"),
        ('["a.example"]\nhost = "b.example"', 2, "for further ones write hosts"),
        ('["a.example"]\ndelay = 3\n\n["b.example"]\ndelay = "5"', 5, 'delay = "5": write a number'),
        ('["a.example"]\ndelay = nan', 2, "finite"),
        ('["a.example"]\ndelay = -1', 2, "write 0 or more"),
        ('["a.example"]\nenabled = 1', 2, "write true or false"),
        ('["a.example"]\nname = 2026-11-24', 1, "no key takes a date"),
        ('["a.example"]\nlanguage = "english please"', 2, "language tag"),
        ('["a.example"]\nspider = "Spider"', 2, "module:Class"),
        ('["a.example"]\nmask = ["a b"]', 2, "names of request fields"),
        ('["a.example"]\nmask = ["a"]\nkeep_secrets = true', 1, "contradict each other"),
        ('["a.example"]\nrender = "chrome"', 2, 'render = "chrome": write "none" or "browser"'),
        ('["a.example"]\nkeep = "pages"', 2, 'keep = "pages": write "text" or "page"'),
        ('["a.example"]\nkep = "page"', 2, 'unknown key "kep": did you mean "keep"?'),
        ('["a.example"]\nkeep = "page"\nspider = "a:Spider"', 1, "a spider of your own asks for what it wants"),
        ('["a.example"]\nstart = "/home"', 2, "whole address"),
        ('["a.example"]\nstart = "https://b.example/"', 1, 'add hosts = ["b.example"]'),
        ('["a.example"]\nhosts = ["https://b.example"]', 2, "host name only"),
        ('["a.example"]\nsources = 5', 2, "write a list in brackets"),
        (
            '["a.example"]\nsources = [\n { kind = "front", url = "http://a.example" },\n { kind = "fed", url = "x" }]',
            4,
            'write "feed", "sitemap"',
        ),
        ('["a.example"]\nsources = [\n { kind = "feed", uri = "http://a.example/" }]', 3, "url"),
        (
            '["a.example"]\n[["a.example".sources]]\nkind = "feed"\nurl = "http://a.example/"\nkidn = "x"',
            5,
            'mean "kind"',
        ),
        ('["a.example"]\nevery = "15"', 2, "such as 90s, 15m"),
        ('["a.example"]\nevery = "5s"', 2, "between 1m and"),
        ('["a.example"]\nevery = "61 * * * *"', 2, "cron expression"),
        ('["a.example"]\nrevisits = ["1d", "1h"]', 2, "in order"),
        ('["a.example"]\nsources = [{ kind = "feed", url = "http://a.example/", every = "x" }]', 2, "such as 90s"),
        ('["a.example"]\n[["a.example".watch]]\nurl = "http://b.example/x"\nevery = "1h"', 1, 'hosts = ["b.example"]'),
        ('["a.example"]\n[["a.example".watch]]\nurl = "http://a.example/x"\nevery = "1h"\nevry = 1', 5, 'mean "every"'),
        ('["https://a.example/"]', 1, "host name only"),
        ('["*.a.example"]', 1, "write one host name here"),
        ('["a.example:80"]', 1, "host name only"),
        ("\n[a.example]\ndelay = 3", 2, 'put the host name in quotes: ["a.example"]'),
        ("\n[https://a.example/]", 2, '["a.example"]'),
        ('delay = 3\n["a.example"]', 1, "stands before any site"),
        ('["A.example"]\n\n["a.example"]', 3, "declared twice"),
        ('["a.example"]\n["a.example"]', 2, "twice"),
        ('["a.example"]\ndelay 3', 2, "Expected '='"),
    ],
)
def test_errors_name_the_line_and_what_to_do(text: str, line: int, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parsed(text)
    message = str(caught.value)
    assert message.startswith(f"sites.toml, line {line}: ")
    assert said in message
    assert "\n" not in message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    with pytest.raises(ConfigurationError, match="no site is declared yet, begin with 'presskeep add URL'"):
        read_sites(path)
    path.write_bytes(b'["a.example"]\n\n# caf\xe9\n')
    with pytest.raises(ConfigurationError, match="line 3: not UTF-8"):
        read_sites(path)
    path.write_bytes(b"x = " + b"[" * 100_000)
    with pytest.raises(ConfigurationError):
        read_sites(path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_sites(tmp_path)


def test_looking_up_sites(tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    path.write_text('["example-news.org"]\n["www.talblatt.example"]\nenabled = false\n', encoding="utf-8-sig")
    sites = read_sites(path)
    assert len(sites) == 2
    assert [site.host for site in sites.enabled] == ["example-news.org"]
    assert sites.get("https://WWW.example-news.org/a").host == "example-news.org"
    assert sites.get("talblatt.example").host == "www.talblatt.example"
    with pytest.raises(NotFound, match=r"did you mean example-news\.org\?"):
        sites.get("exampel-news.org")
    with pytest.raises(NotFound, match="presskeep add nowhere"):
        sites.get("nowhere")


def test_canonical_form_says_everything_and_is_stable() -> None:
    site = parsed(WHOLE)[0]
    document = json.loads(site.canonical())
    assert document["delay"] == 2.0
    assert document["host"] == "example-news.org"
    assert set(document) == set(Site.model_fields)
    assert site.canonical() == parsed(WHOLE.replace("# mine", "# yours").replace("= 2", "= 2.0"))[0].canonical()
    assert site.canonical() != parsed('["example-news.org"]')[0].canonical()


@given(st.binary())
def test_any_bytes_are_sites_or_an_error_of_ours(raw: bytes) -> None:
    for text in (raw, b'["a.example"]\n' + raw, b'["a.example"]\nstart = "http://a.example/' + raw + b'"'):
        with contextlib.suppress(ConfigurationError):
            parse_sites(parse_declaration(Path("sites.toml"), text))
