"""The memory of a cleaning child over very many pages, none of them twice the same.

    python -m benchmarks.worker_memory [--pages DIR] [--number 20000] [--recycle 1000000]

cleans pages of a folder of reference pages (`benchmarks/extraction.py`), or made ones, through one `CleaningChild`,
and tells its resident memory each thousand pages. In every round words, classes, addresses and some names of elements
are other ones, so that whatever is remembered by page, word or name shows. The child is not recycled unless
`--recycle` says after how many pages; then the peak of all of them is told. The exit code is 1 where the second half
has grown by more than a tenth.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from archive.capture import Capture
from archive.worker import CleaningChild

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
_SENTENCE = "The crane moved sixty metres to the east on Sunday, and nobody in the old town heard it go. "


def reference(folder: Path) -> list[tuple[str, bytes]]:
    """The addresses and pages of a folder."""
    with (folder / "index.jsonl").open(encoding="utf-8") as index:
        rows = [json.loads(line) for line in index]
    return [(row["url"], gzip.decompress((folder / row["file"]).read_bytes())) for row in rows]


def made() -> list[tuple[str, bytes]]:
    """A few dozen pages of different sizes."""
    pages = []
    for number in range(40):
        story = "".join(f"<p class='body x{number}'>{_SENTENCE * (1 + n % 4)}</p>" for n in range(5 + 3 * number))
        links = "".join(f"<li class='more'><a href='/{n}'>Story {n}</a></li>" for n in range(10 * number))
        page = f"<html><head><title>Crane {number}</title></head><body><h1>Crane {number}</h1>{story}<ul>{links}</ul>"
        pages.append((f"https://courier.example/2026/11/24/{number}", page.encode()))
    return pages


def others(pages: list[tuple[str, bytes]], number: int) -> Iterator[tuple[str, bytes]]:
    """So many pages, each another one."""
    for count in range(number):
        url, page = pages[count % len(pages)]
        mark = b"w%d" % count
        page = page.replace(b'class="', b'class="' + mark + b" ").replace(b"</p>", b" " + mark + b"</p>")
        page = page.replace(b"</body>", b"<x-%s data-%s=1>%s</x-%s></body>" % (mark, mark, mark, mark))
        yield f"{url}?{count}", page


def resident(pid: int) -> int:
    """What a process has resident, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS:"))


def main() -> int:
    """Clean the pages and tell the memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, help="a folder of reference pages; without it, pages are made")
    parser.add_argument("--number", type=int, default=20_000)
    parser.add_argument("--recycle", type=int, default=10**6, help="pages after which the child is replaced")
    asked = parser.parse_args()
    pages = reference(asked.pages) if asked.pages else made()
    told: list[int] = []
    with tempfile.TemporaryDirectory() as directory, CleaningChild(recycle=asked.recycle) as child:
        where = Path(directory) / "page"
        peak = failed = 0
        for count, (url, page) in enumerate(others(pages, asked.number), 1):
            where.write_bytes(_HEAD + page)
            capture = Capture(id=f"urn:x:{count}", url=url, key=url, at=1_795_600_000_000_000, block=where.read_bytes)
            failed += not isinstance(child.clean(capture), bytes)
            if child.pid is not None:
                peak = max(peak, resident(child.pid)) if count % 20 == 0 else peak
                if count % 1000 == 0:
                    told.append(resident(child.pid))
                    print(f"{count:>6} pages: {told[-1]} MB, most so far {peak} MB, {failed} failures", flush=True)
    half = told[len(told) // 2 - 1 :]
    return int(len(half) > 1 and half[-1] > 1.1 * half[0])


if __name__ == "__main__":
    sys.exit(main())
