"""What `presskeep coverage` costs in an archive of many polls.

    python benchmarks/coverage.py [--days 30,60,120] [--profile] [--json]

An archive is written by program: one site with a feed of forty items that is polled every 15 minutes, a news sitemap
every hour and a front page every 30 minutes; forty articles a day, each captured once and cleaned. Bodies are
deduplicated as in a crawl, so that a poll which brings nothing new is a revisit. Then the coverage of all of it is
taken, as the verb does. CPU seconds a day of the archive should not grow with the number of days.
"""

from __future__ import annotations

import argparse
import cProfile
import datetime
import json
import pstats
import sys
import tempfile
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found for the package `archive`

from archive import clock  # noqa: E402
from archive.article import Article, Block, BlockKind, CaptureRef, Provenance, canonical_json  # noqa: E402
from archive.cleaning.version import CLEANER  # noqa: E402
from archive.exchange import Exchange, Origin, Role  # noqa: E402
from archive.store import Archive  # noqa: E402
from crawler.coverage import coverage  # noqa: E402

SITE = "a.example"
START = clock.from_datetime(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
MINUTE = 60_000_000
A_DAY, LISTED, SHOWN = 40, 40, 60
EVERY = {Role.FEED: 15, Role.SITEMAP: 60, Role.FRONT: 30}  # minutes
URLS = {Role.FEED: "/feed", Role.SITEMAP: "/news-sitemap.xml", Role.FRONT: "/"}
MIMES = {Role.FEED: "application/rss+xml", Role.SITEMAP: "application/xml", Role.FRONT: "text/html; charset=utf-8"}


def story(number: int) -> str:
    """The address of an article."""
    return f"https://{SITE}/news/2020/story-number-{number}-of-very-many"


def published(number: int) -> int:
    """When an article appears."""
    return START + number * (24 * 60 // A_DAY) * MINUTE


def listing(role: Role, at: int) -> bytes:
    """What a source shows at a time."""
    newest = (at - START) // ((24 * 60 // A_DAY) * MINUTE)
    numbers = range(newest, max(-1, newest - (SHOWN if role is Role.FRONT else LISTED)), -1)
    dates = {one: clock.to_datetime(published(one)) for one in numbers}
    if role is Role.FEED:
        items = "".join(
            f"<item><title>Story number {one}</title><link>{story(one)}</link><guid>{story(one)}</guid>"
            f"<pubDate>{date:%a, %d %b %Y %H:%M:%S} +0000</pubDate>"
            f"<description>{'Some words. ' * 20}</description></item>"
            for one, date in dates.items()
        )
        return f"<rss version='2.0'><channel><title>A</title>{items}</channel></rss>".encode()
    if role is Role.SITEMAP:
        urls = "".join(
            f"<url><loc>{story(one)}</loc><news:news><news:publication_date>{date.isoformat()}</news:publication_date>"
            f"<news:title>Story number {one}</news:title></news:news></url>"
            for one, date in dates.items()
        )
        return (
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
            f' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{urls}</urlset>'
        ).encode()
    cards = "".join(
        f'<article><h3><a href="{story(one)}">Story number {one}, with a headline of its own</a></h3></article>'
        for one in dates
    )
    menu = "".join(f'<li><a href="/section-{one}/">Section {one}</a></li>' for one in range(40))
    return f"<html><body><nav>{menu}</nav><main>{cards}</main></body></html>".encode()


def exchange(url: str, at: int, role: Role, body: bytes) -> Exchange:
    """An answer as a crawl records it."""
    mime = MIMES.get(role, "text/html; charset=utf-8")
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    via = None if role is not Role.ARTICLE else f"https://{SITE}/feed"
    origin = Origin(SITE, role=role, source="feed" if role is Role.ARTICLE else str(role), via=via)
    return Exchange(url, at, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", head + body, origin=origin)


def fill(archive: Archive, days: int) -> int:
    """Write so many days; gives the number of polls."""
    polls = 0
    with archive.writer("crawl", {SITE: b"{}"}) as writer:
        for minute in range(0, days * 24 * 60, 15):
            at = START + minute * MINUTE
            for role, every in EVERY.items():
                if minute % every == 0:
                    polls += 1
                    url = f"https://{SITE}{URLS[role]}"
                    writer.add(exchange(url, at + polls % 900, role, listing(role, at)))
            for number in range(minute * A_DAY // (24 * 60), (minute + 15) * A_DAY // (24 * 60)):
                body = f"<html><body><h1>Story {number}</h1></body></html>".encode()
                writer.add(exchange(story(number), published(number) + MINUTE, Role.ARTICLE, body))
    texts = []
    for capture in archive.captures(role=Role.ARTICLE):
        made = Provenance((CaptureRef(capture.id, capture.url, capture.at, capture.payload_digest),), CLEANER, "")
        blocks = (Block(BlockKind.PARAGRAPH, "Some words. " * 40),)
        texts.append((capture, canonical_json(Article(made, capture.url, blocks))))
    archive.add_texts(texts)
    return polls


def measure(days: int, *, profile: bool) -> dict[str, float | int]:
    """The CPU seconds of the coverage of an archive of so many days, in a process that did nothing else with it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "A"
        with Archive.create(path, name="TEST", contact="tester@example.org") as archive:
            archive.sites_path.write_text(f'["{SITE}"]\n', encoding="utf-8")
            polls = fill(archive, days)
        with Archive.open(path) as archive:
            watch = cProfile.Profile() if profile else None
            if watch is not None:
                watch.enable()
            began = time.process_time()
            [told] = coverage(archive, [SITE])
            took = time.process_time() - began
            if watch is not None:
                watch.disable()
                pstats.Stats(watch).sort_stats("cumulative").print_stats(45)
        announced = sum(day.announced for day in told.days.values())
        assert announced == sum(day.captured for day in told.days.values()) + sum(d.missed for d in told.days.values())
    return {
        **{"days": days, "polls": polls, "announced": announced, "cpu_s": round(took, 2)},
        **{"cpu_ms_a_day": round(1000 * took / days, 1), "cpu_us_a_poll": round(1_000_000 * took / polls)},
    }


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", default="30,60,120")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = [measure(int(days), profile=given.profile) for days in given.days.split(",")]
    if given.json:
        print(json.dumps(found, indent=2))
        return
    for one in found:
        print(", ".join(f"{name} {value:,}" for name, value in one.items()))


if __name__ == "__main__":
    main()
