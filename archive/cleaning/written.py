"""Dates as people write them near a headline: "13 January 2022", "13.01.2022, 9:30 Uhr", "2022年1月13日"."""

from __future__ import annotations

import re
from datetime import datetime

# The months of a year in the languages of the pages seen, by their first letters as far as they differ; a month's
# number is its place. Longer names are told by their beginning.
_NAMES = (
    ("jan", "ene", "gen", "janv", "янв", "tammi", "sty", "led", "oca", "ιαν", "січ", "มกราคม", "ม.ค"),
    ("feb", "feb", "fév", "fev", "févr", "фев", "helmi", "lut", "úno", "şub", "φεβ", "лют", "กุมภาพันธ์", "ก.พ"),
    ("mar", "mär", "mrz", "maa", "mrt", "maart", "мар", "bře", "μαρ", "бер", "มีนาคม", "มี.ค"),
    ("apr", "avr", "abr", "апр", "huhti", "kwi", "dub", "nis", "απρ", "кві", "เมษายน", "เม.ย"),
    ("may", "mai", "maj", "mag", "mei", "май", "мая", "touko", "kvě", "μαϊ", "μαΐ", "тра", "พฤษภาคม", "พ.ค"),
    ("jun", "juin", "giu", "июн", "kesä", "cze", "čvn", "červn", "haz", "ιουν", "чер", "มิถุนายน", "มิ.ย"),
    ("jul", "juil", "lug", "июл", "heinä", "lip", "čvc", "červe", "tem", "ιουλ", "лип", "กรกฎาคม", "ก.ค"),
    ("aug", "août", "aoû", "ago", "авг", "elo", "sie", "srp", "ağu", "αυγ", "сер", "สิงหาคม", "ส.ค"),
    ("sep", "set", "сен", "syys", "wrz", "zář", "eyl", "σεπ", "вер", "กันยายน", "ก.ย"),
    ("oct", "okt", "out", "ott", "окт", "loka", "paź", "říj", "eki", "οκτ", "жов", "ตุลาคม", "ต.ค"),
    ("nov", "ноя", "marras", "lis", "kas", "νοε", "лис", "พฤศจิกายน", "พ.ย"),
    ("dec", "dez", "des", "déc", "dic", "дек", "joulu", "gru", "pro", "ara", "δεκ", "гру", "ธันวาคม", "ธ.ค"),
)
_MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names}
_MOST, _LEAST = max(map(len, _MONTHS)), 3  # letters that tell a month
_YEAR = r"((?:19|20)\d\d)"
_DAY = r"(\d{1,2})"
_WORD = r"([^\W\d_]{3,12}(?:\.[^\W\d_])?)\.?"
# The time behind a date, and what may stand between the two.
_TIME = (
    r"(?:[\s,|·•()/\u2013\u2014-]{0,4}(?:um|at|à|às|alle|ore|kl|klo|om|las|h|o godz)?\.?\s{0,2}"
    r"(\d{1,2})(?:[:h]|\s?h\s?|\.(?=\d\d\s?(?:Uhr|h\b)))(\d\d)(?::\d\d)?(?!\d)\s?([ap]\.?m\b)?)?"
)
# Each with the order of its parts: y, m, d as digits, n the name of a month, 2 a year of two digits.
_PATTERNS = tuple(
    (order, re.compile(pattern + _TIME, re.IGNORECASE))
    for order, pattern in (
        ("ymd", rf"(?<!\d){_YEAR}\s?[-/.年년]\s?{_DAY}\s?[-/.月월]\s?{_DAY}(?!\d)\s?[日일]?\.?(?:T(?=\d))?"),
        (
            "dny",
            rf"(?<!\d){_DAY}(?:\.|st|nd|rd|th|er|º|ª)?\s+(?:de\s+|d['’]\s?)?{_WORD},?\s+(?:de\s+|del\s+)?{_YEAR}(?!\d)",
        ),
        ("ndy", rf"(?<!\w){_WORD}\s+{_DAY}(?:st|nd|rd|th)?\s*,?\s+{_YEAR}(?!\d)"),
        ("dmy", rf"(?<![\d.]){_DAY}\s?([./-])\s?{_DAY}\s?\2\s?{_YEAR}(?!\.?\d)"),
        ("dm2", rf"(?<![\d.]){_DAY}\.\s?{_DAY}\.\s?(\d\d)(?![\d.:])"),
    )
)


def date_in(text: str, *, month_first: bool = False) -> tuple[str, int, int] | None:
    """The first date that a text writes, as ISO 8601 with the time if one follows, and where it begins and ends.

    ``month_first`` tells how "11/01/2023" is read where it could be either; elsewhere days come first. No offset is
    ever added: what is written near a headline is the writer's local time.
    """
    best = None
    for order, pattern in _PATTERNS:
        for found in pattern.finditer(text):
            written = _iso(order, found.groups(), month_first=month_first)
            if written is not None and (best is None or found.start() < best[1]):
                best = (written, found.start(), found.end())
            if written is not None:
                break
    return best


def month(name: str) -> int | None:
    """The number of a month by its name or the beginning of it, in any of the languages known."""
    lowered = name.lower().rstrip(".")
    for size in range(min(_MOST, len(lowered)), _LEAST - 1, -1):
        if found := _MONTHS.get(lowered[:size]):
            return found
    return None


def _iso(order: str, groups: tuple[str | None, ...], *, month_first: bool) -> str | None:
    parts = [one or "" for one in groups[:-3]]
    if order == "ymd":
        year, month_of, day = parts
    elif order == "dny":
        day, month_of, year = parts
    elif order == "ndy":
        month_of, day, year = parts
    elif order == "dmy":
        day, separator, month_of, year = parts
        if separator == "/" and int(day) <= 12 and (month_first or int(month_of) > 12):
            day, month_of = month_of, day
    else:
        day, month_of, year = parts
        year = f"20{year}"
    number = month(month_of) if not month_of.isdecimal() else int(month_of)
    if number is None:
        return None
    hour, minute, half = groups[-3:]
    written = f"{year}-{number:02}-{int(day):02}"
    if hour is not None and minute is not None:
        written += f"T{_hour(int(hour), half):02}:{minute}"
    for candidate in (written, written[:10]):  # a wrong time does not make the day wrong
        try:
            datetime.fromisoformat(candidate)
        except ValueError:
            continue
        return candidate
    return None


def _hour(hour: int, half: str | None) -> int:
    if half is None or hour > 12:
        return hour
    return hour % 12 + (12 if half[0].lower() == "p" else 0)
