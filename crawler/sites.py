"""Sites and sources: what ``sites.toml`` declares."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from archive.declaration import Declaration, declared, read_declaration
from archive.errors import NotFound
from archive.url import host as host_of
from archive.url import is_fetchable
from crawler.scheduling.pattern import Pattern, parse_pattern
from crawler.scheduling.revisits import DEFAULT_STEPS, parse_steps
from crawler.urls import MAX_URL, Scope

# Seconds between the starts of two requests on one host. Media Cloud waits as long; nobody has complained about it.
DEFAULT_DELAY = 5.0
# A typing error in the unit (milliseconds) would stop a site for good.
MAX_DELAY = 3600.0
# New articles of one site in one crawl: more than a large paper publishes in a day; bounds a first crawl.
DEFAULT_MAX_ARTICLES = 1000

_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # RFC 9110, section 5.6.2


class SourceKind(StrEnum):
    """The kinds of sources."""

    FEED = "feed"
    SITEMAP = "sitemap"
    NEWS_SITEMAP = "news-sitemap"
    FRONT = "front"
    SECTION = "section"


class Keep(StrEnum):
    """What is kept of an article: its page alone, or also what a browser fetches to draw it."""

    TEXT = "text"
    PAGE = "page"


class Render(StrEnum):
    """What draws a page before it is read."""

    NONE = "none"
    BROWSER = "browser"


def _checked_url(url: str) -> str:
    if not is_fetchable(url) or "#" in url or len(url) > MAX_URL or not url.isprintable() or " " in url:
        raise ValueError("write a whole address, such as https://example-news.org/feed.xml")
    return url


def _checked_name(name: str) -> str:
    if name.startswith("*."):
        raise ValueError(f'write one host name here, and the others as hosts = ["{name}"]')
    return _checked_host(name)


def _checked_host(name: str) -> str:
    bare = name.removeprefix("*.")
    if host_of(f"https://{bare}/") == "" or not is_fetchable(f"https://{bare}/") or re.search(r"[/:?#@\s]", bare):
        raise ValueError("write a host name only, such as www.example-news.org (no https://, path or port)")
    return name.removesuffix(bare) + host_of(f"https://{bare}/")


def _checked_field_name(name: str) -> str:
    if not _FIELD_NAME.fullmatch(name):
        raise ValueError("write names of request fields, such as X-Api-Key")
    return name


def _checked_pattern(text: str) -> str:
    parse_pattern(text)
    return text


def _checked_steps(steps: tuple[str, ...]) -> tuple[str, ...]:
    parse_steps(steps)
    return steps


Url = Annotated[str, AfterValidator(_checked_url)]
PatternText = Annotated[str, AfterValidator(_checked_pattern)]
Steps = Annotated[tuple[str, ...], AfterValidator(_checked_steps)]
Host = Annotated[str, AfterValidator(_checked_host)]
Name = Annotated[str, AfterValidator(_checked_name)]
FieldName = Annotated[str, AfterValidator(_checked_field_name)]


class Source(BaseModel):
    """Where URLs come from; ``every`` takes the place of the adaptive schedule."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: SourceKind
    url: Url
    every: PatternText | None = None


