"""``presskeep verify``, as people read it and programs do: grouped findings, next steps, refusals."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from pathlib import Path

import pytest
from exchanges import exchange
from foreign_files import forms

from archive.catalogue.database import Catalog
from archive.catalogue.tables import texts
from archive.crew import clean_pending
from archive.store import Archive
from archive.warc.finding import Finding, Rule

from .conftest import run

FORMS = forms()
PROFILE = (Path(__file__).parents[3] / "docs" / "warc-profile.md").read_text(encoding="utf-8")


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    Archive.create(tmp_path / "NEWS").close()
    return tmp_path / "NEWS"


def test_what_two_foreign_files_hold_is_one_line_and_all_of_it_in_json(empty: Path, tmp_path: Path) -> None:
    for name, form in (("a.warc.gz", "members.warc.gz"), ("b.warc", "plain.warc")):
        (tmp_path / name).write_bytes(FORMS[form])
        assert run("import", tmp_path / name, cwd=empty).returncode == 0
    done = run("verify", cwd=empty)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("note  warc/imported/") == 1
    assert ": held-twice, 3 times\n" in done.stdout
    assert "and 2 more; --json has all of them" in done.stdout
    assert "→" not in done.stdout
    told = json.loads(run("verify", "--json", cwd=empty).stdout)
    assert [(one["rule"], one["severity"], one["next"]) for one in told["findings"]] == [("held-twice", "note", "")] * 3


def test_each_finding_says_what_to_do_next(empty: Path) -> None:
    with Archive.open(empty) as archive:
        with archive.writer("crawl") as writer:
            writer.add(exchange())
        clean_pending(archive)
        with archive.catalog.writing() as connection:
            connection.execute(texts.update().values(identity="sha256:OTHER"))
    done = run("verify", cwd=empty)
    assert done.returncode == 7
    assert "repairable  catalog.sqlite: text\n" in done.stdout
    assert "  → run 'presskeep rebuild'\n" in done.stdout
    assert "! nothing is lost: run 'presskeep rebuild'\n" in done.stdout
    (finding,) = json.loads(run("verify", "--json", cwd=empty).stdout)["findings"]
    assert finding.keys() == {"file", "offset", "rule", "severity", "message", "next"}
    assert finding["next"] == "run 'presskeep rebuild'"


def test_what_is_shown_is_bounded_and_what_is_to_be_done_is_said_once(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [Finding(f"{file:03}.warc.gz", at, Rule.READABLE, "noise") for file in range(60) for at in range(1, 9)]

    def found(_: Catalog) -> Sequence[Finding]:
        return many

    monkeypatch.setattr("archive.verification.verify.of_revisits", found)
    done = run("verify", cwd=empty)
    assert done.returncode == 6
    assert done.stdout.count("readable, 8 times") == 50
    assert done.stdout.count("noise") == 250
    assert "damaged: 80 more, in 10 groups; --json has all of them" in done.stdout
    assert done.stdout.count("→ copy the file from a backup") == 1
    assert len(json.loads(run("verify", "--json", cwd=empty).stdout)["findings"]) == 480


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sample", "0"), "a share is above 0 and up to 1"),
        (("--sample", "-0.1"), "a share is above 0 and up to 1"),
        (("--sample", "1.5"), "a share is above 0 and up to 1"),
        (("--sample", "nan"), "a share is above 0 and up to 1"),
        (("--deep", "--sample", "0.5"), "give one of the two"),
        (("--deep", "--seed", "3"), "add --sample SHARE"),
        (("--seed", "3"), "add --sample SHARE"),
    ],
)
def test_an_unclear_sample_is_refused(empty: Path, words: tuple[str, ...], said: str) -> None:
    done = run("verify", *words, cwd=empty)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_a_small_sample_holds_a_text_all_the_same(empty: Path) -> None:
    with Archive.open(empty) as archive:
        with archive.writer("crawl") as writer:
            writer.add(exchange())
        clean_pending(archive)
    told = json.loads(run("verify", "--sample", "0.000001", "--json", cwd=empty).stdout)
    assert (told["deep"]["same"], told["deep"]["left_out"]) == (1, 0)


@pytest.mark.parametrize("rule", Rule)
def test_each_rule_is_in_the_docs_and_what_is_not_harmless_has_a_next_step(rule: Rule) -> None:
    assert rule.severity.harmless or rule.remedy
    assert pickle.loads(pickle.dumps(rule)) is rule  # as it comes from another process
    assert f"| `{rule}` | {rule.severity} |" in PROFILE
