"""What is told together: blocks below the limit that belong to what is kept beside them.

A list lacks no item of its middle, a table no cell of a row, and a story none of its subheadings.
"""

from __future__ import annotations

from collections.abc import Iterator

from archive.cleaning.blocks import Blocks

# Thousandths of log odds below the limit.
LENIENT = 1500  # for items of a list of which most are kept
_ANNOUNCED = 3000  # for items of a list that stands among the paragraphs of the story, the one above it leading to it
_LEADING = 1000  # for a subheading right above such a paragraph
_SEVERAL = 3  # headings that look alike, or cells: fewer tell nothing of a page
_NEAR = 4  # blocks: between a heading and its paragraph a picture's caption and credit can stand
_SIGNATURE = 15  # words of who said what is quoted, and where
_TO_TABLE = 6  # boxes from a text in a cell to its table: paragraph, cell, row, body of the table, table
_IN_CELLS = frozenset({"td", "th", "p", "div", "li"})
HEADINGS = frozenset({"h2", "h3", "h4"})


def whole_lists(blocks: Blocks, scores: dict[int, int], limit: int) -> set[int]:
    """The items of lists that are told as a whole: most of their words are kept, or a colon leads to them."""
    lists: dict[int, list[int]] = {}
    for number in scores:
        if blocks.tag[blocks.box[number]] == "li":
            lists.setdefault(blocks.parent[blocks.box[number]], []).append(number)
    whole: set[int] = set()
    for items in lists.values():
        words = sum(blocks.words[number] for number in items)
        taken = sum(blocks.words[number] for number in items if scores[number] >= limit)
        announced = any(
            scores.get(number, limit - 1) >= limit and _leads(blocks, number)
            for number in range(max(0, items[0] - 2), items[0])  # an advertisement's label may stand between
        )
        if 3 * taken >= 2 * words or (announced and taken):
            whole.update(blocks.box[number] for number in items)
    return whole


def told_along(blocks: Blocks, scores: dict[int, int], kept: frozenset[int], limit: int) -> Iterator[int]:
    """What is below the limit, and told along with what is kept beside it.

    Lists that a kept paragraph of the same box announces with a colon, subheadings below kept blocks and right above a
    paragraph in their own box, and who said what is quoted.
    """
    box, parent = blocks.box, blocks.parent
    lists: dict[int, list[int]] = {}
    above: dict[int, int] = {}  # of each box, its first kept block
    for number in sorted(kept):
        above.setdefault(parent[box[number]], number)
    for number, score in scores.items():
        if blocks.tag[box[number]] == "li":
            lists.setdefault(parent[box[number]], []).append(number)
        elif number in kept:
            continue
        elif score >= limit - _LEADING and blocks.tag[box[number]] in HEADINGS:
            if 2 * blocks.linked[number] <= blocks.size[number] and _heads_story(blocks, kept, number, above):
                yield number
        elif score >= limit - LENIENT and _signs_quote(blocks, kept, number):
            yield number
    for home, items in lists.items():
        lead = next((one for one in (items[0] - 1, items[0] - 2) if one in kept and _leads(blocks, one)), -1)
        linked = sum(blocks.linked[number] for number in items)
        if lead >= 0 and parent[box[lead]] == parent[home] and 2 * linked < sum(blocks.size[one] for one in items):
            yield from (number for number in items if scores[number] >= limit - _ANNOUNCED)


def _heads_story(blocks: Blocks, kept: frozenset[int], number: int, above: dict[int, int]) -> bool:
    """Whether a heading stands right above a kept paragraph of its own box, and below kept blocks of it or near it."""
    home = blocks.parent[blocks.box[number]]
    below = next((one for one in range(number + 1, number + _NEAR) if one in kept and blocks.story[one]), -1)
    if below < 0 or blocks.parent[blocks.box[below]] != home:
        return False
    return above.get(home, number) < number or not kept.isdisjoint((number - 1, number - 2))


def _signs_quote(blocks: Blocks, kept: frozenset[int], number: int) -> bool:
    """Whether a short line ends a kept quote, in its own element: the name of who said it."""
    box = blocks.box[number]
    if blocks.tag[box] != "blockquote" or number - 1 not in kept or blocks.words[number] > _SIGNATURE:
        return False
    if "@" in blocks.text[number]:
        return False  # an account, below a post that is shown from elsewhere
    return blocks.parent[blocks.box[number - 1]] == box and 2 * blocks.linked[number] <= blocks.size[number]


def headings_alike(blocks: Blocks, scores: dict[int, int], kept: frozenset[int], limit: int) -> Iterator[int]:
    """Headings of one look, where nearly all of that look stand above a kept paragraph: in slides, and in boxes."""
    box, parent = blocks.box, blocks.parent
    groups: dict[tuple[int, int], list[int]] = {}
    for number in scores:
        if blocks.tag[box[number]] in HEADINGS and 2 * blocks.linked[number] <= blocks.size[number]:
            around = parent[box[number]]
            look = blocks.sign[box[number]], blocks.sign[around] if around >= 0 else -1
            groups.setdefault(look, []).append(number)
    for items in groups.values():
        if len(items) >= _SEVERAL:
            above = [
                one for one in items if any(two in kept and blocks.story[two] for two in range(one + 1, one + _NEAR))
            ]
            if 4 * len(above) >= 3 * len(items):
                yield from (one for one in above if scores[one] >= limit - _ANNOUNCED)


def whole_tables(blocks: Blocks, scores: dict[int, int], kept: frozenset[int], limit: int) -> Iterator[int]:
    """The cells of tables that stand among kept paragraphs: a row that lacks a cell says something else."""
    box, parent = blocks.box, blocks.parent
    tables: dict[int, list[int]] = {}
    for number in scores:
        if blocks.tag[box[number]] in _IN_CELLS and (table := table_of(blocks, box[number])) >= 0:
            tables.setdefault(table, []).append(number)
    for table, cells in tables.items():
        around = {parent[table], parent[parent[table]] if parent[table] >= 0 else -1} - {-1}
        beside = [one for one in kept if parent[box[one]] in around]
        if not beside or not min(beside) < cells[0] or not max(beside) > cells[-1]:
            continue
        words = sum(blocks.words[one] for one in cells)
        likely = sum(blocks.words[one] for one in cells if scores[one] >= limit - _ANNOUNCED)
        linked = 3 * sum(blocks.linked[one] for one in cells) > sum(blocks.size[one] for one in cells)
        if len(cells) >= _SEVERAL and 2 * likely >= words and not linked:
            yield from cells


def table_of(blocks: Blocks, box: int) -> int:
    """The table that a box is a cell of, or stands in one of; -1 for none."""
    for _ in range(_TO_TABLE):
        if box < 0 or blocks.tag[box] == "table":
            return box
        box = blocks.parent[box]
    return -1


def _leads(blocks: Blocks, number: int) -> bool:
    return blocks.text[number].endswith((":", "\uff1a"))
