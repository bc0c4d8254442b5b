"""Pages in the world's ways of writing, and of other times: their text comes out as a reader reads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archive.article import Article
from archive.capture import Capture
from archive.cleaning.clean import clean
from archive.cleaning.language import count_words
from archive.cleaning.ledger import ledger
from archive.cleaning.stream import normalise
from archive.prove import prove

MakeCapture = Callable[..., Capture]
SENTENCE = "The crane moved sixty metres to the east on Sunday, and nobody in the old town heard it go."
MORE = f"<p>{SENTENCE} It weighs nine hundred tonnes.</p><p>{SENTENCE} The council had asked for quiet.</p>"
HEBREW = "העגורן זז שישים מטרים מזרחה ביום ראשון, ואיש בעיר העתיקה לא שמע אותו, כך מסר דובר העירייה לעיתונאים בבוקר."
PERSIAN = "جرثقیل روز یکشنبه شصت متر به سمت شرق حرکت کرد و هیچ‌کس در شهر قدیم صدای آن را نشنید، و مردم می‌گویند خوب شد."
HINDI = "क्रेन रविवार को साठ मीटर पूर्व की ओर चली गई और पुराने शहर में किसी ने उसकी आवाज़ नहीं सुनी, ऐसा नगर परिषद ने कहा।"


def cleaned(capture: MakeCapture, body: str, head: str = "") -> Article:
    given = capture(f"<html><head>{head}</head><body>{body}</body></html>")
    text = clean([given])
    assert isinstance(text, Article)
    assert not prove(text, [given]).fails
    assert ledger([given]).text == text
    return text


def test_ruby_is_told_once(capture: MakeCapture) -> None:
    ruby = "<ruby>橋<rt>はし</rt></ruby>は<ruby>来年<rt>らいねん</rt></ruby>の春に開通する予定です。"
    body = f"<h1>橋</h1><p>{ruby}{'市は工事の費用について来月の議会で説明すると発表した。' * 3}</p><p>{ruby * 3}</p>"
    text = cleaned(capture, body)
    assert text.body[0].text.startswith("橋は来年の春に開通する予定です。市は")
    assert "はし" not in text.text
    told = ledger([capture(f"<html><body>{body}</body></html>")]).entries
    assert any("はし" in one.text and one.hidden for one in told if not one.kept)


def test_a_reading_in_brackets_stays(capture: MakeCapture) -> None:
    ruby = "市長の<ruby><rb>橋本</rb><rp>（</rp><rt>はしもと</rt><rp>）</rp></ruby>氏は、来年の春に開通すると述べた。"
    text = cleaned(
        capture, f"<h1>橋</h1><p>{ruby}{'市は工事の費用について来月の議会で説明すると発表した。' * 3}</p>{MORE}"
    )
    assert text.body[0].text.startswith("市長の橋本（はしもと）氏は、来年の春に開通すると述べた。市は")


def test_ruby_that_is_not_closed_keeps_the_story(capture: MakeCapture) -> None:
    text = cleaned(capture, f"<h1>Crane</h1><p>A <ruby>word<rt>{SENTENCE * 3}{MORE}")
    assert SENTENCE in text.text


def test_soft_hyphens_and_zero_widths_part_no_word(capture: MakeCapture) -> None:
    broken = SENTENCE.replace("metres", "me\u00adtres").replace("Sunday", "Sun&shy;day").replace("town", "to\u200bwn")
    text = cleaned(capture, f"<h1>The cr&shy;ane</h1><p>{broken}\ufeff</p>{MORE}")
    assert text.body[0].text == SENTENCE
    assert text.headline == "The crane"
    plain = cleaned(capture, f"<h1>The crane</h1><p>{SENTENCE}</p>{MORE}")
    assert text.word_count == plain.word_count


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Wirt\u00adschaft und Staat", 3),
        ("re\u0301sume\u0301 du jour", 3),
        ("हिन्दी में समाचार", 3),
        ("می\u200cخواهم بروم", 2),
        ("שָׁלוֹם עולם", 2),
        ("\u202bשלום\u202c \u200fעולם", 2),
        ("橋は来年", 4),
        ("x\u0301\u0302\u0303 y", 2),
        ("\U0001f469\u200d\U0001f469\u200d\U0001f467 family", 1),
    ],
)
def test_words(text: str, words: int) -> None:
    assert count_words(text) == words


@pytest.mark.parametrize("prose", [HEBREW, PERSIAN, HINDI])
def test_what_a_spelling_needs_stays(capture: MakeCapture, prose: str) -> None:
    text = cleaned(capture, f"<h1>{prose[:30].strip()}</h1>" + "".join(f"<p>{prose} {n}.</p>" for n in range(4)))
    assert text.headline == prose[:30].strip()
    assert [block.text for block in text.body] == [f"{prose} {n}." for n in range(4)]


def test_marks_of_direction_stay(capture: MakeCapture) -> None:
    marked = f"\u202e\u2067{HEBREW}\u2069\u202c <bdo dir=rtl>abc</bdo> \u200f(א)\u200e"
    text = cleaned(capture, f"<h1>Crane</h1><p dir=rtl>{marked}</p>{MORE}")
    assert text.body[0].text == normalise(f"\u202e\u2067{HEBREW}\u2069\u202c abc \u200f(א)\u200e")


def test_zero_width_spaces_that_part_words_stay(capture: MakeCapture) -> None:
    khmer = "រថយន្ត\u200bស្ទូច\u200bបាន\u200bផ្លាស់ទី\u200bហុកសិប\u200bម៉ែត្រ\u200bទៅ\u200bទិស\u200bខាងកើត\u200bនៅ\u200bថ្ងៃអាទិត្យ។ "
    text = cleaned(capture, f"<h1>រថយន្ត</h1><p>{khmer * 3}</p><p>{khmer * 4}</p>")
    assert khmer.strip() in text.body[0].text


def test_emoji_with_joiners_and_accents_without_number(capture: MakeCapture) -> None:
    family = "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
    flood = "z" + "\u0301\u0489\u0334" * 60
    text = cleaned(capture, f"<h1>Crane</h1><p>{SENTENCE} {family} {flood} said the mayor.</p>{MORE}")
    assert text.body[0].text == f"{SENTENCE} {family} {flood} said the mayor."


def test_vertical_text(capture: MakeCapture) -> None:
    prose = "橋は来年の春に開通する予定です。市は工事の費用について来月の議会で説明すると発表した。"
    style = "writing-mode: vertical-rl"
    text = cleaned(capture, f'<h1>橋</h1><p style="{style}">{prose}第<span class="tcy">12</span>回</p><p>{prose}次</p>')
    assert text.body[0].text == f"{prose}第12回"


def test_a_page_of_1999(capture: MakeCapture) -> None:
    page = f"""<HTML><HEAD><TITLE>The Courier - Crane moves</TITLE></HEAD>
