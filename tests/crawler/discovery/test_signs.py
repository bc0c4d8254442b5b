from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scaling import LINEAR, growth

from archive.reservation import reservations_of


@pytest.mark.parametrize(
    ("fields", "page", "signs"),
    [
        ([], "<p>nothing", ()),
        ([("TDM-Reservation", "1")], "<meta name=tdm-reservation content=1>", ("tdm-reservation: 1",) * 2),
        ([("tdm-reservation", "0")], "<meta content='0' name='tdm-reservation'>", ("tdm-reservation: 0",) * 2),
        ([("X-Robots-Tag", "noindex, NoArchive"), ("x-robots-tag", "bot: noai")], "", ("noindex", "noarchive", "noai")),
        ([], '<META content="noarchive,follow" name="robots">', ("meta robots: noarchive",)),
        ([("Content-Usage", "train-ai=n")], "<meta name=robots content=index>", ("content-usage: train-ai=n",)),
        ([], "<meta name='description' content='noarchive'>", ()),
    ],
)
def test_signs(fields: list[tuple[str, str]], page: str, signs: tuple[str, ...]) -> None:
    found = reservations_of(fields, page)
    assert len(found) == len(signs)
    assert all(one.endswith(sign) for one, sign in zip(found, signs, strict=True))


@given(st.text(), st.text(), st.text())
def test_nothing_raises(name: str, value: str, page: str) -> None:
    reservations_of([(name, value), ("x-robots-tag", value)], page + "<meta " + page)


def test_long_pages_take_linear_time() -> None:
    for unit in ("<meta ", "<meta name=robots content=", "<meta name='", "x"):
        assert growth(lambda body: reservations_of((), body.decode()), lambda n, unit=unit: unit.encode() * n) < LINEAR  # type: ignore[misc]
