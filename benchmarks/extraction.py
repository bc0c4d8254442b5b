"""Extraction beside its peers: text, metadata and speed on a folder of reference pages, in one run.

    python benchmarks/extraction.py --pages DIR [--scorer FILE] [--only NAME]... [--out FILE]

DIR holds ``index.jsonl``, a page a line: ``set``, ``id``, ``file`` (gzipped HTML below DIR), ``url``, ``publisher``,
``captured`` and ``expected``. The metrics are the scorer's own functions, loaded from FILE. Each extractor runs in a
process of its own; readability-lxml, newspaper4k and resiliparse in the environment that `make peers` makes.

``--only`` may be given several times. NAME is an extractor (then only these are run), or says which pages are read: a
set, a publisher, or a page by its id, its file or its URL. ``--out`` writes predictions in the scorer's format: those
of the one extractor that is named, else ours.
"""

from __future__ import annotations

import argparse
import difflib
import gzip
import hashlib
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

from lxml import html

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found, not the package

from benchmarks.extractors import EXTRACTORS, Page, Prediction, python_of

PROGRAM = Path(__file__).with_name("extractors.py")
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


def pages_of(folder: Path) -> list[Page]:
    """The pages of the folder's index."""
    with (folder / "index.jsonl").open(encoding="utf8") as lines:
        return [json.loads(line) for line in lines]


def select(names: Sequence[str], pages: Sequence[Page]) -> tuple[list[str], list[Page]]:
    """The extractors and the pages that names choose; all of them where no name is of their kind.

    Raises ValueError with the nearest name for one that is nothing.
    """
    extractors = [name for name in names if name in EXTRACTORS]
    wanted = set(names) - EXTRACTORS.keys()
    keys = ("set", "publisher", "id", "file", "url")
    known = {str(page.get(key)) for page in pages for key in keys if page.get(key)}
    for name in sorted(wanted - known):
        near = difflib.get_close_matches(name, [*EXTRACTORS, *known], 1)
        hint = f"; did you mean {near[0]}?" if near else f": extractors are {', '.join(EXTRACTORS)}"
        raise ValueError(f"{name} is no extractor, and no set, publisher or page of the index{hint}")
    chosen = [page for page in pages if not wanted or wanted & {str(page.get(key)) for key in keys}]
    return extractors or list(EXTRACTORS), chosen


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


def headed(pages: Sequence[Page], folder: Path) -> set[str]:
    """The pages whose reference title is what readers see as a heading, by their ids."""
    found = set()
    for page in pages:
        root = html.document_fromstring(gzip.decompress((folder / page["file"]).read_bytes()))
        heads = {squeezed(str(one.text_content())) for one in root.iter("h1", "h2")}
        if squeezed(page["expected"].get("title") or "") in heads - {""}:
            found.add(page["id"])
    return found


def titles_alone(scorer: ModuleType, pages: Sequence[Page], output: dict[str, Prediction]) -> float:
    """The share of pages whose title is found exactly."""
    bare = [{**page, "expected": {"title": page["expected"]["title"]}} for page in pages]
    return float(scorer.score_metadata(bare, output)[0])


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
        shown = headed(members, folder) if name == "publishers" else set()
        for extractor, output in outputs.items():
            cpu = sum(output[page["id"]]["seconds"] for page in members)
            line = f"  {extractor:<22} {len(members) / cpu:6.1f} pages/CPU s"
            try:
                line += (
                    of_phrases(scorer, members, output)
                    if name == "phrases"
                    else of_texts(scorer, members, output, base)
                )
            except (statistics.StatisticsError, ZeroDivisionError):  # of the scorer: no text on any page
                line += "  no text found"
            print(line)
            print_metadata(scorer, members, output, shown if name == "publishers" else None)


def of_phrases(scorer: ModuleType, pages: Sequence[Page], output: dict[str, Prediction]) -> str:
    """The figures of pages whose references are phrases."""
    f1, precision, recall, leaked, unwanted = scorer.score_phrases(pages, output)
    return f"  F1 {f1:.4f} P {precision:.4f} R {recall:.4f} leaked {leaked} of {unwanted}"


