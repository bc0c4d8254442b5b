"""What a drawn page leaves when it goes: the answers that its words may have come from have addresses of their own."""

from __future__ import annotations

from archive.exchange import Role
from archive.store import Archive


def drawn_from(archive: Archive, url: str) -> tuple[str, ...]:
    """The other addresses that were asked for while the page at a URL was drawn, sorted; none where it never was.

    Scripts that an earlier page had asked for are not among them.
    """
    captures = list(archive.captures(url=url))
    asked = {one.id: one.at for one in captures}
    found: set[str] = set()
    for page in captures:
        if page.kind != "conversion":
            continue
        since = asked.get(page.refers_to or "", page.at - (page.duration or 0))
        beside = archive.captures(site=page.site, role=Role.REQUISITE, since=since, until=page.at + 1)
        found.update(one.url for one in beside if one.via == page.url and one.key != page.key)
    return tuple(sorted(found))
