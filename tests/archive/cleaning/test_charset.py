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


def test_any_bytes_give_text() -> None:
    for declared in (None, "utf-8", "shift_jis", "utf-16", "gb18030", "iso-2022-jp"):
        decode(bytes(range(256)) * 3, declared)
