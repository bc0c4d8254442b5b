"""What is asked of each block before it is judged: whole numbers, the same on every machine."""

from __future__ import annotations

from functools import lru_cache
from string import ascii_uppercase

from archive.cleaning.cues import CUE_WORDS, CUES
from archive.cleaning.hints import BITS
from archive.cleaning.said import tokens
from archive.cleaning.standing import LOOK as STANDING_LOOK
from archive.cleaning.standing import PAGE as STANDING_PAGE
from archive.cleaning.standing import STANDING, Standing
from archive.cleaning.sums import FAR, PLACE_BITS, Sums

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
_CUES = ("credit", "offer")  # of `archive.cleaning.cues`, those that are told one by one
_READ = 120  # characters at a block's beginning that are counted one by one
MANY = 4000
# Which hints are read: of a block's own box, of all around it, and of those below the best box's line; and places.
_OWN = _AROUND = ("caption",)
_BRANCH = ("related", "share", "caption", "menu", "side", "meta", "consent")
_PLACES = ("footer", "figure", "li")
# What is the same for all blocks of a page, for all below one box, for most of the page's paragraphs, and for a look:
# each is told once, and forests remember what they answer to it.
_PAGE = (
    *("best share", "page story", "page words", "page blocks", "page ratio", "page linked", "declared", "story blocks"),
    *STANDING_PAGE,
)
_ABOVE = (
    *("whole parent words", "whole parent linked", "whole grand words", "whole grand linked"),
    *("like parent", "like grandparent"),
    *("parent share", "parent ratio", "parent blocks"),
    *("grand share", "grand ratio", "grand linked"),
    *("whole parent share", "whole parent ratio", "whole grand share", "whole great share"),
)
_FLAGS = (
    *(f"own {name}" for name in _OWN),
    *(f"around {name}" for name in _AROUND),
    *(f"branch {name}" for name in _BRANCH),
    *(f"in {name}" for name in _PLACES),
)
_LOOK = (
    *("look share", "look ratio", "look linked", "look blocks", "look in best", "look beside story"),
    *STANDING_LOOK,
)
NAMES: tuple[str, ...] = (
    *(*_PAGE, *_ABOVE, *_FLAGS, *_LOOK),
    *("kind", "words", "sentence ends", "words a sentence", "story", "linked share", "bold share"),
    *("capitals share", "ends as sentence"),
    *("title overlap", "description overlap", "description covered"),
    *(f"cue {name}" for name in _CUES),
    *("cues of all", "copies", "earlier copy"),
    *("whole box words", "like box", "most alike around", "distance to head"),
    *("image in box", "to end of best"),
    *("box share", "box ratio"),
    *("distance to best", "up to best", "behind best"),
    *("index share", "story before share", "to next story", "next story kin"),
    *("behind head", "before head"),
    *("next words", "next linked", "next same look"),
    *("previous words", "previous linked", "previous story"),
    "second next words",
    *STANDING,
)
SHARED: tuple[int, ...] = (len(_PAGE), len(_ABOVE), len(_FLAGS), len(_LOOK))  # the first of the numbers
_TOLD = tuple(list(CUES).index(name) for name in _CUES)
_LAST = frozenset(".!?…。！？\"'”’»«)؟।۔")
_CAPITALS = ascii_uppercase.encode()
_BITS = {**BITS, **PLACE_BITS}


def features(sums: Sums, standing: Standing) -> tuple[list[int], list[list[int]]]:
    """The blocks that are worth a judgement, and the numbers of each, in the order of `NAMES`."""
    numbers = [number for number in range(len(sums.blocks.box)) if sums.hopeful(number)]
    rows = _Rows(sums, standing)
    return numbers, [rows.row(number) for number in numbers]


