"""What is wrong with a call, in words: the sentences in place of those that typer and its validator have.

Typer keeps the classes of its errors to itself, so they are told apart by what they carry. An error that is not known
here is told in typer's own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from archive.declaration import expected

if TYPE_CHECKING:
    import typer

_CHOICES = re.compile(r"'.*' is not one of (.*)", re.DOTALL)
_EXTRA = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)
_NO_VERB = re.compile(r"No such command '(.*?)'\..*", re.DOTALL)


def in_words(error: typer.TyperException, given: Sequence[str], verbs: Mapping[str, Any], name: str) -> str:
    """One sentence that names the option, what it takes, and what to do next.

    ``given`` are the words of the command line, ``verbs`` the commands that it has by name, ``name`` is the program's.
    """
    context = getattr(error, "ctx", None)
    verb = next((word for word in given if word in verbs), "")
    command = context.command_path if context else f"{name} {verb}".strip()
    see = f"see '{command} --help'"
    said = error.format_message().rstrip(".")
    parameter, option = getattr(error, "param", None), getattr(error, "option_name", None)
    if parameter is not None:
        wrong = _first(error.__cause__)
        return f"{_missing(parameter)}: {see}" if wrong is None else _value(_name(parameter), wrong, see)
    if option is not None and "requires an argument" in said:
        return f"{option} needs a value: {option} {_metavar(verbs.get(verb), option)}"
    if option is not None and "does not take a value" in said:
        return f"{option} takes no value: write it alone"
    if option is not None:
        known = (
            [one for each in context.command.params for one in (*each.opts, *each.secondary_opts)] if context else []
        )
        return f"'{command}' has no option {option}: {_near(option, known) or see}"
    if found := _NO_VERB.fullmatch(error.format_message()):
        return f"there is no verb '{found[1]}': {_near(found[1], verbs) or f'{see}, which lists them'}"
    if found := _EXTRA.fullmatch(said):
        return f"'{command}' does not take '{found[1]}' (what has spaces in it goes in quotes): {see}"
    return f"{said}: {see}"


def choose(name: str, given: str, allowed: Sequence[str]) -> str:
    """What is said of a value that is none of the allowed: the nearest of them, or all."""
    hint = _near(given, allowed) or f"it takes {', '.join(allowed[:-1])} or {allowed[-1]}"
    return f"{name} knows no '{given}': {hint}"


def _near(given: str, known: Iterable[str]) -> str:
    near = get_close_matches(given, list(known), n=1)
    return f"did you mean {near[0]}?" if near else ""


def _name(parameter: Any) -> str:  # noqa: ANN401 - a class of typer's own
    """The parameter as it is typed: ``--limit``, or ``URL``."""
    return str(parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar)


def _missing(parameter: Any) -> str:  # noqa: ANN401 - a class of typer's own
    about = str(parameter.help or "").strip().rstrip(".")
    if about[1:2].islower():  # no abbreviation
        about = about[0].lower() + about[1:]
    return f"{_name(parameter)} is missing" + (f" ({about})" if about else "")


def _metavar(command: Any, option: str) -> str:  # noqa: ANN401 - the same
    found = (one.metavar for one in command.params if option in one.opts) if command is not None else iter(())
    return next(found, None) or "VALUE"


def _first(cause: BaseException | None) -> Mapping[str, Any] | None:
    """What the validator found first; None where nothing was given at all."""
    errors = getattr(cause, "errors", None)
    return errors()[0] if errors is not None else None


def _value(name: str, wrong: Mapping[str, Any], see: str) -> str:
    given, said = str(wrong["input"]), str(wrong["msg"]).removeprefix("Value error, ").rstrip(".")
    if found := _CHOICES.fullmatch(said):
        return choose(name, given, re.findall(r"'([^']*)'", found[1]))
    wanted = expected(wrong)
    if wanted is not None:
        return f"{name} takes {wanted}, not '{given}'"
    return f"{name} cannot be '{given}': {said}: {see}"
