"""What may be fetched for a site: its own hosts, web addresses only, no traps. Normalisation is `archive.url`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urldefrag, urljoin

from archive.exchange import NoAnswer
from archive.tracking import is_tracking
from archive.url import host as host_of
from archive.url import is_fetchable

# sitemaps.org allows 2,048 characters; real article addresses stay far below, longer ones are built by loops.
MAX_URL = 2000
# A page may hold images as data: addresses of megabytes; nothing that long is resolved at all.
MAX_REFERENCE = 8000
# What was worked out of addresses is remembered: of so many at once (the links of a few pages), none longer than this.
MOST_REMEMBERED, REMEMBERED = 4096, 500
# The same segment three times is a relative link that grows with each step (/news/news/news/).
MAX_REPEATS = 2
# Parameters that are not known for tracking: real articles need up to 4, the longest links seen on real pages had 31.
MAX_PARAMETERS = 40
# The same parameter more often: facets that are added one to another, or a way back within a way back.
MAX_SAME = 5

# Months and days of a calendar lead on for ever. What has a name behind its date is an event, or an article.
_CALENDAR_WORD = (
    r"(?:calendars?|kalender|calendrier|calendario|agenda|events?|veranstaltung(?:en|skalender)|termine|eventi|eventos)"
)
_CALENDAR_FOLDER = re.compile(rf"/{_CALENDAR_WORD}/", re.IGNORECASE)
_CALENDAR = re.compile(
    rf"/{_CALENDAR_WORD}/(?:(?:month|week|day|list|monat|woche|tag|mois|semaine|jour)/)?"
    r"(?:19|20|21)\d\d[/-](?:0?[1-9]|1[0-2])(?:[/-](?:0?[1-9]|[12]\d|3[01]))?/$",
    re.IGNORECASE,
)
_CALENDAR_QUERY = re.compile(
    r"(?:^|&)(?:tribe-bar-date|month|monat|mois|mes|year|jahr|eventdate|cal_?date|date|datum)=(?:\d{1,4})(?:-\d{1,2}){0,2}(?:&|$)",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?:^|[?&])([^=&?]{1,200})=")

# Extensions of what is never an article. Unknown ones are pages: publishers use .html, .php, .cms, .ece, .story, …
FILE_EXTENSIONS = frozenset(
    {
        *("jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "bmp", "ico", "tif", "tiff", "heic"),
        *("mp3", "m4a", "ogg", "oga", "wav", "flac", "aac", "m3u", "m3u8", "mp4", "m4v", "webm", "mov", "avi", "mpg"),
        *("pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "epub", "csv", "ics", "vcf", "rtf"),
        *("css", "js", "mjs", "json", "map", "woff", "woff2", "ttf", "otf", "eot", "wasm"),
        *("xml", "rss", "atom", "rdf", "xsl", "xsd", "opml", "webmanifest"),
        *("zip", "gz", "tgz", "bz2", "xz", "7z", "rar", "tar", "exe", "dmg", "apk", "iso", "torrent"),
    }
)
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,11})/?$")


@dataclass(frozen=True, slots=True)
class Scope:
    """The hosts that belong to a site. ``suffixes`` begin with a dot and stand for all hosts below a name."""

    hosts: frozenset[str]
    suffixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, names: Iterable[str]) -> Scope:
        """The scope of host names as sites.toml writes them: each with its ``www.`` twin, ``*.name`` with all below."""
        hosts: set[str] = set()
        suffixes: list[str] = []
        for given in names:
            name = host_of(f"https://{given.removeprefix('*.')}/")
            if not name:
                continue
            bare = name.removeprefix("www.")
            # The twin of a bare top-level name or an address would be nonsense, but does no harm.
            hosts |= {bare, f"www.{bare}", name}
            if given.startswith("*."):
                suffixes.append(f".{name}")
        return cls(frozenset(hosts), tuple(sorted(set(suffixes))))

    def in_scope(self, url: str) -> bool:
        """Whether the URL's host is one of the site's own; the port does not matter."""
        name = host_of(url)
        return name in self.hosts or (bool(name) and name.endswith(self.suffixes))


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a URL is not fetched: the reason that is recorded, and the rule in words."""

    reason: NoAnswer
    detail: str


