"""Hostile hosts among healthy ones: what is left of the healthy ones' throughput, and what became of each hostile one.

    python benchmarks/hostile.py [--healthy 160] [--hostile 40] [--kinds KIND,…] [--delay 2] [--seconds 120] [--json]

One crawl of the healthy hosts alone, then one of the same with hostile ones among them: those that drip, that never
answer, that answer without an end, with bombs, garbage, wrong lengths, resets, redirects in a circle, TLS of every bad
kind (`benchmarks/hostile_server.py` has them all), and those whose names cannot be looked up
(`benchmarks/slow_names/`): with one of these, the healthy hosts are looked up, too. Both crawl for so many seconds from
their start, in one process, which has 200 sites at most.

    healthy    articles that the healthy hosts were asked for, against the crawl without hostile ones   (wanted: 0.9)
    hostile    what the archive recorded of each kind: answers by status, cut ones, attempts by reason
    memory     peak of the crawling process, without and with hostile hosts
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found for the package `archive`

from archive.store import Archive  # noqa: E402
from benchmarks.crawl import articles, for_seconds, served  # noqa: E402
from benchmarks.hostile_server import KINDS as SERVED  # noqa: E402
from benchmarks.hostile_server import OF_TLS  # noqa: E402
from benchmarks.slow_names.sitecustomize import KINDS as OF_NAMES  # noqa: E402
from crawler.jobs import BATCH  # noqa: E402

HERE = Path(__file__).parent
KINDS = (*SERVED, *OF_NAMES)


@contextmanager
def misbehaving(folder: Path) -> Iterator[dict[str, int]]:
    """The ports of the hostile kinds; the folder gets the authority of their certificates, ``ca.pem``."""
    command = [sys.executable, str(HERE / "hostile_server.py"), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.terminate()


def named(number: int, kinds: Sequence[str]) -> tuple[str, str]:
    """The name of a hostile host, and its kind: all of these in turn."""
    kind = kinds[number % len(kinds)]
    return f"{kind.replace('_', '-')}-{number}.example", kind


def made(
    path: Path, healthy: dict[str, int], hostile: dict[str, tuple[str, int]], delay: float, *, look_up: bool
) -> Path:
    """An archive that declares hosts, healthy ones by their port, hostile ones by kind and port, mixed.

    With ``look_up`` it does not say where the healthy ones lead.
    """
    where = {} if look_up else {name: f"http://127.0.0.1:{port}" for name, port in healthy.items()}
    where |= {
        name: f"127.0.0.1:{port}" if kind in OF_TLS else f"http://127.0.0.1:{port}"
        for name, (kind, port) in hostile.items()
        if kind not in OF_NAMES
    }
    Archive.create(path, name="HOSTILE", contact="bench@example.org", allow_loopback=True, resolve=where).close()
    every = max(1, len(healthy) // max(1, len(hostile)))
    names = list(healthy)
    for place, name in enumerate(hostile):
        names.insert(place * (every + 1), name)
    tables = []
    for name in names:
        scheme = "https" if name in hostile and hostile[name][0] in OF_TLS else "http"
        port = f":{healthy[name]}" if look_up and name in healthy else ""
        source = f'{{ kind = "sitemap", url = "{scheme}://{name}{port}/sitemap.xml" }}'
        tables.append(f'["{name}"]\ndelay = {delay}\nmax_articles = 100000\nsources = [{source}]\n')
    (path / "sites.toml").write_text("\n".join(tables), encoding="utf-8")
    return path


def recorded(archive: Path, hostile: dict[str, tuple[str, int]]) -> dict[str, dict[str, int]]:
    """What the archive has of the hostile hosts, by kind."""
    found: dict[str, Counter[str]] = {kind: Counter() for kind, _ in hostile.values()}
    with Archive.open(archive) as opened:
        for one in opened.captures():
            if (host := urlsplit(one.url).netloc) in hostile:
                cut = f", cut ({one.truncated})" if one.truncated else ""
                found[hostile[host][0]][f"{one.status}{cut}"] += 1
        for failed in opened.attempts():
            if (host := urlsplit(failed.attempt.url).netloc) in hostile:
                found[hostile[host][0]][str(failed.attempt.reason)] += 1
    return {kind: dict(counts.most_common()) for kind, counts in found.items()}


def measure(healthy: int, hostile: int, kinds: Sequence[str], delay: float, seconds: float) -> dict[str, Any]:
    """All figures."""
    urls = healthy * max(50, round(3 * seconds / max(delay, 0.05)))
    with (
        tempfile.TemporaryDirectory() as scratch,
        served(Path(scratch), healthy, urls) as (port, log),
        misbehaving(Path(scratch)) as ports,
    ):
        folder = Path(scratch)
        os.environ["SSL_CERT_FILE"] = str(folder / "ca.pem")  # believed by the crawl, as OpenSSL has it
        good = {f"host-{number}.example": port for number in range(healthy)}
        bad = {name: (kind, ports.get(kind, 0)) for name, kind in (named(number, kinds) for number in range(hostile))}
        look_up = not OF_NAMES.keys().isdisjoint(kinds)
        names = dict.fromkeys(good, "127.0.0.1") | {name: kind for name, (kind, _) in bad.items() if kind in OF_NAMES}
        (folder / "names.json").write_text(json.dumps(names), "utf-8")
        if look_up:
            path = os.pathsep.join(filter(None, (str(HERE / "slow_names"), os.environ.get("PYTHONPATH"))))
            os.environ |= {"PYTHONPATH": path, "SLOW_NAMES": str(folder / "names.json")}
        alone = made(folder / "alone", good, {}, delay, look_up=look_up)
        said_alone, before = for_seconds(alone, seconds, log)
        among = made(folder / "among", good, bad, delay, look_up=look_up)
        said_among, after = for_seconds(among, seconds, log)
        outcomes = recorded(among, bad)
    asked = {"alone": len(articles(before)), "among": len(articles(after))}
    hosts = {one.host for one in articles(after)}
    return {
        "asked": asked,
        "share": asked["among"] / max(1, asked["alone"]),
        "healthy_hosts": healthy,
        "healthy_hosts_asked": len(hosts),
        "recorded": outcomes,
        "memory": {"alone": said_alone["memory"], "among": said_among["memory"]},
    }


def tell(found: dict[str, Any]) -> None:
    """The figures, for people."""
    asked, memory = found["asked"], found["memory"]
    print(
        f"healthy    {asked['among']:,} articles of {found['healthy_hosts_asked']} of {found['healthy_hosts']} hosts,"
        f" {asked['alone']:,} without hostile ones: {found['share']:.2f} (wanted: 0.9)"
    )
    for kind, counts in found["recorded"].items():
        said = ", ".join(f"{number} × {what}" for what, number in counts.items()) or "nothing"
        print(f"hostile    {kind:22} {said}")
    print(f"memory     {memory['among'] / 1e6:.0f} MB, {memory['alone'] / 1e6:.0f} without hostile ones")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--healthy", type=int, default=160)
    parser.add_argument("--hostile", type=int, default=40, help="a fifth of all")
    parser.add_argument("--kinds", default=",".join(KINDS), help="in turn (default: all)")
    parser.add_argument("--delay", type=float, default=2.0, help="seconds between two requests to a host")
    parser.add_argument("--seconds", type=float, default=120.0, help="of each crawl")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    kinds = given.kinds.split(",")
    if unknown := set(kinds) - set(KINDS):
        parser.error(f"no such kind: {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    if given.healthy + given.hostile > BATCH:
        parser.error(f"one process has {BATCH} sites at most")
    found = measure(given.healthy, given.hostile, kinds, given.delay, given.seconds)
    if given.json:
        print(json.dumps(found))
    else:
        tell(found)


if __name__ == "__main__":
    main()
