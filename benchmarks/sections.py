"""Article links told from navigation on section pages, without and with what a site has taught.

    python benchmarks/sections.py PATH/TO/newsweb [--json]

PATH is the folder of `newsweb.py` (see benchmarks/newsweb.py). For each host of that web a section page is read in
two layouts: as it is served, each article in a heading and the navigation in its element, and *plain*: article links
and the links of the real pages' menus and footers in one list, where only addresses and texts tell them apart. The
links of menus count as navigation all of them, though some lead to articles: precision is a lower bound.

What a host has taught is learned from its other articles (leave one out), as `crawler.frontier` does from those that
were captured. A host with one article cannot teach anything, so the hosts with several are told of apart.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found for the package `archive`

from archive.url import host, normalise  # noqa: E402
from crawler.discovery import links  # noqa: E402
from crawler.discovery.decoding import decode  # noqa: E402
from crawler.discovery.learned import Learned  # noqa: E402
from crawler.discovery.tree import tree_of  # noqa: E402
from crawler.urls import MAX_URL, is_file, resolve, trap_of  # noqa: E402

LAYOUTS = ("served", "plain")
_NAVIGATION = ("nav", "footer")


@dataclass
class Counted:
    """Links by what they are and were taken for."""

    found: int = 0
    missed: int = 0
    wrong: int = 0

    def as_json(self) -> dict[str, float | int]:
        """With precision and recall."""
        taken, there = self.found + self.wrong, self.found + self.missed
        return {
            **{"articles": there, "found": self.found, "missed": self.missed, "wrong": self.wrong},
            "precision": round(self.found / taken, 4) if taken else 1.0,
            "recall": round(self.found / there, 4) if there else 1.0,
        }


@dataclass
class Section:
    """A host's articles with their titles, and the links of its menus with their texts."""

    home: str
    articles: dict[str, str]
    menu: dict[str, str] = field(default_factory=dict)


def sections(newsweb: Path) -> Iterator[Section]:
    """The hosts of the web."""
    spec = importlib.util.spec_from_file_location("newsweb", newsweb / "newsweb.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, site in module.load("all").items():
        home = f"http://{name}/"
        pages = {f"http://{name}{target}": page for target, page in site.articles.items()}
        section = Section(home, {url: page["expected"].get("title") or url for url, page in pages.items()})
        for url in pages:
            parts = urlsplit(url)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            section.menu |= _menu(site.get(target)[2], url)
        keys = {normalise(url) for url in pages}
        section.menu = {url: text for url, text in section.menu.items() if normalise(url) not in keys}
        yield section


def _menu(body: bytes, url: str) -> dict[str, str]:
    """The links of a page's menus to its own host."""
    tree = tree_of(decode(body)).root
    found: dict[str, str] = {}
    for name in _NAVIGATION if tree is not None else ():
        assert tree is not None
        for element in tree.iter(name):
            for anchor in element.iter("a"):
                address = resolve(url, anchor.get("href") or "")
                text = " ".join("".join(str(part) for part in anchor.itertext()).split())[:300]
                if address is None or host(address) != host(url) or len(address) > MAX_URL or is_file(address):
                    continue
                if text and trap_of(address) is None:
                    found.setdefault(address, text)
    return found


def page(section: Section, layout: str) -> bytes:
    """A section page."""
    if layout == "served":
        nav = "".join(f'<a href="{escape(url)}">{escape(text)}</a> ' for url, text in section.menu.items())
        main = "".join(
            f'<article><h3><a href="{escape(url)}">{escape(text)}</a></h3></article>'
            for url, text in section.articles.items()
        )
        return f"<html><body><nav>{nav}</nav>{main}</body></html>".encode()
    both = {**section.articles, **section.menu}
    items = "".join(f'<li><a href="{escape(url)}">{escape(text)}</a></li>' for url, text in both.items())
    return f"<html><body><ul>{items}</ul></body></html>".encode()


def count(section: Section, layout: str, *, learning: bool) -> Counted:
    """What is found on a host's section page; what it teaches comes from its other articles."""
    body, counted = page(section, layout), Counted()
    menu = {normalise(url) for url in section.menu}
    for left_out in section.articles:
        learned = Learned.of((url, True) for url in section.articles if url != left_out) if learning else None
        taken = {normalise(link.url) for link in links(body, section.home, "utf-8", learned).articles}
        counted.found += normalise(left_out) in taken
        counted.missed += normalise(left_out) not in taken
        counted.wrong += len(taken & menu)
    # Navigation was counted once for each article that was left out.
    counted.wrong = round(counted.wrong / max(1, len(section.articles)))
    return counted


def measure(newsweb: Path) -> dict[str, Any]:
    """The counts by hosts, layout, and whether anything was learned."""
    sums: dict[str, dict[str, dict[str, Counted]]] = {}
    for section in sections(newsweb):
        groups = ["all hosts", *(["hosts with several"] if len(section.articles) > 1 else [])]
        for layout in LAYOUTS:
            for learning in (False, True):
                one = count(section, layout, learning=learning)
                for group in groups:
                    known = sums.setdefault(group, {}).setdefault(layout, {})
                    total = known.setdefault("learned" if learning else "not learned", Counted())
                    total.found += one.found
                    total.missed += one.missed
                    total.wrong += one.wrong
    return {
        group: {layout: {how: one.as_json() for how, one in by.items()} for layout, by in layouts.items()}
        for group, layouts in sums.items()
    }


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("newsweb", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    sums = measure(given.newsweb)
    if given.json:
        print(json.dumps(sums, indent=2))
        return
    print(
        f"{'':20}{'layout':9}{'':13}{'articles':>9}{'found':>7}{'missed':>8}{'wrong':>8}{'precision':>11}{'recall':>8}"
    )
    for group, layouts in sums.items():
        for layout, by in layouts.items():
            for how, one in by.items():
                print(
                    f"{group:20}{layout:9}{how:13}{one['articles']:>9}{one['found']:>7}{one['missed']:>8}"
                    f"{one['wrong']:>8}{one['precision']:>11.3f}{one['recall']:>8.3f}"
                )


if __name__ == "__main__":
    main()
