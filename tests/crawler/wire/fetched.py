"""A plan carried out by a process of its own, and what its archive then holds, read by warcio alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from archive.store import Archive

HERE = Path(__file__).parent


@dataclass
class Stored:
    """The records of one exchange or attempt: what they hold, and their WARC headers."""

    request: bytes = b""
    response: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)  # of the response or, without one, the metadata record
    metadata: str = ""


@dataclass
class Fetched:
    """What a plan led to: what Scrapy saw, and what is in the archive, by URL in order."""

    seen: list[dict[str, Any]]
    stored: dict[str, list[Stored]]
    committed: list[str]
    reason: str
    stats: dict[str, Any]
    output: str
    archive: Path

    def of(self, url: str) -> dict[str, Any]:
        """The last that Scrapy saw of a URL."""
        return [one for one in self.seen if one["url"] == url][-1]


def fetch(
    directory: Path,
    chains: Iterable[list[dict[str, Any]]],
    *,
    resolve: Mapping[str, str] | None = None,
    allow_loopback: bool = False,
    known_names: Mapping[str, list[str]] | None = None,
    settings: Mapping[str, Any] | None = None,
    read: bool = True,
) -> Fetched:
    """Carry out a plan in a new archive."""
    path = directory / "NEWS"
    Archive.create(path, name="TEST", contact="t@example.org", allow_loopback=allow_loopback, resolve=resolve)
    plan = directory / "plan.json"
    seen = directory / "seen.json"
    given = {
        "PRESSKEEP_ARCHIVE": str(path),
        "TWISTED_DNS_RESOLVER": "names.KnownNames",
        "KNOWN_NAMES": dict(known_names or {}),
        "CONCURRENT_REQUESTS": 64,
        **(settings or {}),
    }
    plan.write_text(json.dumps({"settings": given, "chains": list(chains), "seen": str(seen)}), "utf-8")
    done = subprocess.run(
        [sys.executable, str(HERE / "fetching.py"), str(plan)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(seen.read_text("utf-8"))
    stored = stored_in(path / "warc") if read else {}
    return Fetched(told["seen"], stored, told["committed"], told["reason"], told["stats"], done.stderr, path)


def stored_in(directory: Path) -> dict[str, list[Stored]]:
    """The exchanges and attempts in all WARC files below a directory, by target URI, in order."""
    found: dict[str, list[Stored]] = defaultdict(list)
    for file in sorted(directory.rglob("*.warc.gz*")):
        groups: dict[str, Stored] = {}
        for headers, block in _records(file):
            group = groups.setdefault(headers.get("WARC-Concurrent-To", headers["WARC-Record-ID"]), Stored())
            match headers["WARC-Type"]:
                case "response":
                    group.response, group.headers = block, headers
                case "request":
                    group.request = block
                case "metadata":
                    group.metadata, group.headers = block.decode("utf-8"), group.headers or headers
        for group in groups.values():
            found[group.headers.get("WARC-Target-URI", "")].append(group)
    return found


def _records(file: Path) -> Iterator[tuple[dict[str, str], bytes]]:
    with file.open("rb") as stream:
        for record in ArchiveIterator(stream, no_record_parse=True):
            yield dict(record.rec_headers.headers), record.raw_stream.read()
