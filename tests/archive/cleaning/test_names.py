"""Names in a credit: people, agencies and organisations in the words of several languages."""

from __future__ import annotations

import pytest

from archive.cleaning.agencies import agency, agency_among, credit_at_end
from archive.cleaning.names import Kind, named

FIRMS = {"the courier", "courier"}


def people(credit: str, *, lax: bool = False) -> list[str]:
    return [one.text for one in named(credit, FIRMS, lax=lax) if one.kind is Kind.PERSON]


@pytest.mark.parametrize(
    ("credit", "expected"),
    [
        ("By Ida Mark", ["Ida Mark"]),
        ("ByIda Mark", ["Ida Mark"]),
        ("Written By: Ida Mark", ["Ida Mark"]),
        ("IDA MARK AND JÖRG FELD", ["IDA MARK", "JÖRG FELD"]),
        ("Von Ida Mark, Jörg Feld und Ruth Olsen", ["Ida Mark", "Jörg Feld", "Ruth Olsen"]),
        ("Por Ana Robledo y Luis Vega", ["Ana Robledo", "Luis Vega"]),
        ("Par Léa Fontanel et Hugo Marchais", ["Léa Fontanel", "Hugo Marchais"]),
        ("di Marta Rovati e Ugo Bassi", ["Marta Rovati", "Ugo Bassi"]),
        ("Door Anneke van der Meulen", ["Anneke van der Meulen"]),
        ("Текст: Ирина Волкова и Олег Лапин", ["Ирина Волкова", "Олег Лапин"]),
        ("Interview: Ida Mark, Fotos: Karl Linse", ["Ida Mark"]),
        ("Text & Fotos: Ida Mark", ["Ida Mark"]),
        ("Ein Artikel von Ida Mark", ["Ida Mark"]),
        ("AuthorIda Mark", ["Ida Mark"]),
        ("Ida Mark (ima)", ["Ida Mark"]),
        ("Ida Mark, Political Editor, London", ["Ida Mark"]),
        ("Ida Mark, MD", ["Ida Mark"]),
        ("Ida Mark mit dpa", ["Ida Mark"]),
        ("Ida Mark THE COURIER", ["Ida Mark"]),
        ("Ida Mark im Gespräch mit Jörg Feld", ["Ida Mark", "Jörg Feld"]),
        ("Ida Mark am 24. November 2026", ["Ida Mark"]),
        ("Ida Mark Nov 24, 2026", ["Ida Mark"]),
        ("Theresa May", ["Theresa May"]),
        ("Mary E Stone", ["Mary E Stone"]),
        ("Dr. Ida Mark", ["Dr. Ida Mark"]),
        ("記者王小明", ["王小明"]),
        ("김민수 기자", ["김민수"]),
        ("<a href='/ida'>Ida Mark</a>", ["Ida Mark"]),
        ("The Courier", []),
        ("Courier Staff", []),
        ("https://courier.example/ida", []),
        ("courier.example", []),
        ("5 min read", []),
        ("Share this article", []),
        ("admin", []),
        ("東京港新聞デジタル", []),
        ("", []),
        (" , ; / ", []),
    ],
)
def test_a_credit_names_people(credit: str, expected: list[str]) -> None:
    assert people(credit) == expected


def test_one_word_is_a_name_only_where_nothing_else_can_stand() -> None:
    assert people("Konstantin") == []
    assert people("Konstantin", lax=True) == ["Konstantin"]


def test_agencies_and_organisations_are_no_people() -> None:
    kinds = [(one.text, one.kind) for one in named("Ida Mark, Reuters, Courier Newsdesk", FIRMS)]
    assert kinds == [
        ("Ida Mark", Kind.PERSON),
        ("Reuters", Kind.AGENCY),
        ("Courier Newsdesk", Kind.ORGANISATION),
    ]


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("AFP", "AFP"),
        ("Agence France-Presse", "AFP"),
        ("The Associated Press", "AP"),
        ("Deutsche Presse-Agentur", "dpa"),
        ("mit dpa", "dpa"),
        ("共同通信", "Kyodo"),
        ("ТАСС", "TASS"),
        ("연합뉴스", "Yonhap"),
        ("Ida Mark", None),
        ("", None),
    ],
)
def test_agencies_have_one_short_form(text: str, short: str | None) -> None:
    assert agency(text) == short


def test_an_agency_is_found_among_the_parts_of_a_credit() -> None:
    assert agency_among(["Ida Mark", "ima/dpa"]) == "dpa"
    assert agency_among(["Ida Mark"]) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The gates opened at noon. (AFP)", "AFP"),
        ("Die Tore öffneten sich. (ima/ dpa)", "dpa"),
        ("The gates opened at noon. " * 20 + "(ima/AFP)", "AFP"),
        ("The gates (built in 2017) opened.", None),
        ("The gates opened (at noon)", None),
    ],
)
def test_the_agency_in_brackets_at_the_end(text: str, found: str | None) -> None:
    span = credit_at_end(text)
    assert (text[span[0] : span[1]] if span else None) == found


def test_a_long_credit_takes_no_time_that_grows_with_its_square() -> None:
    assert len(people("Ida Mark, " * 200)) == 200
    assert people("a " * 5000) == []
