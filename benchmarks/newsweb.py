"""Crawl a loopback news web of real pages, and measure it beside Scrapy in the same run.

    python benchmarks/newsweb.py PATH/TO/newsweb [--set publishers] [--rounds 3] [--json]

PATH is the folder of `newsweb.py`, a server of real news pages under their own host names (beside it, `../pages` with
`index.jsonl`). Each round makes a fresh archive, declares every host by its name alone, and runs the `presskeep`
command; then two peers fetch the same URLs from the same server: plain Scrapy, and Scrapy that calls trafilatura in its
reactor. Nothing leaves loopback, and no root is needed.

What is counted:
  coverage     articles of the corpus, captured, with text; every loss with its reason; disallowed paths fetched
  fetch        CPU of the crawling process per request, `presskeep crawl --no-clean`, against plain Scrapy's
  whole job    articles a second from the first request to the last text, against trafilatura in the reactor, and again
               with everything that a process costs to start
  memory       peak resident memory of the crawling process
Ratios within one round are what counts; wall time on a shared machine hardly does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found for the package `archive`

from archive.article import Article, Verdict  # noqa: E402
from archive.store import Archive  # noqa: E402
from archive.url import normalise  # noqa: E402

HERE = Path(__file__).parent
CONCURRENCY, PER_HOST = 16, 8
TRAP = "/private/"


@dataclass(frozen=True)
class Corpus:
    """The pages that the news web serves: the address of each article by its key."""

    hosts: tuple[str, ...]
    articles: dict[str, str]


@dataclass(frozen=True)
class Spent:
    """What a command cost, with all its children: CPU and wall seconds."""

    cpu: float
    wall: float


def read_corpus(newsweb: Path, which: str) -> Corpus:
    """The hosts from the server's own list; the articles from the index, as the server places them."""
    listed = subprocess.run(
        [sys.executable, newsweb / "newsweb.py", "hosts", "--set", which], check=True, capture_output=True, text=True
    ).stdout.split()
    hosts = tuple(listed[1::2])
    articles: dict[str, str] = {}

    def add(url: str) -> None:
        parts = urlsplit(url)
        path = (parts.path if parts.path not in {"", "/"} or parts.query else "/front-page-article") or "/"
        url = f"http://{parts.hostname}{path}{f'?{parts.query}' if parts.query else ''}"
        articles[normalise(url)] = url

    with (newsweb.parent / "pages" / "index.jsonl").open(encoding="utf-8") as index:
        for line in index:
            page = json.loads(line)
            if which in {"all", page["set"]} and page["url"] and urlsplit(page["url"]).hostname:
                add(page["url"])
    if which in {"all", "seeds"}:
        for file in sorted((newsweb.parent / "seed-pages").glob("*/*.html")):
            add(f"https://{file.parent.name}/{file.stem}/")
    return Corpus(hosts, articles)


@contextlib.contextmanager
def served(newsweb: Path, which: str, log: Path) -> Iterator[int]:
    """The news web on a free port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, newsweb / "newsweb.py", "serve", "--set", which, "--port", str(port), "--log", log],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        if not server.stdout.readline():
            raise SystemExit("the news web does not start: see above")
        yield port
    finally:
        server.terminate()
        server.wait()


def run(command: list[str | Path], given: str | None = None) -> tuple[str, Spent]:
    """Standard output of a command, and what it cost."""
    begun = time.monotonic()
    before = os.times()
    done = subprocess.run(command, check=False, capture_output=True, text=True, input=given)
    after = os.times()
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return done.stdout, Spent(cpu, time.monotonic() - begun)


def make_archive(room: Path, corpus: Corpus, port: int) -> Path:
    """A fresh archive in which every host is declared by its name alone; loopback needs no pause between requests."""
    path = room / "NEWS"
    with Archive.create(
        path,
        contact="benchmark@example.org",
        allow_loopback=True,
        resolve=dict.fromkeys(corpus.hosts, f"http://127.0.0.1:{port}"),
    ) as archive:
        archive.sites_path.write_text("".join(f'["{host}"]\ndelay = 0\n\n' for host in corpus.hosts), encoding="utf-8")
    return path


def crawl(archive: Path, *options: str) -> tuple[dict[str, Any], Spent]:
    """`presskeep crawl --json`: what it says of itself, and what it cost."""
    said, spent = run([Path(sys.executable).with_name("presskeep"), "crawl", "--json", "--archive", archive, *options])
    return json.loads(said), spent


def served_requests(log: Path, since: int) -> list[dict[str, Any]]:
    """The server's own account of what was asked, from a byte of its log on."""
    with log.open("rb") as lines:
        lines.seek(since)
        return [json.loads(line) for line in lines.read().splitlines()]


