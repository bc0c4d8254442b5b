"""What is asked of each block before it is judged: whole numbers, the same on every machine."""

from __future__ import annotations

from functools import lru_cache

from archive.cleaning.cues import CUE_WORDS, CUES
from archive.cleaning.hints import BITS, GROUPS
from archive.cleaning.said import tokens
from archive.cleaning.standing import STANDING, Standing
from archive.cleaning.sums import FAR, PLACE_BITS, PLACES, Sums

_KINDS = {
    "p": 1,
    "div": 2,
    "li": 3,
    "h1": 4,
    "h2": 5,
    "h3": 6,
    "h4": 7,
    "h5": 7,
    "h6": 7,
    "td": 8,
    "th": 8,
    "figcaption": 9,
    "blockquote": 10,
    "section": 11,
    "article": 12,
    "main": 12,
    "pre": 13,
    "dt": 14,
    "dd": 14,
    "button": 15,
    "footer": 16,
    "header": 17,
    "noscript": 18,
    "body": 19,
    "aside": 20,
    "figure": 21,
    "address": 22,
    "summary": 23,
    "nav": 24,
}
_READ = 120  # characters at a block's beginning that are counted one by one
MANY = 4000
# Which hints are read: of a block's own box, of all around it, and of those below the best box's line.
_OWN = ("caption", "side", "story", "meta")
_AROUND = ("hidden", "body", "author", "head", "tags", "caption", "menu", "summary", "side")
_BRANCH = tuple(name for name in GROUPS if name not in {"comment", "advert", "tags", "quote", "live", "head"})
_SIDES = ("words", "linked", "kind", "story", "ends", "same box", "same look")
_FAR_SIDES = _SIDES[:3]
NAMES: tuple[str, ...] = (
    *("kind", "parent kind", "grandparent kind", "depth"),
    *("words", "sentence ends", "words a sentence", "story", "linked share", "bold share"),
    *("capitals share", "digits share", "ends as sentence"),
    *("title overlap", "description overlap", "description covered"),
    *(f"cue {name}" for name in CUES),
    *("cues of all", "copies", "earlier copy"),
    *(f"own {name}" for name in _OWN),
    *(f"around {name}" for name in _AROUND),
    *(f"branch {name}" for name in _BRANCH),
    *(f"in {name}" for name in PLACES),
    *("look share", "look ratio", "look linked", "look blocks", "look in best", "look beside story"),
    *("whole box words", "whole parent words", "whole parent linked", "whole grand words", "whole grand linked"),
    *("like box", "like parent", "like grandparent", "most alike around", "distance to head", "up to head"),
    *("image in box", "begins bold", "to end of best"),
    *("box share", "box ratio"),
    *("parent share", "parent ratio", "parent linked", "parent blocks"),
    *("grand share", "grand ratio", "grand linked"),
    *("whole parent share", "whole parent ratio", "whole grand share", "whole grand ratio", "whole great share"),
    *("best share", "distance to best", "up to best", "in best", "before best", "behind best"),
    *("page story", "page words", "page blocks", "page ratio", "page linked"),
    *(
        "index share",
        "story before share",
        "to next story",
        "to previous story",
        "next story kin",
        "previous story kin",
    ),
    *("behind head", "before head"),
    *(f"{side} {name}" for side in ("next", "previous") for name in _SIDES),
    *(f"{side} {name}" for side in ("second next", "second previous") for name in _FAR_SIDES),
    *("declared", "story blocks"),
    *STANDING,
)
_LAST = frozenset(".!?…。！？\"'”’»«)؟।۔")
_BITS = {"hidden": 1, **BITS, **PLACE_BITS}


def features(sums: Sums, standing: Standing) -> tuple[list[int], list[list[int]]]:
    """The blocks that are worth a judgement, and the numbers of each, in the order of `NAMES`."""
    numbers = [number for number in range(len(sums.blocks.box)) if sums.hopeful(number)]
    return numbers, [_row(sums, standing, number) for number in numbers]


