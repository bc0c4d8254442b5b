"""A plan carried out by a process of its own, and what its archive then holds, read by warcio alone."""

from __future__ import annotations

import json
import os
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


class Fetching:
    """A process that carries out a plan in a new archive; ``finish`` waits for it and reads what it left.

    ``failing`` names a function of `os` which there fails with an errno: from which call on, and how often.
    ``connects`` is a file that gets a line for each connect; then nothing but loopback can be reached.
    """

    def __init__(
        self,
        directory: Path,
        chains: Iterable[list[dict[str, Any]]],
        *,
        resolve: Mapping[str, str] | None = None,
        allow_loopback: bool = False,
        known_names: Mapping[str, list[Any]] | None = None,
        settings: Mapping[str, Any] | None = None,
        file_limit: int = 0,
        failing: tuple[str, int, int, int] | None = None,
        read: bool = True,
        connects: Path | None = None,
    ) -> None:
        self._read = read
        self.archive = directory / "NEWS"
        if not self.archive.exists():
            Archive.create(
                self.archive, name="TEST", contact="t@example.org", allow_loopback=allow_loopback, resolve=resolve
            ).close()
        self._seen = directory / "seen.json"
        plan = directory / "plan.json"
        given = {
            "PRESSKEEP_ARCHIVE": str(self.archive),
            "TWISTED_DNS_RESOLVER": "names.KnownNames",
            "KNOWN_NAMES": dict(known_names or {}),
            "CONCURRENT_REQUESTS": 64,
            **(settings or {}),
        }
        told = {
            "settings": given,
            "chains": list(chains),
            "seen": str(self._seen),
            "file_limit": file_limit,
            "failing": failing,
        }
        plan.write_text(json.dumps(told), "utf-8")
        self._complaints = directory / "stderr"
        with self._complaints.open("w") as complaints:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / "fetching.py"), str(plan)],
                stderr=complaints,
                env=None if connects is None else recorded(connects),
            )

    def finish(self) -> Fetched:
        """What came of it."""
        code = self.process.wait(timeout=120)
        output = self._complaints.read_text("utf-8")
        assert code == 0, output
        told = json.loads(self._seen.read_text("utf-8"))
        stored = stored_in(self.archive / "warc") if self._read else {}
        return Fetched(told["seen"], stored, told["committed"], told["reason"], told["stats"], output, self.archive)


def recorded(connects: Path) -> dict[str, str]:
    """The environment of a process whose connects are written to a file, and reach loopback alone."""
    path = os.pathsep.join(filter(None, (str(HERE / "recording"), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, "CONNECT_LOG": str(connects)}


def fetch(directory: Path, chains: Iterable[list[dict[str, Any]]], **given: Any) -> Fetched:
    """Carry out a plan in a new archive; ``given`` as in `Fetching`."""
    return Fetching(directory, chains, **given).finish()


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
