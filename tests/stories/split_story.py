"""A story on several pages, as a newspaper of our own would serve it."""

from __future__ import annotations

HOST = "https://courier.example"
PATH = "/2026/11/24/the-long-dredging"
HEADLINE = "The long dredging of the outer harbour"
STANDFIRST = "Three winters, four contractors and one lost anchor: how the outer harbour got its depth back."
FOOT = "The reporter has covered the harbour since the first contract was signed and lives on the north quay."
# What the pages say, page by page; three paragraphs each.
PARAGRAPHS = (
    (
        "The first barge arrived before dawn in October, with a crew of nine and a pump that nobody had tried in salt.",
        "Engineers from the harbour office had measured the channel twice, and found it two metres shallower than the "
        "charts of the navy said it was.",
        "“We expected sand, and we found the old quay,” said Ida Mark, who led the survey for the harbour office.",
    ),
    (
        "In the second winter the contractor changed, and with him the method: grabs, and night shifts.",
        "Fishermen complained that the lamps kept the herring away, and the council paid for warmer ones.",
        "By March the channel was open for boats of four metres, and the first freighter came with timber.",
    ),
    (
        "The anchor was found in the third winter, eleven metres below the mud, with nine links of chain still on it.",
        "Historians of the town museum date it to the flood year, when two merchantmen were lost off the pier.",
        "It now stands before the harbour office, and the channel has the depth that the charts had always claimed.",
    ),
)


def address(number: int, form: str = "?page={}") -> str:
    """The URL of a page, by the way in which it is numbered."""
    return HOST + PATH + (form.format(number) if number > 1 else "")


def pager(number: int, of: int, form: str = "?page={}", *, whole: str = "", linked: bool = True) -> str:
    """The links below a page."""
    links = [
        f"<strong>{n}</strong>" if n == number else f'<a href="{PATH}{form.format(n) if n > 1 else ""}">{n}</a>'
        for n in range(1, of + 1)
    ]
    onward = f'<a rel="next" href="{PATH}{form.format(number + 1)}">Next page</a>' if number < of else ""
    single = f'<a href="{whole}">View as single page</a>' if whole else ""
    return f'<div class="pages">{" ".join(links) if linked else ""} {onward} {single}</div>'


def page(
    number: int,
    of: int = 3,
    form: str = "?page={}",
    *,
    whole: str = "",
    linked: bool = True,
    changed: str = "",
) -> bytes:
    """One of the pages; with ``linked`` each names all others by number, else the next one alone."""
    said = "".join(f"<p>{one}</p>" for one in PARAGRAPHS[number - 1])
    turned = f"<p>Page {number} of {of}</p>" if number > 1 else ""
    below = pager(number, of, form, whole=whole, linked=linked)
    return _around(f"{turned}{said}{f'<p>{changed}</p>' if changed else ''}<p>{FOOT}</p>", below)


def on_one_page(of: int = 3) -> bytes:
    """The page that has all of the story."""
    said = "".join(f"<p>{one}</p>" for some in PARAGRAPHS[:of] for one in some)
    return _around(f"{said}<p>{FOOT}</p>", "")


def _around(said: str, below: str) -> bytes:
    links = "".join(f'<li><a href="/2026/11/2{n}/other-{n}">Another story of the day {n}</a></li>' for n in range(4))
    return f"""<!doctype html><html lang="en"><head><title>{HEADLINE} | The Harbour Courier</title>
<meta property="og:type" content="article"><meta property="og:site_name" content="The Harbour Courier">
<meta property="article:published_time" content="2026-11-24T09:30:00+01:00">
<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "{HEADLINE}",
 "datePublished": "2026-11-24T09:30:00+01:00", "author": {{"name": "Ida Feld"}}}}</script></head>
<body><nav><a href="/">Home</a> <a href="/harbour">Harbour</a> <a href="/town">Town</a></nav>
<main><article><h1>{HEADLINE}</h1><p class="standfirst">{STANDFIRST}</p><p class="byline">By Ida Feld</p>
<div class="article-body">{said}</div>{below}</article></main>
<aside><h2>More stories</h2><ul>{links}</ul></aside><footer>Imprint, contact, privacy</footer></body></html>""".encode()
