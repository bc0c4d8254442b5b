"""Formats other than a story: live blogs, galleries, videos and pages of links, by what stands on the page."""

from __future__ import annotations

import re
from bisect import bisect_right
from urllib.parse import urlsplit

from lxml import etree

from archive.cleaning.blocks import Blocks
from archive.cleaning.evidence import Page
from archive.cleaning.linked import Linked
from archive.cleaning.placed import Placed

# A live blog calls itself one, in its headline or its address, and has posts with their times.
_LIVE = re.compile(
    r"\blive[- ]?(?:blog|ticker|updates?|feed|reporting|coverage|verslag|studio|rapport|center)|^\W*live\b|"
    r"\blive\W*$|\blive ?[:–|]|"
    r"\bnews(?:blog|ticker)\b|\bticker\b|\ben (?:direct|vivo)\b|\bminuto a minuto\b|\b(?:in|la) diretta\b|"
    r"\bao vivo\b|"
    r"\bminut[eo] (?:par|per) minut[eo]\b|\bna żywo\b|\brelacja\b|\bonline přenos|\bпрямая трансляция|\bонлайн\b|"
    r"\bdirekte ?[:–]|\bcanlı (?:anlatım|blog)|ライブ|タイムライン|直播|实时更新|실시간",
    re.IGNORECASE,
)
_LIVE_ADDRESS = re.compile(
    r"/live(?:/|-)|live-?(?:blog|ticker|updates?)|-live(?:[/.-]|$)|newsticker|/ticker/", re.IGNORECASE
)
# The time of a post, alone or before its first words.
_CLOCK = re.compile(r"\W*(?:[01]?\d|2[0-3])(?:[:.h]|時|点|시)\s?[0-5]\d(?!\d)")
_POSTS = 4  # with a time each
_TIMES = etree.XPath("//time")

_GALLERY_ADDRESS = re.compile(
    r"/(?:[a-z]+-)?(?:gallery|galleries|galerie|galerien|bildergalerie\w*|fotostrecke\w*|foto-?galer\w+|"
    r"photo-?galler\w+|"
    r"photos|fotos|diaporama\w*|portfolio|galeria\w*|galler[iy]\w*|fotogaller\w+|slideshow\w*|bilder|bildspel|"
    r"galerija|"
    r"galerias?|pictures|in-pictures|en-images|en-imagenes)(?:[/.-]|$)",
    re.IGNORECASE,
)
_GALLERIES = frozenset({"ImageGallery", "MediaGallery"})
_PICTURES = etree.XPath(
    "count(//figure[.//img]|//li[.//img][contains(../@class, 'gall') or contains(../@class, 'slid')])"
)
_MANY_PICTURES = 5
_GALLERY_WORDS = 250  # of a text; what is longer is a story with pictures

_VIDEO_ADDRESS = re.compile(
    r"/(?:videos?|watch|vid[ée]o|wideo|filme?|clips?|mediathek|видео|sendung)(?:[/.-]|$)", re.IGNORECASE
)
_PLAYERS = etree.XPath(
    "boolean(//video|//iframe[contains(@src, 'youtube') or contains(@src, 'vimeo') or contains(@src, 'dailymotion') or "
    "contains(@src, 'player') or contains(@src, 'video')]|//*[contains(@class, 'video-player') or "
    "contains(@class, 'jwplayer') or contains(@class, 'video-js') or contains(@class, 'brightcove')])"
)
_VIDEO_WORDS = 120  # of a description below a player

