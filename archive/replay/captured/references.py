"""References: what becomes of each attribute of an archived page, by what a browser would do with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from archive.replay.captured.styles import styled
from archive.replay.captured.targets import Targets, Use

MAX_SRCSET = 100_000  # characters
MAX_CANDIDATES = 50
MAX_STYLE = 200_000  # characters of an attribute

# What steers scripts, forms, navigation, permissions and reports, or tells a browser how to fetch: nothing of it is
# needed to draw a page.
_LEFT_OUT = frozenset(
    {
        *("action", "allow", "archive", "async", "attributionsrc", "autofocus", "autoplay", "browsingtopics"),
        *("cite", "classid", "code", "codebase", "content", "credentialless", "crossorigin", "csp", "data"),
        *("datasrc", "defer", "download", "elementtiming", "fetchpriority", "form", "formaction"),
        *("formenctype", "formmethod", "formnovalidate", "formtarget", "http-equiv", "imagesizes"),
        *("imagesrcset", "integrity", "is", "itemid", "itemtype", "loading", "longdesc", "manifest", "method"),
        *("nonce", "onload", "ping", "pluginspage", "policy", "popovertarget", "privatetoken", "profile"),
        *("referrerpolicy", "sandbox", "shadowrootclonable", "sharedstoragewritable", "srcdoc", "target"),
        *("urn", "usemap-src", "xml:base"),
    }
)
_PICTURES = frozenset({"poster", "background", "dynsrc", "lowsrc", "icon"})
_LINKS = frozenset({"a", "area"})
_DRAWN_BY_REFERENCE = frozenset({"image", "use", "feimage"})  # of SVG
# Attributes of SVG whose values are CSS.
_STYLED = frozenset(
    {
        *("fill", "stroke", "filter", "mask", "clip-path", "marker", "marker-start", "marker-mid"),
        *("marker-end", "cursor"),
    }
)
_MEDIA = frozenset({"video", "audio", "track"})
_FRAMES = frozenset({"iframe", "frame"})
_LAZY = ("data-src", "data-original", "data-lazy-src")
_LAZY_SETS = ("data-srcset", "data-lazy-srcset")
_NAMES_OF_META = frozenset({"viewport", "color-scheme", "description", "author"})
# What a link needs to be a stylesheet or an icon.
_OF_LINK = frozenset({"rel", "href", "media", "type", "title", "sizes", "id", "class", "disabled"})
_CANDIDATE = re.compile(r"[ \t\n\r\f,]*+([^ \t\n\r\f]++)(?:(?<=,)|([^,(]*+(?:\([^)]*+\)?[^,(]*+)*+))")
_DESCRIPTOR = re.compile(r"\s*([0-9.]{1,12}[wxh])(?:\s+([0-9.]{1,12}[wxh]))?\s*")


def is_kept_meta(element: etree._Element) -> bool:
    """Whether a ``meta`` element says how to draw the page, and nothing else."""
    return (element.get("name") or "").strip().lower() in _NAMES_OF_META and element.get("http-equiv") is None


def is_kept_link(element: etree._Element) -> bool:
    """Whether a ``link`` element is a stylesheet or an icon: all others fetch ahead, connect, or are for machines."""
    return _rel(element) is not None


def _rel(element: etree._Element) -> str | None:
    words = (element.get("rel") or "").lower().split()
    if "stylesheet" in words:
        return "alternate stylesheet" if "alternate" in words else "stylesheet"
    return "icon" if "icon" in words else None


def attributes(tag: str, element: etree._Element, targets: Targets) -> Iterator[tuple[str, str]]:
    """The attributes with which an element is written."""
    if tag == "link":
        yield from _link(element, targets)
        return
    if tag == "meta":
        yield "name", element.get("name") or ""
        yield "content", element.get("content") or ""
        return
    for given, value in _given(tag, element):
        name = given.lower()
        if name.startswith(("on", "xmlns")) or name in _LEFT_OUT:
            continue
        written = _attribute(tag, name, value, targets)
        if written is not None:
            yield ("href" if name == "xlink:href" else name), written


def _given(tag: str, element: etree._Element) -> Iterator[tuple[str, str]]:
    """The attributes as they are; of a picture that waits for a script to show it, as the script would set them."""
    own = {str(name): str(value) for name, value in element.attrib.items()}
    if tag in {"img", "source"}:
        following = element.getnext()
        has_twin = following is not None and following.tag == "noscript"  # which is shown, since no script runs
        if not has_twin:
            waiting = next((own[name] for name in _LAZY if own.get(name)), None)
            if waiting and tag == "img" and (not own.get("src") or own["src"].strip()[:5].lower() == "data:"):
                own["src"] = waiting
            waiting = next((own[name] for name in _LAZY_SETS if own.get(name)), None)
            if waiting and not own.get("srcset"):
                own["srcset"] = waiting
    yield from own.items()


def _attribute(tag: str, name: str, value: str, targets: Targets) -> str | None:
    """The value with which an attribute is written; None where it is not."""
    match name:
        case "style":
            return styled(value[:MAX_STYLE], targets)
        case "srcset":
            return _candidates(value, targets)
        case "src":
            if tag in _FRAMES:
                return targets.page(value)
            parent_is_media = tag in _MEDIA or tag == "source"
            return targets.file(value, Use.MEDIA if parent_is_media else Use.PICTURE)
        case "href" | "xlink:href":
            if tag in _LINKS:
                return targets.page(value)
            if value.strip().startswith("#"):
                return value.strip()  # a part of the same page
            return targets.file(value, Use.PICTURE) if tag in _DRAWN_BY_REFERENCE else None
        case _ if name in _PICTURES:
            return targets.file(value, Use.PICTURE)
        case _ if name in _STYLED:
            return styled(value[:MAX_STYLE], targets)
    return value


def _link(element: etree._Element, targets: Targets) -> Iterator[tuple[str, str]]:
    rel = _rel(element) or ""
    for given, value in element.attrib.items():
        name = str(given).lower()
        if name not in _OF_LINK:
            continue
        if name == "rel":
            yield name, rel
        elif name == "href":
            found = targets.file(str(value), Use.PICTURE if rel == "icon" else Use.STYLE)
            if found is not None:
                yield name, found
        else:
            yield name, str(value)


def _candidates(value: str, targets: Targets) -> str | None:
    """A srcset with the addresses of archived files, and descriptors that are some."""
    kept: list[str] = []
    for number, found in enumerate(_CANDIDATE.finditer(value[:MAX_SRCSET])):
        if number >= MAX_CANDIDATES:
            break
        written = targets.file(found[1].rstrip(","), Use.PICTURE)
        if written is None or written.startswith("data:"):
            continue
        descriptor = _DESCRIPTOR.fullmatch(found[2] or "")
        said = " ".join(part for part in descriptor.groups() if part) if descriptor else ""
        kept.append(f"{written.rstrip(',')} {said}".strip())
    return ", ".join(kept) or None
