"""A page's ledger as one HTML file: what was kept stands clear, what was left out in the colour of its class. Pure.

The file holds no script, asks for nothing, and every text of the archived page is escaped. Each run of text opens on
a click, a tap or a key and then says what decided about it; the same stands in its title, for a pointer that rests.
Colours are told apart by hue and by the class's name beside them, so that none need be seen.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from archive.article import Article, BlockKind
from archive.cleaning.chrome import Chrome
from archive.cleaning.ledger import HEADLINE, STANDFIRST, Ledger, LedgerEntry
from archive.terminal import one_line

_CHIP = 90  # characters of what stands beside others in a line; longer texts have a line of their own
_EXCERPT = 300  # characters of a title
# The hue of each class, in degrees; neighbours in meaning are neighbours in colour.
HUES: dict[Chrome, int] = {
    Chrome.ADVERTISEMENT: 0,
    Chrome.SUBSCRIPTION: 18,
    Chrome.NEWSLETTER: 34,
    Chrome.CONSENT: 48,
    Chrome.LEGAL: 60,
    Chrome.CORRECTION: 72,
    Chrome.COMMENTS: 84,
    Chrome.CAPTION: 112,
    Chrome.CREDIT: 128,
    Chrome.MEDIA: 146,
    Chrome.RELATED: 168,
    Chrome.RECIRCULATION: 184,
    Chrome.TAGS: 200,
    Chrome.NAVIGATION: 218,
    Chrome.SHARE: 236,
    Chrome.FORM: 252,
    Chrome.AUTHOR_BOX: 272,
    Chrome.BYLINE: 286,
    Chrome.DATE: 300,
    Chrome.KICKER: 314,
    Chrome.HEADLINE_REPEATED: 326,
    Chrome.STANDFIRST: 334,
    Chrome.REPEATED_TEXT: 344,
    Chrome.REPEATED_CHROME: 352,
}  # what is hidden, and what nothing tells, is grey


@dataclass(frozen=True, slots=True)
class Occasion:
    """What stands above a ledger: the page's address and the facts of its capture, each with its name."""

    address: str
    facts: tuple[tuple[str, str], ...]
    remark: str = ""  # that the stored text is another one, for instance


def html(ledger: Ledger, occasion: Occasion) -> str:
    """The whole file, to be written as UTF-8."""
    text = ledger.text
    article = text if isinstance(text, Article) else None
    title = one_line(article.headline if article is not None and article.headline else occasion.address)
    style = _STYLE + _colours(ledger)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    language = one_line(article.language) if article is not None and article.language else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">'
        f"<title>{escape(f'Explained: {title}')}</title><style>{style}</style></head>\n"
        f'<body><a class="skip" href="#page">To the page’s text</a>{_header(ledger, occasion, title)}'
        f'{_legend(ledger)}<main id="page"{_lang(language)}>\n{"".join(_pages(ledger))}</main>'
        "</body></html>\n"
    )


def _lang(language: str) -> str:
    return f' lang="{escape(language)}"' if language else ' lang=""'


def _header(ledger: Ledger, occasion: Occasion, title: str) -> str:
    text = ledger.text
    reason = text.reason if not isinstance(text, Article) else _why(text)
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd><bdi>{escape(one_line(value))}</bdi></dd></div>"
        for name, value in occasion.facts
        if value
    )
    verdict = f'<strong class="verdict">{escape(str(text.verdict))}</strong>'
    said = f"{verdict} <bdi>{escape(one_line(reason))}</bdi>" if reason else verdict
    remark = f'<p class="remark">{escape(occasion.remark)}</p>' if occasion.remark else ""
    return (
        f'<header><p class="over">What was kept of a page, and what was not</p><h1><bdi>{escape(title)}</bdi></h1>'
        f'<p class="address"><bdi>{escape(one_line(occasion.address))}</bdi></p><p>{said}</p>{remark}'
        f'<dl class="facts">{facts}</dl></header>'
    )


def _why(article: Article) -> str:
    """The evidence of an article's verdict, where it was said."""
    return "; ".join(one.rule for one in article.evidence if one.field == "verdict" and one.chosen)


