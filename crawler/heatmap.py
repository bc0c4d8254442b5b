"""A calendar of days as one HTML file: a heat map by week, and the numbers behind each day. Pure.

How much was announced is told by how dark a day is, what is wrong by its shape, so that no colour need be told from
another: a bar below for what is missing, a cross where no source answered, a dot where items may have been lost.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby

from crawler.tally import Day, Days, SiteCoverage, in_words, outages, total

_ONE = datetime.timedelta(days=1)
_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SHADES = 4
GAP = 0.1  # the share of a day's items without a page from which it is marked
_HEAD = ("Day", "Announced", "Captured", "With text", "Refused", "Failed", "Never asked", "Silent polls", "Lost (est.)")
_NUMBERS = (*_HEAD[1:], "Delay", "Why")


def shade(day: Day | None, most: int) -> int:
    """How dark a day is, from 0 to `SHADES`: by its items, against the busiest day's; few are never dark."""
    if day is None or not day.announced:
        return 0
    return max(1, min(SHADES, -(-day.announced * SHADES // max(SHADES, most))))


def marks(day: Day) -> list[str]:
    """What is wrong with a day: ``outage``, ``gap``, ``lost``."""
    found = ["outage"] if day.outage else []
    if day.announced and day.announced - day.captured >= GAP * day.announced:
        found.append("gap")
    return [*found, "lost"] if day.lost else found


def busiest(days: Days) -> int:
    """The number of items that makes a day the darkest: nine days of ten have no more, so one flood dims no other."""
    numbers = sorted(one.announced for one in days.values() if one.announced)
    return numbers[len(numbers) * 9 // 10] if numbers else 0


def weeks(days: Days) -> list[datetime.date]:
    """The Mondays of all weeks from the first day to the last."""
    if not days:
        return []
    first, last = min(days), max(days)
    monday = first - datetime.timedelta(days=first.weekday())
    return [monday + 7 * number * _ONE for number in range((last - monday).days // 7 + 1)]


def share(part: int, whole: int) -> str:
    """A share in per cent, never rounded up to all; a dash of nothing."""
    return f"{part * 100 // whole} %" if whole else "–"


def html(sites: Sequence[SiteCoverage], title: str, made: str) -> str:
    """The whole file; ``made`` says when."""
    body = "".join(_site(number, site) for number, site in enumerate(sites))
    nav = ""
    if len(sites) > 1:
        links = "".join(f'<li><a href="#s{number}">{escape(one.site)}</a>' for number, one in enumerate(sites))
        nav = f'<nav aria-label="Sites"><ul>{links}</ul></nav>'
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Coverage of {escape(title)}</title><style>{_STYLE}</style>"
        f'<header><p class="over">Coverage</p><h1>{escape(title)}</h1><p class="dim">{escape(made)}. A day holds what '
        f"was published on it (UTC), as its sources dated it.</p>{nav}{_KEY}</header><main>{body or _NOTHING}</main>"
        "</html>\n"
    )


_NOTHING = "<p>Nothing was announced in this time.</p>"


def _site(number: int, site: SiteCoverage) -> str:
    name, prefix = escape(site.site), f"s{number}"
    body = _calendars(prefix, site) if site.days else _NOTHING
    return (
        f'<section id="{prefix}" aria-labelledby="{prefix}h"><h2 id="{prefix}h">{name}</h2>{_figures(site.days)}'
        f"{body}{_sources(site)}{_days(prefix, site)}</section>"
    )


def _figures(days: Days) -> str:
    all_of = total(days)
    told = [
        (f"{all_of.announced:,}", "announced"),
        (share(all_of.captured, all_of.announced), "captured"),
        (share(all_of.cleaned, all_of.announced), "with text"),
        (in_words(all_of.delay), "median delay"),
        (f"{outages(days):,}", "days of outage"),
        (f"{all_of.lost:,}", "lost (estimate)"),
    ]
    return f'<dl class="figures">{"".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for value, name in told)}</dl>'


def _calendars(prefix: str, site: SiteCoverage) -> str:
    """The calendars of a site, one a year, the newest first."""
    most = busiest(site.days)
    parts = []
    for year, group in groupby(sorted(site.days, reverse=True), key=lambda day: day.year):
        own = {day: site.days[day] for day in group}
        parts.append(_calendar(prefix, site.site, year, own, most))
    return "".join(parts)


def _calendar(prefix: str, name: str, year: int, days: Days, most: int) -> str:
    mondays = weeks(days)
    months: list[tuple[str, int]] = []
    for label, those in groupby(mondays, key=lambda one: (min(one + 6 * _ONE, max(days))).strftime("%b")):
        months.append((label, len(list(those))))
    heads = "".join(
        f'<th scope="colgroup" colspan="{width}">{label if width > 1 or len(months) == 1 else ""}</th>'
        for label, width in months
    )
    rows = []
    for weekday in range(7):
        cells = "".join(_cell(prefix, monday + weekday * _ONE, days, most) for monday in mondays)
        rows.append(
            f'<tr><th scope="row"><abbr title="{_NAMES[weekday]}">{_NAMES[weekday][:3]}</abbr></th>{cells}</tr>'
        )
    return (
        f'<h3>{year}</h3><div class="scroll latest" role="group" aria-label="{escape(name)} in {year}" tabindex="0">'
        f'<table class="calendar">'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(prefix: str, date: datetime.date, days: Days, most: int) -> str:
    day = days.get(date)
    if day is None:
        return '<td class="none"></td>'
    said = f"{date:%a} {date.day} {date:%b %Y}: {_summary(day)}"
    kinds = " ".join((f"n{shade(day, most)}", *marks(day)))
    told = escape(said)
    return f'<td><a class="{kinds}" href="#{prefix}d{date}" aria-label="{told}" data-tip="{told}"></a></td>'


def _summary(day: Day) -> str:
    parts = [f"{day.announced:,} announced, {day.captured:,} captured, {day.cleaned:,} with text"]
    parts += [
        f"{number:,} {name}" for number, name in ((day.missed, "never asked"), (day.lost, "lost (estimate)")) if number
    ]
    return ", ".join([*parts, "no source answered"] if day.outage else parts)


def _sources(site: SiteCoverage) -> str:
    rows = "".join(
        f'<tr><th scope="row"><span class="kind">{escape(one.kind)}</span> {escape(one.url)}</th>'
        f"{_cells(total(one.days), outages(one.days))}</tr>"
        for one in site.sources
    )
    heads = "".join(
        f'<th scope="col">{name}</th>' for name in ("Source", *_HEAD[1:7], "Outages", _HEAD[8], *_NUMBERS[-2:])
    )
    return (
        '<div class="scroll" role="group" aria-label="Sources" tabindex="0"><table class="numbers"><caption>Sources'
        f"</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _days(prefix: str, site: SiteCoverage) -> str:
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("Day", *_NUMBERS))
    rows = "".join(
        f'<tr id="{prefix}d{date}"><th scope="row"><time datetime="{date}">{date:%a} {date}</time></th>'
        f"{_cells(day, day.silent)}</tr>"
        for date, day in sorted(site.days.items(), reverse=True)
    )
    return (
        '<div class="scroll days" role="group" aria-label="Days" tabindex="0"><table class="numbers">'
        f"<caption>Day by day</caption><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cells(day: Day, silent: int) -> str:
    numbers = (day.announced, day.captured, day.cleaned, day.refused, day.failed, day.missed, silent, day.lost)
    told = "".join(f'<td class="{"" if one else "zero"}">{one:,}</td>' for one in numbers)
    return f'{told}<td>{in_words(day.delay)}</td><td class="why">{escape("; ".join(reasons(day)))}</td>'


def reasons(day: Day) -> Iterator[str]:
    """Why items of a day have no text, the most frequent first."""
    for name, number in sorted(day.reasons.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"{name} ({number:,})"


def _key(shown: Iterable[tuple[str, str]]) -> str:
    return "".join(f'<li><span class="cell {kind}" aria-hidden="true"></span>{said}</li>' for kind, said in shown)


_KEY = (
    '<ul class="key">'
    + '<li>fewer <span aria-hidden="true" class="ramp">'
    + "".join(f'<span class="cell n{number}"></span>' for number in range(SHADES + 1))
    + "</span> more announced</li>"
    + _key(
        (
            ("n3 gap", "a tenth or more not captured"),
            ("n3 lost", "items may have been lost"),
            ("n0 outage", "no source answered"),
        )
    )
    + "</ul>"
)

_STYLE = """
:root{color-scheme:light dark;--paper:#fbfaf7;--ink:#1c1d1f;--dim:#5f6268;--line:#dcd9d1;--n0:#eceae3;--n1:#b9d3e8;
--n2:#7fb0d8;--n3:#3a80bd;--n4:#154a7d;--mark:#1c1d1f;--halo:#fff;--focus:#b3470b;--card:#fff}
@media(prefers-color-scheme:dark){:root{--paper:#131519;--ink:#eceae5;--dim:#a3a7ae;--line:#31353c;--n0:#23272e;
--n1:#234a6b;--n2:#2f6ea6;--n3:#58a0dc;--n4:#b5dafa;--mark:#fff;--halo:#000;--focus:#ffb070;--card:#1a1d22}}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
body{margin:0 auto;max-width:72rem;padding:clamp(1rem,4vw,3rem);background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums}
h1,h2,.figures dd{font-family:"Iowan Old Style","Palatino Linotype",Palatino,"Noto Serif",Georgia,serif;
font-weight:600}
h1{font-size:clamp(1.8rem,5vw,2.8rem);line-height:1.1;margin:0;overflow-wrap:anywhere}
h2{font-size:1.6rem;margin:0 0 .8rem;overflow-wrap:anywhere}
.over{text-transform:uppercase;letter-spacing:.12em;font-size:.8rem;color:var(--dim);margin:0 0 .3rem}
.dim{color:var(--dim);margin:.6rem 0 1rem;max-width:46rem}
a{color:inherit}
nav ul,.key{list-style:none;margin:0 0 1rem;padding:0;display:flex;flex-wrap:wrap;gap:.4rem 1.4rem}
.key{font-size:.85rem;color:var(--dim);align-items:center}
.key li{display:flex;align-items:center;gap:.5rem}
.ramp{display:inline-flex;gap:3px}
section{border-top:1px solid var(--line);padding:2rem 0 1rem;margin-top:1.5rem}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.2rem,1fr));gap:1rem;margin:0 0 1.6rem}
.figures div{display:flex;flex-direction:column-reverse}
.figures dt{color:var(--dim);font-size:.85rem}
.figures dd{margin:0;font-size:1.7rem;line-height:1.15}
.scroll{overflow-x:auto;margin:0 0 1.6rem;padding:4px}
.scroll.latest{direction:rtl;padding-left:0}
h3{font-size:1rem;margin:0}
.scroll.latest>table{direction:ltr;margin-right:auto}
.outage.gap::before{display:none}
.scroll.days{max-height:32rem;overflow:auto}
table{border-collapse:separate;border-spacing:0}
caption{text-align:left;font-weight:600;padding:0 0 .4rem;position:sticky;left:0}
.calendar{border-spacing:3px;margin-top:.2rem}
.calendar th{font-weight:400;font-size:.75rem;color:var(--dim);
text-align:left;padding:0;line-height:1;white-space:nowrap}
.calendar tbody th{position:sticky;left:0;background:var(--paper);padding-right:.5rem;z-index:1}
.calendar tbody tr:nth-child(even) abbr{opacity:.0}
.calendar thead th{height:1.1rem}
.calendar abbr{text-decoration:none}
.calendar td{padding:0}
.calendar a,.cell{display:block;position:relative;width:17px;height:17px;border-radius:4px;background:var(--n0);
-webkit-print-color-adjust:exact;print-color-adjust:exact}
.cell{display:inline-block;flex:none}
.n1{background:var(--n1)!important}
.n2{background:var(--n2)!important}
.n3{background:var(--n3)!important}
.n4{background:var(--n4)!important}
.gap::before{content:"";position:absolute;left:2px;right:2px;bottom:2px;height:4px;border-radius:1px;
background:var(--mark);box-shadow:0 0 0 1px var(--halo)}
.lost{background-image:radial-gradient(circle at 72% 28%,var(--mark) 0 2.2px,var(--halo) 2.6px 3.4px,
transparent 3.8px)!important}
.outage{background:linear-gradient(45deg,transparent 45%,var(--mark) 45% 55%,transparent 55%),
linear-gradient(-45deg,transparent 45%,var(--mark) 45% 55%,transparent 55%),var(--n0)!important}
a:focus-visible,.scroll:focus-visible{outline:3px solid var(--focus);outline-offset:1px}
.calendar a:hover{outline:2px solid var(--ink)}
.calendar a:hover::after,.calendar a:focus-visible::after{content:attr(data-tip);position:fixed;left:50%;bottom:1rem;
transform:translateX(-50%);width:max-content;max-width:calc(100vw - 2rem);background:var(--ink);color:var(--paper);
padding:.5rem .8rem;border-radius:.4rem;font-size:.9rem;z-index:9;pointer-events:none}
.numbers{font-size:.85rem;width:100%}
.numbers th,.numbers td{padding:.35rem .7rem;border-bottom:1px solid var(--line);
text-align:right;vertical-align:top}
.numbers thead th{position:sticky;top:-4px;background:var(--paper);color:var(--dim);font-weight:500;
vertical-align:bottom}
.numbers tr>:first-child{text-align:left;padding-left:0}
.numbers tbody th{font-weight:400;min-width:11rem;overflow-wrap:anywhere}
.numbers .why,.numbers thead th:last-child{text-align:left;min-width:11rem}
.zero{color:var(--dim)}
.kind{color:var(--dim)}
.numbers tr:target>*{background:var(--card);font-weight:700;
box-shadow:inset 0 2px var(--focus),inset 0 -2px var(--focus)}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
@media print{:root{--paper:#fff;--ink:#000;--dim:#444;--line:#bbb;--n0:#eee;--n1:#cfdfec;--n2:#92b9da;--n3:#4d89bd;
--n4:#154a7d;
--mark:#000;--halo:#fff}
body{max-width:none;padding:0;font-size:11px}
.scroll,.scroll.days{overflow:visible;max-height:none}
.calendar a,.cell{width:10px;height:10px;border-radius:2px}
.calendar{border-spacing:2px;break-inside:avoid}
tr{break-inside:avoid}
.numbers thead th{position:static}
section{break-before:auto}
nav{display:none}}
"""
