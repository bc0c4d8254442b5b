"""``presskeep profile``: a site's recurring chrome, learned from its pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archive import terminal
from archive.clock import warc_date
from archive.errors import NotFound, PresskeepError, UsageError
from archive.verbs.changing import show_examples
from archive.verbs.entries import open_archive, require_sites
from archive.verbs.keeping import made
from archive.verbs.options import ArchiveOption, JsonOption
from archive.verbs.typeset import count, facts, heading, moment
from archive.verbs.words import Json

if TYPE_CHECKING:
    from archive.cleaning.learning import Drift
    from archive.cleaning.profile import Profile
    from archive.profiling import Effect
    from archive.store import Archive

_SHOWN = 15  # lines that a profile leaves out, on a terminal or in a pipe
_LONG = 100  # characters of one


class Drifted(PresskeepError):
    """A site's pages are no longer like those that its profile was learned from."""


def profile(
    site: Annotated[str | None, typer.Argument(metavar="SITE", help="The site.", show_default=False)] = None,
    pages: Annotated[int, typer.Option("--pages", metavar="N", min=3, help="Learn from its latest N articles.")] = 300,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Take this profile instead of learning one.", show_default=False),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(
            "--rules",
            metavar="FILE",
            help="Take these publisher rules (TOML), beside what was learned before; an empty file ends them.",
            show_default=False,
        ),
    ] = None,
    activate: Annotated[bool, typer.Option("--activate", help="Make it hold, and its texts again.")] = False,
    off: Annotated[bool, typer.Option("--off", help="Let the site have no profile any more.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Look whether the one that holds still fits.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the profiles that hold.")] = False,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Learn what recurs on a site's pages and belongs to no article, and leave it out of its texts.

    Nothing changes before --activate; --list, --check and --off are about the profiles that hold.
    """
    if sum((listed, check, off, file is not None, rules is not None)) > 1 or (activate and (listed or check or off)):
        raise UsageError(
            "--list, --check, --off, --file and --rules exclude each other; "
            "--activate goes with --file, with --rules, or alone"
        )
    if listed == (site is not None):
        raise UsageError("name a site, as in 'presskeep profile example-news.org'; or say --list alone")
    with open_archive(archive) as opened:
        if site is None:
            _list(opened, json=json)
            return
        require_sites(opened, (site,))
        if check:
            _check(opened, site, pages, json=json)
        elif off:
            _off(opened, site, json=json)
        elif rules is not None:
            _rule(opened, site, rules, activate=activate, json=json)
        else:
            _learn(opened, site, pages, file, activate=activate, json=json)


def _learn(opened: Archive, site: str, pages: int, file: Path | None, *, activate: bool, json: bool) -> None:
    from archive.cleaning.learning import learn  # noqa: PLC0415 - brings the extraction library
    from archive.profiling import effect, keep, observed  # noqa: PLC0415 - the same

    with terminal.reported() as progress:
        seen = observed(opened, site, pages, progress)
    found = _read(file, site) if file is not None else replace(learn(site, seen), rules=_held(opened, site).rules)
    gain = effect(found, seen)
    path = keep(opened, found) if file is None else file
    if json:
        document = _document(found, gain, path)
    else:
        _show(found, gain, path)
    if activate and found.is_empty:
        raise NotFound(f"nothing recurs on the pages of {site} that is kept in its texts: there is nothing to activate")
    if activate:
        summary = _activated(opened, found)
        if json:
            document["activated"] = summary
        else:
            terminal.put(facts([("made again", str(summary))]))
    if json:
        terminal.emit(document)
    elif not activate and not found.is_empty:
        chosen = f" --file {file}" if file is not None else ""
        terminal.say(f"it does not hold yet: 'presskeep profile {site}{chosen} --activate' makes it hold")


def _rule(opened: Archive, site: str, file: Path, *, activate: bool, json: bool) -> None:
    """Publisher rules, tried on the latest pages; what was learned stays."""
    from archive.changelog import changelog  # noqa: PLC0415 - brings SQLAlchemy
    from archive.cleaning.publisher import rules_of  # noqa: PLC0415 - brings the parser
    from archive.profiling import keep, met, tried  # noqa: PLC0415 - brings the extraction library

    held = _held(opened, site)
    try:
        given = rules_of(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read as publisher rules: {terminal.reason_of(error)}") from error
    found = replace(held, site=site, rules=given)
    if found == held:
        raise NotFound(f"{file} has no rule, and {site} had none: docs/publisher-rules.md has examples")
    with terminal.reported() as progress:
        pairs = list(tried(opened, found, progress=progress))
    told, counted = changelog(pairs), met(pairs)
    path = keep(opened, found)
    if json:
        document: Json = {
            **{"site": site, "profile": found.digest, "file": str(path), "rules": [one.as_json() for one in given]},
            **{"pages": told.compared, "changed": told.changed},
            "changes": {str(change): number for change, number in told.classes.most_common()},
            "met": [{"selector": name, "pages": times, "of": of} for name, (times, of) in counted.items()],
            "activated": _activated(opened, found) if activate else None,
        }
        terminal.emit(document)
        return
    said = ", ".join(f"{change} {number:,}" for change, number in told.classes.most_common())
    terminal.put(
        facts(
            [
                ("profile", found.digest),
                ("written to", str(path)),
                ("rules", str(len(given))),
                ("changes", f"{told.changed:,} of the latest {count(told.compared, 'article')}"),
                ("in", said),
            ]
        )
    )
    if counted:
        terminal.put(heading("Selectors, and on how many of the pages they are about they find something"))
    for name, (times, of) in counted.items():
        terminal.out().print(f"  {times:>4} of {of:<4} {terminal.one_line(name)}", soft_wrap=True)
    if given and not counted:
        terminal.say("no rule is about any of these pages: look at its hosts, and at since and until")
    show_examples(told)
    if activate:
        terminal.put(facts([("made again", str(_activated(opened, found)))]))
    else:
        terminal.say(f"it does not hold yet: 'presskeep profile {site} --rules {file} --activate' makes it hold")


def _held(opened: Archive, site: str) -> Profile:
    """The profile that holds for a site; one without anything where none does."""
    from archive.catalogue.profiles import active  # noqa: PLC0415 - brings SQLAlchemy
    from archive.cleaning.profile import Profile as Empty  # noqa: PLC0415 - brings the parser
    from archive.cleaning.profile import from_json  # noqa: PLC0415 - the same

    known = active(opened.catalog).get(site)
    return from_json(known.canonical) if known is not None else Empty(site)


def _read(file: Path, site: str) -> Profile:
    from archive.cleaning.profile import from_json  # noqa: PLC0415 - brings the parser

    try:
        found = from_json(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read as a profile: {terminal.reason_of(error)}") from error
    if found.site != site:
        raise UsageError(f"{file} is the profile of {found.site!r}, not of {site!r}")
    return found


def _activated(opened: Archive, found: Profile) -> str:
    from archive.crew import clean_pending  # noqa: PLC0415 - brings the extraction library
    from archive.profiles import activate, settle  # noqa: PLC0415 - the same

    activate(opened, found)
    settle(opened)
    with terminal.reported() as progress:
        done = clean_pending(opened, progress=progress)
        opened.compact()
    return made(done)


def _off(opened: Archive, site: str, *, json: bool) -> None:
    from archive.catalogue.profiles import active  # noqa: PLC0415 - brings SQLAlchemy
    from archive.cleaning.profile import Profile as Empty  # noqa: PLC0415 - brings the parser
    from archive.cleaning.profile import from_json  # noqa: PLC0415 - the same

    known = active(opened.catalog).get(site)
    if known is None or from_json(known.canonical).is_empty:
        raise NotFound(f"{site} has no profile: 'presskeep profile --list' tells which sites have one")
    summary = _activated(opened, Empty(site))
    if json:
        terminal.emit({"site": site, "ended": known.digest, "activated": summary})
    else:
        terminal.put(facts([("ended", known.digest), ("made again", summary)]))


def _check(opened: Archive, site: str, pages: int, *, json: bool) -> None:
    from archive.catalogue.profiles import active  # noqa: PLC0415 - brings SQLAlchemy
    from archive.cleaning.learning import drift  # noqa: PLC0415 - the same
    from archive.cleaning.profile import from_json  # noqa: PLC0415 - the same
    from archive.profiling import observed  # noqa: PLC0415 - the same

    known = active(opened.catalog).get(site)
    found = from_json(known.canonical) if known is not None else None
    if known is None or found is None or found.is_empty:
        raise NotFound(f"{site} has no profile: 'presskeep profile {site}' learns one")
    with terminal.reported() as progress:
        told = drift(found, observed(opened, site, min(pages, 30), progress))
    if json:
        terminal.emit({"site": site, "profile": known.digest, **_drift(told)})
    else:
        terminal.put(
            facts(
                [
                    ("profile", known.digest),
                    ("since", moment(known.at)),
                    ("pages", f"the latest {told.pages:,}"),
                    ("bodies", f"{told.at_home / 10:.0f} % stand where they stood"),
                    ("chrome", f"on {told.with_chrome / 10:.0f} % of them, was {told.was_with_chrome / 10:.0f} %"),
                ]
            )
        )
    if told.has_drifted:
        raise Drifted(f"the layout of {site} has changed: 'presskeep profile {site} --activate' learns a new profile")


def _drift(told: Drift) -> Json:
    return {
        "pages": told.pages,
        "at_home_permille": told.at_home,
        "with_chrome_permille": told.with_chrome,
        "was_with_chrome_permille": told.was_with_chrome,
        "drifted": told.has_drifted,
    }


def _list(opened: Archive, *, json: bool) -> None:
    from archive.catalogue.profiles import active, used  # noqa: PLC0415 - brings SQLAlchemy
    from archive.cleaning.profile import from_json  # noqa: PLC0415 - brings the parser
    from archive.cleaning.version import CLEANER  # noqa: PLC0415 - the same

    texts = used(opened.catalog, CLEANER)
    shown = 0
    for site, one in sorted(active(opened.catalog).items()):
        found = from_json(one.canonical)
        if found.is_empty:
            continue
        shown += 1
        own = texts.get((site, one.digest), 0)
        others = sum(number for (name, _), number in texts.items() if name == site) - own
        if json:
            said = {"site": site, "profile": one.digest, "since": warc_date(one.at), "pages": found.pages}
            terminal.emit({**said, "rules": len(found.rules), "texts": own, "texts_by_others": others})
        else:
            rules = count(len(found.rules), "rule") if found.rules else ""
            terminal.row([site, one.digest, moment(one.at), own, others, rules])
    if not shown:
        terminal.say("no site has a profile: 'presskeep profile SITE' learns one")


def _show(found: Profile, gain: Effect, path: Path) -> None:
    share = f" ({gain.words * 100 / gain.kept:.1f} % of their words)" if gain.kept else ""
    terminal.put(
        facts(
            [
                ("profile", found.digest),
                ("written to", str(path)),
                ("learned from", count(found.pages, "page")),
                ("leaves out", f"{count(gain.blocks, 'block')} of {count(gain.touched, 'page')}{share}"),
            ]
        )
    )
    if found.rules:
        stay = "stays" if len(found.rules) == 1 else "stay"
        terminal.say(f"{count(len(found.rules), 'publisher rule')} of the profile that holds {stay} in it")
    for name, values in (("Places", found.places), ("Before links", found.leads)):
        if values:
            terminal.put(heading(name))
            for one in values[:_SHOWN]:
                terminal.out().print(f"  {terminal.one_line(one)}", soft_wrap=True)
    if gain.lines:
        terminal.put(heading("Left out, and of how many pages"))
        for text, number in gain.lines[:_SHOWN]:
            terminal.out().print(f"  {number:>4}  {terminal.shorten(terminal.one_line(text), _LONG)}", soft_wrap=True)
        if len(gain.lines) > _SHOWN:
            terminal.say(f"{len(gain.lines) - _SHOWN:,} more lines; --json has all of them")
    if found.is_empty:
        terminal.say("nothing recurs on these pages that is kept in their texts: no profile is needed")


def _document(found: Profile, gain: Effect, path: Path) -> Json:
    return {
        "site": found.site,
        "profile": found.digest,
        "file": str(path),
        "learned_from": found.pages,
        "chrome": list(found.chrome),
        "places": list(found.places),
        "leads": list(found.leads),
        "homes": list(found.homes),
        "rules": [one.as_json() for one in found.rules],
        "pages": gain.pages,
        "touched": gain.touched,
        "blocks": gain.blocks,
        "words": gain.words,
        "words_kept": gain.kept,
        "lines": [{"text": text, "pages": number} for text, number in gain.lines],
        "activated": None,
    }