def refusal(url: str, scope: Scope) -> Refused | None:
    """Why this URL is not to be fetched for a site with this scope, or None when it may be.

    robots.txt, budgets and the address guard are asked elsewhere.
    """
    if not is_fetchable(url):
        scheme = url.partition(":")[0].lower()
        if scheme in {"http", "https"}:
            return Refused(NoAnswer.SCOPE, "not an address that can be fetched: its host, port or credentials")
        return Refused(NoAnswer.SCOPE, "only http and https are fetched")
    if not scope.in_scope(url):
        return Refused(NoAnswer.SCOPE, f"{host_of(url)} is not one of the site's hosts")
    trap = trap_of(url)
    return Refused(NoAnswer.OTHER, f"trap: {trap}") if trap else None


def trap_of(url: str) -> str | None:
    """What makes a URL look like one of an endless family, in words; None for an ordinary one."""
    if len(url) > MAX_URL:
        return f"longer than {MAX_URL} characters"
    counts: dict[str, int] = {}
    path = _path(url)
    for segment in path.split("/"):
        # Dates and ids repeat digits by chance (/11/11/11/); words do not.
        if segment and not segment.isdigit():
            counts[segment] = counts.get(segment, 0) + 1
            if counts[segment] > MAX_REPEATS:
                return f"the path repeats {segment[:40]!r}"
    query = url.partition("#")[0].partition("?")[2]
    return _trap_in_query(query) or _calendar(f"/{path.strip('/')}/", query)


def _calendar(path: str, query: str) -> str | None:
    endless = _CALENDAR.search(path) or (_CALENDAR_FOLDER.search(path) and _CALENDAR_QUERY.search(query))
    return "a page of an endless calendar" if endless else None


def _trap_in_query(query: str) -> str | None:
    """What makes a query look like one of an endless family: parameters that pile up, also within each other."""
    if query.count("&") >= MAX_PARAMETERS:
        said = [one for one in query.split("&") if one and not is_tracking(one)]
        if len(said) > MAX_PARAMETERS:
            return f"more than {MAX_PARAMETERS} parameters"
    # A way back that holds a way back is escaped once more at each turn: login?next=%2Flogin%3Fnext%3D%252Flogin…
    for _ in range(MAX_SAME):
        opened = unquote(query)
        if opened == query:
            break
        query = opened
    counts: dict[str, int] = {}
    for name in _NAME.findall(query):
        counts[name] = counts.get(name, 0) + 1
        if counts[name] > MAX_SAME:
            return f"the parameter {name[:40]!r} {counts[name]} times"
    return None


def is_file(url: str) -> bool:
    """Whether the path ends like a picture, film, document, feed or program part: never an article."""
    found = _EXTENSION.search(_path(url)[-16:])
    return found is not None and found[1].lower() in FILE_EXTENSIONS


def _path(url: str) -> str:
    return url.partition("#")[0].partition("?")[0].partition("://")[2].partition("/")[2]


def resolve(base: str, reference: str) -> str | None:
    """The absolute http(s) URL that a reference means on a page, as a browser would read it, without its fragment.

    None for what cannot be fetched: other schemes, bare fragments, broken hosts, absurd lengths.
    """
    if len(reference) > MAX_REFERENCE:
        return None
    # Polls name the same addresses again and again; longer ones are not kept, for memory's sake.
    usual = len(reference) <= REMEMBERED and len(base) <= REMEMBERED
    return _resolve_again(base, reference) if usual else _resolve(base, reference)


def _resolve(base: str, reference: str) -> str | None:
    reference = reference.strip().translate(_BREAKS)
    if not reference or reference.startswith("#"):
        return None
    # Browsers read a backslash before the query as a slash (WHATWG URL, "special schemes").
    head, mark, query = reference.partition("?")
    try:
        url = urldefrag(urljoin(base, head.replace("\\", "/") + mark + query)).url
    except ValueError:  # brackets that are no IPv6 address, hosts that NFKC would change
        return None
    return url if is_fetchable(url) else None


_resolve_again = lru_cache(MOST_REMEMBERED)(_resolve)


def readable_path(url: str) -> str:
    """The path and query of a URL with escapes decoded, for judging by eye or by rule; never for fetching."""
    rest = url.partition("#")[0].partition("://")[2]
    _, slash, path = rest.partition("/")
    return unquote(slash + path, errors="replace")


_BREAKS = str.maketrans("", "", "\t\r\n")
