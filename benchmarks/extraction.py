"""Extraction beside its peers: text, metadata and speed on a folder of reference pages, in one run.

    python benchmarks/extraction.py --pages DIR [--scorer FILE] [--only NAME] [--set SET] [--out FILE]

DIR holds ``index.jsonl``, a page a line: ``set``, ``id``, ``file`` (gzipped HTML below DIR), ``url``, ``publisher``,
``captured`` and ``expected``. The metrics are the scorer's own functions, loaded from FILE. Each extractor runs in a
process of its own; ``--out`` writes the predictions of the one that ``--only`` names (without it, ours).
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from lxml import html

sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found for the package `archive`

Page = dict[str, Any]
Prediction = dict[str, Any]
Extractor = Callable[[bytes, str, int], Prediction]  # of a payload, its URL, and when it was captured

LATEST = datetime(2100, 1, 1, tzinfo=UTC)  # for pages whose date of capture is unknown: no bound for their dates
UNSPACED = {"zh", "ja", "ko", "th"}
# What reference authors are, beside people and the papers themselves.
AGENCIES = {
    *("ap", "associatedpress", "afp", "agencefrancepresse", "reuters", "dpa", "deutschepresseagentur", "apa", "sda"),
    *(
        "keystonesda",
        "ansa",
        "efe",
        "epd",
        "kna",
        "sid",
        "ntb",
        "ritzau",
        "anp",
        "belga",
        "pti",
        "tass",
        "xinhua",
        "aap",
    ),
    *("kyodo", "yonhap", "pap", "bloomberg", "aptn", "pa", "tt", "lusa", "europapress"),
}
DESKS = ("redaktion", "redaction", "rédaction", "redacción", "redazione", "newsroom", "news desk", "staff", "agenc",
         "agentur", "editor", "デジタル", "オンライン", "新聞", "通讯", "기자단", "afp,", "team")  # fmt: skip
LOST = 0.2  # text F1 below trafilatura's that counts as a page lost


def ours() -> Extractor:
    """The cleaner, on a capture that holds the page; of a refusal, nothing."""
    from archive.article import Article
    from archive.capture import Capture
    from archive.cleaning.clean import clean
    from archive.digest import sha256

    def extract(payload: bytes, url: str, at: int) -> Prediction:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(payload)}\r\n\r\n".encode()
        capture = Capture(
            id="urn:uuid:4a51b7bc-3a1f-4b8f-9c39-1b1ff3a1b001",
            url=url,
            key=url,
            at=at,
            status=200,
            payload_digest=sha256(payload),
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


EXTRACTORS: dict[str, Callable[[], Extractor]] = {
    "presskeep": ours,
    "trafilatura": of_trafilatura,
    "trafilatura-precision": partial(of_trafilatura, precision=True),
    "trafilatura-recall": partial(of_trafilatura, recall=True),
    "trafilatura-fast": partial(of_trafilatura, fast=True),
}


def pages_of(folder: Path, only: str | None) -> list[Page]:
    """The pages of the folder's index, of one set where one is named."""
    with (folder / "index.jsonl").open(encoding="utf8") as lines:
        return [page for page in map(json.loads, lines) if only in {None, page["set"]}]


def work(name: str, folder: Path, only: str | None, out: Path) -> None:
    """Let one extractor read every page; a line a page, with its CPU seconds."""
    extract = EXTRACTORS[name]()
    with out.open("w", encoding="utf8") as lines:
        for page in pages_of(folder, only):
            payload = gzip.decompress((folder / page["file"]).read_bytes())
            captured = page.get("captured")
            when = datetime.fromisoformat(captured) if captured else LATEST
            when = when if when.tzinfo else when.replace(tzinfo=UTC)
            begun = time.process_time()
            found = extract(payload, page["url"], int(when.timestamp()) * 10**6)
            seconds = time.process_time() - begun
            lines.write(json.dumps({"id": page["id"], **found, "seconds": seconds}, ensure_ascii=False) + "\n")


def squeezed(text: str) -> str:
    """The letters and digits of a text, case folded."""
    return "".join(filter(str.isalnum, text.casefold()))


def is_person(name: str, page: Page) -> bool:
    """Whether a reference's author is a person: no agency, no desk, and not the paper (by its name or its host)."""
    bare = squeezed(name)
    host = (urlsplit(page["url"]).hostname or "").removeprefix("www.")
    houses = {squeezed(page["publisher"].rpartition("/")[2]), *map(squeezed, host.split(".")[:-1]), squeezed(host)}
    if bare in AGENCIES or any(len(one) > 2 and (bare in one or one in bare) for one in houses):
        return False
    return not any(word in name.casefold() for word in DESKS) and not any(char.isdigit() for char in name)


def people_alone(scorer: ModuleType, pages: Sequence[Page], output: dict[str, Prediction]) -> tuple[int, float]:
    """On how many pages a person is credited, and the F1 of bylines against those people."""
    credited = []
    found = {}
    for page in pages:
        if people := [name for name in page["expected"].get("authors") or [] if is_person(name, page)]:
            credited.append({**page, "expected": {"authors": people}})
            one = output[page["id"]]
            found[page["id"]] = {"authors": one.get("people", one.get("authors"))}
    return len(credited), scorer.score_metadata(credited, found)[2]