class Watched(BaseModel):
    """An article that is followed for good, at fixed times."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    url: Url
    every: PatternText


class Site(BaseModel):
    """A publisher's web site as declared: one table of ``sites.toml``, whose header is ``host``.

    Without ``start``, the host is tried over https, then http. Without ``sources``, they are discovered from
    robots.txt, the front page and well-known paths, unless ``discover`` is off. ``every`` polls all sources at fixed
    times, a duration or a cron expression; ``keep`` says whether the stylesheets, pictures and fonts of articles are
    fetched, too; ``revisits`` are the ages at which articles are looked at again, none for an
    empty list; ``watch`` names articles that are followed for good. ``delay`` is in seconds; 0 also needs the archive's
    ``allow_loopback``, which the crawler checks. ``mask`` names request fields whose values are masked in the archive
    beside the usual credentials; ``keep_secrets`` stores all of them as they were sent. ``render`` has
    pages drawn by a Chromium, for sites whose text only scripts bring.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    host: Name
    start: Url | None = None
    name: str | None = Field(default=None, min_length=1, max_length=200)
    language: str | None = Field(default=None, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=35)
    hosts: tuple[Host, ...] = ()
    sources: tuple[Source, ...] = ()
    delay: float = Field(default=DEFAULT_DELAY, ge=0, le=MAX_DELAY, allow_inf_nan=False)
    max_articles: int = Field(default=DEFAULT_MAX_ARTICLES, ge=1)
    discover: bool = True
    keep: Keep = Keep.TEXT
    every: PatternText | None = None
    revisits: Steps | None = None
    watch: tuple[Watched, ...] = ()
    cookies: bool = False
    mask: tuple[FieldName, ...] = ()
    keep_secrets: bool = False
    render: Render = Render.NONE
    spider: str | None = Field(default=None, pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$")
    enabled: bool = True

    @model_validator(mode="after")
    def _masked_or_kept(self) -> Self:
        if self.mask and self.keep_secrets:
            raise ValueError("mask and keep_secrets = true contradict each other: remove one of them")
        return self

    @model_validator(mode="after")
    def _asked_for_by_visits(self) -> Self:
        if self.spider is not None and self.keep is not Keep.TEXT:
            raise ValueError(
                'keep = "page" is for sites that Presskeep visits itself: a spider of your own asks for what it wants;'
                " remove one of them"
            )
        return self

    @model_validator(mode="after")
    def _all_in_scope(self) -> Self:
        watched = (one.url for one in self.watch)
        for url in (self.start, *(source.url for source in self.sources), *watched):
            if url is not None and not self.scope.in_scope(url):
                other = host_of(url)
                raise ValueError(
                    f'{other} is not one of the site\'s hosts: add hosts = ["{other}"] if it belongs to it'
                )
        return self

    @property
    def label(self) -> str:
        """The name to show to people."""
        return self.name or self.host

    @property
    def scope(self) -> Scope:
        """The hosts that belong to the site."""
        return Scope.of((self.host, *self.hosts))

    @property
    def starts(self) -> tuple[str, ...]:
        """The URLs to try for the front page, in turn: the next only when the one before does not connect."""
        return (self.start,) if self.start else (f"https://{self.host}/", f"http://{self.host}/")

    @property
    def steps(self) -> tuple[int, ...]:
        """The ages at which articles are looked at again, in microseconds."""
        return DEFAULT_STEPS if self.revisits is None else parse_steps(self.revisits)

    def pattern(self, url: str | None = None) -> Pattern | None:
        """The fixed times at which a source (or any) is polled; None for the adaptive schedule."""
        own = next((source.every for source in self.sources if source.url == url), None)
        every = own if own is not None else self.every
        return parse_pattern(every) if every is not None else None

    def canonical(self) -> bytes:
        """The site's whole configuration as canonical JSON, defaults included; its digest goes into warcinfo."""
        document = self.model_dump(mode="json")
        return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


@dataclass(frozen=True, slots=True)
class Sites:
    """The sites of one ``sites.toml``, in its order."""

    path: Path
    sites: tuple[Site, ...]

    def __iter__(self) -> Iterator[Site]:
        return iter(self.sites)

    def __len__(self) -> int:
        return len(self.sites)

    @property
    def enabled(self) -> tuple[Site, ...]:
        """Those that are crawled unless one is asked for by name."""
        return tuple(site for site in self.sites if site.enabled)

    def get(self, name: str) -> Site:
        """The site with this host (or its ``www.`` twin, or a URL on it); raises NotFound with the nearest name."""
        wanted = host_of(name) or host_of(f"https://{name}/") or name
        for exact in (True, False):
            for site in self.sites:
                if site.host == wanted or (not exact and wanted in Scope.of((site.host,)).hosts):
                    return site
        near = get_close_matches(wanted, [site.host for site in self.sites], n=1)
        hint = f"did you mean {near[0]}?" if near else f"add it with: presskeep add {wanted}"
        raise NotFound(f"no site {wanted} in {self.path}: {hint}")


def read_sites(path: Path) -> Sites:
    """The sites that a file declares; raises ConfigurationError that names file, line and the nearest valid key."""
    return Sites(path, parse_sites(read_declaration(path)))


def parse_sites(declaration: Declaration) -> tuple[Site, ...]:
    """The sites of a declaration; raises ConfigurationError."""
    sites: dict[str, Site] = {}
    for header, table in declaration.tables.items():
        site = _site(declaration, header, table)
        if site.host in sites:
            raise declaration.error(f"the site {site.host} is declared twice: keep one table", header)
        sites[site.host] = site
    return tuple(sites.values())


def _site(declaration: Declaration, header: str, table: object) -> Site:
    if not isinstance(table, dict):
        raise declaration.error(
            f'"{header}" stands before any site: write it below a header such as ["example.org"]', header
        )
    if "." not in header and table and all(isinstance(value, dict) for value in table.values()):
        # [example-news.org] means the table "org" within "example-news" to TOML.
        whole = ".".join((header, next(iter(table))))
        raise declaration.error(f'put the host name in quotes: ["{whole}"]', header)
    if "host" in table:
        raise declaration.error(_unknown("host", Site, header), header, "host")
    try:
        # Through JSON, where strictness allows strings for enumerations and arrays for tuples, and nothing else.
        return Site.model_validate_json(json.dumps({**table, "host": header}, default=_no_json, allow_nan=True))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise declaration.error(_message(header, first), header, *first["loc"]) from None
    except _NotPlain as error:
        raise declaration.error(f'["{header}"]: {error}', header) from None


class _NotPlain(Exception):
    """A TOML date or time, which no key takes."""


def _no_json(value: object) -> NoReturn:
    raise _NotPlain(f"no key takes a date or time, and {value} is one: put it in quotes if it is a text")


def _message(header: str, error: ErrorDetails) -> str:
    place = error["loc"]
    where = f'["{header}"]'
    if error["type"] == "extra_forbidden":
        return f"{where}: {_unknown(str(place[-1]), _MODELS.get(place[0], Site), header)}"
    shown = error["msg"].removeprefix("Value error, ")
    if place == ("host",):
        return f"{where}: {shown}"
    key = "".join(f" {one + 1}" if isinstance(one, int) else f".{one}" for one in place).removeprefix(".")
    if error["type"] == "missing":
        return f"{where}: {key} is missing"
    if error["type"] == "string_pattern_mismatch":
        error = {**error, "msg": _PATTERNS.get(str(place[-1]), shown)}
    return f"{where}: {declared(key, error)}" if key else f"{where}: {shown}"


_MODELS: dict[int | str, type[BaseModel]] = {"sources": Source, "watch": Watched}
_PATTERNS = {
    "spider": 'write module:Class, such as "awkward:Spider" for spiders/awkward.py',
    "language": 'write a language tag, such as "en" or "pt-BR"',
}


def _unknown(key: str, model: type[BaseModel], header: str) -> str:
    known = [name for name in model.model_fields if name != "host"]
    if key == "host":
        return f'unknown key "host": the header ["{header}"] names the host; for further ones write hosts = […]'
    near = get_close_matches(key.lower(), known, n=1, cutoff=0.5)
    hint = f'did you mean "{near[0]}"?' if near else f"valid keys: {', '.join(known)}"
    return f'unknown key "{key}": {hint}'
