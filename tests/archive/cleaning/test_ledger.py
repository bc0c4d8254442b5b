"""The ledger: nothing that can be seen vanishes, and everything has its class, its rule and its reasons."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
from accounted import counted_twice, unaccounted

from archive.article import Article, Refusal, Verdict, canonical_json
from archive.capture import Capture
from archive.cleaning.clean import clean, open_page
from archive.cleaning.ledger import Ledger, LedgerEntry, ledger
from archive.cleaning.profile import Profile
from archive.cleaning.removal import Rule
from crawler.newsroom.rendering import address, article_page, front_page, listing
from crawler.newsroom.site import HOSTS, load_site

MakeCapture = Callable[..., Capture]
SHARED = Path(os.environ.get("PRESSKEEP_SHARED", Path(__file__).parents[4] / "shared"))

STORY = (
    "The harbour has waited for this morning since the flood of 2017, when the water stood two metres high in Quay "
    "Street and the council promised that it would be the last time.",
    "Nobody who was there will forget the sound, said Ruth Olsen, who led the works and has not slept for two days.",
    "The barrier cost 212 million crowns, a third more than the council was told, and the auditors called that modest.",
    "From next week the gates will be closed twice a year, whether or not a storm is announced along the coast.",
)
BODY = "".join(f"<p>{text}</p>" for text in STORY)


def page(around: str, *, head: str = "", before: str = "") -> str:
    return (
        f"<html lang=en><head><title>Storm barrier opens</title>{head}</head><body>{before}<main>"
        f"<h1>Storm barrier opens</h1><div class=story-text>{BODY}{around}</div></main></body></html>"
    )


PAGES = {
    "nothing beside": page(""),
    "a menu": page("", before="<nav><ul><li><a href=/>Home</a></li><li><a href=/t>Tide</a></li></ul></nav>"),
    "hidden": page("<p hidden>Not yet.</p><div style='display: none'>Never.</div><template><p>Later.</p></template>"),
    "no script": page("<noscript><p>Please switch scripts on to see our player.</p></noscript>"),
    "a form": page("<form><label>Town <select><option>Varden<option>Ostwick</select></label><textarea>Dear</textarea>"),
    "a drawing": page("<svg><title>Tide</title><text x=1>4.2 m</text></svg>"),
    "a table": page("<table><tr><td>Gate one</td><td>open</td></tr><tr><td>Gate two</td><td>shut</td></tr></table>"),
    "odd white space": page("<p>soft\u00adly\u200b now</p><p>\u3000</p><p>&nbsp;</p><i> </i>"),
    "bare texts": page("<div>one<br>two<b>three</b>four<p>five</p>six</div>"),
    "unclosed": page("<ul><li>one<li>two<table><td>three<div>four"),
    "nested": page("<div>" * 300 + "deep" + "</div>" * 300),
    "said twice": page(BODY),
    "no body": "<p>alone",
    "nothing": "<html><body><script>draw()</script></body></html>",
    "an index": f"<html><body><h1>Courier</h1><p>{' '.join(STORY)}</p><a href=/a>More</a></body></html>",
    "a challenge": "<html><head><title>Just a moment...</title></head><body><p>Checking your browser.</p>",
    "unlike any news": "<html><body>" + "".join(f"<p>Ferry {n} left the harbour.</p>" for n in range(40)),
}


def of(capture: Capture, profile: Profile | None = None) -> Ledger:
    """The ledger of a page, after it was held against the page and against the text."""
    made = ledger([capture], profile) if profile else ledger([capture])
    text = clean([capture], profile) if profile else clean([capture])
    assert canonical_json(made.text) == canonical_json(text)
    root = open_page(capture.representation()).root
    assert not unaccounted(root, made)
    assert not counted_twice(root, made)
    assert all(one.text and one.sources and one.kind and one.rule for one in made.entries)
    if isinstance(text, Article):
        assert [one.text for one in made.entries if one.kept and one.kind == "body"] == [one.text for one in text.body]
    else:
        assert not any(one.kept for one in made.entries)
    return made


@pytest.mark.parametrize("name", PAGES)
def test_nothing_vanishes(capture: MakeCapture, name: str) -> None:
    url = "https://courier.example/" if name == "an index" else "https://courier.example/2026/11/24/barrier-opens"
    of(capture(PAGES[name], url=url))


def entries(capture: Capture, profile: Profile | None = None) -> dict[str, LedgerEntry]:
    return {one.text: one for one in of(capture, profile).entries}


def test_a_page_of_ours_in_full(capture: MakeCapture, story: str) -> None:
    found = {text: (one.kept, one.kind) for text, one in entries(capture(story)).items()}
    assert found["Storm barrier opens after nine years"] == (True, "headline")
    standfirst = "Engineers lifted the last gate into place on Tuesday, two winters later than planned."
    assert found[standfirst] == (True, "standfirst")
    assert found["What it cost"] == (True, "body")
    assert found["Wednesday, 25 November 2026"] == (False, "date")
    assert found["Home"] == (False, "navigation")
    assert found["By Ida Mark and Jörg Feld"] == (False, "byline")
    assert found["The last gate, seen from the mole."] == (False, "caption")
    assert found["Related news"] == (False, "related")
    assert found["Ferry fares frozen for a year"] == (False, "related")
    assert found["© The Harbour Courier"] == (False, "legal")


CHROME = {
    "advertisement": (
        "<div class=ad-slot><p>Buy two pumps and get one hose.</p></div>",
        "Buy two pumps and get one hose.",
    ),
    "newsletter": ("<div class=newsletter-box><p>One letter a week.</p></div>", "One letter a week."),
    "subscription": ("<div id=paywall-note><p>Read on for a crown.</p></div>", "Read on for a crown."),
    "consent": ("<div class=cookie-banner><p>We use some of these.</p></div>", "We use some of these."),
    "share": ("<p><a href='https://www.facebook.com/sharer?u=1'>Tell others</a></p>", "Tell others"),
    "author-box": ("<div class=author-bio><p>She keeps bees.</p></div>", "She keeps bees."),
    "comments": ("<section id=comments><p>I was there.</p></section>", "I was there."),
    "credit": ("<span class=photo-credit>Ilse Toman</span>", "Ilse Toman"),
    "legal": ("<p>Alle Rechte vorbehalten.</p>", "Alle Rechte vorbehalten."),
    "recirculation": ("<div class=most-read><a href=/x>Bees</a></div>", "Bees"),
    "tags": ("<p><a href=/tag/tide/>tide</a></p>", "tide"),
    "related": (
        "<div><h3>Lesen Sie auch</h3><p><a href=/x>Die Fähre steht still</a></p></div>",
        "Die Fähre steht still",
    ),
    "media": ("<div class=video-player><button>Play</button></div>", "Play"),
    "kicker": ("<span class=kicker>Tides</span>", "Tides"),
    "date": ("<p><time datetime=2026-11-24>Tuesday</time></p>", "Tuesday"),
    "form": ("<form><p><label>Your name</label></p></form>", "Your name"),
    "hidden": ("<p hidden>Nobody reads this</p>", "Nobody reads this"),
    "other": ("<p>537</p>", "537"),
}


@pytest.mark.parametrize("kind", CHROME)
def test_classes(capture: MakeCapture, kind: str) -> None:
    inner, text = CHROME[kind]
    found = entries(capture(page("").replace("</main>", f"</main><div>{inner}</div>")))[text]
    assert (found.kept, found.kind) == (False, kind)
    assert found.evidence or kind == "other"
    assert bool(found.hidden) == (kind == "hidden")


LANGUAGES = {
    "de": ("Meistgelesen", "recirculation"),
    "fr": ("À lire aussi", "related"),
    "es": ("Lo más leído", "recirculation"),
    "it": ("Leggi anche", "related"),
    "nl": ("Lees ook", "related"),
    "sv": ("Läs också", "related"),
    "pl": ("Czytaj także", "related"),
    "ru": ("Читайте также", "related"),
    "ja": ("関連記事", "related"),
    "zh": ("相关阅读", "related"),
    "ko": ("많이 본 뉴스", "recirculation"),
    "ar": ("اقرأ أيضا", "related"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_in_many_languages_tell_what_stands_below(capture: MakeCapture, language: str) -> None:
    words, kind = LANGUAGES[language]
    below = f"<section><h2>{words}</h2><ul><li><a href=/x>Bees</a></li></ul></section></body>"
    found = entries(capture(page("").replace("</body>", below)))
    assert found["Bees"].kind == found[words].kind == kind


def test_the_score_and_what_spoke_against(capture: MakeCapture) -> None:
    comment = "I have lived here for forty years, and nobody ever asked me what I think of the gates at all."
    found = entries(capture(page("").replace("</main>", f"</main><div class=comments><p>{comment}</p></div>")))
    assert found[comment].rule is Rule.SCORE
    assert any(one.startswith("score \u2212") and "the limit is" in one for one in found[comment].evidence)
    assert found[STORY[0]].rule is Rule.SCORE
    assert any("(+" in one for one in found[STORY[0]].evidence)


def test_rules_that_come_after_the_classifier(capture: MakeCapture, story: str) -> None:
    said = story.replace(
        "<h2>What it cost</h2>", "<p>- Advertisement -</p><h2>What it cost</h2><p>Read the Courier.</p>"
    )
    said = said.replace('<p class="byline">', "<p>Storm barrier opens after nine years</p><p class='byline'>")
    found = of(capture(said), Profile("courier", ("What it cost",)))
    by_text = {one.text: one for one in found.entries if not one.kept}
    assert by_text["- Advertisement -"].kind == "advertisement"
    assert (by_text["What it cost"].kind, by_text["What it cost"].rule) == ("repeated-chrome", Rule.PROFILE)
    assert by_text["Storm barrier opens after nine years"].kind == "headline-repeated"


def test_a_sentence_that_stands_twice_is_kept_once(capture: MakeCapture) -> None:
    found = [one for one in of(capture(page(BODY))).entries if one.text == STORY[0]]
    assert [(one.kept, one.kind) for one in found] == [(True, "body"), (False, "repeated-text")]


def test_a_refused_page_is_accounted_for(capture: MakeCapture) -> None:
    made = of(capture(PAGES["an index"], url="https://courier.example/"))
    assert made.text.verdict is Verdict.INDEX_PAGE
    (story,) = [one for one in made.entries if one.text == " ".join(STORY)]
    assert story.rule is Rule.REFUSED
    assert any("index-page" in one for one in story.evidence)


def test_an_error_page_is_accounted_for(capture: MakeCapture) -> None:
    made = ledger([capture("<p>The page has moved house.</p>", status="404 Not Found")])
    assert made.text.verdict is Verdict.HTTP_ERROR
    assert [(one.text, one.rule) for one in made.entries] == [("The page has moved house.", Rule.REFUSED)]


@pytest.mark.parametrize(
    ("body", "mime"), [(b"\x89PNG\r\n", "image/png"), (b"", "text/html"), (b"<p>" + b"x" * (17 * 2**20), "text/html")]
)
def test_what_is_no_page_has_no_entries(capture: MakeCapture, body: bytes, mime: str) -> None:
    made = ledger([capture(body, mime=mime)])
    assert isinstance(made.text, Refusal)
    assert made.entries == ()


def test_the_second_opinion_is_named(capture: MakeCapture) -> None:
    made = of(capture(PAGES["unlike any news"]))
    assert {one.rule for one in made.entries} <= {Rule.OPINION, Rule.SCORE, Rule.NOT_ASKED}


def test_a_page_over_the_limit_of_boxes(capture: MakeCapture) -> None:
    many = "".join(
        f"<p>The {n}th ferry left the harbour in thick fog, as always it does.</p><p>{n}</p>" for n in range(4100)
    )
    made = ledger([capture(f"<html><body>{many}")])
    assert isinstance(made.text, Article)
    assert {(one.kept, one.rule) for one in made.entries} == {(True, Rule.SENTENCES), (False, Rule.SENTENCES)}
    assert len(made.entries) == 8200
    assert [one.text for one in made.entries[:2]][1] == "0"


def test_what_stands_in_a_script_says_so(capture: MakeCapture) -> None:
    state = json.dumps({"story": {"title": "Storm barrier opens", "body": [{"text": text} for text in STORY * 2]}})
    drawn = f"<html><head><title>Storm barrier opens</title></head><body><h1>Storm barrier opens</h1><script>s={state};"
    made = of(capture(drawn + "</script><footer>© Courier</footer></body></html>"))
    assert isinstance(made.text, Article)
    kept = [one for one in made.entries if one.kept and one.kind == "body"]
    assert all("stands in a script's JSON, not in the markup" in one.evidence for one in kept)
    assert [one.text for one in kept] == list(STORY)
    (footer,) = [one for one in made.entries if one.text == "© Courier"]
    assert not [one for one in footer.evidence if "script" in one]


def test_corrections_and_credits_are_known_by_the_article(capture: MakeCapture, story: str) -> None:
    note = "Correction: an earlier version of this article said that the gates are fifty metres long. They are forty."
    given = story.replace("</article>", f"<footer class=article-footer><p>{note}</p></footer></article>").replace(
        "seen from the mole.</figcaption>", "seen from the mole. <span class=credit>Ilse Toman</span></figcaption>"
    )
    made = of(capture(given))
    assert isinstance(made.text, Article)
    assert made.text.corrections == (note,)
    found = {one.text: (one.kept, one.kind) for one in made.entries}
    assert found[note] == (False, "correction")
    within = of(capture(story.replace("<p>The harbour has waited", f"<p>{note}</p><p>The harbour has waited")))
    (entry,) = [one for one in within.entries if one.text == note]
    assert (entry.kept, entry.kind, entry.rule) == (False, "correction", "beside-the-text")
    assert found["The last gate, seen from the mole. Ilse Toman"] == (False, "caption")


def newsroom() -> Iterator[tuple[str, str]]:
    """All pages of the bundled newsroom that hold news, by address."""
    today = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    for host in HOSTS:
        site = load_site(host)
        articles = site.articles(1)
        yield f"{site.base}/", front_page(site, 1, today)
        yield f"{site.base}/tag/x/", listing(site, "Tide", "/tag/x/", articles[:5], today)
        for article in articles:
            yield address(site, article), article_page(site, article, 1, today)


def test_nothing_vanishes_from_the_newsroom(capture: MakeCapture) -> None:
    left = Counter[str]()
    words = 0
    for url, given in newsroom():
        made = of(capture(given, url=url))
        is_index = url.endswith((".example/", "/tag/x/"))
        assert (made.text.verdict is Verdict.INDEX_PAGE) == is_index, url
        left.update(one.kind for one in made.entries if not one.kept)
        words += len(made.entries)
    assert {"navigation", "related", "advertisement", "comments", "author-box", "newsletter", "date"} <= set(left)
    assert left["other"] * 20 < words


def test_it_is_pure(capture: MakeCapture, story: str) -> None:
    assert ledger([capture(story)]) == ledger([capture(story)])


def test_counts(capture: MakeCapture, story: str) -> None:
    counts = ledger([capture(story)]).counts()
    assert list(counts)[:3] == ["headline", "standfirst", "body"]
    assert sum(counts.values()) == len(ledger([capture(story)]).entries)


@pytest.mark.shared
@pytest.mark.skipif(not (SHARED / "pages").is_dir(), reason="no reference pages: set PRESSKEEP_SHARED")
def test_nothing_vanishes_from_real_pages(capture: MakeCapture) -> None:
    pages = SHARED / "pages"
    with (pages / "index.jsonl").open(encoding="utf-8") as lines:
        for line in islice(lines, 0, None, 150):
            row = json.loads(line)
            of(capture(gzip.decompress((pages / row["file"]).read_bytes()), url=row["url"], mime="text/html"))


@pytest.mark.shared
@pytest.mark.skipif(not (SHARED / "seed-pages").is_dir(), reason="no seed pages: set PRESSKEEP_SHARED")
def test_nothing_vanishes_from_the_seed_pages(capture: MakeCapture) -> None:
    for file in sorted((SHARED / "seed-pages").glob("*/*.html")):
        made = of(capture(file.read_bytes(), url=f"https://{file.parent.name}/{file.stem}/"))
        assert {"navigation", "share", "date", "related", "legal"} <= {one.kind for one in made.entries if not one.kept}