_INDEXES = frozenset({"CollectionPage", "SearchResultsPage", "ItemList"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4"})
_ENTRIES = 8  # headings that lead elsewhere
_ENTRIES_OF_LISTING = 3  # where the page calls itself an index, or its address does
_LISTING_ADDRESS = re.compile(
    r"^/(?:[a-z]{2}/)?(?:tags?|categor(?:y|ies)|kategorien?|rubri(?:k|ken|que|ca)|sections?|ressorts?|topics?|them(?:a|en?)|"
    r"authors?|autor(?:en|es)?|auteurs?|secci[oó]n|etiquetas?|temas?|search|suche|recherche|buscar)/",
    re.IGNORECASE,
)
_EACH = 40  # words that each has on the average; a list that tells more of its things is a text
_TEASERS = 100  # words of text that stand between two of them; a story is longer, and stands in one place


def live(page: Page, linked: Linked, headline: str | None, blocks: Blocks, placed: tuple[Placed, ...]) -> str | None:
    """Why a page is a live blog; None where it is none."""
    if "LiveBlogPosting" in linked.types:
        return "declared as LiveBlogPosting"
    if not (placed and ((headline and _LIVE.search(headline)) or _LIVE_ADDRESS.search(urlsplit(page.url).path))):
        return None
    first, last = min(one.start for one in placed), max(one.end for one in placed)
    starts = page.stream.starts
    times = {
        starts[node]
        for node, text in zip(blocks.first, blocks.text, strict=True)
        if first <= starts[node] <= last and _CLOCK.match(text)
    }
    times.update(at for one in _TIMES(page.root)[:500] if first <= (at := page.stream.extent(one)[0]) <= last)
    if len(times) < _POSTS:
        return None
    return f"it calls itself live, and {len(times)} times stand among its texts"


def gallery(page: Page, linked: Linked, words: int) -> str | None:
    """Why a page is a gallery; None where it is none."""
    if words >= _GALLERY_WORDS:
        return None
    if linked.article is None and (declared := linked.types & _GALLERIES):
        return f"declared as {min(declared)}, {words} words of text"
    if not _GALLERY_ADDRESS.search(urlsplit(page.url).path):
        return None
    pictures = int(_PICTURES(page.root))
    if pictures < _MANY_PICTURES:
        return None
    return f"its address says gallery, with {pictures} pictures and {words} words of text"


def video(page: Page, linked: Linked, words: int) -> str | None:
    """Why a page is a video with a description; None where it is none."""
    if words >= _VIDEO_WORDS:
        return None
    kinds = [one.value.lower() for one in page.meta("og:type")]
    if linked.article is None and any(one.split(".")[0] == "video" for one in kinds):
        return f"declared as a video, {words} words of text"
    if linked.article is None and "VideoObject" in linked.types and not any("article" in one for one in kinds):
        return f"declared as VideoObject and as no article, {words} words of text"
    if _VIDEO_ADDRESS.search(urlsplit(page.url).path) and _PLAYERS(page.root):
        return f"its address says video, with a player and {words} words of text"
    return None


def declares_article(page: Page, linked: Linked) -> bool:
    """Whether the page itself says that it is an article."""
    kinds = (one.value.lower() for one in page.meta("og:type"))
    return (
        linked.article is not None or any("article" in one for one in kinds) or "article:published_time" in page.metas
    )


def index(page: Page, linked: Linked, blocks: Blocks, placed: tuple[Placed, ...]) -> str | None:
    """Why a page is an index of others: headings that are links, and no more than teasers between them."""
    if declares_article(page, linked):
        return None
    starts = [page.stream.starts[node] for node in blocks.first]
    entries = {
        number
        for number, box in enumerate(blocks.box)
        if 2 * blocks.linked[number] > blocks.size[number] and _in_heading(blocks, box)
    }
    declared = linked.types & _INDEXES
    listing = _LISTING_ADDRESS.search(urlsplit(page.url).path)
    least = _ENTRIES_OF_LISTING if declared or listing else _ENTRIES
    if len(entries) < least:
        return None
    spans = sorted((one.start, one.end) for one in placed)
    begins = [start for start, _ in spans]
    between: dict[int, int] = {}  # the words that were kept behind each heading, until the next one
    passed = 0
    for number, start in enumerate(starts):
        if number in entries:
            passed += 1
            continue
        at = bisect_right(begins, start) - 1
        if at >= 0 and start < spans[at][1]:
            between[passed] = between.get(passed, 0) + blocks.words[number]
    longest, told = max(between.values(), default=0), sum(between.values())
    if longest >= _TEASERS or told > _EACH * len(entries) or (2 * len(between) < least and told >= _TEASERS // 2):
        return None
    said = f"declared as {min(declared)}, " if declared else f"its address is {listing[0]}\u2026, " if listing else ""
    return f"{said}{len(entries)} headings are links, and no more than {longest} words stand between two of them"


def _in_heading(blocks: Blocks, box: int) -> bool:
    return blocks.tag[box] in _HEADINGS or (blocks.parent[box] >= 0 and blocks.tag[blocks.parent[box]] in _HEADINGS)
