"""Publisher rules: read, refused, and followed on the pages that they are about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from archive.article import Article
from archive.capture import Capture
from archive.cleaning.clean import clean
from archive.cleaning.ledger import ledger
from archive.cleaning.profile import EMPTY, Profile, from_json
from archive.cleaning.publisher import BadRule, rules_of
from archive.prove import prove

MakeCapture = Callable[..., Capture]
RULE = """
[[rule]]
hosts = ["courier.example"]
why = "the box has no name of its own"
example = "https://courier.example/2026/11/harbour"
"""
PAGE = """<!doctype html><html lang="en"><head><title>Harbour reopens | The Courier</title></head><body>
<div class="k1">Region</div><h1>Harbour reopens</h1><div class="k2">After nine years of repairs, boats are back.</div>
<p class="k3">Ada Lind / Tom Berg</p><p class="k4">11/03/2026</p>
<div class="s"><p>The harbour of Lindholm reopened on Monday, nine years after a storm had broken its eastern wall.</p>
<p>“We had stopped counting the winters,” said the harbour master, who had sold the last boat of the town in 2019.</p>
<p class="k5">Ask our captain anything: she answers every Thursday, and her answers are kept on a page of their own.</p>
<p>The first ferry left at noon with forty passengers, a dog and the mayor, who had brought sandwiches for all.</p>
</div><ul class="k6"><li>Open daily</li><li>Closed in January</li></ul></body></html>"""


def text_of(make: MakeCapture, rules: str, page: str = PAGE) -> tuple[Article, Capture]:
    given = make(page, url="https://www.courier.example/2026/11/harbour", at=1_794_000_000_000_000)
    found = clean([given], Profile("courier.example", rules=rules_of((RULE + rules).encode())))
    assert isinstance(found, Article)
    return found, given


def test_what_is_dropped_and_what_is_kept_says_so(capture: MakeCapture) -> None:
    without = text_of(capture, 'section = "h7"')[0]
    assert any("Ask our captain" in block.text for block in without.body)
    assert not any("Open daily" in block.text for block in without.body)
    rules = 'drop = [".k5"]\nkeep = [".k6"]'
    found, page = text_of(capture, rules)
    assert [block.text for block in found.body][-2:] == ["Open daily", "Closed in January"]
    assert not any("Ask our captain" in block.text for block in found.body)
    profile = Profile("courier.example", rules=rules_of((RULE + rules).encode()))
    entries = ledger([page], profile).entries
    gone = next(one for one in entries if one.text.startswith("Ask our captain"))
    assert (gone.kept, str(gone.rule)) == (False, "publisher-rule")
    assert "the box has no name of its own" in " ".join(gone.evidence)
    item = next(one for one in entries if one.text == "Open daily")
    assert (item.kept, str(item.rule)) == (True, "publisher-rule")


def test_a_body_stands_where_a_rule_says(capture: MakeCapture) -> None:
    found, _ = text_of(capture, 'body = [".s > p:nth-child(-n+2)"]')
    assert [block.text[:12] for block in found.body] == ["The harbour ", "“We had stop"]
    everywhere, _ = text_of(capture, 'body = [".redesigned"]')
    assert len(everywhere.body) >= 3, "a page without such a place is cleaned as ever"


def test_values_stand_where_rules_say_and_can_be_proved(capture: MakeCapture) -> None:
    rules = """
        headline = "h1"
        kicker = ".k1"
        standfirst = ".k2"
        byline = ".k3"
        published = ".k4"
        month_first = true
        section = "ul @class"
    """
    found, page = text_of(capture, rules)
    assert (found.kicker, found.section) == ("Region", "k6")
    assert found.standfirst == "After nine years of repairs, boats are back."
    assert found.byline == ("Ada Lind", "Tom Berg")
    assert found.published == "2026-11-03"
    days_first, _ = text_of(capture, 'published = ".k4"')
    assert days_first.published == "2026-03-11"
    claims = [one for one in prove(found, [page]).claims if one.holds is False]
    assert not claims, claims


def test_a_rule_holds_for_its_hosts_and_days_alone(capture: MakeCapture) -> None:
    dropped = 'drop = [".k5"]\n'
    day = "2026-11-06"  # of the capture
    for rules, holds in (
        (f"since = {day}\n", True),
        (f"until = {day}\n", False),
        ("since = 2026-11-07\n", False),
        (f'until = "2026-11-07"\nsince = "{day}"\n', True),
    ):
        found, _ = text_of(capture, dropped + rules)
        assert any("Ask our captain" in block.text for block in found.body) is not holds, rules
    rule = rules_of((RULE + dropped).encode())[0]
    assert rule.holds("courier.example", 0)
    assert rule.holds("m.courier.example", 0)
    assert not rule.holds("notcourier.example", 0)


def test_rules_are_part_of_a_profile_and_of_its_digest() -> None:
    rules = rules_of((RULE + 'drop = [".k5"]').encode())
    profile = Profile("courier.example", chrome=("Sign up",), rules=rules)
    assert from_json(profile.canonical()) == from_json(profile.readable()) == profile
    assert not profile.is_empty
    assert len({profile.digest, replace(profile, rules=()).digest, EMPTY.digest}) == 3
    assert b'"schema":2' in EMPTY.canonical(), "a profile without rules keeps the digest that it had"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("drop = [", "no TOML"),
        ("[[rule]]\ndrop = ['p']", "hosts: missing"),
        (RULE, "it says nothing"),
        (RULE + "drop = 'p'", "a list of texts"),
        (RULE + "drop = ['p >> a']", "no selector"),
        (RULE + "headline = 'h1 @@x'", "no selector"),
        (RULE + "remove = ['p']", "no such field"),
        (RULE + "drop = ['p']\nsince = 2026-02-01\nuntil = 2026-02-01", "ends before it begins"),
        (RULE + "drop = ['p']\nsince = 'yesterday'", "a day is expected"),
        (RULE.replace("courier.example", "https://Courier.example/") + "drop = ['p']", "no host name"),
        ("rules = 3", "unknown: rules"),
        ("rule = 3", "list of tables"),
        (RULE + f"drop = ['{'p ' * 200}p']", "longer than"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_told(toml: str, said: str) -> None:
    with pytest.raises(BadRule, match=said):
        rules_of(toml.encode())
