"""The command reference names every verb, every option and every exit code, and nothing that does not exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer

import crawler.cli  # noqa: F401 - mounts the crawler's verbs
from archive import errors, terminal
from archive.cli import app
from archive.verbs.verifying import REPAIRABLE

REFERENCE = (Path(__file__).parents[1] / "docs" / "commands.md").read_text(encoding="utf-8")


def verbs() -> dict[str, Any]:
    found: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return {name: command for name, command in found.items() if not command.hidden}


def section(verb: str) -> str:
    found = re.search(rf"^## `presskeep {verb}`\n(.*?)(?=^## |\Z)", REFERENCE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/commands.md has no section '## `presskeep {verb}`'"
    return found[1]


@pytest.mark.parametrize("verb", verbs())
def test_every_option_of_a_verb_is_in_its_section(verb: str) -> None:
    text = section(verb)
    command = verbs()[verb]
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            assert parameter.metavar in text.strip().split("\n\n")[0], f"{verb}: {parameter.metavar} is not in its call"
            continue
        for option in (*parameter.opts, *parameter.secondary_opts):
            assert f"`{option}" in text, f"{verb}: {option} is not in docs/commands.md"
    assert "--help" not in text


@pytest.mark.parametrize("verb", verbs())
def test_every_option_in_a_section_exists(verb: str) -> None:
    known = {option for one in verbs()[verb].params for option in (*one.opts, *one.secondary_opts)}
    table = re.findall(r"^\| `(--[a-z-]+)", section(verb), re.MULTILINE)
    assert set(table) <= known
    assert known - {"--archive", "--json"} - set(table) <= {one for one in known if not one.startswith("--")}


@pytest.mark.parametrize("verb", verbs())
def test_every_verb_has_help_with_an_example(verb: str) -> None:
    command = verbs()[verb]
    assert command.help
    assert f"presskeep {verb}" in (command.epilog or "")
    assert all(one.help for one in command.params)


def test_every_verb_in_the_overview_has_a_section() -> None:
    for verb in re.findall(r"^\| \[`([a-z]+)`\]", REFERENCE, re.MULTILINE):
        assert section(verb)


def test_every_exit_code_is_in_the_table() -> None:
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", REFERENCE, re.MULTILINE)}
    named = [value for value in vars(errors).values() if isinstance(value, type)]
    own = {kind.exit_code for kind in named if issubclass(kind, errors.PresskeepError)}
    used = own | {0, REPAIRABLE, terminal.INTERRUPTED, terminal.PIPE_CLOSED}
    assert listed == used
