"""Shares: no host of a site takes the places of the others."""

from __future__ import annotations

from crawler.frontier import Found
from crawler.shares import shared


def found(host: str, *ranks: int) -> list[Found]:
    return [Found(f"{host} {rank}", f"https://{host}/{rank}", rank) for rank in ranks]


def keys(chosen: list[Found]) -> list[str]:
    return [one.key for one in chosen]


def test_of_one_host_it_is_the_newest() -> None:
    assert keys(shared(found("a.example", 3, 9, 1, 7), 2)) == ["a.example 9", "a.example 7"]
    assert keys(shared(found("a.example", 3, 9), 5)) == ["a.example 3", "a.example 9"]


def test_a_host_without_end_leaves_the_others_their_places() -> None:
    flood = found("trap.a.example", *range(1000, 6000))
    chosen = shared([*flood, *found("www.a.example", *range(50)), *found("b.a.example", 5)], 100)
    assert len(chosen) == 100
    assert {f"www.a.example {rank}" for rank in range(1, 50)} <= set(keys(chosen))
    assert "b.a.example 5" in keys(chosen)
    trapped = [one.rank for one in chosen if "trap" in one.url]
    assert trapped == list(range(5999, 5999 - len(trapped), -1)), "of each the newest"


def test_many_hosts_with_little_each_give_the_newest() -> None:
    chosen = shared([one for number in range(20) for one in found(f"{number}.a.example", number)], 5)
    assert keys(chosen) == [f"{number}.a.example {number}" for number in range(19, 14, -1)]
