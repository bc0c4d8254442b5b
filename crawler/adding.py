"""Sites written into ``sites.toml`` for people to edit: commented, only what differs from the defaults."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from archive.declaration import append_table
from crawler.sites import Site, parse_sites

HEADER = """\
# The sites that this archive crawls. One table a site; its header is the host name, in quotes.
# A site can be one line: ["example-news.org"]. Its feeds, sitemaps and sections are then found at each crawl.
# keep = "page" below a header also keeps the stylesheets, pictures and fonts of its articles (docs/crawling.md).
"""


def render_site(site: Site, notes: Mapping[str, str] | None = None, heading: str = "") -> str:
    """The site's table as TOML with a line end; ``notes`` are comments by source URL, ``heading`` one above it all."""
    notes = notes or {}
    given = site.model_dump(mode="json", exclude_defaults=True, exclude={"host", "sources"})
    lines = [f"# {_one_line(line)}" for line in heading.splitlines()]
    lines.append(f"[{_string(site.host)}]")
    lines.extend(f"{key} = {_value(value)}" for key, value in given.items())
    if site.sources:
        lines.append("sources = [")
        for source in site.sources:
            note = _one_line(notes.get(source.url, ""))
            comment = f"  # {note}" if note else ""
            lines.append(f"  {_value(source.model_dump(mode='json', exclude_defaults=True))},{comment}")
        lines.append("]")
    return "\n".join(lines) + "\n"


def append_site(path: Path, site: Site, notes: Mapping[str, str] | None = None, heading: str = "") -> str:
    """Appends a site to ``sites.toml`` and gives the block that was written.

    What people wrote there keeps every byte. Raises UsageError where the site is declared already, ConfigurationError
    when the file is broken, StorageFull.
    """
    block = render_site(site, notes, heading)
    append_table(path, block, parse_sites)
    return block


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_value(one)}' for key, one in value.items())} }}"
    return _string(value) if isinstance(value, str) else repr(value)


def _string(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but DEL must be escaped, too (TOML 1.0, "String")."""
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(text: str) -> str:
    """A comment that stays one: titles of feeds come from outside, and TOML allows no control characters in it."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:200]
