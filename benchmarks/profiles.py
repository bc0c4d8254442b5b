"""Profiles: what one that was learned from a site's own pages gains, and whether it harms anything.

    python -m benchmarks.profiles [--articles 60] [--sites 5] [--seed 1] [--json]

Each site is grown by a program (`benchmarks.grown`): three templates, a redesign halfway, genuine text that recurs. Its
pages are cleaned without a profile; then with one that was learned from all of them, as an archive's is; and the last
third with one that was learned from the first two thirds, as with what comes after an activation. ``leaked`` counts
lines of chrome in the texts, ``lost`` blocks of the story that are missing, both of all that there are; ``harmed`` the
pages that have fewer of their blocks with the profile than without.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from archive.article import Article
from archive.capture import Capture
from archive.cleaning.clean import clean
from archive.cleaning.learning import Observation, drift, learn
from archive.cleaning.observing import observation, observe
from archive.cleaning.profile import EMPTY, Profile
from archive.cleaning.stream import normalise
from archive.exchange import Role
from benchmarks.grown import Grown, grow

NOW = 1_796_000_000_000_000


@dataclass(slots=True)
class Score:
    """Sums over pages."""

    pages: int = 0
    blocks: int = 0
    lost: int = 0
    chrome: int = 0
    leaked: int = 0
    harmed: int = 0


def capture_of(page: Grown) -> Capture:
    """The page as an archive would hand it out."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    block = head + page.html.encode()
    return Capture(
        page.url, page.url, page.url, NOW, status=200, mime="text/html", role=Role.ARTICLE, block=lambda: block
    )


def seen(pages: Sequence[Grown]) -> list[Observation]:
    """What a profile is learned from."""
    found = (observation(observe([capture_of(page)])) for page in pages)
    return [one for one in found if one is not None]


def score(pages: Sequence[Grown], profile: Profile) -> Score:
    """Clean pages, and hold their texts against what was written."""
    total = Score()
    for page in pages:
        lost, leaked = _judged(page, profile)
        total.pages += 1
        total.blocks += len(page.blocks)
        total.chrome += len(page.chrome)
        total.lost += lost
        total.leaked += leaked
        total.harmed += profile is not EMPTY and lost > _judged(page, EMPTY)[0]
    return total


def _judged(page: Grown, profile: Profile) -> tuple[int, int]:
    made = clean([capture_of(page)], profile)
    found = {block.text for block in made.body} if isinstance(made, Article) else set()
    found |= {made.standfirst or ""} if isinstance(made, Article) else set()
    lost = sum(normalise(text) not in found for text in page.blocks)
    return lost, sum(normalise(text) in found for text in page.chrome)


def run(articles: int, sites: int, seed: int) -> dict[str, Score]:
    """All sites, without a profile, with their own, and with one of what came before."""
    sums = {name: Score() for name in ("without", "with", "later without", "later with")}
    for number in range(sites):
        pages = grow(articles, seed + number)
        third = 2 * articles // 3
        own, earlier = learn("grown", seen(pages)), learn("grown", seen(pages[:third]))
        for name, some, profile in (
            ("without", pages, EMPTY),
            ("with", pages, own),
            ("later without", pages[third:], EMPTY),
            ("later with", pages[third:], earlier),
        ):
            one = score(some, profile)
            for field, value in asdict(one).items():
                setattr(sums[name], field, getattr(sums[name], field) + value)
    return sums


def redesign(articles: int, seed: int) -> tuple[bool, bool]:
    """Whether drift is told: of later pages of the same design, and of those after a redesign."""
    pages = grow(articles, seed)
    half = articles // 2
    profile = learn("grown", seen(pages[: 2 * half // 3]))
    same, other = seen(pages[2 * half // 3 : half]), seen(pages[half:])
    return drift(profile, same).has_drifted, drift(profile, other).has_drifted


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="What profiles gain, and whether they harm anything.")
    parser.add_argument("--articles", type=int, default=60, help="of each site")
    parser.add_argument("--sites", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    sums = run(given.articles, given.sites, given.seed)
    told = [redesign(given.articles, given.seed + number) for number in range(given.sites)]
    alarms, found = sum(same for same, _ in told), sum(other for _, other in told)
    if given.json:
        said = {name: asdict(one) for name, one in sums.items()}
        print(json.dumps({**said, "redesigns": given.sites, "redesigns_told": found, "false_alarms": alarms}))
        return 0
    for name, one in sums.items():
        print(
            f"{name:14} {one.pages:4} pages  leaked {one.leaked:5} of {one.chrome:,}"
            f"  lost {one.lost:4} of {one.blocks:,}  harmed {one.harmed}"
        )
    print(f"redesigns told {found} of {given.sites}, false alarms {alarms}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
