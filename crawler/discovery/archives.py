"""Archives: what the addresses of old listings tell of time, and which links of a page lead further back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from archive.clock import from_datetime, to_datetime
from archive.url import normalise
from crawler.discovery.decoding import decode
from crawler.discovery.pages import MAX_ANCHORS, MAX_PAGE
from crawler.discovery.tree import tree_of
from crawler.urls import MAX_URL, is_file, readable_path, resolve, trap_of

# News sites began in the nineties; a number that is earlier is no year.
_FIRST_YEAR = 1990
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DATE = re.compile(
    rf"(?<!\d){_YEAR}(?:(?P<mark>[-_/.])(?P<month>0?[1-9]|1[0-2])(?:(?P=mark)(?P<day>0?[1-9]|[12]\d|3[01]))?"
    r"|(?P<packed_month>0[1-9]|1[0-2])(?P<packed_day>0[1-9]|[12]\d|3[01])?)?(?!\d)"
)
# In an article's address a date counts where it begins a segment: a slug may tell of a day that is long past.
_AT_START = re.compile(
    r"/(?P<year>(?:19|20)\d\d)(?:(?P<mark>[-_/.])(?P<month>0?[1-9]|1[0-2])(?:(?P=mark)(?P<day>0?[1-9]|[12]\d|3[01]))?"
    r"|(?P<packed_month>0[1-9]|1[0-2])(?P<packed_day>0[1-9]|[12]\d|3[01]))(?=[-_/.]|$)"
)
_FIELDS = {"year": "year", "yyyy": "year", "y": "year", "jahr": "year", "month": "month", "mm": "month", "m": "month"}
_FIELDS.update({"monat": "month", "day": "day", "dd": "day", "d": "day", "tag": "day"})
# What stands behind the date of a list, and is no headline.
_LIST_END = re.compile(
    r"/?(?:index)?(?:\.(?:s?html?|php|aspx?))?/?(?:(?:page|seite|pagina|p)/\d{1,6}/?)?", re.IGNORECASE
)
_ARCHIVE = re.compile(
    r"/(?:archiv(?:e|es|o|os|io|i|um)?|arquivos?|arsiv|archief|all-?(?:news|stories|articles)|news-?archive|hemeroteca)"
    r"(?:\.\w{2,5})?/?$",
    re.IGNORECASE,
)
_ARCHIVE_FOLDER = re.compile(r"/(?:archiv(?:e|es|o|os|io|i|um)?|arquivos?|archief|hemeroteca)/", re.IGNORECASE)
_PAGE_PATH = re.compile(r"/(?:page|seite|pagina|p)/(\d{1,6})(?=/?$)", re.IGNORECASE)
_PAGE_FIELD = re.compile(r"(?<=[?&])(page|paged|pg|p|seite|pagina|pageno|page_no|pagenum)=(\d{1,6})(?=&|$)", re.I)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time: from ``first`` on and before ``last``, in microseconds since 1970, UTC."""

    first: int
    last: int

    def meets(self, other: Span) -> bool:
        """Whether the two have an instant in common."""
        return self.first < other.last and other.first < self.last


@dataclass(frozen=True, slots=True)
class Onward:
    """A link that leads further: to the ``next`` page of the same list, or to another list of the archive."""

    url: str
    next: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    """A date as it stands in a text: its span, and where its parts stand."""

    span: Span
    parts: tuple[tuple[int, int, str], ...]  # begin, end, name

    @property
    def precision(self) -> int:
        return len(self.parts)


def span_of(url: str) -> Span | None:
    """The time that the address of a listing names: a year, month or day; None where it names none."""
    found = _date_in(_rest(url))
    return found.span if found is not None else None


def article_span(url: str) -> Span | None:
    """The day or month in an article's address, at the start of a segment; None where it names none."""
    found = _first(_AT_START, readable_path(url).partition("?")[0])
    return found.span if found is not None else None


def moved(url: str, at: int) -> str | None:
    """The same listing of the time in which an instant lies: a year, month or day as the address names one."""
    begin = len(url) - len(_rest(url))
    found = _date_in(url[begin:])
    if found is None or at < 0:
        return None
    wanted = to_datetime(at)
    for start, end, name in sorted(found.parts, reverse=True):
        value: int = getattr(wanted, name)
        # /2022/3/ has no zeros; of /2022/11/ nobody knows, and most have them.
        url = f"{url[: begin + start]}{value:0{end - start}}{url[begin + end :]}"
    return url


def is_archive(url: str) -> bool:
    """Whether an address looks like a list of an archive: it ends with a date, or is called one."""
    path = readable_path(url)
    if len(path) > MAX_URL:
        return False
    bare, _, query = path.partition("?")
    bare = _PAGE_PATH.sub("", bare)
    if _ARCHIVE.search(bare):
        return True
    found = _date_in(bare)
    if found is not None:
        end = max(end for _, end, _ in found.parts)
        start = min(start for start, _, _ in found.parts)
        # /sport/2022/ is a list of a year; /olympics-2022 is a topic.
        return bare[max(0, start - 1)] in "/" and _LIST_END.fullmatch(bare[end:]) is not None
    return bool(query) and _ARCHIVE_FOLDER.search(bare + "/") is not None and _date_in(path) is not None


