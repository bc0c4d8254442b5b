"""A page in sums: where its sentences stand, by box and by look, and how far everything is from there."""

from __future__ import annotations

from archive.cleaning.blocks import Blocks
from archive.cleaning.hints import BITS
from archive.cleaning.ruby import HOME
from archive.cleaning.said import Said, tokens

# Places that say something of all that stands in them.
PLACES = ("footer", "figure", "li", "table")
PLACE_BITS = {name: 1 << number for number, name in enumerate(PLACES)}
_HEADS = frozenset({"h1", "h2", "h3", "div", "span", "p", "header"})
_ENOUGH = 60  # words of a story that make readers' comments beside it what they are
FAR = 60  # blocks or steps: what is farther is as good as nowhere


def _told(blocks: Blocks) -> list[int]:
    """The story's words of each block, without those of readers' comments where there is a story beside them."""
    comment = BITS["comment"]
    outside = [
        0 if words and (blocks.own(box) | blocks.around(box)) & comment else words
        for box, words in zip(blocks.box, blocks.story, strict=True)
    ]
    return outside if sum(outside) >= _ENOUGH else blocks.story


def _readings(blocks: Blocks) -> int:
    """The box that the readings of ruby were moved to, at the end of the page; behind all boxes where there is none."""
    box = len(blocks.element) - 1
    while box >= 0:
        if blocks.element[box].get("class") == HOME:
            return box
        box = blocks.parent[box]
    return len(blocks.element)


def _lifted(sums: list[list[int]], parent: list[int]) -> list[list[int]]:
    """The sums of each box's children; the last ones are numbers of blocks, and where there is none, all are 0."""
    lifted = [[0] * len(parent) for _ in sums]
    for box, held in enumerate(sums[-1]):
        if held and (above := parent[box]) >= 0:
            for column, own in zip(lifted, sums, strict=True):
                column[above] += own[box]
    return lifted


