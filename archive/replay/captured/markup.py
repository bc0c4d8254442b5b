"""Markup: an archived page written anew, so that nothing of it runs and all that it refers to is archived.

The page is parsed, and written from its tree by a writer of our own: what cannot be named safely is left out. So it
says the same to every parser. Behind this stands the policy with which it is served (`archive.replay.captured.guard`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from lxml import etree

from archive.attributes import too_many
from archive.errors import PayloadRefused
from archive.replay.captured import references
from archive.replay.captured.styles import styled
from archive.replay.captured.targets import Targets

MAX_ELEMENTS = 150_000
MAX_TEXT = 16_000_000  # characters of the page
MAX_ATTRIBUTE_WORK = 100_000_000  # `archive.attributes`
_DEEPEST = 3  # pages within pages (srcdoc)

_NAME = re.compile(r"[a-z][a-z0-9:-]{0,80}")
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_:.-]{0,80}")
_DOCTYPE = re.compile(r"\s*+(<!doctype\s[A-Za-z0-9\s\"'/.:+-]{0,300}>)", re.IGNORECASE)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_VOID = frozenset(
    {
        *("area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen"),
        *("link", "meta", "param", "source", "track", "wbr"),
    }
)
# With all that they hold: what runs, what is never drawn, and what a parser reads in a way of its own. Plug-ins are
# gone from browsers.
_LEFT_OUT = frozenset(
    {
        *("script", "noembed", "noframes", "applet", "embed", "portal", "fencedframe", "frameset", "param"),
        *("bgsound", "base", "animate", "set", "animatetransform", "animatemotion", "discard", "handler"),
        *("listener", "isindex", "keygen"),
    }
)
# Texts whose content is no markup to a browser; they are written as what looks the same.
_PLAIN = {"xmp": "pre", "plaintext": "pre", "listing": "pre", "noscript": "div", "object": "span"}
_RAW = frozenset({"style", "textarea", "title", "iframe"})


def rewritten(text: str, targets: Targets, *, depth: int = 0) -> str:
    """A decoded page, to be sent as UTF-8. Raises PayloadRefused for one that is too large to be shown."""
    if len(text) > MAX_TEXT:
        raise PayloadRefused(f"a page of {len(text):,} characters is too large to be shown")
    doctype = _DOCTYPE.match(text)
    root = _tree(_FORBIDDEN.sub("", text))
    if root is None:
        return "<!doctype html><title></title>"
    targets = _behind_base(root, targets)
    head = '<meta charset="utf-8">'
    begins = doctype[1] if doctype else ""
    return begins + "".join(_written(root, targets, head, depth))


def _tree(text: str) -> etree._Element | None:
    html = text.encode("utf-8", "replace")
    if too_many(html, MAX_ATTRIBUTE_WORK) is not None:
        raise PayloadRefused("a page with so many attributes is not shown")
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        root: etree._Element | None = etree.fromstring(html, parser)
    except etree.XMLSyntaxError:
        return None
    if root is not None and root.xpath("count(//*)") > MAX_ELEMENTS:
        raise PayloadRefused(f"a page of more than {MAX_ELEMENTS:,} elements is not shown")
    return root


def _behind_base(root: etree._Element, targets: Targets) -> Targets:
    for one in root.iter("base"):
        if href := one.get("href"):
            return targets.based_on(href)
    return targets


def _written(root: etree._Element, targets: Targets, head: str, depth: int) -> Iterator[str]:
    """The markup of a tree, without recursion: pages are nested as deep as they please."""
    walk = etree.iterwalk(root, events=("start", "end"))
    names: list[str] = []
    if root.tag != "html":
        yield head
    for event, element in walk:
        given = element.tag if isinstance(element.tag, str) else ""
        if event == "end":
            name = names.pop()
            if name and name not in _VOID:
                yield f"</{name}>"
            if names:
                yield _text(element.tail)
            continue
        name = _named(given, element)
        names.append(name)
        if not name:
            walk.skip_subtree()
            continue
        yield _opened(name, given, element, targets, depth)
        if (given == "html" and element.find("head") is None) or given == "head":
            yield head
        if given in _RAW:
            walk.skip_subtree()
            content = "".join(element.itertext())
            yield "" if given == "iframe" else styled(content, targets) if given == "style" else _text(content)
        elif name in _VOID:
            walk.skip_subtree()
        else:
            yield _text(element.text)


def _named(given: str, element: etree._Element) -> str:
    """The name under which an element is written; empty where it is left out with all that it holds."""
    if given in _LEFT_OUT or not _NAME.fullmatch(given):
        return ""
    if given == "template" and not element.get("shadowrootmode"):
        return ""  # it waits for a script
    if given == "meta" and not references.is_kept_meta(element):
        return ""
    if given == "link" and not references.is_kept_link(element):
        return ""
    if given == "style" and (element.get("type") or "text/css").strip().lower() not in {"", "text/css"}:
        return ""
    return _PLAIN.get(given, given)


def _opened(name: str, given: str, element: etree._Element, targets: Targets, depth: int) -> str:
    """The start tag of an element, with what is left of its attributes."""
    parts = [f"<{name}"]
    nested = element.get("srcdoc") if given == "iframe" else None
    if nested is not None:
        inner = rewritten(nested, targets, depth=depth + 1) if depth < _DEEPEST else ""
        parts.append(f' srcdoc="{escape(inner)}"')
    for key, value in references.attributes(given, element, targets):
        if _ATTRIBUTE.fullmatch(key) and not (nested is not None and key == "src"):
            parts.append(f' {key}="{escape(_FORBIDDEN.sub("", value))}"')
    return "".join(parts) + ">"


def _text(text: str | None) -> str:
    return escape(_FORBIDDEN.sub("", text), quote=False) if text else ""