def _legend(ledger: Ledger) -> str:
    """Counts of all kinds; a box beside each class of what was left out hides it."""
    words = Counter[tuple[bool, str]]()
    for one in ledger.entries:
        words[one.kept, one.kind] += len(one.text.split())
    kept = "".join(
        f'<li>{kind} <span class="dim">{_counted(number, words[True, kind])}</span></li>'
        for kind, number in _numbers(ledger.entries, kept=True)
    )
    left = "".join(
        f'<li><label><input type="checkbox" id="show-{kind}" checked><span class="swatch c-{kind}" aria-hidden="true">'
        f'</span>{kind}</label> <span class="dim">{_counted(number, words[False, kind])}</span></li>'
        for kind, number in _numbers(ledger.entries, kept=False)
    )
    if not ledger.entries:
        return '<p class="empty">Nothing of this page could be read as text.</p>'
    return (
        '<section class="legend" aria-label="Legend">'
        f"<h2>Kept</h2><ul>{kept or '<li>nothing</li>'}</ul>"
        f"<h2>Left out</h2><ul>{left or '<li>nothing</li>'}</ul>"
        '<p class="dim">Open any text to see what decided about it. A box without its tick hides its class.</p>'
        "</section>"
    )


def _numbers(entries: Iterable[LedgerEntry], *, kept: bool) -> list[tuple[str, int]]:
    return Counter(one.kind for one in entries if one.kept is kept).most_common()


def _counted(blocks: int, words: int) -> str:
    return f"{blocks:,} block{'s' * (blocks != 1)}, {words:,} word{'s' * (words != 1)}"


def _pages(ledger: Ledger) -> Iterator[str]:
    """The page; of a split story, its pages one after the other, each further one below its address."""
    for capture, entries in groupby(ledger.entries, key=lambda one: one.capture):
        if capture:
            url = escape(one_line(ledger.text.provenance.captures[capture].url))
            yield f'<p class="over" lang="en">A further page of the story, <bdi>{url}</bdi></p>\n'
        yield from _page(list(entries))


def _page(entries: Sequence[LedgerEntry]) -> Iterator[str]:
    """The entries in order: kept ones as the text that they are, runs of short other ones in lines."""
    for kept, group in groupby(entries, key=lambda one: one.kept):
        if kept:
            yield from map(_kept, group)
            continue
        yield f'<div class="left">{"".join(map(_left, group))}</div>\n'


def _kept(entry: LedgerEntry) -> str:
    words = f"<bdi>{escape(one_line(entry.text))}</bdi>"
    level = {HEADLINE: "h2", STANDFIRST: "strong"}.get(entry.kind)
    if entry.evidence[:1] == (BlockKind.SUBHEADING.value,):
        level = "h3"
    inner = f"<{level}>{words}</{level}>" if level else words
    shape = escape(entry.evidence[0]) if entry.kind == "body" and entry.evidence else entry.kind
    return (
        f'<details class="kept {shape}"><summary title="{escape(_title(entry))}">{inner}</summary>{_reasons(entry)}'
        "</details>\n"
    )


def _left(entry: LedgerEntry) -> str:
    shape = "line" if len(entry.text) > _CHIP else "chip"
    hidden = ' <span class="note">hidden</span>' if entry.hidden else ""
    return (
        f'<details class="{shape} c-{entry.kind}"><summary title="{escape(_title(entry))}"><span class="tag">'
        f"{entry.kind}</span>{hidden} <bdi>{escape(one_line(entry.text))}</bdi></summary>{_reasons(entry)}</details> "
    )


def _title(entry: LedgerEntry) -> str:
    said = f"{'kept' if entry.kept else 'left out'}: {entry.kind}, by {entry.rule}"
    return one_line(f"{said} · {' · '.join(entry.evidence)}" if entry.evidence else said)[:_EXCERPT]


def _reasons(entry: LedgerEntry) -> str:
    evidence = "".join(f"<li><bdi>{escape(one_line(one))}</bdi></li>" for one in entry.evidence)
    places = "".join(
        f"<li><code>{escape(one.path)}</code>, characters {one.start:,} to {one.end:,}</li>" for one in entry.sources
    )
    pairs = [
        ("rule", f"<code>{entry.rule}</code>"),
        ("evidence", f"<ul>{evidence}</ul>" if evidence else ""),
        ("hidden by", escape(one_line(entry.hidden))),
        ("place", f"<ul>{places}</ul>" if places else "in no page: it was read elsewhere"),
    ]
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in pairs if value)
    return f'<dl class="why" lang="en">{rows}</dl>'


def _colours(ledger: Ledger) -> str:
    """The rules for the classes that the page has: a hue, and the box that hides them."""
    rules = []
    for kind in sorted({one.kind for one in ledger.entries if not one.kept}):
        hue = HUES.get(Chrome(kind))
        rules.append(f".c-{kind}{{--hue:{hue if hue is not None else 0};--chroma:{0 if hue is None else 1}}}")
        rules.append(f"body:has(#show-{kind}:not(:checked)) main .c-{kind}{{display:none}}")
    return "\n".join(rules)


