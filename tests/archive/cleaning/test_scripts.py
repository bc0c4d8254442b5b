"""Bodies that stand in scripts alone: found in each form, proved like any other, and never another article's."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.article import Article, Verdict
from archive.capture import Capture
from archive.cleaning.clean import clean
from archive.cleaning.document import parse
from archive.cleaning.scripts import story_of
from archive.prove import prove

MakeCapture = Callable[..., Capture]
TITLE = "Storm barrier opens after nine years"
STORY = (
    "The harbour has waited for this morning since the flood, when the water stood two metres high in Quay Street and "
    "the council promised that it would be the last time.",
    "“We did not sleep much,” said Ruth Olsen, who led the works & repairs. But the last gate sat in its bed at the "
    "first attempt, and nobody who was there will forget the sound.",
    "The works cost 212 million crowns, a third more than the council was told. The auditors called that modest for a "
    "barrier of this kind; the opposition asked for the ledgers to be opened.",
    "From next week the gates will be raised twice a day, whether or not a ship is announced, so that the crews stay "
    "in practice and the hinges stay free of mussels.",
)
OTHER = tuple(text.replace("harbour", "railway").replace("gate", "train") + " So it went on and on." for text in STORY)
MARKUP = "".join(f"<p>{escape(text, quote=False)}</p>" for text in STORY)
OTHER_MARKUP = "".join(f"<p>{escape(text)}</p>" for text in OTHER)


def page(*scripts: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><title>{TITLE}</title><meta property="og:type" content="article">'
        f'<meta property="og:title" content="{TITLE}"></head><body><div id="root"></div>{"".join(scripts)}</body>'
    )


def state(value: object, before: str = "window.__STATE__ = ", behind: str = ";") -> str:
    return f"<script>{before}{json.dumps(value).replace('</', '<' + chr(92) + '/')}{behind}</script>"


def pushed(*rows: str) -> list[str]:
    """Rows as Next.js pushes them, cut at odd places."""
    text = "".join(rows)
    cut = len(text) // 3
    parts = (text[:cut], text[cut : 2 * cut], text[2 * cut :])
    return [
        f"<script>self.__next_f.push([1,{json.dumps(part).replace('<', chr(92) + 'u003c')}])</script>" for part in parts
    ]


def paragraphs(kind: str = "p") -> list[object]:
    return [["$", kind, str(n), {"children": text}] for n, text in enumerate(STORY)]


LD = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": TITLE, "articleBody": "\n\n".join(STORY)}
FUSION = {"content_elements": [{"type": "text", "content": escape(text, quote=False)} for text in STORY]}
APOLLO = {
    "Article:1": {"headline": "Night trains stay until spring", "body": OTHER_MARKUP + OTHER_MARKUP},
    "Article:2": {"headline": TITLE, "body": MARKUP},
}
PAGES = {
    "linked data": page(f'<script type="application/ld+json">{json.dumps(LD)}</script>'),
    "next": page(
        f'<script id="__NEXT_DATA__" type="application/json">'
        f"{json.dumps({'props': {'pageProps': {'article': {'title': TITLE, 'html': MARKUP}}}})}</script>"
    ),
    "fusion": page(state(FUSION, "Fusion.globalContent=", ";Fusion.contentCache={};")),
    "apollo": page(state(APOLLO, "window.__APOLLO_STATE__=")),
    "list of stories": page(
        state({"stories": [{"name": "Another", "text": OTHER_MARKUP}, {"name": TITLE, "text": MARKUP}]})
    ),
    "parsed": page(f"<script>var s = JSON.parse({json.dumps(json.dumps({'main': {'text': list(STORY)}}))});</script>"),
    "rows": page(*pushed(f'1:["$","article",null,{json.dumps({"children": paragraphs()})}]\n', "2:I[77,[]]\n")),
    "text rows": page(*pushed(f"2a:T{len(MARKUP.encode()):x},{MARKUP}", '2b:["$","div",null,{"children":"x"}]\n')),
    "returned": page(state({"data": {"body": MARKUP}}, "window.__NUXT__=(function(a){return ", "}(1));")),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_story_is_found_and_proved(name: str, capture: MakeCapture) -> None:
    given_capture = capture(PAGES[name])
    made = clean([given_capture])
    assert isinstance(made, Article)
    assert (made.verdict, made.headline) == (Verdict.ARTICLE, TITLE)
    assert tuple(block.text for block in made.body) == STORY
    proof = prove(made, [given_capture])
    assert proof.holds
    assert {claim.field for claim in proof.claims if claim.holds} >= {"headline", "body"}
    assert [one.rule for one in made.evidence if one.field == "body"] == [
        "the JSON of a script, laid behind the markup"
    ]


def test_what_the_markup_says_comes_first(capture: MakeCapture, story: str) -> None:
    told = story.replace("</body>", f"{state({'body': MARKUP})}</body>")
    assert parse(told.encode()).laid is None
    made, plain = clean([capture(told)]), clean([capture(story)])
    assert isinstance(made, Article)
    assert isinstance(plain, Article)
    assert made.text == plain.text


@pytest.mark.parametrize(
    "script",
    [
        state({"comments": [{"text": text} for text in STORY]}),
        state({"related": {"articles": [{"body": OTHER_MARKUP}]}}),
        state({"stories": [{"name": "One", "text": OTHER_MARKUP}, {"name": "Two", "text": MARKUP + MARKUP}]}),
        state({"labels": ["Read more", "Subscribe now", "All rights reserved."]}),
        state({"text": "Too short to be a story."}),
        "<script>window.x = {broken: 'json'}; y = [1, 2</script>",
        '<script>self.__next_f.push([1, 5]); self.__next_f.push([1,"1:T999999999,abc"])</script>',
        state(json.loads("[" * 90 + "]" * 90)),
        "<script>x = " + "[" * 100_000 + "</script>",
        "<script>" + "a={" * 100_000 + "</script>",
        "<script>x = " + json.dumps([["$", "p", None, {"children": "x"}]] * 2000) + "</script>",
        "<script>" + "1:" * 100_000 + "self.__next_f.push([1,'" + "</script>",
    ],
)
def test_what_is_no_story_of_this_page_is_left(script: str, capture: MakeCapture) -> None:
    made = clean([capture(page(script))])
    assert not isinstance(made, Article)


def test_scripts_in_a_story_stay_out_of_the_text(capture: MakeCapture) -> None:
    bad = f"{MARKUP}<script>alert(1)</script><style>p {{}}</style><p>Written by\x00 nobody.</p>"
    made = clean([capture(page(state({"body": bad})))])
    assert isinstance(made, Article)
    assert "alert" not in made.text


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=30) | st.sampled_from([*STORY, MARKUP, "$", "$L1"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.sampled_from(["window.a = ", "", "self.__next_f.push(", "x = JSON.parse("]), st.text(max_size=20))
def test_nothing_stumbles(value: object, before: str, behind: str) -> None:
    found = story_of(parse(page(state(value, before, behind)).encode()).root)
    assert found is None or found.parts