def coverage(path: Path, corpus: Corpus) -> dict[str, Any]:
    """What of the corpus is in the archive, and why the rest is not."""
    with Archive.open(path) as archive:
        captured = {capture.key for capture in archive.captures() if capture.status == 200}
        verdicts = {entry.capture.key: entry.text for entry in archive.entries()}
        reasons = {stored.key: f"{stored.attempt.reason}: {stored.attempt.detail}" for stored in archive.attempts()}
    losses: dict[str, str] = {}
    texts = 0
    for key, url in corpus.articles.items():
        text = verdicts.get(key)
        if key not in captured:
            losses[url] = f"not captured: {reasons.get(key, 'never asked for')}"
        elif isinstance(text, Article) and text.text.strip():
            texts += 1
        else:
            losses[url] = f"no text: {text.verdict}: {getattr(text, 'reason', 'empty')}" if text else "not cleaned"
    kinds = Counter(str(text.verdict) for key, text in verdicts.items() if key in corpus.articles)
    return {
        "articles": len(corpus.articles),
        "captured": len(captured & set(corpus.articles)),
        "texts": texts,
        "verdicts": dict(kinds),
        "losses": losses,
        "other_texts": sum(
            1 for key, text in verdicts.items() if key not in corpus.articles and text.verdict is Verdict.ARTICLE
        ),
    }


def chrome(path: Path, newsweb: Path) -> dict[str, Any]:
    """Of the hand-built seed pages: whether each story came out, and which of its page's chrome leaked into it."""
    pages: dict[str, Any] = {}
    with Archive.open(path) as archive:
        for file in sorted((newsweb.parent / "seed-pages").glob("*/*.html")):
            expected = json.loads(file.with_suffix(".expected.json").read_text(encoding="utf-8"))
            url = f"http://{file.parent.name}/{file.stem}/"
            found = next(iter(archive.articles(url=url)), None)
            text = found.text if found else ""
            lines = {line.strip() for line in text.splitlines()}
            leaked = [one for one in expected["chrome_never"] if one in text]
            leaked += [one for one in expected["chrome_as_line_only"] if one in lines]
            words, wanted = _words(text), _words(expected["text"])
            kept = sum((Counter(words) & Counter(wanted)).values())
            pages[f"{file.parent.name}/{file.stem}"] = {
                "recall": round(kept / len(wanted), 4) if wanted else 0.0,
                "precision": round(kept / len(words), 4) if words else 0.0,
                "leaked": leaked,
            }
    return pages


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def peer(plan: dict[str, Any]) -> tuple[dict[str, Any], Spent]:
    """One run of `scrapy_peer.py`."""
    said, spent = run([sys.executable, HERE / "scrapy_peer.py"], json.dumps(plan))
    return json.loads(said), spent


def one_round(newsweb: Path, corpus: Corpus, port: int, log: Path, room: Path) -> dict[str, Any]:
    """Everything once, in turn, against the same server."""
    fetch_room, whole_room = room / "fetch", room / "whole"
    fetch_room.mkdir()
    whole_room.mkdir()
    start = log.stat().st_size if log.exists() else 0
    fetched, fetch_spent = crawl(make_archive(fetch_room, corpus, port), "--no-clean")
    asked = served_requests(log, start)
    requests = [
        [one["host"], one["path"], normalise(f"http://{one['host']}{one['path']}") in corpus.articles] for one in asked
    ]
    plan = {"port": port, "concurrency": CONCURRENCY, "per_host": PER_HOST, "requests": requests}
    plain, plain_spent = peer({**plan, "extract": False})
    whole_path = make_archive(whole_room, corpus, port)
    start = log.stat().st_size
    whole, whole_spent = crawl(whole_path)
    trapped = sum(one["path"].startswith(TRAP) for one in [*asked, *served_requests(log, start)])
    reactor, reactor_spent = peer({**plan, "extract": True})
    found = coverage(whole_path, corpus)
    result = {
        "coverage": {**found, "disallowed_fetched": trapped},
        "requests": len(requests),
        "fetch": {
            "presskeep_cpu_ms": 1000 * fetched["cpu_seconds"] / len(requests),
            "scrapy_cpu_ms": 1000 * plain["cpu"] / len(requests),
            "cpu_ratio": fetched["cpu_seconds"] / plain["cpu"],
            "presskeep_process_cpu_s": fetch_spent.cpu,
            "scrapy_process_cpu_s": plain_spent.cpu,
        },
        "whole": {
            "presskeep_pages_s": found["texts"] / whole["seconds"],
            "reactor_pages_s": reactor["texts"] / reactor["wall"],
            "throughput_ratio": found["texts"] / whole["seconds"] / (reactor["texts"] / reactor["wall"]),
            "with_start_ratio": (found["texts"] / whole_spent.wall) / (reactor["texts"] / reactor_spent.wall),
            "presskeep_cpu_ms": 1000 * whole_spent.cpu / max(1, found["texts"]),
            "reactor_cpu_ms": 1000 * reactor_spent.cpu / max(1, reactor["texts"]),
        },
        "memory": {
            "presskeep_mb": max(fetched["memory"], whole["memory"]) / 1e6,
            "scrapy_mb": plain["peak"] / 1e6,
            "reactor_mb": reactor["peak"] / 1e6,
        },
    }
    seeds = chrome(whole_path, newsweb) if "worldnationnews.com" in corpus.hosts else {}
    return {**result, **({"seeds": seeds} if seeds else {})}


