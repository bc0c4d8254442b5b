from __future__ import annotations

import codecs
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.decoding import decode, encoding_of, is_utf8, utf8_xml


@pytest.mark.parametrize(
    ("body", "charset", "encoding"),
    [
        (b"plain", None, "utf-8"),
        ("Größe".encode(), "iso-8859-1", "utf-8"),
        ("Größe".encode()[:-3], None, "utf-8"),
        ("Größe".encode("cp1252"), "iso-8859-1", "cp1252"),
        ("Größe".encode("cp1252"), None, "cp1252"),
        ("Größe".encode("cp1252"), "nonsense", "cp1252"),
        ("Größe".encode("cp1252"), "rot13", "cp1252"),
        ("мэр".encode("cp1251"), "windows-1251", "cp1251"),
        (b'<meta charset="koi8-r">' + "мэр".encode("koi8-r"), None, "koi8-r"),
        (b'<?xml version="1.0" encoding="gb2312"?>' + "新闻".encode("gbk"), None, "gb18030"),
        ("日本".encode("iso2022_jp"), "iso-2022-jp", "iso2022_jp"),
        ("<rss>ä".encode("utf-16-le"), None, "utf-16-le"),
        (codecs.BOM_UTF16_BE + "ä".encode("utf-16-be"), "utf-8", "utf-16-be"),
    ],
)
def test_encoding(body: bytes, charset: str | None, encoding: str) -> None:
    assert codecs.lookup(encoding_of(body, charset)).name == codecs.lookup(encoding).name


def test_utf8_is_seen_across_chunks() -> None:
    assert is_utf8(b"a" * ((1 << 20) - 1) + "ä".encode())
    assert not is_utf8(b"a" * (1 << 20) + b"\xff")


def test_xml_becomes_plain_utf8() -> None:
    declaration = b" \n<?xml version='1.0' encoding='latin-1'?>"
    body = declaration + b"<a>\xe4 &auml; &amp; &lt; & &#228; &x; \x00<![CDATA[& &auml;]]></a>"
    assert utf8_xml(body) == ("<a>ä ä &amp; &lt; &amp; &#228; &amp;x; <![CDATA[& &auml;]]></a>".encode(), True)


@given(
    st.binary(),
    st.sampled_from([None, "utf-7", "utf-16", "idna", "punycode", "base64", "hz", "unicode_escape", "x" * 99]),
)
def test_any_bytes_decode(body: bytes, charset: str | None) -> None:
    decode(body, charset)
    utf8_xml(gzip.compress(body), charset)[0].decode()
