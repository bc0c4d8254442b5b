"""Wrong calls: each is one sentence of ours that names the option, and what it takes or what was meant."""

from __future__ import annotations

import pytest

from archive import terminal
from archive.errors import UsageError
from archive.verbs.options import noted
from crawler.cli import app


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lst"], "there is no verb 'lst': did you mean list?"),
        (["frob"], "there is no verb 'frob': see 'presskeep --help', which lists them"),
        (["list", "--limt", "3"], "'presskeep list' has no option --limt: did you mean --limit?"),
        (["crawl", "--no-clan"], "'presskeep crawl' has no option --no-clan: did you mean --no-clean?"),
        (["list", "--frob"], "'presskeep list' has no option --frob: see 'presskeep list --help'"),
        (["--frob"], "'presskeep' has no option --frob: see 'presskeep --help'"),
        (["list", "--limit", "x"], "--limit takes a whole number, not 'x'"),
        (["verify", "--seed", "1.5"], "--seed takes a whole number, not '1.5'"),
        (["verify", "--sample", "x"], "--sample takes a number, not 'x'"),
        (["list", "--limit", "0"], "--limit takes 1 or more, not '0'"),
        (["demo", "--port", "999999"], "--port takes 65535 at most, not '999999'"),
        (["add", "x", "--delay", "nan"], "--delay takes 0 or more, not 'nan'"),
        (["list", "--since"], "--since needs a value: --since DATE"),
        (["list", "--json=3"], "--json takes no value: write it alone"),
        (
            ["list", "a", "b"],
            "'presskeep list' does not take 'a b' (what has spaces in it goes in quotes): see 'presskeep list --help'",
        ),
        (["show"], "URL is missing (the page's address): see 'presskeep show --help'"),
        (
            ["import"],
            "FILE… is missing (WARC, ARC and WACZ files, directories, or patterns): see 'presskeep import --help'",
        ),
        (["export", "xml", "out"], "FORMAT knows no 'xml': it takes jsonl, csv or parquet"),
        (["export", "jsnl", "out"], "FORMAT knows no 'jsnl': did you mean jsonl?"),
        (["export", "csv", "out", "--editions", "frst"], "--editions knows no 'frst': did you mean first?"),
    ],
)
def test_a_wrong_call_is_one_sentence(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert terminal.run(app, words) == 2
    assert capsys.readouterr() == ("", f"presskeep: {said}\n")


def test_the_nearest_of_the_allowed_values_is_named_or_all() -> None:
    with pytest.raises(UsageError, match=r"^--verdict knows no 'artcle': did you mean article\?$"):
        noted(["artcle"], "--verdict", ["article", "teaser", "all"])
    with pytest.raises(UsageError, match=r"^--verdict knows no 'x': it takes article, teaser or all$"):
        noted(["x"], "--verdict", ["article", "teaser", "all"])
