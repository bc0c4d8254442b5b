"""Charsets: whatever a page says of itself, its text is read right."""

from __future__ import annotations

import pytest

from archive.cleaning.charset import codec_of, decode

WORDS = "Über die Brücke führt kein Weg zurück; a naïve café."
JAPANESE = "橋は来年の春に開通する予定です。"


@pytest.mark.parametrize(
    ("payload", "declared", "text"),
    [
        (WORDS.encode(), None, WORDS),
        (WORDS.encode(), "iso-8859-1", WORDS),  # declared wrong: valid UTF-8 is never anything else
        (WORDS.encode("cp1252"), None, WORDS),
        (WORDS.encode("cp1252"), "ISO-8859-1", WORDS),
        (WORDS.encode("cp1252"), "utf-8", WORDS),
        (b"\xef\xbb\xbf" + WORDS.encode(), "latin1", WORDS),
        (b"\xff\xfe" + WORDS.encode("utf-16-le"), None, WORDS),
        (JAPANESE.encode("shift_jis"), "Shift_JIS", JAPANESE),
        (JAPANESE.encode("euc-jp"), '"EUC-JP"', JAPANESE),
        (JAPANESE.encode("iso2022-jp"), "iso-2022-jp", JAPANESE),
        ("中文新闻网站".encode("gbk"), "gb2312", "中文新闻网站"),
        ("Правда".encode("cp1251"), "windows-1251", "Правда"),
        ("“quoted”".encode("cp1252"), "latin-1", "“quoted”"),
    ],
)
def test_text_comes_out(payload: bytes, declared: str | None, text: str) -> None:
    assert decode(payload, declared)[0] == text


def test_the_pages_own_meta_counts_where_the_head_says_nothing() -> None:
    page = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1251"></head>Правда'
    assert decode(page.encode("cp1251"))[0] == page
    assert decode(b'<meta charset="utf-16">' + WORDS.encode())[0].endswith(WORDS)


def test_a_cut_or_slightly_damaged_utf8_page_stays_utf8() -> None:
    cut = (WORDS * 40).encode()[:-1] + "ü".encode()[:1]
    text, codec = decode(cut, "utf-8")
    assert codec == "utf-8"
    assert text.startswith(WORDS)
    assert text.endswith("\ufffd")


@pytest.mark.parametrize("label", ["idna", "unicode_escape", "utf-7", "zip", "rot13", "", "no such thing", "\udc80"])
def test_python_codecs_are_not_for_pages_to_name(label: str) -> None:
    assert codec_of(label) is None
    assert decode(WORDS.encode("cp1252"), label)[0] == WORDS


# What each is written in where a page says nothing of it, or something wrong.
PROSE = {
    JAPANESE + "市は工事の費用について、来月の議会で説明すると発表した。": ("shift_jis", "euc-jp", "iso2022-jp"),
    "起重机在星期日向东移动了六十米，城里没有人听到。这是中国今年最大的工程，他们会在明年完成。": ("gbk", "gb18030"),
    "起重機在星期日向東移動了六十公尺，城裡沒有人聽到。這是今年最大的工程，他們會在明年完成。": ("big5",),
    "크레인은 일요일에 동쪽으로 육십 미터를 움직였고, 옛 시가지에서는 아무도 그 소리를 듣지 못했다.": ("euc-kr",),
    "В воскресенье кран передвинулся на шестьдесят метров к востоку, и никто этого не услышал.": (
        *("cp1251", "koi8-r", "iso8859-5", "cp866"),
    ),
    "Την Κυριακή ο γερανός μετακινήθηκε εξήντα μέτρα προς τα ανατολικά και κανείς δεν τον άκουσε.": ("cp1253",),
    "ביום ראשון זז העגורן שישים מטרים מזרחה ואיש בעיר העתיקה לא שמע אותו הולך": ("cp1255",),
    "تحركت الرافعة ستين مترا إلى الشرق يوم الأحد ولم يسمعها أحد في المدينة": ("cp1256",),
    "เครนเคลื่อนที่ไปทางตะวันออกหกสิบเมตรในวันอาทิตย์ และไม่มีใครในเมืองเก่าได้ยิน": ("cp874",),
    "Über die Brücke führt kein Weg; größere Äpfel nützen fürs Öl, hört Jörg überall in Österreich.": ("cp1252",),
}
WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")


@pytest.mark.parametrize("prose", PROSE)
def test_a_page_that_declares_nothing(prose: str) -> None:
    page = f"<html><head><title>x</title></head><body><p>{prose}</p><p>{prose}</p></body></html>"
    for codec in (*PROSE[prose], *WIDE, "utf-8", "utf-8-sig"):
        assert decode(page.encode(codec))[0] == page
        assert decode(page.encode(codec), "utf-8")[0] == page


@pytest.mark.parametrize("prose", PROSE)
@pytest.mark.parametrize("head", ["utf-8", "iso-8859-1", "utf-16", "no such thing"])
def test_a_head_that_contradicts_the_page(prose: str, head: str) -> None:
    for codec in PROSE[prose]:
        page = f'<html><head><meta charset="{codec}"></head><body><p>{prose}</p><p>{prose}</p></body></html>'
        assert decode(page.encode(codec), head)[0] == page


def test_a_cut_page_of_many_bytes_keeps_what_it_has() -> None:
    page = f"<html><body><p>{JAPANESE * 9}"
    assert decode(page.encode("shift_jis")[:-1], "shift_jis")[0].startswith(page[:-1])
    assert decode(page.encode()[:-1], "iso-8859-1")[0].startswith(page[:-1])


def test_utf_7_is_plain_ascii() -> None:
    page = b"<html><meta charset=utf-7>+ADw-script+AD4-"
    assert decode(page, "utf-7") == (page.decode(), "utf-8")


def test_what_was_encoded_twice_stays_what_the_bytes_say() -> None:
    twice = "Brücke".encode().decode("cp1252")
    assert decode(f"<p>{twice}".encode())[0] == f"<p>{twice}"


def test_any_bytes_give_text() -> None:
    for declared in (None, "utf-8", "shift_jis", "utf-16", "gb18030", "iso-2022-jp"):
        decode(bytes(range(256)) * 3, declared)
