"""The parsed page: payload bytes to one tree, by fixed rules and within fixed limits."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from copy import copy
from dataclasses import dataclass

from lxml import etree, html

from archive.article import Verdict
from archive.attributes import too_many
from archive.cleaning import ruby
from archive.cleaning.charset import decode
from archive.cleaning.scripts import Story, story_of
from archive.cleaning.stream import TextStream

# Limits of the cleaner. They depend on the bytes alone, never on time or memory, so that every machine refuses the
# same pages. The largest news page seen among some 1,900 was 2.2 MB, with 10,106 elements and 2.1 million characters
# (a data table in a script); each limit leaves a factor of four at least.
MAX_BYTES = 16 * 2**20  # of the decoded entity; a tree of this size takes about 300 MB
MAX_ELEMENTS = 60_000  # extraction has steps that grow with the square of the elements: 20 s lie near 150,000
MAX_TEXT = 4_000_000  # characters of all visible text, without white space: two of the longest novels
MAX_DEPTH = 1_500  # libxml2 drops what is nested more than 2,048 levels deep, without saying so
# Work units: the squares of the numbers of attributes, summed over all elements. So one element may have 10,000 of
# them, which takes a tenth of a second; the most seen on a real page are 32, and 53,011 units.
MAX_ATTRIBUTE_WORK = 100_000_000
MAX_ATTRIBUTES = 500_000  # of all elements: each takes some 400 bytes; eight on each of the most elements that are read

# What XML 1.0 does not allow in text (section 2.2): lxml would refuse to write it back. NUL, which the HTML standard
# turns into U+FFFD, and lone surrogates are dropped with it, as trafilatura drops them.
_CONTROLS = bytes(one for one in (*range(32), 127) if one not in b"\t\n\r")
_NO_CHARACTERS = ("\ufffe".encode(), "\uffff".encode())
# The same characters written as references, which the parser would put into the tree.
_FORBIDDEN_REFERENCE = re.compile(
    rb"&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])(?![0-9])|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]|[fF]{3}[eEfF])(?![0-9a-fA-F]));?"
)
# Characters of one text from which on it may be a sentence of a story, and of all of them, from which on there is one.
_LONG, _ENOUGH = 80, 600
_UNSEEN = ("script", "style", "noscript", "template", "title", "iframe", "svg")
_DOCTYPE = re.compile(rb"\s*<!doctype[^>]{0,2000}>", re.IGNORECASE)
_TOO_DEEP = etree.XPath("boolean(/" + "*/" * MAX_DEPTH + "*)")
_ELEMENTS = etree.XPath("count(//*)")
# The classes of lxml.html without those for forms: chosen in C, where its own table asks Python for each element anew,
# which costs a page a fifteenth of its time.
_CLASSES = etree.ElementDefaultClassLookup(
    element=html.HtmlElement,
    comment=html.HtmlComment,
    pi=html.HtmlProcessingInstruction,
    entity=html.HtmlEntity,
)


class Unfit(Exception):
    """Raised inside the cleaner alone: the page cannot become a tree; ``verdict`` and ``reason`` say why."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Document:
    """A page as a tree. ``root`` is the ``html`` element, without comments and processing instructions."""

    root: html.HtmlElement
    stream: TextStream  # its text
    charset: str  # Python's name of the codec that decoded it
    length: int  # bytes of the decoded entity
    laid: Story | None = None  # what was laid into the tree, in its last element, since the markup has next to no text


def parse(payload: bytes, declared: str | None = None) -> Document:
    """The document of a decoded entity; ``declared`` is the charset of the response head.

    Raises `Unfit` where the payload is empty, no HTML, or over a limit. Parsed by libxml2's HTML parser, from the
    decoded text written as UTF-8, so that what the page says about its charset cannot be applied twice.
    """
    if len(payload) > MAX_BYTES:
        raise Unfit(Verdict.OVER_BUDGET, f"{len(payload)} bytes, the limit is {MAX_BYTES}")
    text, charset = decode(payload, declared)
    if charset == "utf-8" and "\ufffd" not in text:  # nothing was replaced: the text written as UTF-8 is the payload
        markup = _allowed(payload.removeprefix(BOM_UTF8))
    else:
        markup = _allowed(text.encode("utf-8", "ignore"))  # without lone surrogates
    # libxml2 stumbles over some doctypes (https://bugs.launchpad.net/lxml/+bug/1955915), and needs none.
    if doctype := _DOCTYPE.match(markup):
        markup = b"\n" * doctype[0].count(b"\n") + markup[doctype.end() :]  # line numbers stay those of the payload
    if b"<" not in markup:
        if not markup.decode().strip():
            raise Unfit(Verdict.EMPTY, "the payload is empty")
        raise Unfit(Verdict.NOT_HTML, "the payload has no markup")
    root = _tree(markup)
    ruby.lay_apart(root)
    stream = _text_of(root)
    story = story_of(root) if _has_little(stream) else None
    if story is not None:
        _lay(root, story)
        _require_bounds(root)
        stream = _text_of(root)
    return Document(root, stream, charset, len(payload), story)


