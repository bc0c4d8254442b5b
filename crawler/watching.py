"""Watching: pages that are followed for good, written into ``sites.toml`` for people to read, and taken out again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from archive.declaration import Declaration, edit, gap
from archive.errors import ConfigurationError, NotFound, UsageError
from archive.url import host as host_of
from archive.url import is_fetchable, normalise
from crawler.adding import HEADER
from crawler.scheduling.pattern import parse_pattern
from crawler.sites import Site, parse_sites

_TABLE = re.compile(r"\s*\[")


def watch(path: Path, url: str, every: str) -> str:
    """Follow a page, by a block in ``sites.toml``; gives the name of its site.

    A page of no declared site gets one that is asked for nothing else. Raises UsageError where the address is none, or
    is followed already, or the times cannot be read; ConfigurationError for a file that is broken; StorageFull.
    """
    if not is_fetchable(url):
        raise UsageError(f"{url} is no address of a page: write it whole, such as https://example-news.org/live")
    try:
        parse_pattern(every)
    except ValueError as error:
        raise UsageError(f"--every {every}: {error}") from None
    named: list[str] = []

    def changed(before: Declaration) -> str:
        site = site_of(parse_sites(before), url)
        if site is None:
            named.append(host_of(url))
            begun = before.text or HEADER
            return f"{begun}{gap(begun)}[{json.dumps(named[0])}]\ndiscover = false\n\n{_block(named[0], url, every)}"
        named.append(site.host)
        for one in site.watch:
            if normalise(one.url) == normalise(url):
                raise UsageError(
                    f"{one.url} is followed already (every {one.every}): 'presskeep watch --stop {one.url}' ends that"
                )
        header = next(name for name in before.tables if _same(name, site.host))
        if isinstance(before.tables[header].get("watch"), list) and not _blocks(before.text):
            raise ConfigurationError(
                f"{path}, line {before.line_of(header, 'watch')}: watch is a list in brackets: add the page there",
                file=str(path),
            )
        return before.text + gap(before.text) + _block(header, url, every)

    edit(path, changed, parse_sites)
    return named[0]


def unwatch(path: Path, url: str) -> str:
    """Follow a page no longer, by taking its block out; gives the URL as it stood there.

    Raises NotFound where it is not followed, ConfigurationError where somebody has written it in another form.
    """
    found: list[str] = []

    def changed(before: Declaration) -> str:
        followed = (one.url for site in parse_sites(before) for one in site.watch)
        wanted = normalise(url) if is_fetchable(url) else url
        found.extend(one for one in followed if normalise(one) == wanted)
        if not found:
            raise NotFound(f"{url} is not followed: 'presskeep watch' lists what is")
        for start, end in _blocks(before.text):
            lines = before.text.splitlines(keepends=True)
            if json.dumps(found[0]) in "".join(lines[start:end]):
                return "".join(lines[:start] + lines[end:]).rstrip("\n") + "\n"
        raise ConfigurationError(
            f"{path} names {found[0]} in another form than 'presskeep watch' writes: take it out by hand",
            file=str(path),
        )

    edit(path, changed, parse_sites)
    return found[0]


def site_of(sites: Iterable[Site], url: str) -> Site | None:
    """The site that a page belongs to: that of its own host, else one that counts the host among its own."""
    inside = [site for site in sites if site.scope.in_scope(url)]
    return next((site for site in inside if site.host == host_of(url)), inside[0] if inside else None)


def _same(header: str, host: str) -> bool:
    return host_of(f"https://{header}/") == host


def _block(header: str, url: str, every: str) -> str:
    return f"[[{json.dumps(header, ensure_ascii=False)}.watch]]\nurl = {json.dumps(url)}\nevery = {json.dumps(every)}\n"


def _blocks(text: str) -> list[tuple[int, int]]:
    """The lines of each block of a followed page, without comments and blank lines that belong to the next one."""
    lines = text.splitlines()
    headers = [at for at, line in enumerate(lines) if _TABLE.match(line)]
    found: list[tuple[int, int]] = []
    for start, following in zip(headers, [*headers[1:], len(lines)], strict=True):
        if re.fullmatch(r"\s*\[\[.*\.\s*\"?watch\"?\s*\]\]\s*(#.*)?", lines[start]):
            end = following
            while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
                end -= 1
            found.append((start, end))
    return found
