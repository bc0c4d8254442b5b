"""The page as blocks and boxes."""

from __future__ import annotations

from archive.cleaning.blocks import Blocks, blocks_of
from archive.cleaning.document import parse
from archive.cleaning.hints import BITS
from archive.cleaning.stream import TextStream, normalise


def blocks(body: str) -> Blocks:
    return blocks_of(TextStream(parse(f"<html><body>{body}</body></html>".encode()).root))


def test_blocks_are_what_a_reader_sees_apart() -> None:
    found = blocks(
        "<div>Bare <b>text</b> <p>First.</p> behind it<br>goes on<br><br>A new one</div><ul><li>Item <a href=x>one</a>"
        "<li><p>Item two</p></ul><script>no()</script><table><tr><td>a<td>b</table>"
    )
    assert found.text == [
        *("Bare text", "First.", "behind itgoes on", "A new one", "Item one", "Item two", "a", "b"),
    ]
    assert [found.tag[box] for box in found.box] == ["div", "p", "div", "div", "li", "p", "td", "td"]


def test_all_visible_text_is_in_blocks_once() -> None:
    body = "<div>a<section>b<i>c</i><p>d</p>e</section>f<span>g<p>h</p>i</span></div>j"
    stream = TextStream(parse(f"<html><body>{body}</body></html>".encode()).root)
    found = blocks_of(stream)
    spans = [stream.span(first, last) for first, last in zip(found.first, found.last, strict=True)]
    assert [stream.solid[start:end] for start, end in spans] == [normalise(text) for text in found.text]
    assert "".join(found.text) == stream.solid == "abcdefghij"


def test_links_and_emphasis_are_measured() -> None:
    found = blocks("<p><strong>Read</strong> <a href=x><em>more</em></a>")
    assert (found.size, found.linked, found.bold) == ([8], [4], [8])


def test_sentences_are_seen_in_every_script() -> None:
    found = blocks(
        "<p>The crane moved sixty metres to the east on Sunday, unheard.</p>"
        "<p>起重机周日向东移动了六十米，老城区里没有人听见它的声音。</p>"
        "<p>ปั้นจั่นเคลื่อนที่ไปทางทิศตะวันออกหกสิบเมตรในวันอาทิตย์และไม่มีใครในเมืองเก่าได้ยิน</p>"
        "<p>Home News Sport Weather Travel Culture Food Money Jobs Video Archive</p>"
        "<p><a href=x>The crane moved sixty metres to the east on Sunday, unheard.</a></p>"
    )
    assert [bool(words) for words in found.story] == [True, True, True, False, False]


def test_boxes_know_what_is_around_them() -> None:
    found = blocks("<div class='comments'><aside id='share'><p class='photo'>Well said.</p></aside></div>")
    (box,) = found.box
    assert found.around(box) & BITS["comment"]
    assert found.around(box) & BITS["share"]
    assert found.around(box) & BITS["side"]  # by the element
    assert found.own(box) == BITS["caption"]
    above = found.parent[box]
    assert (found.tag[above], found.depth[box] - found.depth[above]) == ("aside", 1)


def test_a_page_that_could_have_comments_is_none() -> None:
    found = blocks("<article class='comments-open'><p>Text.</p></article>")
    assert not found.around(found.box[0]) & BITS["comment"]