def _allowed(markup: bytes) -> bytes:
    """UTF-8 without what XML does not allow. Few pages have any of it, and one look for a rare byte tells most."""
    markup = markup.translate(None, _CONTROLS)
    if _NO_CHARACTERS[0][:1] in markup:
        for one in _NO_CHARACTERS:
            markup = markup.replace(one, b"")
    at = markup.find(b"&#")
    while at >= 0:
        if _FORBIDDEN_REFERENCE.match(markup, at):
            return _FORBIDDEN_REFERENCE.sub(b"", markup)
        at = markup.find(b"&#", at + 2)
    return markup


def _text_of(root: html.HtmlElement) -> TextStream:
    """The text of a tree; raises `Unfit` where that is more than anybody writes on one page."""
    stream = TextStream(root)
    if len(stream.solid) > MAX_TEXT:
        raise Unfit(Verdict.OVER_BUDGET, f"{len(stream.solid)} characters of text, the limit is {MAX_TEXT}")
    return stream


def _has_little(stream: TextStream) -> bool:
    """Whether the markup has next to no sentences; a page that has is left as soon as that is seen."""
    found = 0
    for text, owner in zip(stream.raws, stream.owners, strict=True):
        if len(text) >= _LONG and owner.tag not in _UNSEEN:
            found += len(text.strip())
            if found >= _ENOUGH:
                return False
    return True


def _lay(root: html.HtmlElement, story: Story) -> None:
    """Lay a script's story into the page, as its last element: from there on it is judged like any other text."""
    body = root.find("body")
    home = etree.SubElement(root if body is None else body, "div", {"class": "article-body"})
    for part in story.parts:
        clear = _allowed(part.encode("utf-8", "ignore"))
        if too_many(clear, MAX_ATTRIBUTE_WORK, MAX_ATTRIBUTES):
            continue
        try:
            made = html.fragment_fromstring(clear.decode(), create_parent="div", parser=_parser())
        except (etree.LxmlError, ValueError):
            continue  # a part that is no HTML at all
        etree.strip_elements(made, *_UNSEEN, with_tail=False)
        home.append(made)


def _tree(markup: bytes) -> html.HtmlElement:
    if (attributes := too_many(markup, MAX_ATTRIBUTE_WORK, MAX_ATTRIBUTES)) is not None:
        raise Unfit(
            Verdict.OVER_BUDGET,
            f"{attributes.total} attributes, up to {attributes.most} on one element, {attributes.squares} units of "
            f"work; the limits are {MAX_ATTRIBUTES} and {MAX_ATTRIBUTE_WORK}",
        )
    try:
        root = html.document_fromstring(markup, parser=_parser("utf-8"))
    except (etree.LxmlError, ValueError) as error:
        raise Unfit(Verdict.UNREADABLE, f"the parser gave up: {error}") from error
    if root.getnext() is not None or root.getprevious() is not None:
        # libxml2 can leave a second element beside the root, which no path from the root would reach.
        root = copy(root)
    _require_bounds(root)
    return root


def _parser(encoding: str | None = None) -> html.HTMLParser:
    # One of its own for each page: lxml parsers keep an error log, and are not shared between threads.
    parser = html.HTMLParser(
        collect_ids=False,
        default_doctype=False,
        encoding=encoding,
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,  # without it, nothing nested deeper than 256 levels is read
    )
    parser.set_element_class_lookup(_CLASSES)
    return parser


def _require_bounds(root: html.HtmlElement) -> None:
    elements = int(_ELEMENTS(root))
    if elements > MAX_ELEMENTS:
        raise Unfit(Verdict.OVER_BUDGET, f"{elements} elements, the limit is {MAX_ELEMENTS}")
    if elements > MAX_DEPTH and _TOO_DEEP(root):
        raise Unfit(Verdict.OVER_BUDGET, f"elements nested more than {MAX_DEPTH} levels deep")
