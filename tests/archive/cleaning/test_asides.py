"""Asides go, wherever a rule knows them; sentences that begin alike stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archive.article import Article
from archive.capture import Capture
from archive.cleaning.asides import Aside, aside, closing, of_author
from archive.cleaning.clean import clean
from archive.cleaning.ledger import ledger

MakeCapture = Callable[..., Capture]
LINKED, PLAIN = (lambda: 900), (lambda: 0)
LAST = "The first closure is on the second Sunday of Advent.</p>"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Lesen Sie auch: Wo die Fähre jetzt anlegt", Aside.POINTER),
        ("» À lire aussi : Le port rouvre ses portes", Aside.POINTER),
        ("(Le puede interesar: El muelle se cierra en enero)", Aside.POINTER),
        ("READ MORE | Who pays for the gates", Aside.POINTER),
        ("関連記事：港の水門が完成", Aside.POINTER),
        ("Weiterlesen:", Aside.POINTER),
        ("Schreibe einen Kommentar", Aside.COMMENT),
        ("Schreibe einen Kommentar Antwort abbrechen", Aside.COMMENT),
        ("Schreiben Sie einen Kommentar!", Aside.COMMENT),
        ("Leave a Reply Cancel reply", Aside.COMMENT),
        ("Laisser un commentaire", Aside.COMMENT),
        ("Deja una respuesta", Aside.COMMENT),
        ("Deixe um comentário", Aside.COMMENT),
        ("Lascia un commento", Aside.COMMENT),
        ("Geef een reactie", Aside.COMMENT),
        ("Lämna ett svar", Aside.COMMENT),
        ("Legg igjen en kommentar", Aside.COMMENT),
        ("Dodaj komentarz", Aside.COMMENT),
        ("Napsat komentář", Aside.COMMENT),
        ("Добавить комментарий", Aside.COMMENT),
        ("Bir yanıt yazın", Aside.COMMENT),
        ("コメントを残す", Aside.COMMENT),
        ("发表评论", Aside.COMMENT),
        ("댓글 남기기", Aside.COMMENT),
        ("اترك تعليقاً", Aside.COMMENT),
        ("Tinggalkan Balasan", Aside.COMMENT),
        ("Deine E-Mail-Adresse wird nicht veröffentlicht. Pflichtfelder sind markiert", Aside.COMMENT),
        ("Your email address will not be published. Required fields are marked *", Aside.COMMENT),
        ("Teilen mit:", Aside.SHARING),
        ("Share this:", Aside.SHARING),
        ("Wird geladen …", Aside.SHARING),
        ("Externer Inhalt nicht verfügbar", Aside.EMBED),
        ("Your browser does not support the audio element.", Aside.EMBED),
        ("{{#title}} {{/title}}", Aside.TEMPLATE),
        ("The tide comes every morning at six. Sign up now", Aside.OFFER),
        ("Der Hafenbrief kommt jeden Morgen. Jetzt kostenlos anmelden »", Aside.OFFER),
    ],
)
def test_an_aside_is_known_anywhere(text: str, kind: Aside) -> None:
    assert aside(text, LINKED) is kind


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("Read more about the gates in the report, which is public: the council printed it.", LINKED),
        ("Lesen Sie auch: Das rät der Bürgermeister, der selbst am Hafen wohnt.", PLAIN),
        ("Related to him or not, she said, nobody gets a berth: the harbour is full.", PLAIN),
        ("Leave a comment at the town hall, the mayor told those who complained.", LINKED),
        ("Ihr Kommentar zur Lage kam spät.", LINKED),
        ("Gefällt mir nicht, sagte der Bürgermeister.", LINKED),
        ("Share this with nobody, he said, and closed the door.", LINKED),
        ("Externe Prüfer haben den Inhalt gelesen.", LINKED),
        ("Loading", LINKED),
        ("Whoever wants to swim can still sign up.", LINKED),
        ("Alle Kinder können sich jetzt anmelden", LINKED),
        ("", LINKED),
        ("—", LINKED),
        ("Read more: " + "the gates were closed. " * 30, LINKED),
    ],
)
def test_a_sentence_that_begins_alike_is_none(text: str, linked: Callable[[], int]) -> None:
    assert aside(text, linked) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("© 2026 The Harbour Courier", Aside.RIGHTS),
        ("Copyright 2026 Harbour Press. All rights reserved. It may not be redistributed.", Aside.RIGHTS),
        ("Subscribe to our evening letter for the whole story.", Aside.OFFER),
        ("¿Ya sabías que tenemos canal de Telegram? Únete.", Aside.OFFER),
        ("Jetzt den Newsletter der Hafenpost abonnieren", Aside.OFFER),
        ("Dieser Beitrag wurde am 3. Mai unter Hafen abgelegt.", Aside.FILED),
        ("Tags: harbour, gates, tide", Aside.FILED),
        ("Das könnte Sie auch interessieren:", Aside.POINTER),
        ("Zum Thema:", Aside.POINTER),
    ],
)
def test_what_stands_behind_the_last_sentence_is_known_there(text: str, kind: Aside) -> None:
    assert closing(text) is kind
    assert aside(text, PLAIN) is None


@pytest.mark.parametrize(
    "text",
    [
        "Copyright law will not help the fishermen. They have asked a judge to look at the drawings again.",
        "Subscribers of the ferry line get their money back, the company said.",
        "“Follow me,” she said, and went down to the gates.",
        "Der Beitrag wurde nie gezahlt, sagen die Fischer.",
    ],
)
def test_a_last_sentence_is_none(text: str) -> None:
    assert closing(text) is None


def test_asides_leave_the_text_and_the_ledger_says_which(capture: MakeCapture, story: str) -> None:
    link = "<p>Read also: <a href='/fares'>Ferry fares are frozen for a year, says the company</a></p>"
    page = story.replace("<h2>What it cost</h2>", f"{link}<h2>What it cost</h2>")
    page = page.replace(
        LAST,
        f"{LAST}<p>Sign up for our evening letter, and read what the harbour talks about.</p>"
        "<h3>Schreibe einen Kommentar</h3><p>Copyright 2026 The Harbour Courier. All rights reserved.</p>",
    )
    found = ledger([capture(page)])
    assert isinstance(found.text, Article)
    assert found.text.body[-1].text.endswith("Sunday of Advent.")
    assert not any(word in found.text.text for word in ("Read also", "evening letter", "Kommentar", "Copyright"))
    told = {one.text[:9]: (one.kind, one.kept) for one in found.entries}
    assert told["Read also"] == ("related", False)
    assert told["Copyright"] == ("legal", False)
    left = {evidence for one in found.entries if one.rule == "aside" for evidence in one.evidence}
    assert left <= {str(kind) for kind in Aside}
    assert left


def test_what_is_laid_over_a_page_is_none_of_it(capture: MakeCapture, story: str) -> None:
    said = "We and our partners keep records of what you read here, so that we can show you what you like best."
    box = f'<div class="over" role="dialog"><p>{said}</p><p>{said} You can say no to that below, at any time.</p></div>'
    page = story.replace("<h2>What it cost</h2>", f"{box}<h2>What it cost</h2>")
    article = clean([capture(page)])
    assert isinstance(article, Article)
    assert "What it cost" in article.text
    assert "partners" not in article.text


def test_a_story_in_a_dialog_is_told(capture: MakeCapture, story: str) -> None:
    page = story.replace("<main>", '<main><div role="dialog" aria-modal="true">').replace("</main>", "</div></main>")
    before, after = clean([capture(story)]), clean([capture(page)])
    assert isinstance(before, Article)
    assert isinstance(after, Article)
    assert [one.text for one in after.body] == [one.text for one in before.body]


def test_a_caption_that_ends_in_its_credit_is_none_of_the_story(capture: MakeCapture, story: str) -> None:
    line = "<p>The last gate is lifted into its bed at high water. | © Ilse Toman / Courier Pictures</p>"
    page = story.replace("<h2>What it cost</h2>", f"{line}<h2>What it cost</h2>")
    found = ledger([capture(page)])
    assert isinstance(found.text, Article)
    assert "Toman" not in found.text.text
    assert {one.kind for one in found.entries if "Toman" in one.text} == {"caption"}


@pytest.mark.parametrize(
    ("text", "below", "found"),
    [
        ("Ida Mark writes about weather and the shore. She lives near the quay with two dogs.", True, True),
        ("Zur Person: Ida Mark ist Redakteurin im Hafen.", True, True),
        ("Ida Mark won", True, False),
        ("The council thanked Ida Mark, who had counted the gates.", True, False),
        ("By Ida Mark · 24 November 2026, 09:30 · 3 min read", False, True),
        ("Von Ida Mark, Larkham", False, True),
        ("Ida Mark/Jörg Feld", False, True),
        ("Ida Mark counted the gates herself, and found nine.", False, False),
        ("Where did Ida Mark go", False, False),
    ],
)
def test_lines_of_the_author_are_known_by_the_byline(text: str, *, below: bool, found: bool) -> None:
    assert of_author(text, ("Ida Mark", "Jörg Feld"), below=below) is found
    assert not of_author(text, (), below=below)


def test_what_is_told_of_the_author_below_the_story_is_an_author_box(capture: MakeCapture, story: str) -> None:
    about = "Ida Mark writes about weather, wildlife and the shape of the shore. She lives near the quay."
    found = ledger([capture(story.replace(LAST, f"{LAST}<p><em>{about}</em></p>"))])
    assert isinstance(found.text, Article)
    assert about not in found.text.text
    assert {one.kind for one in found.entries if one.text == about} == {"author-box"}


def test_a_small_box_that_begins_with_an_advertisements_label_is_one(capture: MakeCapture, story: str) -> None:
    box = "<div class=q><div>Anzeige</div><div>The dairy by the harbour. Butter that keeps what it says.</div></div>"
    found = ledger([capture(story.replace("<h2>What it cost</h2>", f"{box}<h2>What it cost</h2>"))])
    assert isinstance(found.text, Article)
    assert "Butter" not in found.text.text
    assert "What it cost" in found.text.text


def test_a_label_at_the_top_of_the_story_takes_nothing_along(capture: MakeCapture, story: str) -> None:
    page = story.replace("<p>The harbour has", "<div>Advertisement</div><p>The harbour has")
    before, after = clean([capture(story)]), clean([capture(page)])
    assert isinstance(before, Article)
    assert isinstance(after, Article)
    assert after.text == before.text
