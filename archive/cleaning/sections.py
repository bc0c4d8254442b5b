"""The section of a site that an article stands in: as stated, or as the breadcrumbs above it show."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import islice

from lxml import html

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.folding import fold
from archive.cleaning.linked import Linked

_TRAILS = ("nav", "ol", "ul", "div")
# The first step of a trail is the site itself, in many languages.
_HOME = re.compile(
    r"(?:home(?:page)?|start(?:seite|sida)?|übersicht|accueil|à la une|inicio|portada|início|principal|strona główna|"
    r"forside|etusivu|hlavní stránka|domov|главная|головна|anasayfa|ana sayfa|beranda|trang chủ|ホーム|トップ|首页|"
    r"首頁|홈|hauptseite|www|index|sie sind hier|you are here|vous êtes ici|estás aquí)",
    re.IGNORECASE,
)
_LONGEST = 60  # characters of a section's name
_MOST_STEPS = 8


def section(page: Page, linked: Linked, headline: str | None, firms: Collection[str]) -> list[Candidate]:
    """The names of the section, the most believed first: what is stated, then the first step of a trail below home."""
    stated = linked.text(page, "articleSection", "json-ld articleSection")
    found = ([stated] if stated else []) + page.meta("article:section", "section", "cxenseparse:section")
    if not found:
        passed = {fold(one) for one in (*firms, headline or "")}
        for trail in (_linked(page, linked), _visible(page)):
            step = next((one for one in trail if _is_step(one.value, passed)), None)
            if step is not None:
                return [step]
    return found


def _is_step(text: str, passed: Collection[str]) -> bool:
    """Whether a step of a trail is a section: neither the site nor the article."""
    return 1 < len(text) <= _LONGEST and not _HOME.fullmatch(text) and fold(text) not in passed


def _linked(page: Page, linked: Linked) -> Iterator[Candidate]:
    for node in linked.home.nodes if linked.home is not None else ():
        if node.get("@type") != "BreadcrumbList" or not isinstance(node.get("itemListElement"), list):
            continue
        for step in node["itemListElement"][: _MOST_STEPS - 1]:
            item = step.get("item") if isinstance(step, dict) else None
            name = step.get("name") if isinstance(step, dict) else None
            name = name or (item.get("name") if isinstance(item, dict) else None)
            if isinstance(name, str) and (found := linked.place(page, "name", name, "json-ld breadcrumbs")):
                yield found


def _is_trail(element: html.HtmlElement) -> bool:
    look = element.get("class", "")
    return "readcrumb" in look or "readCrumb" in look or "readcrumb" in element.get("aria-label", "")


def _visible(page: Page) -> Iterator[Candidate]:
    trails = (one for one in page.root.iter(*_TRAILS) if _is_trail(one))
    for trail in islice(trails, 3):
        for step in islice(trail.iter("a"), _MOST_STEPS):
            if found := page.element(step, "breadcrumbs"):
                yield found
