from __future__ import annotations

from crawler.discovery.rates import Rate
from crawler.trying import Expectation


def test_room_for_a_month_is_reckoned_from_what_was_tried() -> None:
    one = Expectation("a.example", Rate(50.0, 7.0, "https://a.example/feed"), sizes=[10_000, 30_000])
    assert one.bytes_a_month == 50 * 30 * 20_000
    assert Expectation("a.example", sizes=[1]).bytes_a_month is None
    assert Expectation("a.example", Rate(50.0, 7.0, "x")).bytes_a_month is None


def test_walls_are_told_apart_from_other_verdicts() -> None:
    one = Expectation("a.example", words=[3, 900, 400])
    one.verdicts.update({"article": 2, "bot-challenge": 1, "video": 4})
    assert one.walls == {"bot-challenge": 1}
    assert one.typical_words == 400
    assert Expectation("a.example").typical_words is None
