"""Which real pages are taken for one of several, and what telling that costs.

    python benchmarks/pages.py PATH/TO/pages [--json]

PATH is a folder with an `index.jsonl`, whose lines name a `file` (gzipped) and its `url`. Of each page is told what it
links to as further pages of its story (`archive.pagination`), and whether the look at its bytes, which spares a crawl
most trees, sees them coming. Nobody has marked these pages: those that are found are listed, to be looked at.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found for the package `archive`

from archive.cleaning.document import Unfit, parse  # noqa: E402
from archive.pagination import may_be_split, pagination  # noqa: E402
from crawler.discovery.shape import may_be_article  # noqa: E402
from crawler.discovery.story import tells_a_story  # noqa: E402


def main() -> None:
    """Read all pages, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    number = looked = overlooked = 0
    looking = linking = parsing = 0.0
    found: list[dict[str, object]] = []
    for line in (given.pages / "index.jsonl").read_text(encoding="utf-8").strip().split("\n"):
        one = json.loads(line)
        if not one["url"]:
            continue
        payload = gzip.decompress((given.pages / one["file"]).read_bytes())
        begun = time.process_time()
        marked = may_be_split(payload, one["url"])
        looking += time.process_time() - begun
        begun = time.process_time()
        try:
            document = parse(payload)
        except Unfit:
            continue
        parsing += time.process_time() - begun
        begun = time.process_time()
        links = pagination(document.root, one["url"])
        linking += time.process_time() - begun
        number += 1
        looked += marked
        if links:
            overlooked += not marked
            pages = [page.url for page in links]
            story = may_be_article(one["url"]) and tells_a_story(document.root)
            found.append({"url": one["url"], "story": story, "pages": pages})
    told = {
        **{
            "pages": number,
            "split": len(found),
            "asked": sum(bool(one["story"]) for one in found),
            "marked": looked,
            "overlooked": overlooked,
        },
        "milliseconds": {
            name: round(1000 * spent / max(1, number), 3)
            for name, spent in (("look", looking), ("tree", parsing), ("links", linking))
        },
        "found": found,
    }
    if given.json:
        print(json.dumps(told, ensure_ascii=False))
        return
    print(f"{number:,} pages, {len(found)} of them one of several, {told['asked']} of which a crawl takes for a story;")
    print(f"{looked:,} have a sign of it in their bytes,")
    print(f"and of those that link to others {overlooked} have none")
    for name, spent in told["milliseconds"].items():  # type: ignore[attr-defined]
        print(f"  {name:6} {spent:8.3f} ms a page")
    for page in found:
        print(page["url"], *page["pages"], sep="\n    ")  # type: ignore[misc]


if __name__ == "__main__":
    main()
