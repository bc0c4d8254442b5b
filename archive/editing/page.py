"""Edits as one HTML file: without scripts, asking for nothing, light and dark, every foreign text escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from html import escape
from itertools import groupby

from archive.clock import to_datetime
from archive.editing.edit import Edit
from archive.editing.markup import address, body_of, safe
from archive.editing.wording import title_of
from archive.terminal import one_line


def page(
    edits: Iterable[Edit], *, name: str, about: str = "", link: Callable[[Edit], str] | None = None
) -> Iterator[str]:
    """The page piece by piece, to be written as UTF-8; the edits come newest first.

    ``link`` gives the address where an edit is shown; without one it is that of the page.
    """
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = safe(one_line(f"Edits in {name}"))
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n"
        f'<body><header><p class="over">What publishers changed</p><h1><bdi>{title}</bdi></h1>'
        + (f'<p class="about"><bdi>{safe(one_line(about))}</bdi></p>' if about else "")
        + '<p class="key"><del>words that went</del> <ins>words that came</ins></p></header>\n<main>\n'
    )
    number = 0
    for day, some in groupby(edits, key=lambda edit: to_datetime(edit.new.at).date()):
        yield f'<section><h2><time datetime="{day}">{day:%A}, {day.day} {day:%B %Y}</time></h2>\n'
        for edit in some:
            number += 1
            yield _article(edit, link)
        yield "</section>\n"
    if not number:
        yield "<p>No edits were found.</p>\n"
    yield "</main></body></html>\n"


def _article(edit: Edit, link: Callable[[Edit], str] | None) -> str:
    seen = to_datetime(edit.new.at)
    since = to_datetime(edit.since)
    before = f"{since:%H:%M}" if since.date() == seen.date() else f"{since:%Y-%m-%d %H:%M}"
    title = f"<bdi>{safe(one_line(title_of(edit)))}</bdi>"
    where = escape(link(edit)) if link is not None else address(edit.url)
    marks = "".join(f'<span class="mark">{mark}</span>' for mark in ("silent",) * edit.silent + ("test",) * edit.test)
    url = safe(one_line(edit.url))
    head = f'<a href="{where}" rel="noreferrer noopener">{title}</a>' if where else title
    return (
        f'<article><p class="when"><time datetime="{seen:%Y-%m-%dT%H:%M:%SZ}">{seen:%H:%M}</time> UTC'
        f" <span>after {before}</span> {marks}</p>"
        f"<h3>{head}</h3>"
        f'<p class="url"><bdi>{url}</bdi></p>{body_of(edit)}</article>\n'
    )


# Ink on tints has 7:1 at least, dim ink on paper 4.5:1 (WCAG 2.2, AA): a test computes them.
_STYLE = """
:root{color-scheme:light dark;--paper:#fbfaf7;--ink:#1b1c1e;--dim:#55585e;--line:#dcd9d0;--link:#0b5563;--focus:#b3470b;
--ins:#d8f1dd;--on-ins:#0d3b1b;--del:#fbdfdb;--on-del:#6b1510;--note:#fbf0da;--on-note:#4a3204}
@media(prefers-color-scheme:dark){:root{--paper:#131519;--ink:#eceae5;--dim:#b0b4bb;--line:#31353c;--link:#8fd0dd;
--focus:#ffb070;--ins:#16391f;--on-ins:#c6f1d0;--del:#471b18;--on-del:#ffd5cf;--note:#372c12;--on-note:#fbe6b8}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:46rem;padding:clamp(1rem,4vw,3rem);background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
h1,h2,h3{line-height:1.25;overflow-wrap:anywhere}
h1,h3{font-family:"Iowan Old Style","Palatino Linotype",Palatino,"Noto Serif",Georgia,serif;font-weight:600}
h1{font-size:clamp(1.6rem,5vw,2.3rem);margin:0}
h2{font-size:1rem;border-bottom:1px solid var(--line);padding-bottom:.3rem;margin:2.5rem 0 0}
h3{font-size:1.2rem;margin:.1rem 0}
p{margin:.3rem 0;overflow-wrap:anywhere}
a{color:var(--link)}
.over{text-transform:uppercase;letter-spacing:.1em;font-size:.8rem;color:var(--dim)}
.about,.url,.when,.manner,small{color:var(--dim)}
.key{margin-top:.8rem;font-size:.9rem}
article{padding:1.1rem 0;border-bottom:1px solid var(--line)}
.when,.url{font-size:.85rem}
.said{font-weight:600;margin-top:.5rem}
.manner{font-size:.92rem}
.passage{font-family:"Iowan Old Style","Palatino Linotype",Palatino,"Noto Serif",Georgia,serif;margin:.6rem 0}
.passage p{margin:0}
small{display:block;font:600 .75rem/1.4 system-ui,sans-serif;letter-spacing:.02em}
.mark{background:var(--note);color:var(--on-note);border-radius:.25rem;padding:.05rem .4rem;font-weight:600}
ins{background:var(--ins);color:var(--on-ins);text-decoration:underline;text-underline-offset:.2em}
del{background:var(--del);color:var(--on-del)}
ins,del{border-radius:.15rem;padding:0 .1em;-webkit-box-decoration-break:clone;box-decoration-break:clone}
.facts{padding-left:1.2rem;font-size:.92rem;overflow-wrap:anywhere}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
@media print{body{max-width:none;padding:0;font-size:11px}
ins,del{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""