<BODY BGCOLOR="#FFFFFF" TEXT=#000000><CENTER><TABLE WIDTH=600 BORDER=0><TR>
<TD WIDTH=120 VALIGN=TOP><FONT SIZE=1><A HREF=a.html>Home</A><BR><A HREF=b.html>Sports</A><BR>
<A HREF=c.html>Weather</A></FONT></TD>
<TD><FONT FACE="Arial" SIZE=5><B>Crane moves</B></FONT><BR><FONT SIZE=2>By IDA MARK<BR>
<P>{SENTENCE} &#147;We slept,&#148; said a woman on the quay
<P>{SENTENCE}<BR><BR>It weighs nine hundred tonnes, and {SENTENCE[4:]}
<P ALIGN=LEFT>The council had asked for quiet, and got more of it than it wanted, said the harbour master.</FONT>
</TD></TR></TABLE><HR><FONT SIZE=1>Copyright 1999 The Courier</FONT></CENTER></BODY></HTML>"""
    text = clean([capture(page.encode("cp1252"), mime="text/html", url="http://courier.example/1999/crane.html")])
    assert isinstance(text, Article)
    said = [block.text for block in text.body]
    assert f"{SENTENCE} “We slept,” said a woman on the quay" in said
    assert any(one.startswith("It weighs nine hundred") for one in said)
    assert said[-1].startswith("The council had asked for quiet")
    assert not {"Home", "Sports", "Weather"} & set(said)
    assert "Copyright" not in text.text


def test_a_page_of_frames_is_refused_with_a_reason(capture: MakeCapture) -> None:
    page = "<HTML><FRAMESET COLS=20%,80%><FRAME SRC=menu.html><FRAME SRC=story.html><NOFRAMES>Get a browser</NOFRAMES>"
    text = clean([capture(page)])
    assert text.verdict.value in {"empty", "article", "index-page"}
    assert not isinstance(text, Article)


def test_amp(capture: MakeCapture) -> None:
    page = f"""<!doctype html><html ⚡ lang=en><head><meta charset=utf-8><title>Crane moves</title>
<script async src="https://cdn.ampproject.org/v0.js"></script><style amp-boilerplate>body{{visibility:hidden}}</style>
<noscript><style amp-boilerplate>body{{visibility:visible}}</style></noscript></head><body>
<amp-sidebar id=s layout=nodisplay><ul><li><a href=/>Home</a></li></ul></amp-sidebar>
<article><h1>Crane moves</h1><amp-img src=x.jpg width=600 height=400><noscript><img src=x.jpg></noscript></amp-img>
<p>{SENTENCE}</p><amp-ad type=x width=300 height=250><div placeholder>Advertisement</div></amp-ad>
{MORE}<amp-social-share type=email></amp-social-share></article>
<amp-list src=/related layout=fixed-height height=100><template type=amp-mustache>
<a href="{{{{url}}}}">{{{{title}}}}</a></template></amp-list></body></html>"""
    text = clean([capture(page)])
    assert isinstance(text, Article)
    assert text.body[0].text == SENTENCE
    assert len(text.body) == 3
    assert text.headline == "Crane moves"