def of_texts(scorer: ModuleType, pages: Sequence[Page], output: dict[str, Prediction], base: dict[str, float]) -> str:
    """The figures of pages whose references are whole texts; ``base`` has trafilatura's F1 by page."""
    f1, precision, recall, rows = scorer.score_text(pages, output, "text")
    scores = sorted(row[0] for row in rows)
    lost = sum(row[0] < base[row[3]["id"]] - LOST for row in rows) if base else "-"
    worst = statistics.fmean(scores[: max(1, len(scores) // 10)])
    line = f"  text F1 {f1:.4f} P {precision:.4f} R {recall:.4f}  worst tenth {worst:.3f}  lost {lost}"
    line += f"  body {scorer.score_text(pages, output, 'body')[0]:.4f}"
    unspaced = [page for page in pages if (page.get("language") or "")[:2] in UNSPACED]
    if unspaced:
        line += f"\n{'':<26}CJK and Thai ({len(unspaced)}) {scorer.score_text(unspaced, output, 'text')[0]:.4f}"
    return line


def print_metadata(
    scorer: ModuleType, pages: Sequence[Page], output: dict[str, Prediction], shown: set[str] | None
) -> None:
    """The scorer's figures of metadata by halves; of publishers, those of titles that are headings, and of people.

    ``shown`` has the pages whose reference title is a heading, by their ids.
    """
    for part in ("even", "odd", "all"):
        some = [page for page in pages if part in {"all", half(page)}]
        if not any(page["expected"].get(field) for page in some for field in ("title", "authors", "date")):
            continue
        m = scorer.score_metadata(some, output)
        print(f"{'':<26}{part:<5}title exact {m[0]:.3f}  authors F1 {m[2]:.3f}  date right {m[3]:.3f} wrong {m[4]:.3f}")
        if shown is None:
            continue
        heads = [page for page in some if page["id"] in shown]
        credited, people = people_alone(scorer, some, output)
        print(
            f"{'':<31}title exact {titles_alone(scorer, heads, output):.3f} on {len(heads)} whose heading is the "
            f"reference  people F1 {people:.3f} on {credited} that credit a person"
        )


def predict(name: str, folder: Path, pages: Sequence[Page], room: Path) -> Path | None:
    """The file of one extractor's predictions, made in a process of its own; None where it is not installed."""
    python = python_of(name)
    if python is None:
        print(f"{name}: not installed, and left out: run `make peers`", file=sys.stderr)
        return None
    print(f"{name}: {len(pages)} pages", file=sys.stderr)
    index, out = room / "index.jsonl", room / f"{name}.jsonl"
    index.write_text("".join(json.dumps(page) + "\n" for page in pages), encoding="utf8")
    command = [str(python), str(PROGRAM), name, "--pages", str(folder), "--index", str(index), "--out", str(out)]
    subprocess.run(command, check=True)
    return out


def main() -> None:
    """Run the extractors, one after the other, and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=Path("../shared/pages"))
    parser.add_argument("--scorer", type=Path, default=Path("../shared/tools/score.py"))
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--set", dest="only", action="append", metavar="SET", help="the same as --only SET")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if not (args.pages / "index.jsonl").is_file():
        parser.error(f"{args.pages} has no index.jsonl: name a folder of reference pages with --pages")
    spec = importlib.util.spec_from_file_location("scorer", args.scorer) if args.scorer.is_file() else None
    if spec is None or spec.loader is None:
        parser.error(f"{args.scorer} is no Python file: name the program that defines the metrics with --scorer")
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    try:
        names, pages = select(args.only, pages_of(args.pages))
    except ValueError as error:
        parser.error(f"argument --only: {error}")
    outputs: dict[str, dict[str, Prediction]] = {}
    ours = names[0] if len(names) == 1 else "presskeep"
    with tempfile.TemporaryDirectory() as room:
        for name in names:
            out = predict(name, args.pages, pages, Path(room))
            if out is None:
                continue
            with out.open(encoding="utf8") as lines:
                outputs[name] = {row["id"]: row for row in map(json.loads, lines)}
            if args.out and name == ours:
                args.out.write_bytes(out.read_bytes())
    table(scorer, pages, outputs, args.pages)


if __name__ == "__main__":
    main()
