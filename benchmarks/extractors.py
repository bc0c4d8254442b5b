"""Extractors that are measured: each a function of a page's bytes, and the Python that has what it needs.

As a program it lets one of them read every page of a folder; `benchmarks/extraction.py` starts it so:

    PYTHON benchmarks/extractors.py NAME --pages DIR --index FILE --out FILE

FILE of ``--index`` has the lines of the pages to read, a page a line. The peers (readability-lxml, newspaper4k,
resiliparse) are read by the Python of ``.peers``, where nothing of this project is: they are measured, never imported.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import re
import sys
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
Page = dict[str, Any]
Prediction = dict[str, Any]
Extractor = Callable[[bytes, str, int], Prediction]  # of a payload, its URL, and when it was captured

LATEST = datetime(2100, 1, 1, tzinfo=UTC)  # for pages whose date of capture is unknown: no bound for their dates


def ours() -> Extractor:
    """The cleaner, on a capture that holds the page; of a refusal, nothing."""
    from archive.article import Article
    from archive.capture import Capture
    from archive.cleaning.clean import clean

    def extract(payload: bytes, url: str, at: int) -> Prediction:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(payload)}\r\n\r\n".encode()
        capture = Capture(
            id="urn:uuid:4a51b7bc-3a1f-4b8f-9c39-1b1ff3a1b001",
            url=url,
            key=url,
            at=at,
            status=200,
            payload_digest="sha256:" + 64 * "0",  # as the id: an archive knows it
            block=partial(bytes, head + payload),
        )
        article = clean([capture])
        if not isinstance(article, Article):
            return {}
        body = "\n".join(one.text for one in article.body)
        # The scorer's "authors" are all who sign; an article keeps people apart from agencies and organisations.
        signed = [one.value for one in article.evidence if one.field == "signature" and one.chosen]
        return {
            "text": f"{article.standfirst}\n{body}" if article.standfirst else body,
            "body": body,
            "title": article.headline,
            "authors": [*article.byline, *signed],
            "people": list(article.byline),
            "date": (article.published or "")[:10] or None,
        }

    return extract


def of_trafilatura(*, precision: bool = False, recall: bool = False, fast: bool = False) -> Extractor:
    """trafilatura with its metadata, as its documentation calls it."""
    from trafilatura import bare_extraction

    def extract(payload: bytes, url: str, at: int) -> Prediction:
        found = bare_extraction(
            payload,
            url=url,
            with_metadata=True,
            include_comments=False,
            favor_precision=precision,
            favor_recall=recall,
            fast=fast,
        )
        if found is None:
            return {}
        known = found if isinstance(found, dict) else found.as_dict()
        authors = [name for name in (known.get("author") or "").split("; ") if name]
        return {"text": known.get("text"), "title": known.get("title"), "authors": authors, "date": known.get("date")}

    return extract


def text_of(payload: bytes) -> str:
    """A page's text for those that read no bytes: by the charset that it declares, else UTF-8."""
    declared = re.search(rb"charset\s*=\s*[\"']?([\w-]{2,20})", payload[:4096])
    try:
        return payload.decode(declared[1].decode() if declared else "utf-8", "replace")
    except LookupError:
        return payload.decode("utf-8", "replace")


def of_readability() -> Extractor:
    """readability-lxml: text and title; it knows no dates, and authors of some pages."""
    from lxml import etree, html
    from readability import Document

    def extract(payload: bytes, url: str, at: int) -> Prediction:
        try:
            document = Document(text_of(payload), url=url)
            summary = html.fromstring(document.summary(html_partial=True))
            return {"text": "\n".join(map(str, summary.itertext())), "title": document.short_title()}
        except (ValueError, TypeError, etree.LxmlError):
            return {}

    return extract


def of_newspaper() -> Extractor:
    """newspaper4k on the page's own bytes, without a network."""
    from newspaper import Article

    def parsed(payload: bytes, url: str, **options: str) -> Article:
        article = Article(url=url or "https://page.invalid/", fetch_images=False, **options)
        article.download(input_html=text_of(payload))
        article.parse()
        return article

    def extract(payload: bytes, url: str, at: int) -> Prediction:
        try:
            article = parsed(payload, url)
        except (ImportError, LookupError):  # some languages need tokenizers and data that do not come with it
            article = parsed(payload, url, language="en")
        when = article.publish_date
        return {
            "text": article.text,
            "title": article.title,
            "authors": list(article.authors),
            "date": when.date().isoformat() if isinstance(when, datetime) else None,
        }

    return extract


def of_resiliparse() -> Extractor:
    """resiliparse's main content; its title is the title element's, and it knows neither authors nor dates."""
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import detect_encoding
    from resiliparse.parse.html import HTMLTree

    def extract(payload: bytes, url: str, at: int) -> Prediction:
        tree = HTMLTree.parse_from_bytes(payload, detect_encoding(payload))
        text = extract_plain_text(tree, main_content=True, alt_texts=False, comments=False, links=False)
        return {"text": text, "title": tree.title}

    return extract


PEERS: dict[str, Callable[[], Extractor]] = {
    "readability-lxml": of_readability,
    "newspaper4k": of_newspaper,
    "resiliparse": of_resiliparse,
}
EXTRACTORS: dict[str, Callable[[], Extractor]] = {
    "presskeep": ours,
    "trafilatura": of_trafilatura,
    "trafilatura-precision": partial(of_trafilatura, precision=True),
    "trafilatura-recall": partial(of_trafilatura, recall=True),
    "trafilatura-fast": partial(of_trafilatura, fast=True),
    **PEERS,
}


def python_of(name: str) -> Path | None:
    """The Python that an extractor is read by; None where its environment has not been made."""
    if name not in PEERS:
        return Path(sys.executable)
    python = ROOT / ".peers" / "bin" / "python"
    return python if (ROOT / ".peers" / ".installed").is_file() and python.exists() else None


def work(name: str, folder: Path, index: Path, out: Path) -> None:
    """Let one extractor read every page of an index; a line a page, with its CPU seconds."""
    logging.disable(logging.CRITICAL)  # what a library says of a page is no figure
    warnings.simplefilter("ignore")
    extract = EXTRACTORS[name]()
    with index.open(encoding="utf8") as pages, out.open("w", encoding="utf8") as lines:
        for page in map(json.loads, pages):
            payload = gzip.decompress((folder / page["file"]).read_bytes())
            captured = page.get("captured")
            when = datetime.fromisoformat(captured) if captured else LATEST
            when = when if when.tzinfo else when.replace(tzinfo=UTC)
            begun = time.process_time()
            found = extract(payload, page["url"] or "", int(when.timestamp()) * 10**6)
            seconds = time.process_time() - begun
            lines.write(json.dumps({"id": page["id"], **found, "seconds": seconds}, ensure_ascii=False) + "\n")


def main() -> None:
    """Let one extractor read the pages that it is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=EXTRACTORS)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    work(args.name, args.pages, args.index, args.out)


if __name__ == "__main__":
    sys.path[0] = str(ROOT)  # else archive.py beside it is found for the package `archive`
    main()
