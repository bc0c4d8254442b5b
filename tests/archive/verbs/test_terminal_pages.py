"""How the verbs look in terminals of several widths."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from .console import in_terminal
from .pages import BRIDGE, HOSTILE

pytestmark = pytest.mark.slow  # each page is a program started in a terminal of its own

STYLE = re.compile(r"\x1b\[[0-9;]*m")
URL = re.compile(r"https?://\S+")


PAGES = [("list", "--verdict", "all"), ("show", BRIDGE), ("prove", BRIDGE), ("show", HOSTILE)]
SUMMARY = "4 articles, 2 http-error, 2 failed, 1 teaser"


@pytest.mark.parametrize("columns", [40, 80, 140])
@pytest.mark.parametrize("words", PAGES)
def test_no_line_is_wider_than_the_terminal(words: tuple[str, ...], columns: int, news: Path) -> None:
    shown, code = in_terminal(*words, "--archive", news, columns=columns)
    assert code == 0, shown
    page = STYLE.sub("", shown)
    assert "\x1b" not in page
    for line in page.splitlines():
        # Addresses and remarks are wrapped by the terminal alone, so that they can be copied whole.
        assert cell_len(line) <= columns or URL.search(line) or line == SUMMARY or "gave no a" in line


def test_a_url_in_the_list_can_be_copied_whole(news: Path) -> None:
    shown, _ = in_terminal("list", "--archive", news, columns=60)
    assert BRIDGE in STYLE.sub("", shown)


def test_a_headline_takes_two_lines_at_most(news: Path) -> None:
    shown, _ = in_terminal("list", "--archive", news, "--limit", "1", columns=80)
    assert len(STYLE.sub("", shown).splitlines()) == 4  # two of headline, the URL, the summary
