"""Ruby: how words are read, set small beside them (https://html.spec.whatwg.org/#the-ruby-element)."""

from __future__ import annotations

from lxml import etree, html

HOME = "ruby-readings"  # the class of the element that they are moved to
_LONGEST = 60  # characters of a reading; one that was never closed holds the page's text


def lay_apart(root: html.HtmlElement) -> None:
    """Move the bare readings of a tree's words behind its text, in order.

    Amid the text each word would be told twice, once as it is written and once as it is read. As the last element of
    the body they are still a part of the page: a ledger tells them, and whoever parses the bytes has the same tree. A
    reading in brackets stays: so newspapers print the names of people.
    """
    if next(root.iter("rt"), None) is None:
        return
    moved: list[html.HtmlElement] = []
    within: set[html.HtmlElement] = set()
    for element in list(root.iter("rt", "rtc")):
        if element in within or _is_bracketed(element) or len(str(element.text_content())) > _LONGEST:
            continue
        within.update(element.iterdescendants())
        element.drop_tree()
        moved.append(element)
    if not moved:
        return
    body = root.find("body")
    home = etree.SubElement(root if body is None else body, "div", {"class": HOME, "hidden": ""})
    for element in moved:
        element.tail = "\n"
        home.append(element)


def _is_bracketed(reading: html.HtmlElement) -> bool:
    """Whether a reading stands in ``rp`` elements, which hold brackets for browsers that cannot set it."""
    before, around = reading.getprevious(), reading.getparent()
    return (before is not None and before.tag == "rp") or (around is not None and around.tag == "rp")
