"""Cells and subheadings below the limit are told with what is kept beside them; the scores here are made up."""

from __future__ import annotations

from archive.cleaning.blocks import Blocks, blocks_of
from archive.cleaning.document import parse
from archive.cleaning.stream import TextStream
from archive.cleaning.together import headings_alike, told_along, whole_tables

SENTENCE = "The harbour has waited for this morning since the flood, when the water stood two metres high."
ROWS = (("Year", "Mayor", "Days"), ("2018", "Ida Mark", "53"), ("2022", "Ruth Olsen", "69"))
TABLE = "".join(("<table>", *("<tr><td>" + "</td><td>".join(row) + "</td></tr>" for row in ROWS), "</table>"))


def blocks(inner: str) -> Blocks:
    return blocks_of(TextStream(parse(f"<html><body><main>{inner}</main></body></html>".encode()).root))


def scored(page: Blocks, low: dict[str, int]) -> tuple[dict[int, int], frozenset[int]]:
    """Scores of all blocks, 2000 but for some texts, and those that reach a limit of 0."""
    scores = {number: low.get(text, 2000) for number, text in enumerate(page.text)}
    return scores, frozenset(number for number, score in scores.items() if score >= 0)


def tables(page: Blocks, low: dict[str, int]) -> list[str]:
    return [page.text[number] for number in whole_tables(page, *scored(page, low), 0)]


def headings(page: Blocks, low: dict[str, int]) -> list[str]:
    return [page.text[number] for number in headings_alike(page, *scored(page, low), 0)]


def test_a_table_among_the_paragraphs_lacks_no_cell() -> None:
    page = blocks(f"<p>{SENTENCE}</p><div>{TABLE}</div><p>{SENTENCE}</p>")
    assert tables(page, {"Ida Mark": -2000, "Ruth Olsen": -5000}) == [cell for row in ROWS for cell in row]


def test_a_table_that_is_unlikely_or_full_of_links_is_not_told_for_that() -> None:
    page = blocks(f"<p>{SENTENCE}</p>{TABLE}<p>{SENTENCE}</p>")
    assert not tables(page, {cell: -4000 for row in ROWS for cell in row})
    linked = TABLE.replace("<td>", "<td><a href=/x>").replace("</td>", "</a></td>")
    assert not tables(blocks(f"<p>{SENTENCE}</p>{linked}<p>{SENTENCE}</p>"), {"53": -2000})


def test_a_table_behind_the_story_is_not_told_for_that() -> None:
    assert not tables(blocks(f"<p>{SENTENCE}</p><p>{SENTENCE}</p>{TABLE}"), {"53": -2000})


def test_headings_that_boxes_part_from_their_paragraphs_are_told_where_all_of_the_look_head_some() -> None:
    slide = "<div class=slide><h2 class=name>{}</h2><figure>Seen from the mole.</figure><div><p>{}</p></div></div>"
    page = blocks("".join(slide.format(f"Gate {number}", SENTENCE) for number in (1, 2, 3)))
    low = {"Gate 2": -1500, "Gate 3": -4000}
    assert headings(page, low) == ["Gate 1", "Gate 2"]


def test_headings_of_other_articles_are_not_told() -> None:
    teasers = "".join(f"<section><h2>Teaser {number}</h2></section>" for number in range(9))
    low = {f"Teaser {number}": -500 for number in range(9)}
    assert not headings(blocks(f"{teasers}<p>{SENTENCE}</p>"), low)


def along(page: Blocks, low: dict[str, int]) -> list[str]:
    return [page.text[number] for number in told_along(page, *scored(page, low), 0)]


def test_who_said_a_quote_is_told_with_it() -> None:
    quote = "<blockquote><p>{}</p><cite>Constance Ferrier, printer</cite></blockquote>".format
    low = {"Constance Ferrier, printer": -1200, "No.": -1}
    assert along(blocks(f"<p>{SENTENCE}</p>{quote(SENTENCE)}"), low) == ["Constance Ferrier, printer"]
    assert not along(blocks(f"<p>{SENTENCE}</p>{quote('No.')}"), low)
    post = f"<blockquote><p>{SENTENCE}</p>— Con (@con) May 3</blockquote>"
    assert not along(blocks(f"<p>{SENTENCE}</p>{post}"), {"— Con (@con) May 3": -1200})


def test_a_subheading_below_a_list_of_other_articles_is_told() -> None:
    other = "<aside><ul><li>A beach is closed</li></ul></aside>"
    page = blocks(f"<p>{SENTENCE}</p>{other}<h2>What is left</h2><p>{SENTENCE}</p>")
    assert along(page, {"A beach is closed": -3000, "What is left": -500}) == ["What is left"]
