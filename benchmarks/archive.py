"""The archive's speed beside its peers, in one run: writing, reading, verifying, committing, the catalogue made again.

    python benchmarks/archive.py write read verify commit rebuild
    python benchmarks/archive.py scale --captures 1000000

The corpus is made by program (`benchmarks/corpus.py`). Both sides take turns, round after round; of their times the
medians are shown. CPU time is that of the processes with all they started. warcio is the one that Presskeep itself
uses; FastWARC is run from the environment that `make peers` makes, and left out where there is none. What is measured
stands in `benchmarks/writing.py`, `reading.py` and `scale.py`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # else this file itself would be found where the package `archive` is meant

from archive.exchange import Exchange  # noqa: E402
from benchmarks import scale  # noqa: E402
from benchmarks.corpus import Corpus  # noqa: E402
from benchmarks.reading import make_archive, read, rebuild, verify  # noqa: E402
from benchmarks.writing import commit, write  # noqa: E402

PEERS = ROOT / ".peers"

Found = dict[str, Any]

SECTIONS = ("write", "read", "verify", "commit", "rebuild", "scale")


def main() -> None:
    """Make the corpus, measure what is asked for, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", help=f"of {', '.join(SECTIONS)} (default: all but scale)")
    parser.add_argument("--exchanges", type=int, default=3000, help="in the corpus (default: 3000)")
    parser.add_argument("--captures", type=int, default=1_000_000, help="in the archive of scale (default: a million)")
    parser.add_argument("--rounds", type=int, default=3, help="how often both sides are measured (default: 3)")
    parser.add_argument("--directory", type=Path, help="the disk to measure (default: that of temporary files)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    wanted = options.sections or [name for name in SECTIONS if name != "scale"]
    if unknown := set(wanted) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    found: Found = {}
    if set(wanted) - {"scale"}:
        _say(f"making {options.exchanges:,} exchanges")
        exchanges = list(Corpus(options.exchanges))
        with tempfile.TemporaryDirectory(prefix="presskeep-", dir=options.directory) as directory:
            found = _measured(wanted, exchanges, Path(directory), options.rounds)
    if "scale" in wanted:
        found["scale"] = scale.measure(options.captures, PEERS if PEERS.is_dir() else None, _say)
    print(json.dumps(found, indent=2, default=asdict) if options.json else _report(found))


def _measured(wanted: Sequence[str], exchanges: Sequence[Exchange], room: Path, rounds: int) -> Found:
    found: Found = {}
    if "write" in wanted:
        _say("writing")
        found["write"] = write(exchanges, room, rounds)
    if {"read", "verify", "rebuild"} & set(wanted):
        _say("making an archive")
        with make_archive(exchanges, room / "NEWS") as archive:
            made = rebuild(archive)
            if "read" in wanted:
                _say("reading")
                found["read"] = read(archive, rounds)
            if "verify" in wanted:
                _say("verifying")
                found["verify"] = verify(archive, rounds, room, PEERS / "bin/fastwarc")
                with make_archive(exchanges, room / "ONE", files=1) as long:
                    rebuild(long)
                    found["verify one file"] = verify(long, rounds, room, PEERS / "bin/fastwarc")
            if "rebuild" in wanted:
                found["rebuild"] = made
    if "commit" in wanted:
        _say("committing")
        found["commit"] = commit(exchanges, room)
    return found


def _say(what: str) -> None:
    print(f"{what} …", file=sys.stderr)


def _report(found: Found) -> str:
    lines: list[str] = []
    if one := found.get("write"):
        speed, ratio = one["mb_per_cpu_second"], one["ratio"]
        lines += [
            f"write    {one['bytes'] / 1e6:,.0f} MB of requests and responses, in MB a CPU second",
            f"         SHA-256 {speed['sha256']:.0f}, SHA-1 {speed['sha1']:.0f}; warcio {speed['warcio']:.1f}: "
            f"{ratio['sha256']:.1f} and {ratio['sha1']:.1f} times as fast (wanted: 5)",
            f"         packed {one['packed']['sha256'] / 1e6:.1f} MB; warcio {one['packed']['warcio'] / 1e6:.1f} MB",
        ]
    if one := found.get("read"):
        speed = one["mb_per_cpu_second"]
        lines += [
            f"read     {one['bytes'] / 1e6:,.0f} MB packed, digests checked, in MB a CPU second",
            f"         ours {speed['ours']:.0f}; warcio {speed['warcio']:.0f}: {one['ratio']:.2f} times as fast "
            "(wanted: 1.5)",
        ]
    for one in (found[name] for name in ("verify", "verify one file") if name in found):
        lines.append(f"verify   {one['bytes'] / 1e6:,.0f} MB packed, files: {one['files']}, whole commands")
        lines += [
            f"         {name:9} wall {one[name]['wall']:6.2f} s, CPU {one[name]['cpu']:6.2f} s"
            for name in ("ours", "fastwarc")
            if name in one
        ]
        if share := one.get("speed_of_fastwarc"):
            lines.append(
                f"         {share['wall']:.2f} of its speed by the clock, {share['cpu']:.2f} by CPU (wanted: 0.5)"
            )
    if one := found.get("commit"):
        lines.append(
            f"commit   {one['records_per_second']:,.0f} records ({one['captures_per_second']:,.0f} captures) a second, "
            f"in {one['commits']} commits (wanted: 300 records)"
        )
    if one := found.get("rebuild"):
        lines.append(
            f"rebuild  {one['records_per_cpu_second']:,.0f} records a CPU second (wanted: 1,000), "
            f"{one['grown_mb_after_first_file']:.0f} MB more memory after the first file"
        )
    if one := found.get("scale"):
        lines.append(scale.report(one))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
