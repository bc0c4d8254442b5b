"""Dates as people write them, in the languages of news."""

from __future__ import annotations

import pytest

from archive.cleaning.written import date_in, month


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("January 13, 2022", "2022-01-13"),
        ("Thu, Jan 13th, 2022 9:05 pm", "2022-01-13T21:05"),
        ("13 January 2022 at 12:15 a.m.", "2022-01-13T00:15"),
        ("13. Januar 2022, 9:30 Uhr", "2022-01-13T09:30"),
        ("13.01.2022 - 09.30 Uhr", "2022-01-13T09:30"),
        ("13.1.22", "2022-01-13"),
        ("3 mars 2022 à 8h05", "2022-03-03T08:05"),
        ("1er août 2022", "2022-08-01"),
        ("13 de enero de 2022", "2022-01-13"),
        ("13 gennaio 2022", "2022-01-13"),
        ("13 januari 2022", "2022-01-13"),
        ("13. tammikuuta 2022 klo 9:30", "2022-01-13T09:30"),
        ("13 stycznia 2022", "2022-01-13"),
        ("13 января 2022", "2022-01-13"),
        ("13 Ocak 2022", "2022-01-13"),
        ("13 Ιανουαρίου 2022", "2022-01-13"),
        ("2022年1月13日", "2022-01-13"),
        ("2022. 1. 13. 09:30", "2022-01-13T09:30"),
        ("2022-01-13 09:30", "2022-01-13T09:30"),
        ("13/01/2022", "2022-01-13"),
        ("11/01/2022", "2022-01-11"),
        ("01/13/2022", "2022-01-13"),
        ("13.01.2022 99:99", "2022-01-13"),
        ("version 1.2.2022.5", None),
        ("31 February 2022", None),
        ("13 gates 2022", None),
        ("2022", None),
        ("call 0113 2022 13", None),
        ("", None),
    ],
)
def test_a_written_date_is_read(text: str, written: str | None) -> None:
    found = date_in(text)
    assert (found[0] if found else None) == written


def test_americans_put_the_month_first() -> None:
    found = date_in("11/01/2022", month_first=True)
    assert found is not None
    assert found[0] == "2022-11-01"


def test_the_first_date_of_a_text_and_its_place() -> None:
    assert date_in("Posted 13 May 2022, again 2023-01-02") == ("2022-05-13", 7, 18)


@pytest.mark.parametrize(("name", "number"), [("Sept.", 9), ("Mai", 5), ("červenec", 7), ("junho", 6), ("Gate", None)])
def test_months_are_known_by_their_beginning(name: str, number: int | None) -> None:
    assert month(name) == number