class Sums:
    """The page in sums, from which the numbers of a block are read."""

    def __init__(self, blocks: Blocks, said: Said) -> None:
        self.blocks = blocks
        self.said = said
        self.told = _told(blocks)
        self.readings = _readings(blocks)
        boxes = len(blocks.tag)
        parent = blocks.parent
        looks: dict[tuple[int, int], list[int]] = {}
        copies: dict[str, int] = {}
        self.look_of = look_of = list[list[int]]()
        self.earlier = earlier = list[int]()
        stories, counted, linking, held = ([0] * boxes for _ in range(4))
        columns = (blocks.box, self.told, blocks.words, blocks.linked, blocks.size, blocks.text)
        for box, story, words, linked, size, text in zip(*columns, strict=True):
            linked_words = words * linked // size if linked else 0
            above = parent[box]
            key = (blocks.sign[box], blocks.sign[above] if above >= 0 else -1)
            look = looks.get(key)
            if look is None:
                look = looks[key] = [0, 0, 0, 0, 0, 0]
            look_of.append(look)
            look[1] += words
            look[3] += 1
            counted[box] += words
            held[box] += 1
            if story:
                look[0] += story
                stories[box] += story
            if linked_words:
                look[2] += linked_words
                linking[box] += linked_words
            before = copies.get(text, 0)
            earlier.append(before)
            copies[text] = before + 1
        self.copies = copies
        self.total_words, self.total_linked = sum(counted), sum(linking)
        # Story, words, linked, and the number of blocks: of the blocks of a box itself, of its children's and of its
        # grandchildren's; and of all in it the first three.
        self.direct = [stories, counted, linking, held]
        self.level1 = _lifted(self.direct, parent)
        self.level2 = _lifted(self.level1, parent)
        self.whole = whole = [list(column) for column in self.direct[:3]]
        for box in range(boxes - 1, 0, -1):
            above = parent[box]
            if above >= 0 and whole[1][box]:
                whole[0][above] += whole[0][box]
                whole[1][above] += whole[1][box]
                whole[2][above] += whole[2][box]
        self.story = sum(self.told)
        self.story_blocks = min(sum(map(bool, self.told)), 200)
        self._find_best()
        self._places()
        self._stories()

    def _find_best(self) -> None:
        """The box that holds most of the story near itself (four fifths for each step), and every box's way to it."""
        parent = self.blocks.parent
        scores = list(self.direct[0])
        for box in range(len(scores) - 1, -1, -1):
            if parent[box] >= 0:
                scores[parent[box]] += 4 * scores[box] // 5
        self.best = max(range(len(scores)), key=scores.__getitem__) if scores else -1
        self.up, self.down = self._line(self.best)
        self._branch: dict[int, int] = {}
        alike: dict[tuple[int, int], int] = {}
        for key in zip(parent, self.blocks.sign, strict=True):
            alike[key] = alike.get(key, 0) + 1
        self.alike = [alike[key] for key in zip(parent, self.blocks.sign, strict=True)]  # siblings that look the same
        self.crowd: list[int] = []  # the most of them, of all boxes around a box's parent
        for above in parent:
            self.crowd.append(max(self.crowd[above], self.alike[above]) if above >= 0 else 1)
        stories = [number for number, box in enumerate(self.blocks.box) if self.told[number] and self.down[box] == 0]
        self.best_first = stories[0] if stories else 0
        self.best_last = stories[-1] if stories else len(self.blocks.box) - 1

    def _line(self, goal: int) -> tuple[list[int], list[int]]:
        """For each box the steps up to the line from a box to the root, and from there down to that box."""
        parent = self.blocks.parent
        line: dict[int, int] = {}
        at, steps = goal, 0
        while at >= 0:
            line[at] = steps
            at = parent[at]
            steps += 1
        up: list[int] = []
        down: list[int] = []
        for box, above in enumerate(parent):
            if box in line:
                up.append(0)
                down.append(line[box])
            else:
                up.append(up[above] + 1 if above >= 0 else FAR)
                down.append(down[above] if above >= 0 else FAR)
        return up, down

    def _places(self) -> None:
        bits = PLACE_BITS
        self.place: list[int] = []
        for box, tag in enumerate(self.blocks.tag):
            above = self.blocks.parent[box]
            self.place.append((self.place[above] if above >= 0 else 0) | bits.get(tag, 0))

    def _stories(self) -> None:
        """For each block the nearest story block before and behind it; and the last headline before the story."""
        blocks = self.blocks
        count = len(blocks.box)
        self.before, self.behind = [-1] * count, [-1] * count
        seen = -1
        self.sofar = []
        total = 0
        for number in range(count):
            self.before[number] = seen
            self.sofar.append(total)
            if self.told[number]:
                seen = number
                total += self.told[number]
        seen = -1
        for number in range(count - 1, -1, -1):
            self.behind[number] = seen
            if self.told[number]:
                seen = number
        for number, box in enumerate(blocks.box):
            look = self.look_of[number]
            if self.down[box] == 0 and self.best_first <= number <= self.best_last:
                look[4] += 1
            for other in (self.before[number], self.behind[number]):
                if other >= 0 and -2 <= other - number <= 2 and self.kin(number, other) >= 3:
                    look[5] += 1
                    break
        self.head = -1
        best = 0
        for number in range(min(count, self.best_last + 1)):
            tag = blocks.tag[blocks.box[number]]
            if tag in _HEADS and blocks.words[number] < 60:
                words = tokens((blocks.text[number],))
                if not words:
                    continue
                shared = len(words & self.said.titles)
                score = 1000 * shared // len(words) + (400 if tag == "h1" else 0) + 20 * min(shared, 10)
                if score > best and score >= 400:
                    best, self.head = score, number
        if self.head >= 0:
            self.head_up, self.head_down = self._line(blocks.box[self.head])

    def branch(self, box: int) -> int:
        """What the names say of the boxes from where a box leaves the line of the best one down to the box."""
        known, up, parent = self._branch, self.up, self.blocks.parent
        missing = []
        while box >= 0 and up[box] and box not in known:
            missing.append(box)
            box = parent[box]
        found = known.get(box, 0)
        for one in reversed(missing):
            found = known[one] = found | self.blocks.own(one)
        return found

    def hopeful(self, number: int) -> bool:
        """Whether sentences stand anywhere near a block, or it stands where a standfirst would."""
        blocks = self.blocks
        box = blocks.box[number]
        if box >= self.readings:
            return False
        above = blocks.parent[box]
        if self.look_of[number][0] or self.direct[0][box]:
            return True
        if above >= 0:
            if self.level1[0][above] or self.direct[0][above]:
                return True
            grand = blocks.parent[above]
            if grand >= 0 and (self.level2[0][grand] or self.level1[0][grand]):
                return True
        if self.down[box] <= 1 and self.best_first <= number <= self.best_last:
            return True
        if not self.down[box] and self.place[box] & PLACE_BITS["table"] and number >= self.best_first:
            return True
        return blocks.words[number] >= 5 and 0 <= number - self.head <= 12

    def kin(self, number: int, other: int) -> int:
        """How near of kin two blocks are by their boxes."""
        if other < 0:
            return -1
        blocks = self.blocks
        box, near = blocks.box[number], blocks.box[other]
        parent = blocks.parent
        if box == near:
            return 4
        if parent[box] == parent[near]:
            return 3
        if parent[box] == near or parent[near] == box:
            return 2
        above, over = parent[box], parent[near]
        if (
            above >= 0
            and over >= 0
            and (parent[above] == parent[over] or parent[above] == over or parent[over] == above)
        ):
            return 1
        return 0
