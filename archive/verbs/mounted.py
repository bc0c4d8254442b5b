"""Verbs as they are mounted on the command line: known by name, imported when they are called or shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

# The order of the work and its parts, which help shows: the crawler's verbs take their places in it when they are
# mounted.
PARTS = {
    "Fetch": ("init", "add", "crawl", "run", "watch", "status", "why", "runs", "coverage", "demo"),
    "Take in what others archived": ("import", "attach", "detach"),
    "Read": ("list", "show", "explain", "captures", "diff", "edits", "prove", "serve", "viewer"),
    "Hand on": ("export", "index", "pack"),
    "Make texts": ("clean", "clean-warc", "profile", "changes"),
    "Keep whole": ("verify", "repair", "rebuild", "lint", "takedown"),
}
ORDER = tuple(name for names in PARTS.values() for name in names)
_PART = {name: part for part, names in PARTS.items() for name in names}


class Verb:
    """A verb that is not imported yet."""

    def __init__(self, home: str, *examples: str, alone: Mapping[str, str] | None = None) -> None:
        """``home`` is its function, as ``module:name``; the ``examples`` are what its help ends with.

        ``alone`` says which option is meant by one that takes a value, where it has none.
        """
        self._home = home
        self._examples = examples
        self._alone = alone or {}

    def command(self, name: str) -> Any:  # noqa: ANN401 - a class that typer keeps to itself
        """The command that parses its words and calls it."""
        module, _, function = self._home.partition(":")
        epilog = "\n\n".join(["Example:", *(f"    {line}" for line in self._examples)])
        alone = typer.Typer(add_completion=False)
        alone.command(name, cls=_taking(self._alone), epilog=epilog, rich_help_panel=_PART.get(name))(
            getattr(import_module(module), function)
        )
        return typer.main.get_command(alone)


def _taking(alone: Mapping[str, str]) -> type[TyperCommand]:
    """Commands that read options without their values as other options."""

    class Taking(TyperCommand):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - a class of typer's own
            following = [*args, "-"][1:]
            bare = (
                alone.get(one) if after.startswith("-") else None for one, after in zip(args, following, strict=True)
            )
            return super().parse_args(ctx, [other or one for one, other in zip(args, bare, strict=True)])

    return Taking if alone else TyperCommand


VERBS: dict[str, Verb] = {}  # by name; who mounts some adds them


class _Commands(MutableMapping[str, Any]):
    """The commands of all verbs, each made when it is first asked for: a call waits for the imports of its own alone.

    What typer registered itself is there from the beginning.
    """

    def __init__(self, made: MutableMapping[str, Any]) -> None:
        self._made = made

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - the same
        if name not in self._made and name in VERBS:
            self._made[name] = VERBS[name].command(name)
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:  # noqa: ANN401 - the same
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._made or name in VERBS

    def __iter__(self) -> Iterator[str]:
        return iter({**VERBS, **self._made})

    def __len__(self) -> int:
        return len({**VERBS, **self._made})


class Ordered(TyperGroup):
    """The verbs in the order of the work; those that it does not know come last, by name."""

    def __init__(self, *args: Any, **named: Any) -> None:  # noqa: ANN401 - as typer gives them
        super().__init__(*args, **named)
        self.commands = _Commands(self.commands)

    def list_commands(self, ctx: object) -> list[str]:
        """The names of the verbs as help lists them."""
        return sorted(self.commands, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
