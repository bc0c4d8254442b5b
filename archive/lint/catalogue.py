"""All rules of the linter, in the order in which help and documentation list them."""

from __future__ import annotations

from archive.errors import UsageError
from archive.lint import (
    container,
    digests,
    fields,
    files,
    head,
    http,
    lines,
    links,
    package,
    revisit,
    values,
    wacz,
    walk,
    warcinfo,
)
from archive.lint.finding import Rule

# Noun by noun, as a reader meets them: the file, its records, their heads, their blocks, each other; then WACZ.
GROUPS: dict[str, tuple[Rule, ...]] = {
    "Files and framing": (*files.RULES, *walk.RULES),
    "Heads": head.RULES,
    "Fields by type of record": fields.RULES,
    "Values": values.RULES,
    "Descriptions": warcinfo.RULES,
    "Digests": digests.RULES,
    "HTTP messages": http.RULES,
    "Revisits": revisit.RULES,
    "References and segments": links.RULES,
    "WACZ: the ZIP file": container.RULES,
    "WACZ: its parts": wacz.RULES,
    "WACZ: the manifest": package.RULES,
    "WACZ: pages and indexes": lines.RULES,
}
RULES: dict[str, Rule] = {rule.id: rule for rules in GROUPS.values() for rule in rules}


def chosen(only: list[str] | None, ignored: list[str] | None) -> set[str]:
    """The ids of the rules that count; raises UsageError for an id that is none."""
    for name in (*(only or ()), *(ignored or ())):
        if name not in RULES:
            raise UsageError(f"there is no rule {name!r}: 'presskeep lint --rules' lists them")
    return (set(only) if only else set(RULES)) - set(ignored or ())


def table() -> str:
    """All rules as docs/lint.md lists them: Markdown, a table for each group."""
    lines: list[str] = []
    for group, rules in GROUPS.items():
        lines += [f"### {group}", "", "| rule | severity | section | what it says | why |", "|---|---|---|---|---|"]
        lines += [
            f"| `{one.id}` | {one.severity} | {one.section} | {_cell(one.title)} | {_cell(one.why)} |" for one in rules
        ]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