def _row(sums: Sums, standing: Standing, number: int) -> list[int]:
    blocks = sums.blocks
    box = blocks.box[number]
    parent, tag = blocks.parent, blocks.tag
    above = parent[box]
    grand = parent[above] if above >= 0 else -1
    great = parent[grand] if grand >= 0 else -1
    text, size, words = blocks.text[number], blocks.size[number], blocks.words[number]
    ends = blocks.ends[number]
    read = text[:_READ]
    upper = sum(map(str.isupper, read))
    digits = sum(map(str.isdigit, read))
    own = tokens((text,)) if words < 400 else frozenset()
    look = sums.look_of[number]
    story_all = sums.story
    cues = [0 if own.isdisjoint(words) else 1 for words in CUE_WORDS]
    head = sums.head
    bits, around = blocks.own[box], blocks.around[box]
    place = sums.place[box]
    behind, before = sums.behind[number], sums.before[number]
    last = text[-1]
    shared = len(own & sums.said.description)
    row = [
        _KINDS.get(tag[box], 0),
        _KINDS.get(tag[above], 0) if above >= 0 else -1,
        _KINDS.get(tag[grand], 0) if grand >= 0 else -1,
        min(blocks.depth[box], FAR),
        min(words, MANY),
        min(ends, 200),
        min(words // ends, 200) if ends else 200,
        1 if sums.told[number] else 0,
        1000 * blocks.linked[number] // size,
        1000 * blocks.bold[number] // size,
        _share(upper, len(read)),
        _share(digits, len(read)),
        1 if last in _LAST else 0,
        _share(len(own & sums.said.titles), len(own)),
        _share(shared, len(own)),
        _share(shared, len(sums.said.description)),
        *cues,
        sum(cues),
        min(sums.copies[text], 9),
        min(sums.earlier[number], 9),
        *_spread(bits, _OWN),
        *_spread(around, _AROUND),
        *_spread(sums.branch[box], _BRANCH),
        *_spread(place, PLACES),
        _share(look[0], story_all),
        _share(look[0], look[1]),
        _share(look[2], look[1]),
        min(look[3], 200),
        _share(look[4], look[3]),
        _share(look[5], look[3]),
        min(sums.whole[1][box], MANY),
        min(sums.whole[1][above], MANY) if above >= 0 else -1,
        _share(sums.whole[2][above], sums.whole[1][above]) if above >= 0 else -1,
        min(sums.whole[1][grand], MANY) if grand >= 0 else -1,
        _share(sums.whole[2][grand], sums.whole[1][grand]) if grand >= 0 else -1,
        min(sums.alike[box], 200),
        min(sums.alike[above], 200) if above >= 0 else -1,
        min(sums.alike[grand], 200) if grand >= 0 else -1,
        min(sums.crowd[box], 200),
        min(sums.head_up[box] + sums.head_down[box], FAR) if head >= 0 else -1,
        min(sums.head_down[box], FAR) if head >= 0 else -1,
        1 if blocks.depth[box] > 2 and blocks.element[box].find(".//img") is not None else 0,
        blocks.leads[number],
        max(-FAR, min(sums.best_last - number, FAR)),
        _share(sums.direct[0][box], story_all),
        _share(sums.direct[0][box], sums.direct[1][box]),
    ]
    if above >= 0:
        one = sums.level1
        row += [
            _share(one[0][above], story_all),
            _share(one[0][above], one[1][above]),
            _share(one[2][above], one[1][above]),
            min(one[3][above], 200),
        ]
    else:
        row += [-1, -1, -1, -1]
    if grand >= 0:
        two = sums.level2
        row += [
            _share(two[0][grand], story_all),
            _share(two[0][grand], two[1][grand]),
            _share(two[2][grand], two[1][grand]),
        ]
    else:
        row += [-1, -1, -1]
    whole = sums.whole
    row += [_share(whole[0][above], story_all), _share(whole[0][above], whole[1][above])] if above >= 0 else [-1, -1]
    row += [_share(whole[0][grand], story_all), _share(whole[0][grand], whole[1][grand])] if grand >= 0 else [-1, -1]
    row.append(_share(whole[0][great], story_all) if great >= 0 else -1)
    row += [
        _share(whole[0][sums.best], story_all),
        min(sums.up[box] + sums.down[box], FAR),
        min(sums.down[box], FAR),
        1 if sums.down[box] == 0 else 0,
        min(max(sums.best_first - number, 0), FAR),
        min(max(number - sums.best_last, 0), FAR),
        min(story_all, MANY),
        min(sums.total_words, MANY),
        min(len(blocks.box), 1000),
        _share(story_all, sums.total_words),
        _share(sums.total_linked, sums.total_words),
        _share(number, len(blocks.box)),
        _share(sums.sofar[number], story_all),
        min(behind - number, FAR) if behind >= 0 else FAR,
        min(number - before, FAR) if before >= 0 else FAR,
        sums.kin(number, behind),
        sums.kin(number, before),
        min(number - head, FAR) if 0 <= head <= number else -1,
        min(head - number, FAR) if head > number else -1,
    ]
    for step in (1, -1):
        row += _side(sums, number, number + step)
    for step in (2, -2):
        row += _side(sums, number, number + step)[: len(_FAR_SIDES)]
    row += [sums.said.declared, sums.story_blocks]
    row += standing.numbers(number, own)
    return row


def _side(sums: Sums, number: int, other: int) -> list[int]:
    blocks = sums.blocks
    if not 0 <= other < len(blocks.box):
        return [-1] * len(_SIDES)
    box, near = blocks.box[number], blocks.box[other]
    return [
        min(blocks.words[other], MANY),
        1000 * blocks.linked[other] // blocks.size[other],
        _KINDS.get(blocks.tag[near], 0),
        sums.told[other],
        blocks.ends[other],
        2 if near == box else 1 if blocks.parent[near] == blocks.parent[box] else 0,
        2 if sums.look_of[other] is sums.look_of[number] else 0,
    ]


@lru_cache(maxsize=4096)
def _spread(bits: int, names: tuple[str, ...]) -> tuple[int, ...]:
    """The bits of these names, one number each."""
    return tuple(1 if bits & _BITS[name] else 0 for name in names)


def _share(part: int, whole: int) -> int:
    """A part of a whole in a thousandth."""
    return 1000 * part // whole if whole else 0
