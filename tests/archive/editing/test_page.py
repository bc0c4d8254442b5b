"""The page of edits as a file: colours that can be read, in light and in dark, and nothing foreign that could act."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from lxml import html

from archive.editing.feed import feed
from archive.editing.page import _STYLE, page
from archive.editing.story import excerpt, story

from .stories import BODY, article, entries

# Ink and what it stands on, and the least contrast (WCAG 2.2, 1.4.3 and for running text 1.4.6).
PAIRS = (
    *(("ink", "paper", 7.0), ("on-ins", "ins", 7.0), ("on-del", "del", 7.0), ("on-note", "note", 7.0)),
    *(("dim", "paper", 4.5), ("link", "paper", 4.5), ("focus", "paper", 3.0)),
)
NAUGHTY = (
    *("<script>alert(1)</script>", "]]>", "\x00\x1b[2J", "\ufffe\uffff", "\u202edesrever", "&lt;b&gt;", "{{ 7 * 7 }}"),
    *('"><img src=x onerror=alert(2)>', "a" * 3_000, "ﷺ" * 20),
)


def _schemes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root\{([^}]*)\}", _STYLE)
    both = [dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})", one)) for one in (light, dark)]
    return {"light": both[0], "dark": both[1]}


def _luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "paper", "least"), PAIRS)
def test_contrast(scheme: str, ink: str, paper: str, least: float) -> None:
    colours = _schemes()[scheme]
    one, other = sorted((_luminance(colours[ink]), _luminance(colours[paper])))
    assert (other + 0.05) / (one + 0.05) >= least


@pytest.mark.parametrize("naughty", NAUGHTY)
def test_foreign_text_is_text(naughty: str) -> None:
    old = article(byline=(naughty,))
    new = article(BODY[0] + naughty, *BODY[1:], headline=naughty, standfirst=naughty, corrections=(naughty,))
    found = [replace(excerpt(edit), url=f"javascript:{naughty}", site=naughty) for edit in story(entries(old, new))]
    assert len(found) == 1
    made = "".join(page(found, name=naughty, about=naughty))
    tree = html.fromstring(made)
    assert not tree.xpath("//script | //img | //a | //@onerror | //*[@src]")
    assert not set(made) & set("\x00\x1b\u202e")
    atom = ET.fromstring("".join(feed(found, archive="urn:uuid:0", name=naughty, about=naughty)).encode())
    for content in atom.iter("{http://www.w3.org/2005/Atom}content"):
        assert not html.fromstring(content.text or "").xpath("//script | //img | //@onerror")
    assert not list(atom.iter("{http://www.w3.org/2005/Atom}link"))


def test_each_passage_has_its_own_direction() -> None:
    old, new = (
        article("بدأت الرافعة رحلتها يوم الأحد في الميناء القديم."),
        article("بدأت الرافعة رحلتها يوم الاثنين في الميناء."),
    )
    tree = html.fromstring("".join(page(story(entries(old, new)), name="NEWS")))
    assert [one.get("dir") for one in tree.xpath("//div[@class='passage']/p")] == ["auto"]
    assert tree.xpath("//html/@lang") == ["en"]
