"""How far titles can be told without knowing the publisher: each place alone, and the best choice among them.

    python benchmarks/titles.py --pages DIR

DIR is laid out as for `benchmarks/extraction.py`. Of each page whose title is known, the places that state one (the
heading, JSON-LD, Open Graph, Twitter, the title tag) are read by the cleaner, freed of the site's name. Printed are the
shares of pages on which each place, some place, and the cleaner's own choice is exactly right; and those of a rule that
is learned: for each pattern of which places say the same, which are lacking, and whether news is declared, it takes the
place that was right most often. Learned in five folds by publisher it says what a rule can reach that knows no
publisher; learned and judged on the same pages, what none can exceed.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found, not the package

from archive.cleaning import linked, metadata
from archive.cleaning.document import parse
from archive.cleaning.evidence import Page
from archive.cleaning.folding import fold
from archive.cleaning.stream import TextStream, normalise

PLACES = ("h1", "meta og:title", "json-ld headline", "meta twitter:title", "title")
OURS = "the cleaner"
FOLDS = 5
LATEST = 4_102_444_800 * 10**6  # 2100: no bound for the dates, which are not asked for


@dataclass(frozen=True, slots=True)
class Titled:
    """A page whose title is known, what its places say, and what the cleaner chose."""

    kind: str
    publisher: str
    wanted: str
    stated: dict[str, str]
    pattern: str

    def right(self, place: str) -> bool:
        """Whether a place says exactly the title; one that is lacking is replaced by the cleaner's choice."""
        return self.stated.get(place, self.stated[OURS]) == self.wanted


def read(folder: Path) -> Iterable[Titled]:
    """The pages of a folder whose title is known."""
    with (folder / "index.jsonl").open(encoding="utf8") as lines:
        for page in map(json.loads, lines):
            wanted = normalise(page["expected"].get("title") or "")
            if wanted:
                root = parse(gzip.decompress((folder / page["file"]).read_bytes())).root
                yield titled(page, wanted, Page(root, TextStream(root), page["url"] or "https://page.invalid/"))


def titled(page: dict[str, str], wanted: str, opened: Page) -> Titled:
    """What the places of one page say, and their pattern."""
    data = linked.read(opened.root)
    known = metadata.read(opened, data, LATEST)
    stated: dict[str, str] = {}
    for one in known.evidence:
        place = "h1" if one.rule == "one of several h1" else one.rule
        if one.field == "headline" and place in PLACES:
            stated.setdefault(place, one.value)
    said: list[str] = []
    signs = []
    for place in PLACES:
        key = fold(stated.get(place, ""))
        if key and key not in said:
            said.append(key)
        signs.append(str(said.index(key)) if key else "-")
    stated[OURS] = known.headline or ""
    pattern = "".join(signs) + (" news" if data.is_news else "")
    return Titled(page["set"], page["publisher"], wanted, stated, pattern)


def learned(pages: Iterable[Titled]) -> dict[str, str]:
    """The place that was right most often, by pattern; of equals the cleaner's choice."""
    votes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in pages:
        votes[one.pattern].update(place for place in (OURS, *PLACES) if one.right(place))
    return {pattern: max((OURS, *PLACES), key=lambda place: found[place]) for pattern, found in votes.items()}


def share(pages: Sequence[Titled], choice: dict[str, str]) -> float:
    """The share of pages on which a learned choice is right."""
    return sum(one.right(choice.get(one.pattern, OURS)) for one in pages) / len(pages)


def fold_of(one: Titled) -> int:
    """The fold that a page's publisher is in."""
    return hashlib.sha256(one.publisher.encode()).digest()[-2] % FOLDS


def crossed(pages: Sequence[Titled]) -> float:
    """The share of pages on which what was learned from other publishers is right."""
    right = 0.0
    for number in range(FOLDS):
        asked = [one for one in pages if fold_of(one) == number]
        if asked:
            right += len(asked) * share(asked, learned(one for one in pages if fold_of(one) != number))
    return right / len(pages)


def main() -> None:
    """Print the shares, a set at a time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=Path("../shared/pages"))
    args = parser.parse_args()
    if not (args.pages / "index.jsonl").is_file():
        parser.error(f"{args.pages} has no index.jsonl: name a folder of reference pages with --pages")
    pages = list(read(args.pages))
    for kind in sorted({one.kind for one in pages}):
        some = [one for one in pages if one.kind == kind]
        print(f"\n{kind} ({len(some)} pages with a title)")
        for place in (OURS, *PLACES):
            print(f"  {place:<22} {sum(one.right(place) for one in some) / len(some):.3f}")
        print(f"  {'some place':<22} {sum(any(map(one.right, (OURS, *PLACES))) for one in some) / len(some):.3f}")
        print(f"  {'learned, five folds':<22} {crossed(some):.3f}")
        print(f"  {'learned on themselves':<22} {share(some, learned(some)):.3f}")


if __name__ == "__main__":
    main()