# Ink on a tint has 7:1 at least with any hue, and the dim ink 4.5:1 on paper (WCAG 2.2, AA): a test computes them.
_STYLE = """
:root{color-scheme:light dark;--paper:#fbfaf7;--ink:#1c1d1f;--dim:#54575d;--line:#dcd9d1;--focus:#b3470b;--card:#fff;
--tint:90%;--depth:58%;--edge:42%}
@media(prefers-color-scheme:dark){:root{--paper:#131519;--ink:#eceae5;--dim:#b0b4bb;--line:#31353c;--focus:#ffb070;
--card:#1a1d22;--tint:19%;--depth:32%;--edge:62%}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:56rem;padding:clamp(1rem,4vw,3rem);background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
h1,h2,h3{line-height:1.2;overflow-wrap:anywhere}
h1,.kept h2{font-family:"Iowan Old Style","Palatino Linotype",Palatino,"Noto Serif",Georgia,serif;font-weight:600}
h1{font-size:clamp(1.6rem,5vw,2.4rem);margin:0}
.over{text-transform:uppercase;letter-spacing:.1em;font-size:.8rem;color:var(--dim);margin:0 0 .3rem}
.address{color:var(--dim);overflow-wrap:anywhere;margin:.5rem 0}
.dim{color:var(--dim)}
.verdict{border:1px solid var(--ink);border-radius:.3rem;padding:.1rem .5rem;font-weight:600}
.remark{border-left:4px solid var(--focus);padding-left:.8rem}
.facts{display:grid;gap:.2rem;margin:1rem 0;font-size:.85rem}
.facts div{display:flex;flex-wrap:wrap;gap:0 .8rem}
.facts dt{color:var(--dim);min-width:6.5rem}
.facts dd{margin:0;overflow-wrap:anywhere}
.legend{border:1px solid var(--line);border-radius:.6rem;background:var(--card);padding:.2rem 1rem;margin:1.5rem 0}
.legend h2{font-size:1rem;margin:.8rem 0 .3rem}
.legend ul{list-style:none;margin:0;padding:0;display:grid;
grid-template-columns:repeat(auto-fill,minmax(min(100%,16.5rem),1fr));gap:.15rem 1.2rem;font-size:.9rem}
.legend li{display:flex;flex-wrap:wrap;align-items:center;gap:0 .5rem}
.legend label{cursor:pointer;display:inline-flex;align-items:center;gap:.4rem;padding:.2rem 0}
.legend input{width:1.1rem;height:1.1rem;margin:0}
.swatch{display:inline-block;width:1.1rem;height:1.1rem;border-radius:.25rem;flex:none;vertical-align:-.15rem}
[class*=c-]{background:hsl(var(--hue) calc(var(--depth)*var(--chroma)) var(--tint));
border-left:4px solid hsl(var(--hue) calc(var(--depth)*var(--chroma)) var(--edge))}
.left{margin:1rem 0;font-size:.85rem;line-height:1.45}
.left details{border-radius:.25rem;padding:.15rem .5rem;margin:.15rem 0;max-width:100%}
.left .chip{display:inline-block;vertical-align:top}
.left details[open]{display:block}
.tag{font-weight:600;font-size:.78rem;letter-spacing:.01em}
.note{border:1px solid currentColor;border-radius:.25rem;padding:0 .3rem;font-size:.72rem}
summary{cursor:pointer;list-style:none;overflow-wrap:anywhere;border-radius:.25rem;min-height:1.5rem}
summary::-webkit-details-marker{display:none}
summary:hover{text-decoration:underline;text-decoration-thickness:1px;text-underline-offset:.2em}
.kept{margin:.9rem 0;font-size:1.08rem;max-width:42rem}
.kept h2{font-size:1.7rem;margin:1rem 0}
.kept h3{font-size:1.15rem;margin:1.2rem 0 .4rem}
.kept.list-item{padding-left:1.2rem;border-left:0;position:relative}
.kept.list-item::before{content:"\\2022";position:absolute;left:.2rem}
.kept.quote{padding-left:1rem;border-left:3px solid var(--line);font-style:italic}
.kept[open]>summary,.left details[open]>summary{font-weight:600}
.why{display:grid;grid-template-columns:auto 1fr;gap:.1rem .8rem;margin:.4rem 0;
font:400 .82rem/1.45 system-ui,sans-serif;
border-top:1px solid currentColor;padding-top:.4rem;font-style:normal}
.why dt{font-weight:600}
.why dd{margin:0;overflow-wrap:anywhere;min-width:0}
.why ul{margin:0;padding:0;list-style:none}
code{font-family:ui-monospace,"Cascadia Mono","DejaVu Sans Mono",monospace;font-size:.95em}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem;background:var(--card);color:var(--ink);padding:.5rem 1rem;z-index:1}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
@media print{body{max-width:none;padding:0;font-size:11px}
[class*=c-]{-webkit-print-color-adjust:exact;print-color-adjust:exact}
.legend input{display:none}}
"""
