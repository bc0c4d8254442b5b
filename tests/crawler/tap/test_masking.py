"""Secrets in stored requests."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crawler.tap.masking import masked

REQUEST = (
    b"GET / HTTP/1.1\r\nHost: a.example\r\nCookie:  a=1; b=2\r\nauthorization: Bearer x\r\nX-Key: k\r\n\r\nCookie: body"
)


def test_credentials_are_masked_at_the_same_length() -> None:
    stored, names = masked(REQUEST)
    assert stored == (
        b"GET / HTTP/1.1\r\nHost: a.example\r\n"
        b"Cookie:  ********\r\nauthorization: ********\r\nX-Key: k\r\n\r\nCookie: body"
    )
    assert names == ("Cookie", "authorization")


def test_named_fields_are_masked_in_any_case() -> None:
    stored, names = masked(REQUEST, ["x-KEY"])
    assert b"X-Key: *\r\n" in stored
    assert "X-Key" in names


def test_a_request_without_secrets_is_the_same_object() -> None:
    request = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
    assert masked(request) == (request, ())
    assert masked(request)[0] is request


@given(st.binary(max_size=300), st.lists(st.text(max_size=10), max_size=3))
def test_no_bytes_break_it_and_the_length_stays(request: bytes, names: list[str]) -> None:
    assert len(masked(request, names)[0]) == len(request)