class _Rows:
    """The rows of a page, with what blocks share."""

    def __init__(self, sums: Sums, standing: Standing) -> None:
        self.sums = sums
        self.standing = standing
        blocks = sums.blocks
        self.page = (
            _share(sums.whole[0][sums.best], sums.story) if blocks.tag else 0,
            min(sums.story, MANY),
            min(sums.total_words, MANY),
            min(len(blocks.box), 1000),
            _share(sums.story, sums.total_words),
            _share(sums.total_linked, sums.total_words),
            sums.said.declared,
            sums.story_blocks,
            *standing.of_page(),
        )
        self.kinds = [_KINDS.get(tag, 0) for tag in blocks.tag]
        self.linked = [1000 * part // size for part, size in zip(blocks.linked, blocks.size, strict=True)]
        self.above: dict[int, tuple[int, ...]] = {}
        self.look: dict[int, tuple[int, ...]] = {}

    def row(self, number: int) -> list[int]:
        """The numbers of a block."""
        sums = self.sums
        blocks = sums.blocks
        box = blocks.box[number]
        above = blocks.parent[box]
        shared = self.above.get(above)
        if shared is None:
            shared = self.above[above] = self._above(above)
        look = self.look.get(key := id(sums.look_of[number]))
        if look is None:
            look = self.look[key] = self._look(number)
        return [
            *self.page,
            *shared,
            *_flags(blocks.own(box), blocks.around(box), sums.branch(box), sums.place[box]),
            *look,
            *self._own(number, box),
        ]

    def _own(self, number: int, box: int) -> list[int]:
        sums = self.sums
        blocks = sums.blocks
        text, size, words = blocks.text[number], blocks.size[number], blocks.words[number]
        ends = blocks.ends[number]
        read = text[:_READ]
        own = tokens((text,)) if words < 400 else frozenset()
        cues = [0 if own.isdisjoint(words) else 1 for words in CUE_WORDS]
        shared = len(own & sums.said.description)
        behind, head = sums.behind[number], sums.head
        direct = sums.direct[0][box]
        up, down = sums.up[box], sums.down[box]
        return [
            self.kinds[box],
            min(words, MANY),
            min(ends, 200),
            min(words // ends, 200) if ends else 200,
            1 if sums.told[number] else 0,
            self.linked[number],
            1000 * blocks.bold[number] // size,
            1000 * _capitals(read) // len(read),
            1 if text[-1] in _LAST else 0,
            _share(len(own & sums.said.titles), len(own)),
            _share(shared, len(own)),
            _share(shared, len(sums.said.description)),
            *(cues[at] for at in _TOLD),
            sum(cues),
            min(sums.copies[text], 9),
            min(sums.earlier[number], 9),
            min(sums.whole[1][box], MANY),
            min(sums.alike[box], 200),
            min(sums.crowd[box], 200),
            min(sums.head_up[box] + sums.head_down[box], FAR) if head >= 0 else -1,
            1 if blocks.depth[box] > 2 and next(blocks.element[box].iterdescendants("img"), None) is not None else 0,
            max(-FAR, min(sums.best_last - number, FAR)),
            _share(direct, sums.story),
            _share(direct, sums.direct[1][box]),
            min(up + down, FAR),
            min(down, FAR),
            min(max(number - sums.best_last, 0), FAR),
            1000 * number // len(blocks.box),
            _share(sums.sofar[number], sums.story),
            min(behind - number, FAR) if behind >= 0 else FAR,
            sums.kin(number, behind),
            min(number - head, FAR) if 0 <= head <= number else -1,
            min(head - number, FAR) if head > number else -1,
            *self._beside(number),
            *self.standing.numbers(number, own),
        ]

    def _above(self, above: int) -> tuple[int, ...]:
        sums = self.sums
        story, (told, words, linked) = sums.story, sums.whole
        grand = sums.blocks.parent[above] if above >= 0 else -1
        great = sums.blocks.parent[grand] if grand >= 0 else -1
        none = above < 0
        bare = grand < 0
        one, two = sums.level1, sums.level2
        return (
            -1 if none else min(words[above], MANY),
            -1 if none else _share(linked[above], words[above]),
            -1 if bare else min(words[grand], MANY),
            -1 if bare else _share(linked[grand], words[grand]),
            -1 if none else min(sums.alike[above], 200),
            -1 if bare else min(sums.alike[grand], 200),
            -1 if none else _share(one[0][above], story),
            -1 if none else _share(one[0][above], one[1][above]),
            -1 if none else min(one[3][above], 200),
            -1 if bare else _share(two[0][grand], story),
            -1 if bare else _share(two[0][grand], two[1][grand]),
            -1 if bare else _share(two[2][grand], two[1][grand]),
            -1 if none else _share(told[above], story),
            -1 if none else _share(told[above], words[above]),
            -1 if bare else _share(told[grand], story),
            -1 if great < 0 else _share(told[great], story),
        )

    def _look(self, number: int) -> tuple[int, ...]:
        look = self.sums.look_of[number]
        return (
            _share(look[0], self.sums.story),
            _share(look[0], look[1]),
            _share(look[2], look[1]),
            min(look[3], 200),
            _share(look[4], look[3]),
            _share(look[5], look[3]),
            *self.standing.of_look(number),
        )

    def _beside(self, number: int) -> tuple[int, ...]:
        """What stands right behind a block, right before it, and behind the next one; -1 where nothing does."""
        sums, words = self.sums, self.sums.blocks.words
        behind, before, second = number + 1, number - 1, number + 2
        count = len(words)
        return (
            min(words[behind], MANY) if behind < count else -1,
            self.linked[behind] if behind < count else -1,
            -1 if behind >= count else 2 if sums.look_of[behind] is sums.look_of[number] else 0,
            min(words[before], MANY) if before >= 0 else -1,
            self.linked[before] if before >= 0 else -1,
            sums.told[before] if before >= 0 else -1,
            min(words[second], MANY) if second < count else -1,
        )


@lru_cache(maxsize=4096)
def _flags(own: int, around: int, branch: int, place: int) -> tuple[int, ...]:
    """The bits of `_FLAGS`, one number each."""
    asked = ((own, _OWN), (around, _AROUND), (branch, _BRANCH), (place, _PLACES))
    return tuple(1 if bits & _BITS[name] else 0 for bits, names in asked for name in names)


def _capitals(text: str) -> int:
    """How many characters are capital letters."""
    if text.isascii():
        plain = text.encode()
        return len(plain) - len(plain.translate(None, _CAPITALS))
    return sum(map(str.isupper, text))


def _share(part: int, whole: int) -> int:
    """A part of a whole in a thousandth."""
    return 1000 * part // whole if whole else 0
