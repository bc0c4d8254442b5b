"""A news site grown to as many articles as one likes, with what recurs on its pages: written by a program, text known.

Three templates; with the second half of the articles comes a redesign, in which markup and chrome change. Genuine text
recurs, too: background paragraphs and lists that the articles of one story share, and short sentences of any article.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from html import escape

_SUBJECTS = (
    *("The council", "The harbour board", "A spokesman", "The ministry", "Her lawyer", "The school", "The railway"),
    *("A court", "The fire brigade", "The museum", "Every second household", "The opposition", "A study", "The ferry"),
)
_VERBS = (
    *("rejected", "approved", "delayed", "measured", "described", "questioned", "paid for", "reopened", "counted"),
    *("closed", "praised", "inherited", "repaired", "sold", "announced", "withdrew", "defended", "postponed"),
)
_OBJECTS = (
    *("the plan for the quay", "a second bridge", "the old tram line", "the winter timetable", "three of the claims"),
    *("the new school roof", "a loan of two million", "the report on the flood", "the tender for buses", "the bell"),
    *("the fishing quota", "half of the parking places", "the library's cellar", "a wall of the castle", "the map"),
)
_WHENS = (
    *("on Monday", "late on Friday", "in the spring", "before the vote", "after nine years", "without a debate"),
    *("for the third time", "against the advice of its auditors", "at the end of the month", "on the eve of the fair"),
)
_TAILS = (
    *("because nobody had asked", "although the money was there", "and said so in public", "while the town slept"),
    *("which surprised the neighbours", "as the minutes of the meeting show", "so that work can begin", "once again"),
)
_NAMES = ("Ida Mark", "Tom Sandgren", "Ruth Olsen", "Amir Haddad")
_SHORT = (
    "The investigation continues.",
    "Nobody was hurt.",
    "A decision is expected in June.",
    "Both sides may appeal.",
)


@dataclass(frozen=True, slots=True)
class Grown:
    """One article: its address, its page, and the blocks of its text."""

    url: str
    html: str
    headline: str
    blocks: tuple[str, ...]
    chrome: tuple[str, ...]  # lines that stand near the text and are none of it
    template: int


def sentence(luck: random.Random) -> str:
    """A sentence that hardly any other article has."""
    number = luck.randrange(2, 900)
    said = f"{luck.choice(_SUBJECTS)} {luck.choice(_VERBS)} {luck.choice(_OBJECTS)} {luck.choice(_WHENS)}"
    counted = luck.choice(("people", "crowns", "pages", "metres"))
    return f"{said}, {luck.choice(_TAILS)}, and {number} {counted} were named."


def paragraph(luck: random.Random) -> str:
    """Two to five such sentences."""
    return " ".join(sentence(luck) for _ in range(luck.randrange(2, 6)))


def grow(number: int, seed: int, host: str = "grown.example") -> list[Grown]:
    """So many articles of one site, in the order of their publication."""
    luck = random.Random(seed)
    stories = [_Story(luck) for _ in range(max(1, number // 5))]
    headlines = [f"{luck.choice(_SUBJECTS)} {luck.choice(_VERBS)} {luck.choice(_OBJECTS)} {n}" for n in range(number)]
    return [_article(n, number, host, headlines, luck.choice(stories), luck) for n in range(number)]


class _Story:
    """What the articles of one story share."""

    def __init__(self, luck: random.Random) -> None:
        self.background = paragraph(luck)
        self.list = [f"{luck.choice(_OBJECTS).capitalize()}: {luck.randrange(1, 99)} votes" for _ in range(3)]


def _article(number: int, total: int, host: str, headlines: list[str], story: _Story, luck: random.Random) -> Grown:
    redesigned = number >= total // 2
    template = 2 if redesigned else number % 2
    headline, author = headlines[number], luck.choice(_NAMES)
    blocks: list[str] = []
    parts: list[str] = []  # what stands in the body, as HTML
    chrome: list[str] = []

    def genuine(text: str, tag: str = "p") -> None:
        blocks.append(text)
        parts.append(f"<{tag}>{escape(text)}</{tag}>")

    def alien(text: str, html: str) -> None:
        chrome.append(text)
        parts.append(html)

    others = [one for one in luck.sample(headlines, 6) if one != headline][:5]
    letter = (
        "Get the best of our reporting every morning: subscribe to the Grown Gazette's daily letter."
        if not redesigned
        else "Our journalism is free for all readers. If you can, support it with a small gift each month."
    )
    length = luck.randrange(6, 14)
    for at in range(length):
        if at and at % 5 == 0:
            usual = luck.random() < 0.2
            about = f"{luck.choice(_OBJECTS).capitalize()} {luck.choice(_WHENS)}"
            genuine("What happens next" if usual else about, "h2")
        text = paragraph(luck)
        if luck.random() < 0.03:
            text = luck.choice(_SHORT)
        genuine(text)
        if at == 1 and luck.random() < 0.7:
            alien(f"Read also: {others[0]}", f'<p>Read also: <a href="/{number}-a">{escape(others[0])}</a></p>')
        if at == 3:
            alien(letter, f"<p>{escape(letter)}</p>")
    if luck.random() < 0.4:
        genuine(story.background)
    if luck.random() < 0.2:
        blocks.extend(story.list)
        parts.append("<ul>" + "".join(f"<li>{escape(one)}</li>" for one in story.list) + "</ul>")
    bio = f"{author} has covered the harbour for the Gazette since 2009 and lives near the quay with two dogs."
    alien(bio, f"<p>{escape(bio)}</p>" if template else f'<p class="about">{escape(bio)}</p>')
    for line in ("Leave a reply", "Your address will not be published. Required fields are marked with a star."):
        alien(line, f"<h3>{line}</h3>" if line == "Leave a reply" else f"<p>{line}</p>")
    page = _TEMPLATES[template](headline, author, "\n".join(parts), others, number)
    return Grown(f"https://{host}/{number}", page, headline, tuple(blocks), (*chrome, *others), template)


def _head(headline: str, author: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(headline)} | Grown Gazette</title>'
        f'<meta property="og:type" content="article"><meta name="author" content="{author}"></head>'
    )


def _classic(headline: str, author: str, body: str, others: list[str], number: int) -> str:
    cards = "".join(f'<li><a href="/{number}-{n}">{escape(one)}</a></li>' for n, one in enumerate(others))
    return (
        f'{_head(headline, author)}<body><nav><a href="/">Home</a> <a href="/town">Town</a></nav><article>'
        f'<h1>{escape(headline)}</h1><p class="byline">By {author}</p><div class="entry-content">{body}</div></article>'
        f'<aside class="most"><h3>Most read</h3><ul>{cards}</ul></aside><footer>Grown Gazette, 2026</footer>'
        "</body></html>"
    )


def _plain(headline: str, author: str, body: str, others: list[str], number: int) -> str:
    cards = "".join(
        f'<div class="k"><p><a href="/{number}-{n}">{escape(one)}</a></p></div>' for n, one in enumerate(others)
    )
    return (
        f'{_head(headline, author)}<body><div id="w"><div class="c"><h1>{escape(headline)}</h1><div>By {author}</div>'
        f'<div class="t">{body}</div><div class="r">{cards}</div></div></div></body></html>'
    )


def _modules(headline: str, author: str, body: str, others: list[str], number: int) -> str:
    cards = "".join(
        f'<div class="css-{n}kq"><h4>{escape(one)}</h4><p>{escape(one)}: what we know so far.</p></div>'
        for n, one in enumerate(others)
    )
    return (
        f'{_head(headline, author)}<body><main><section class="css-9hx"><h1>{escape(headline)}</h1>'
        f'<div class="css-1by">{author}</div><div class="css-4tx">{body}{cards}</div></section></main></body></html>'
    )


_TEMPLATES = (_classic, _plain, _modules)