def shown_alone(
    scorer: ModuleType, pages: Sequence[Page], output: dict[str, Prediction], folder: Path
) -> tuple[int, float]:
    """On how many pages readers see the reference's title as a heading, and on what share of those it is found."""
    shown = []
    for page in pages:
        root = html.document_fromstring(gzip.decompress((folder / page["file"]).read_bytes()))
        heads = {squeezed(str(one.text_content())) for one in root.iter("h1", "h2")}
        if squeezed(page["expected"].get("title") or "") in heads - {""}:
            shown.append({**page, "expected": {"title": page["expected"]["title"]}})
    return len(shown), scorer.score_metadata(shown, output)[0]


def half(page: Page) -> str:
    """The half that a page's publisher is in: rules are tuned on the even one alone."""
    return "odd" if hashlib.sha256(page["publisher"].encode()).digest()[-1] % 2 else "even"


def table(scorer: ModuleType, pages: Sequence[Page], outputs: dict[str, dict[str, Prediction]], folder: Path) -> None:
    """Print the figures of each set, an extractor a line."""
    for name in sorted({page["set"] for page in pages}):
        members = [page for page in pages if page["set"] == name]
        print(f"\n{name} ({len(members)} pages)")
        base = {}
        if name != "phrases" and "trafilatura" in outputs:
            base = {row[3]["id"]: row[0] for row in scorer.score_text(members, outputs["trafilatura"], "text")[3]}
        for extractor, output in outputs.items():
            cpu = sum(output[page["id"]]["seconds"] for page in members)
            line = f"  {extractor:<22} {len(members) / cpu:6.1f} pages/CPU s"
            if name == "phrases":
                f1, precision, recall, leaked, unwanted = scorer.score_phrases(members, output)
                print(f"{line}  F1 {f1:.4f} P {precision:.4f} R {recall:.4f} leaked {leaked} of {unwanted}")
                continue
            f1, precision, recall, rows = scorer.score_text(members, output, "text")
            scores = sorted(row[0] for row in rows)
            lost = sum(row[0] < base[row[3]["id"]] - LOST for row in rows) if base else "-"
            worst = statistics.fmean(scores[: max(1, len(scores) // 10)])
            line += f"  text F1 {f1:.4f} P {precision:.4f} R {recall:.4f}  worst tenth {worst:.3f}  lost {lost}"
            print(f"{line}  body {scorer.score_text(members, output, 'body')[0]:.4f}")
            unspaced = [page for page in members if (page.get("language") or "")[:2] in UNSPACED]
            if unspaced:
                print(f"{'':<26}CJK and Thai ({len(unspaced)}) {scorer.score_text(unspaced, output, 'text')[0]:.4f}")
            if name == "publishers":
                for part in ("even", "odd", "all"):
                    some = [page for page in members if part in {"all", half(page)}]
                    m = scorer.score_metadata(some, output)
                    print(
                        f"{'':<26}{part:<5} title exact {m[0]:.3f}  authors F1 {m[2]:.3f}"
                        f"  date right {m[3]:.3f} wrong {m[4]:.3f}"
                    )
                    credited, people = people_alone(scorer, some, output)
                    headed, shown = shown_alone(scorer, some, output, folder)
                    print(
                        f"{'':<32}title exact {shown:.3f} on {headed} whose heading is the reference"
                        f"  people F1 {people:.3f} on {credited} that credit a person"
                    )


def main() -> None:
    """Run the extractors, one after the other, and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=Path("../shared/pages"))
    parser.add_argument("--scorer", type=Path, default=Path("../shared/tools/score.py"))
    parser.add_argument("--only", choices=EXTRACTORS)
    parser.add_argument("--set", dest="chosen", choices=["publishers", "articles", "phrases"])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if not (args.pages / "index.jsonl").is_file():
        parser.error(f"{args.pages} has no index.jsonl: name a folder of reference pages with --pages")
    if args.worker:
        work(args.only, args.pages, args.chosen, args.out)
        return
    spec = importlib.util.spec_from_file_location("scorer", args.scorer) if args.scorer.is_file() else None
    if spec is None or spec.loader is None:
        parser.error(f"{args.scorer} is no Python file: name the program that defines the metrics with --scorer")
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    pages = pages_of(args.pages, args.chosen)
    if not pages:
        parser.error(f"{args.pages} has no page of the set {args.chosen}")
    outputs: dict[str, dict[str, Prediction]] = {}
    with tempfile.TemporaryDirectory() as room:
        for name in [args.only] if args.only else EXTRACTORS:
            print(f"{name}: {len(pages)} pages", file=sys.stderr)
            out = Path(room) / f"{name}.jsonl"
            command = [sys.executable, __file__, "--worker", "--only", name, "--out", str(out)]
            command += ["--pages", str(args.pages)] + (["--set", args.chosen] if args.chosen else [])
            subprocess.run(command, check=True)
            with out.open(encoding="utf8") as lines:
                outputs[name] = {row["id"]: row for row in map(json.loads, lines)}
            if args.out and name == (args.only or "presskeep"):
                args.out.write_bytes(out.read_bytes())
    table(scorer, pages, outputs, args.pages)


if __name__ == "__main__":
    main()
