"""Fields: every string comes back, and no string can break out of its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.warc import fields as reading
from archive.warc.fields import NamedFields, format_fields, is_plain, parse_fields, parse_lines, target_uri
from archive.warc.wellformed import well_formed

from .samples import texts

# What heads are made of, and what breaks them.
pieces = st.sampled_from(
    ["a", "B-c", ":", ": ", " ", "\t", "\r\n", "\r", "\n", "\r\n\r\n", "é", "\x00", "\x0b", "\x85", "x: y\r\n", "\xa0"]
)
heads = st.lists(pieces, max_size=12).map("".join)
names = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20)


@given(st.lists(st.tuples(names, texts | st.text(max_size=2000)), max_size=8))
def test_every_value_comes_back_from_a_block(pairs: list[tuple[str, str]]) -> None:
    block = format_fields(pairs)
    assert parse_fields(block).pairs == tuple((name, well_formed(value)) for name, value in pairs)
    # One line a field, for whoever splits lines in whatever way.
    assert len(block.decode("utf-8").splitlines()) == len(pairs) == block.count(b"\r\n")


@given(texts)
def test_a_target_uri_is_visible_ascii_without_angle_brackets(url: str) -> None:
    written = target_uri(url)
    assert all(0x21 <= ord(one) <= 0x7E and one not in "<>" for one in written)
    assert target_uri(written) == written


def test_a_value_that_fits_on_its_line_is_written_as_it_is() -> None:
    pairs = [("via", "https://talblatt.example/brücke?a=%20"), ("hopsFromSeed", "")]
    assert format_fields(pairs) == "via: https://talblatt.example/brücke?a=%20\r\nhopsFromSeed: \r\n".encode()


def test_lone_surrogates_are_replaced_where_they_come_from_and_pairs_are_joined() -> None:
    assert well_formed("a\ud800b") == "a\ufffdb"
    assert well_formed("\ud83d\ude00") == "\U0001f600"
    assert parse_fields(b'n: "\\ud800"\n').pairs == (("n", "\ufffd"),)


def test_others_quotation_marks_folds_and_bytes_are_read_as_they_stand() -> None:
    block = b'software: "Spider" 3\nfolded: one\r\n\ttwo\r\nno field here\r\nx: \xe9\r\n: y\r\nn: "1\n'
    assert parse_fields(block).pairs == (("software", '"Spider" 3'), ("folded", "one two"), ("x", "é"), ("n", '"1'))
    assert parse_fields(b'n: 1\r\nm: "2" \r\n').pairs == (("n", "1"), ("m", "2"))


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "ä"])
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        format_fields([(name, "x")])


def test_names_are_compared_without_case_and_may_repeat() -> None:
    fields = NamedFields(tuple(parse_lines(b"WARC-Protocol: a\r\nwarc-protocol: b\r\n")))
    assert (fields.first("Warc-Protocol"), fields.all("WARC-PROTOCOL"), fields.first("x")) == ("a", ("a", "b"), None)


def test_plain_is_what_a_head_can_hold() -> None:
    assert is_plain("TLS_AES_128_GCM_SHA256")
    assert is_plain("a b")
    assert not any(map(is_plain, ["", " a", "a ", "a\n", "é", "a\tb"]))


@given(heads.map(str.encode) | heads.map(lambda text: text.encode("latin-1")))
def test_plain_lines_are_read_as_all_others_are(head: bytes) -> None:
    at_once = parse_lines(head)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_plain", lambda _: None)
        assert parse_lines(head) == at_once
