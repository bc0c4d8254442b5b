"""What a URL's shape tells: whether it looks like one article, or like a section, tag or service page.

In no language in particular: it looks for dates, ids and slugs of several words. The few words it knows are the
names of service pages that otherwise look like slugs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl

from crawler.urls import MOST_REMEMBERED, REMEMBERED, is_file, readable_path

# At this many points a URL is taken for an article wherever it is linked from content.
ARTICLE = 3
# At so few, a source that names it as an article is wrong: tag pages, the front page, files.
_CERTAINLY_NOT = -3

_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d([/_.-]?)(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"  # 2026/11/24, 2026-11-24, 20261124
    r"|(?:19|20)?\d\d_[a-z]{3,9}_\d\d?"  # 26_novembre_24
    r"|(?:19|20)\d\d/(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/\d\d?)(?!\d)",
    re.IGNORECASE,
)
_YEAR_OR_MONTH = re.compile(r"(?:^|/)(?:19|20)\d\d(?:[/-](?:0[1-9]|1[0-2]))?(?=/|$)")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_HASH = re.compile(r"(?<![0-9a-z])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{16,40}(?![0-9a-z])", re.IGNORECASE)
_NUMBER = re.compile(r"\d{4,}")
_SHORT_ID = re.compile(r"(?:^|[-_.,/])(?:[a-z]{0,6}-?)?\d{2,}(?:\.\w{2,5})?$", re.IGNORECASE)
_MIXED_ID = re.compile(r"(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{7,40}")
_EXTENSION = re.compile(r"\.(?:s?html?|php\d?|aspx?|jsp|cms|ece|do|story|amp|print)$", re.IGNORECASE)
_WORD_BREAK = re.compile(r"[-_+. ,:]+")
_ARTICLE_ID_NAME = re.compile(
    r"(?:^|_)(?:id|aid|nid|sid|pid|p|idx\w*|article\w*|story\w*|news\w*|doc\w*|item\w*|post\w*|content\w*|no|num|art)$"
    r"|(?:article|news|story|post|doc|item|content|art)_?(?:id|no|num|idx|seq|key)$",
    re.IGNORECASE,
)
_LISTING = frozenset(
    {
        *(
            "tag",
            "tags",
            "topic",
            "topics",
            "category",
            "categories",
            "author",
            "authors",
            "autor",
            "autoren",
            "auteur",
        ),
        *("search", "suche", "recherche", "buscar", "page", "seite", "pagina", "keyword", "label", "profile", "user"),
        *(
            "thema",
            "themen",
            "schlagwort",
            "etiqueta",
            "temas",
            "tema",
            "argomenti",
            "person",
            "people",
            "contributors",
        ),
    }
)
_SERVICE = frozenset(
    {
        *("login", "signin", "sign-in", "signup", "sign-up", "register", "account", "logout", "subscribe", "abo"),
        *(
            "subscription",
            "subscriptions",
            "newsletter",
            "newsletters",
            "privacy",
            "privacy-policy",
            "terms",
            "cookies",
        ),
        *("terms-of-service", "terms-of-use", "terms-and-conditions", "terms-conditions", "cookie-policy", "legal"),
        *(
            "about",
            "about-us",
            "contact",
            "contact-us",
            "contacts",
            "impressum",
            "datenschutz",
            "kontakt",
            "agb",
            "help",
        ),
        *(
            "faq",
            "advertise",
            "advertising",
            "advertise-with-us",
            "careers",
            "jobs",
            "mediadaten",
            "rss",
            "feed",
            "feeds",
        ),
        *("wp-login.php", "wp-admin", "wp-json", "cart", "checkout", "shop", "store", "cgi-bin", "sitemap", "comments"),
        *("mentions-legales", "aviso-legal", "politica-de-privacidad", "nutzungsbedingungen", "accessibility", "games"),
        *(
            "do-not-sell-my-personal-information",
            "privacy-notice",
            "terms-of-sale",
            "cookie-notice",
            "datenschutzerklaerung",
        ),
        *("share", "sharer", "print", "mailto", "epaper", "e-paper", "redirect", "widget", "embed"),
    }
)
_WIDE = re.compile(r"[぀-ヿ㐀-鿿가-힯฀-๿]")  # scripts that write words without hyphens


@dataclass(frozen=True, slots=True)
class Shape:
    """Points for looking like an article (negative: for looking like anything else), and the reasons in words."""

    points: int
    why: tuple[str, ...]
    strong: bool = False  # a date or a long id, which hardly any page but an article carries
    depth: int = 0  # segments of the path


def shape_of(url: str) -> Shape:
    """The shape of an absolute http(s) URL. Linear in its length, which `crawler.urls.MAX_URL` bounds."""
    return _known_shape(url) if len(url) <= REMEMBERED else _shape(url)


def _shape(url: str) -> Shape:
    path, _, query = readable_path(url[:4000]).partition("?")
    segments = [segment for segment in path.split("/") if segment]
    if is_file(url):
        return Shape(-9, ("a file",), depth=len(segments))
    words = [segment.lower() for segment in segments]
    if words and (words[-1] in _SERVICE or (words[0] in _SERVICE and len(words) == 2)):
        return Shape(-9, ("a service page",), depth=len(segments))
    points = 0
    why: list[str] = []
    strong = False

    def add(gain: int, reason: str) -> None:
        nonlocal points
        points += gain
        why.append(reason)

    slug = _best_slug(segments)
    dated = _DATE.search(path)
    if dated and path[dated.end() :].strip("/"):
        add(4, "a date and a name in its path")
        strong = True
    elif dated and words and not _DATE.fullmatch(path.strip("/")) and "/" not in dated.group():
        add(3, "a date at its end")
        strong = True
    elif _YEAR_OR_MONTH.search(path) and slug >= 2:
        add(2, "a year or month in its path")
    if slug >= 4:
        add(4 if slug >= 6 else 3, f"a slug of {slug} words")
    elif slug == 3:
        add(2, "a slug of 3 words")
    elif slug == 2:
        add(1, "a slug of 2 words")
    found_id, is_strong = _id_in(segments)
    if found_id:
        add(3 if is_strong else 2, found_id)
        strong = strong or is_strong
    if query:
        names = [name for name, value in parse_qsl(query[:1000], max_num_fields=None) if value and _is_id(name, value)]
        if names:
            add(3, f"an id in its query ({names[0][:20]})")
            strong = True
    if segments and _EXTENSION.search(segments[-1]) and not words[-1].startswith("index."):
        add(1, "a page's extension")
    below = min((len(words) - 1 - at for at, word in enumerate(words) if word in _LISTING), default=None)
    if below is not None and below <= 1:
        # /tag/NAME and /author lead to lists; /autoren/NAME/HEADLINE is an article in its author's folder.
        add(-4, "a listing's word in its path")
        strong = False
    elif below is not None or any(word in _SERVICE for word in words):
        add(-1, "a listing's or service word further up its path")
    if not segments and not points:
        add(-3, "the front page")
    elif dated and not path[dated.end() :].strip("/") and "/" in dated.group():
        add(-2, "a day's listing")
    return Shape(points, tuple(why), strong, len(segments))


_known_shape = lru_cache(MOST_REMEMBERED)(_shape)


def _is_id(name: str, value: str) -> bool:
    return bool(_ARTICLE_ID_NAME.search(name)) and len(value) < 80 and any(letter.isdigit() for letter in value)


def _best_slug(segments: list[str]) -> int:
    """The number of words of the wordiest among the last three segments: some end in an id or a language."""
    return max((words_of(segment) for segment in segments[-3:]), default=0)


def words_of(segment: str) -> int:
    """The number of words in a segment of a path; numbers, hashes and single letters are none."""
    segment = _EXTENSION.sub("", segment)
    wide = len(_WIDE.findall(segment))
    if wide:
        return max(1, wide // 3)  # a word of Chinese or Japanese has two or three characters
    pieces = [piece for piece in _WORD_BREAK.split(segment) if piece]
    return sum(1 for piece in pieces if len(piece) > 1 and not any(letter.isdigit() for letter in piece))


def _id_in(segments: list[str]) -> tuple[str | None, bool]:
    """What looks like an id in the last three segments, and whether it is long enough to be sure."""
    for position, segment in enumerate(reversed(segments[-3:])):
        name = _EXTENSION.sub("", segment)
        if _UUID.search(name) or _HASH.search(name):
            return "a hash or UUID", True
        rest = _DATE.sub("", name)
        numbers = _NUMBER.findall(rest)
        longest = max(map(len, numbers), default=0)
        if longest >= 5:
            return "an id of 5 digits or more", True
        if position:
            continue
        for piece in re.split(r"[-_,.]", rest):
            found = _MIXED_ID.fullmatch(piece)
            if found and sum(letter.isdigit() for letter in piece) >= 2:
                return "an id of letters and digits", len(piece) >= 9
        # Short numbers are an id beside a name or in a deeper path; a lone /2026 or /24 is a listing.
        if len(segments) > 1 and (longest == 4 or _SHORT_ID.search(rest)) and not _YEAR_OR_MONTH.fullmatch(rest):
            return "a short id at its end", False
        if re.search(r",[A-Za-z0-9]{6,12}$", name):
            return "an id after a comma", True
    return None, False


def may_be_article(url: str) -> bool:
    """Whether what a feed or sitemap announces is worth fetching: all but files, service pages, listings, the front.

    A source vouches for what it names, so this is milder than `ARTICLE`: a shape without any sign is let through.
    """
    return shape_of(url).points > _CERTAINLY_NOT