def page_of(url: str) -> tuple[str, int]:
    """The address of a list without the number of its page, as a key, and that number: 1 where there is none."""
    number = 1
    for pattern, group in ((_PAGE_PATH, 1), (_PAGE_FIELD, 2)):
        head, mark, query = url.partition("?")
        text = head if pattern is _PAGE_PATH else url
        found = pattern.search(text)
        if found is not None:
            number = int(found[group])
            text = text[: found.start()] + text[found.end() :]
            url = text + mark + query if pattern is _PAGE_PATH else text
            break
    head, _, query = normalise(url).partition("?")
    return head.rstrip("/") + (f"?{query}" if query else ""), number


def onward(body: bytes, url: str, charset: str | None = None) -> tuple[Onward, ...]:
    """The links of a list that lead further back: its next page, and lists of the archive. Never raises; linear."""
    tree = tree_of(decode(body[:MAX_PAGE], charset)).root
    if tree is None:
        return ()
    base = next((resolve(url, one.get("href") or "") for one in tree.iter("base") if one.get("href")), None) or url
    own, number = page_of(url)
    found: dict[str, Onward] = {}
    for place, element in enumerate(tree.iter("a", "link")):
        if place >= MAX_ANCHORS:
            break
        address = resolve(base, element.get("href") or "")
        if address is None or len(address) > MAX_URL or is_file(address) or trap_of(address):
            continue
        said = set((element.get("rel") or "")[:200].lower().split())
        if element.tag == "link" and "next" not in said:
            continue
        stem, other = page_of(address)
        if (stem == own and other == number + 1) or ("next" in said and normalise(address) != normalise(url)):
            found[normalise(address)] = Onward(address, next=True)
        elif stem != own and is_archive(address):
            found.setdefault(normalise(address), Onward(address))
    return tuple(found.values())


def _rest(url: str) -> str:
    """What stands behind the host."""
    return url.partition("#")[0].partition("://")[2].partition("/")[2]


def _date_in(text: str) -> _Found | None:
    path, _, query = text.partition("?")
    found = _first(_DATE, path)
    fields = _date_in_fields(query, len(path) + 1) if query else None
    return max((one for one in (found, fields) if one is not None), key=lambda one: one.precision, default=None)


def _first(pattern: re.Pattern[str], text: str) -> _Found | None:
    """The most precise date that a pattern finds, the first of those."""
    dates = (_dated(one) for one in pattern.finditer(text[:MAX_URL]))
    return max((one for one in dates if one is not None), key=lambda one: one.precision, default=None)


def _dated(match: re.Match[str]) -> _Found | None:
    parts = []
    for name in ("year", "month", "day"):
        group = name if match[name] else f"packed_{name}" if name != "year" and match[f"packed_{name}"] else None
        if group is not None:
            parts.append((match.start(group), match.end(group), name))
    return _made(match.string, tuple(parts))


def _date_in_fields(query: str, begin: int) -> _Found | None:
    """Of ``?year=2022&month=03``, or ``?date=2022-03-14``."""
    parts: dict[str, tuple[int, int, str]] = {}
    values: dict[str, str] = {}
    for match in re.finditer(r"(?:^|&)([A-Za-z_]{1,8})=(\d{1,4})(?=&|$)", query[:MAX_URL]):
        name = _FIELDS.get(match[1].lower())
        if name is not None and name not in parts and (name != "year" or len(match[2]) == 4):
            parts[name] = (begin + match.start(2), begin + match.end(2), name)
            values[name] = match[2]
    wanted = [name for name in ("year", "month", "day") if name in parts]
    if wanted and wanted == ["year", "month", "day"][: len(wanted)]:
        span = _span([int(values[name]) for name in wanted])
        return _Found(span, tuple(parts[name] for name in wanted)) if span is not None else None
    found = _first(_DATE, query)
    if found is None or found.precision == 1:
        return None
    return _Found(found.span, tuple((start + begin, end + begin, name) for start, end, name in found.parts))


def _made(text: str, parts: tuple[tuple[int, int, str], ...]) -> _Found | None:
    span = _span([int(text[start:end]) for start, end, _ in parts])
    return _Found(span, parts) if span is not None else None


def _span(numbers: list[int]) -> Span | None:
    year, *rest = numbers
    try:
        first = date(year, *[*rest, 1, 1][:2])
        if not rest:
            last = date(year + 1, 1, 1)
        elif len(rest) == 1:
            last = (first + timedelta(days=31)).replace(day=1)
        else:
            last = first + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return Span(_instant(first), _instant(last)) if year >= _FIRST_YEAR else None


def _instant(day: date) -> int:
    return from_datetime(datetime(day.year, day.month, day.day, tzinfo=UTC))