def median(rounds: list[dict[str, Any]], part: str, name: str) -> float:
    """The middle of a figure over the rounds."""
    return float(statistics.median(one[part][name] for one in rounds))


LINES: tuple[tuple[str, str, dict[str, str]], ...] = (
    (
        "fetch and capture, CPU",
        "fetch",
        {
            "presskeep_cpu_ms": "presskeep {:.2f} ms",
            "scrapy_cpu_ms": "plain Scrapy {:.2f} ms a request",
            "cpu_ratio": "ratio {:.3f}",
        },
    ),
    (
        "whole job, pages a second",
        "whole",
        {
            "presskeep_pages_s": "presskeep {:.1f}",
            "reactor_pages_s": "trafilatura in the reactor {:.1f}",
            "throughput_ratio": "ratio {:.2f}",
            "with_start_ratio": "with process start {:.2f}",
        },
    ),
    (
        "whole job, CPU a page",
        "whole",
        {"presskeep_cpu_ms": "presskeep {:.0f} ms", "reactor_cpu_ms": "trafilatura in the reactor {:.0f} ms"},
    ),
    (
        "peak memory",
        "memory",
        {
            "presskeep_mb": "crawling process {:.0f} MB",
            "scrapy_mb": "plain Scrapy {:.0f} MB",
            "reactor_mb": "trafilatura in the reactor {:.0f} MB",
        },
    ),
)


def report(rounds: list[dict[str, Any]]) -> None:
    """The figures, for people."""
    found = rounds[-1]["coverage"]
    print(f"articles in the corpus   {found['articles']}")
    print(f"captured                 {found['captured']}")
    print(f"with text                {found['texts']}   verdicts: {found['verdicts']}")
    print(f"disallowed paths fetched {sum(one['coverage']['disallowed_fetched'] for one in rounds)}")
    for url, reason in found["losses"].items():
        print(f"  {url}: {reason}")
    print(f"\nrequests in a round      {rounds[-1]['requests']}   (median of {len(rounds)} rounds below)")
    for title, part, names in LINES:
        figures = "   ".join(form.format(median(rounds, part, name)) for name, form in names.items())
        print(f"{title:24} {figures}")
    for page, one in rounds[-1].get("seeds", {}).items():
        print(
            f"{page}: recall {one['recall']:.3f}, precision {one['precision']:.3f}, chrome leaked {len(one['leaked'])}"
        )
        for text in one["leaked"]:
            print(f"    {text}")


def main() -> None:
    """Serve, crawl, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("newsweb", type=Path, help="the folder of newsweb.py")
    parser.add_argument("--set", default="publishers", help="which pages (default: publishers)")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (default: 3)")
    parser.add_argument("--json", action="store_true", help="print the rounds as JSON")
    options = parser.parse_args()
    if not (options.newsweb / "newsweb.py").is_file():
        parser.error(f"there is no newsweb.py in {options.newsweb}")
    newsweb = options.newsweb.resolve()
    corpus = read_corpus(newsweb, options.set)
    rounds = []
    with tempfile.TemporaryDirectory(prefix="newsweb-") as room:
        log = Path(room) / "server.log"
        with served(newsweb, options.set, log) as port:
            for number in range(options.rounds):
                place = Path(room) / str(number)
                place.mkdir()
                print(f"round {number + 1} of {options.rounds} …", file=sys.stderr)
                rounds.append(one_round(newsweb, corpus, port, log, place))
    if options.json:
        json.dump(rounds, sys.stdout, indent=2)
    else:
        report(rounds)


if __name__ == "__main__":
    main()
