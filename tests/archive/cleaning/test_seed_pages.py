"""The hand-built theme pages: exact without a profile, and with the one that the site's other pages give."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.article import Article
from archive.capture import Capture
from archive.cleaning.clean import clean
from archive.cleaning.learning import Observation, learn
from archive.cleaning.observing import observation, observe
from archive.cleaning.profile import EMPTY, Profile
from archive.cleaning.stream import normalise

MakeCapture = Callable[..., Capture]
SEEDS = Path(os.environ.get("PRESSKEEP_SHARED", Path(__file__).parents[4] / "shared")) / "seed-pages"
PAGES = sorted(SEEDS.glob("*/*.html"))
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not PAGES, reason="no seed pages: set PRESSKEEP_SHARED"),
]


def article_of(page: Path) -> str:
    """The story of a page: its copy without dates is the same article."""
    return page.name.removesuffix(".html").removesuffix(".nodates")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.parametrize("learned", [False, True], ids=["alone", "profile"])
def test_it_is_exact(page: Path, learned: bool, capture: MakeCapture) -> None:
    def of(one: Path) -> Observation | None:
        return observation(observe([capture(one.read_bytes(), url=f"https://{one.parent.name}/{one.stem}/")]))

    profile = EMPTY
    if learned:
        others = (of(one) for one in page.parent.glob("*.html") if article_of(one) != article_of(page))
        profile = learn(page.parent.name, (one for one in others if one is not None))
    _check(page, profile, capture)


def _check(page: Path, profile: Profile, capture: MakeCapture) -> None:
    wanted = json.loads(page.with_suffix(".expected.json").read_text("utf-8"))
    url = f"https://{page.parent.name}/{article_of(page)}/"
    made = clean([capture(page.read_bytes(), url=url)], profile)
    assert isinstance(made, Article)
    said = [*([made.standfirst] if made.standfirst else []), *(block.text for block in made.body)]
    assert said == [normalise(one["text"] if isinstance(one, dict) else one) for one in wanted["blocks"]]
    assert made.headline == wanted["title"]
    assert (made.published or "").startswith(wanted["date"])
    text = "\n".join([made.headline or "", *said])
    assert [one for one in wanted["chrome_never"] if one in text] == []
    assert [one for one in wanted.get("chrome_as_line_only", ()) if one in said] == []
    shown = {(normalise(one.caption or ""), normalise(one.credit or "")) for one in made.images}
    assert {(normalise(one["caption"] or ""), normalise(one["credit"] or "")) for one in wanted["captions"]} <= shown
