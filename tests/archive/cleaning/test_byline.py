"""Bylines: who is believed where places differ, what stands near the headline, who signs below the story."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from archive.article import Article
from archive.capture import Capture
from archive.cleaning import linked
from archive.cleaning.byline import Credits, byline
from archive.cleaning.clean import clean
from archive.cleaning.document import parse
from archive.cleaning.evidence import Page
from archive.cleaning.source import text_at
from archive.cleaning.stream import TextStream

MakeCapture = Callable[..., Capture]


def credits_of(head: str, body: str) -> Credits:
    root = parse(f"<html><head>{head}</head><body>{body}</body></html>".encode()).root
    page = Page(root, TextStream(root), "https://www.courier.example/story")
    return byline(page, linked.read(root), {"The Courier"})


def ld(**properties: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **properties})}</script>'


HEAD = "<h1>Barrier opens</h1>"


def test_a_place_that_others_agree_with_is_believed_before_one_alone() -> None:
    head = ld(author={"name": "Rut Olsen"}) + "<meta name=author content='Ida Mark'>"
    assert credits_of(head, f"{HEAD}<p class=byline>By Ida Mark</p>").people == ("Ida Mark",)
    assert credits_of(head, HEAD).people == ("Rut Olsen",)


def test_an_accounts_name_gives_way_to_the_visible_byline() -> None:
    head = ld(author={"name": "idam"})
    assert credits_of(head, f"{HEAD}<div class='author-2'>Ida Mark</div>").people == ("Ida Mark",)
    assert credits_of(head, HEAD).people == ("idam",)


def test_authors_by_reference_are_followed_within_the_script() -> None:
    graph = {
        "@graph": [
            {"@type": "NewsArticle", "author": {"@id": "#ida"}},
            {"@type": "Person", "@id": "#ida", "name": "Ida Mark"},
        ]
    }
    head = f'<script type="application/ld+json">{json.dumps(graph)}</script>'
    assert credits_of(head, HEAD).people == ("Ida Mark",)


def test_a_link_to_an_author_near_the_headline_is_enough() -> None:
    assert credits_of("", f"{HEAD}<p>von <a href='/autoren/ida-mark'>Dr. Ida Mark</a></p>").people == ("Dr. Ida Mark",)
    below = "<p>" + "Long text. " * 300 + "</p><p><a href='/autoren/ida-mark'>Ida Mark</a></p>"
    assert credits_of("", HEAD + below).people == ()


def test_comments_and_teasers_sign_nothing() -> None:
    others = (
        "<ol class=comments><li><span class=author>Karl Linse</span></li></ol>"
        "<div class=related><span class=byline>Karl Linse</span></div><aside><a rel=author>Karl Linse</a></aside>"
    )
    assert credits_of("", HEAD + others).people == ()


def test_plugins_say_who_wrote_in_a_labelled_pair() -> None:
    head = "<meta name='twitter:label1' content='Verfasst von'><meta name='twitter:data1' content='Ida Mark'>"
    assert credits_of(head, HEAD).people == ("Ida Mark",)
    head = "<meta name='twitter:label1' content='Est. reading time'><meta name='twitter:data1' content='Three Minutes'>"
    assert credits_of(head, HEAD).people == ()


def test_who_signs_beside_people_is_told_apart() -> None:
    credit = credits_of(ld(author=[{"name": "Ida Mark"}, {"name": "AP"}]), HEAD)
    assert credit.people == ("Ida Mark",)
    assert credit.agency is not None
    assert credit.agency.value == "AP"
    assert [one.value for one in credit.signed] == ["AP"]
    house = credits_of(ld(author={"@type": "Organization", "name": "The Courier"}), HEAD)
    assert (house.people, [one.value for one in house.signed]) == ((), ["The Courier"])


def test_a_name_below_the_story_signs_it(capture: MakeCapture, story: str) -> None:
    unsigned = story.replace('"author": [{"@type": "Person", "name": "Ida Mark"},', "").replace(
        ' {"@type": "Person", "name": "J\\u00f6rg Feld"}],', ""
    )
    unsigned = unsigned.replace('<p class="byline">By <a rel="author" href="/ida">Ida Mark</a> and Jörg Feld</p>', "")
    article = clean([capture(unsigned)])
    assert isinstance(article, Article)
    assert article.byline == ()
    article = clean([capture(unsigned.replace("</article>", "<p><em>Ruth Olsen</em></p></article>"))])
    assert isinstance(article, Article)
    assert article.byline == ("Ruth Olsen",)
    places = "<p>Old Ostwick, Larrow Bay, Low Quay, Port Ruth, Karl Sound</p></article>"  # no byline, but a list
    listed = clean([capture(unsigned.replace("</article>", places))])
    assert isinstance(listed, Article)
    assert listed.byline == ()
    chosen = next(one for one in article.evidence if one.field == "byline" and one.chosen)
    assert chosen.rule == "signature below the story"
    assert chosen.source is not None
    root = parse(unsigned.replace("</article>", "<p><em>Ruth Olsen</em></p></article>").encode()).root
    assert text_at(root, chosen.source) == "Ruth Olsen"


def test_a_first_name_is_completed_by_a_place_that_gives_the_whole() -> None:
    head = ld(author={"name": "Ida"})
    assert credits_of(head, f"{HEAD}<p class=byline>By Ida Mark</p>").people == ("Ida Mark",)


def test_a_link_names_an_author_only_if_its_address_does() -> None:
    star = "<a href='/people/royals/'>Royal Wedding</a>"
    assert credits_of("", HEAD + star).people == ()
    assert credits_of("", f"{HEAD}<a href='/people/joerg-feld'>Jörg Feld</a>").people == ("Jörg Feld",)


def test_what_holds_the_headline_is_no_aside() -> None:
    body = (
        f"<div class='related-layout no-sidebar'>{HEAD}<div><a rel=author href='/a/ida-mark'>Ida Mark</a></div></div>"
    )
    assert credits_of("", body).people == ("Ida Mark",)


@pytest.mark.parametrize(
    ("body", "people"),
    [
        # "By" and the name in elements of their own, with blank texts between them
        (f"{HEAD}<p>By</p>\n  <div>\n <p class=full>Ida Mark</p></div>", ("Ida Mark",)),
        # hundreds of blank texts of a menu between top and byline
        (f"{HEAD}{'<ul> <li> </li> </ul>' * 300}<p class=byline>Ida Mark</p>", ("Ida Mark",)),
        # one word is a name where nothing else can stand
        (f"{HEAD}<span class='author vcard'><a class='url fn n' href=/x>tlow</a></span>", ("tlow",)),
        (f"{HEAD}<span class='author vcard'>Solar, Wind</span>", ()),
        (f"{HEAD}<p>Posted by Konstantin on Monday</p>", ("Konstantin",)),
        (f"{HEAD}<p>Verfasst von Silvia</p>", ("Silvia",)),
        # an office beside a whole name is none
        (f"{HEAD}<span class=author-name>Ida Mark, Dietitian</span>", ("Ida Mark",)),
        # an aside of the article with room for no more than a byline
        (f"<article>{HEAD}<aside><address><a rel=author>Ida Mark</a></address></aside></article>", ("Ida Mark",)),
        # a name beside the date, where no other place names anybody
        (f"{HEAD}<div><span>Ida Mark |</span> <span>05.04.2025 - 12:30</span></div>", ("Ida Mark",)),
        (f"{HEAD}<p>Ida Mark | Senior Writer | July 2, 2025</p>", ("Ida Mark",)),
        (f"{HEAD}<p>July 2, 2025</p><h2>Rising Water</h2>", ()),
        (f"{HEAD}<p>July 2, 2025</p><p>A Mysterious Woman</p>", ()),
        (f"{HEAD}<p>July 2, 2025</p><p>Ida Mark</p><p class=byline>Ruth Olsen</p>", ("Ruth Olsen",)),
        # reporters in Korean and Chinese, and where a report was filed
        (f"{HEAD}<p>홍길동 기자</p>", ("홍길동",)),
        (f"{HEAD}<p>記者王小明／台北報導</p>", ("王小明",)),
        # what names a thing to do, no person
        (f"{HEAD}<p class=author>Share the Blog</p>", ()),
        (f"{HEAD}<p class=author>Titelbild: Karl Linse</p>", ()),
    ],
)
def test_what_stands_near_the_headline(body: str, people: tuple[str, ...]) -> None:
    assert credits_of("", body).people == people


def test_without_a_heading_the_byline_is_where_the_headline_stands() -> None:
    menu = f"<p>{'Tides and weather. ' * 200}</p>"
    body = f"{menu}<h3>Barrier opens</h3><p>14:07 | By <span class=authorname>Ida Mark</span></p>"
    root = parse(f"<html><body>{body}</body></html>".encode()).root
    page = Page(root, TextStream(root), "https://www.courier.example/story")
    assert byline(page, linked.read(root), {"The Courier"}, "Barrier opens").people == ("Ida Mark",)
    assert byline(page, linked.read(root), {"The Courier"}, "Another story").people == ()


def test_a_visible_byline_is_believed_before_the_webmaster() -> None:
    head = "<meta name=author content='Karl Linse'>"
    assert credits_of(head, f"{HEAD}<p class=byline>Ida Mark</p>").people == ("Ida Mark",)
    assert credits_of(head, HEAD).people == ("Karl Linse",)


def test_a_name_that_is_marked_below_the_story_signs_it(capture: MakeCapture, story: str) -> None:
    unsigned = story.replace('"author": [{"@type": "Person", "name": "Ida Mark"},', "").replace(
        ' {"@type": "Person", "name": "J\\u00f6rg Feld"}],', ""
    )
    unsigned = unsigned.replace('<p class="byline">By <a rel="author" href="/ida">Ida Mark</a> and Jörg Feld</p>', "")
    footer = "<footer><ul><li>Harbour</li></ul><span class='post-author vcard'>der Michel</span></footer></article>"
    article = clean([capture(unsigned.replace("</article>", footer))])
    assert isinstance(article, Article)
    assert article.byline == ("der Michel",)
    comments = "<div class=comments><span class='author vcard'>Karl Linse</span></div></article>"
    article = clean([capture(unsigned.replace("</article>", comments))])
    assert isinstance(article, Article)
    assert article.byline == ()


def test_many_headings_and_blank_texts_are_looked_at_once() -> None:
    links = "<h1><a href='https://www.courier.example/'>Courier</a></h1>" * 5_000
    blank = ("<p>By</p>" + "<p> </p>" * 200) * 100
    began = time.process_time()
    assert credits_of("", links + blank).people == ()
    assert credits_of("", f"{HEAD}{blank}<p class=byline>Ida Mark</p>").people == ("Ida Mark",)
    assert time.process_time() - began < 8
