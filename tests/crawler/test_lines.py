"""Lines: one at a time for each host."""

from __future__ import annotations

from crawler.spiders.lines import Lines


def test_one_is_asked_and_the_others_follow_in_their_order() -> None:
    lines: Lines[str] = Lines()
    assert [lines.enter("a", one) for one in ("1", "2", "3")] == [True, False, False]
    assert lines.enter("b", "4")
    assert [lines.leave("a"), lines.leave("a"), lines.leave("a")] == ["2", "3", None]
    assert lines.enter("a", "5")
    assert lines.leave("nobody") is None
    lines.note("b", "url")
    assert lines.has_come("b", "url")
    assert not lines.has_come("a", "url")
    assert lines.leave("b") is None
    assert not lines.has_come("b", "url")
    assert lines.enter("b", "7")
    lines.clear()
    assert lines.enter("b", "6")
