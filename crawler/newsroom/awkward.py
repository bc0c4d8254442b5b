"""Hosts that answer badly, for tests: each has a front page and robots.txt, so that a crawl by name meets its fault.

``forbidden`` and ``failing`` fault at everything, ``slow`` never answers at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crawler.newsroom.answer import Answer, page

HUGE_BYTES = 40 * 1024 * 1024
_ROBOTS = "User-agent: *\nDisallow:\n"
_BLOCK = 64 * 1024

# Two paragraphs that any extractor takes for an article; ä, ö, ü, é and the quotes tell the charsets apart.
_TEXT = (
    "<p>The café on the Größe quay opens at six, long before the first ferry, and closes when the last deckhand has "
    "paid. Its owner, Zoë Müller, says that the pot of coffee has never been empty in eleven years, and that nobody "
    "has ever asked for tea.</p>\n<p>“People come for the warmth,” she said on Thursday, “and stay because the "
    "weather is worse than they thought.” The council has now asked her to pay for the three tables outside, which "
    "she calls an insult to every guest who ever sat there in the rain.</p>\n"
)


def _article(title: str, declared: str = "") -> str:
    meta = f'<meta charset="{declared}">' if declared else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>{meta}<title>{title}</title>\n'
        '<meta property="og:type" content="article">\n'
        '<meta property="article:published_time" content="2026-11-19T08:00:00+00:00"></head>\n'
        f"<body>\n<nav><a href='/'>Home</a></nav>\n<article>\n<h1>{title}</h1>\n{_TEXT}</article>\n</body>\n</html>\n"
    )


def _front(host: str, links: dict[str, str], head: str = "") -> Answer:
    items = "".join(f'<li><a href="/2026/11/{path}/">{title}</a></li>\n' for path, title in links.items())
    return page(
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{host}</title>\n{head}</head>\n'
        f"<body>\n<h1>{host}</h1>\n<ul>\n{items}</ul>\n</body>\n</html>\n"
    )


def _feed_link(path: str) -> str:
    return f'<link rel="alternate" type="application/rss+xml" title="Feed" href="{path}">\n'


def _wrong_charset(path: str) -> Answer | None:
    titles = {
        "head-says-utf-8": "The head says UTF-8, the bytes are windows-1252",
        "meta-says-latin-1": "The page says ISO-8859-1, the bytes are UTF-8",
        "nobody-knows-this-charset": "The charset has a name that nobody knows",
    }
    match path.strip("/").removeprefix("2026/11/"):
        case "":
            return _front("wrong-charset.example", titles)
        case "head-says-utf-8" as name:
            return page(_article(titles[name]), content_type="text/html; charset=utf-8", encoding="windows-1252")
        case "meta-says-latin-1" as name:
            return page(_article(titles[name], "iso-8859-1"), content_type="text/html")
        case "nobody-knows-this-charset" as name:
            return page(_article(titles[name]), content_type="text/html; charset=x-quayside-7")
    return None


def _broken_feed(path: str) -> Answer | None:
    host = "broken-feed.example"
    match path:
        case "/":
            return _front(host, {"coffee-without-end": "Coffee without end"}, _feed_link("/feed/"))
        case "/feed/":
            # An entity that XML does not know, a bare ampersand, a NUL, and cut in the middle of an item.
            cut = (
                '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>Broken &nbsp; feed</title>'
                f"<item><title>Coffee & cake\0</title><link>http://{host}/2026/11/coffee-from-the-feed/</link></item>\n"
                f"<item><title>Cut he"
            )
            return page(cut, content_type="application/rss+xml; charset=UTF-8")
        case "/2026/11/coffee-without-end/":
            return page(_article("Coffee without end"))
        case "/2026/11/coffee-from-the-feed/":
            return page(_article("Coffee and cake"))
    return None


def _sitemap_is_html(path: str) -> Answer | None:
    host = "sitemap-is-html.example"
    match path:
        case "/robots.txt":
            return page(f"{_ROBOTS}\nSitemap: http://{host}/sitemap.xml\n", content_type="text/plain")
        case "/sitemap.xml":  # a front controller that answers every unknown path with the front page
            return _front(host, {"tables-in-the-rain": "Tables in the rain"})
        case "/":
            return _front(host, {"tables-in-the-rain": "Tables in the rain"})
        case "/2026/11/tables-in-the-rain/":
            return page(_article("Tables in the rain"))
    return None


def _empty_feed(path: str) -> Answer | None:
    host = "empty-feed.example"
    match path:
        case "/":
            head = _feed_link("/feed/") + _feed_link("/comments/feed/")
            return _front(host, {"six-in-the-morning": "Six in the morning"}, head)
        case "/feed/":
            empty = f"<?xml version='1.0'?><rss version='2.0'><channel><title>{host}</title></channel></rss>\n"
            return page(empty, content_type="application/rss+xml")
        case "/comments/feed/":
            return page("", content_type="application/rss+xml")
        case "/2026/11/six-in-the-morning/":
            return page(_article("Six in the morning"))
    return None


def _huge_parts() -> Iterator[bytes]:
    """An article, then white space and empty comments until the size is reached."""
    start = _article("Forty megabytes of coffee").encode()
    yield start
    left = HUGE_BYTES - len(start)
    filler = (b"<!-- the pot is never empty -->\n" * (_BLOCK // 32))[:_BLOCK]
    while left > 0:
        yield filler[:left]
        left -= len(filler)


def _huge(path: str) -> Answer | None:
    match path:
        case "/":
            links = {"forty-megabytes": "Forty megabytes of coffee", "a-small-cup": "A small cup"}
            return _front("huge.example", links)
        case "/2026/11/forty-megabytes/":
            return Answer(length=HUGE_BYTES, stream=_huge_parts)
        case "/2026/11/a-small-cup/":
            return page(_article("A small cup"))
    return None


def _forbidden(_path: str) -> Answer | None:
    return page("<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1></body></html>\n", 403)


def _failing(_path: str) -> Answer | None:
    return page("<h1>Error establishing a database connection</h1>\n", 500)


def _slow(_path: str) -> Answer | None:
    return Answer(silent=True)


_SITES: dict[str, Callable[[str], Answer | None]] = {
    "wrong-charset.example": _wrong_charset,
    "broken-feed.example": _broken_feed,
    "sitemap-is-html.example": _sitemap_is_html,
    "forbidden.example": _forbidden,
    "failing.example": _failing,
    "empty-feed.example": _empty_feed,
    "huge.example": _huge,
    "slow.example": _slow,
}
HOSTS = tuple(_SITES)


def answer_of(host: str, path: str) -> Answer:
    """The awkward host's answer to a path."""
    made = _SITES[host](path)
    if made is None and path == "/robots.txt":
        return page(_ROBOTS, content_type="text/plain")
    return made or page("<h1>404 Not Found</h1>\n", 404)
