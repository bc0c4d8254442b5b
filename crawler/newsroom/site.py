"""The newsroom's sites as they lie on disk: a declaration, manuscripts, templates and static files."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from string import Template
from typing import Any

from crawler.newsroom.manuscript import PROSE, Kind, Manuscript, Passage, read_manuscript

SITES = Path(__file__).parent / "sites"
HOSTS = ("harbour-courier.example", "talblatt.example")
_FRAGMENT = re.compile(r"^<!-- fragment: (\w+) -->\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes for a site."""

    slug: str
    name: str
    bio: str


@dataclass(frozen=True, slots=True)
class Site:
    """One fictional site; ``words`` is the rest of its ``site.toml``: what its chrome says."""

    host: str
    name: str
    language: str
    offset: int  # hours from UTC, all year: the newsroom lives in November
    sections: dict[str, str]  # slug to title
    authors: dict[str, Author]
    manuscripts: tuple[Manuscript, ...]
    templates: dict[str, Template]
    words: dict[str, Any]

    @property
    def base(self) -> str:
        """Scheme and host, without the slash."""
        return f"http://{self.host}"

    def articles(self, visit: int) -> tuple[Manuscript, ...]:
        """The articles as they stand at a visit, the newest first."""
        latest: dict[str, Manuscript] = {}
        for manuscript in self.manuscripts:  # sorted by `since`: a later state replaces an earlier one
            if manuscript.since <= visit:
                latest[manuscript.slug] = manuscript
        return tuple(sorted(latest.values(), key=lambda article: article.published, reverse=True))

    def local(self, when: datetime) -> datetime:
        """The same instant on the site's own wall clock."""
        return when.astimezone(timezone(timedelta(hours=self.offset)))

    def date(self, when: datetime, form: str = "date") -> str:
        """The date as the site writes it; ``form`` names a pattern of its declaration."""
        local = self.local(when)
        return Template(self.words["forms"][form]).substitute(
            weekday=self.words["weekdays"][local.weekday()],
            day=local.day,
            month=self.words["months"][local.month - 1],
            year=local.year,
            time=f"{local:%H:%M}",
        )


@functools.cache
def load_site(host: str) -> Site:
    """The site of that host name, read once a process; raises FileNotFoundError for an unknown one."""
    folder = SITES / host
    words = tomllib.loads((folder / "site.toml").read_text(encoding="utf-8"))
    authors = {slug: Author(slug, entry["name"], entry["bio"]) for slug, entry in words.pop("authors").items()}
    manuscripts = [_resolved(read_manuscript(path)) for path in sorted((folder / "articles").glob("*.txt"))]
    return Site(
        host=host,
        name=words.pop("name"),
        language=words.pop("language"),
        offset=words.pop("utc_offset"),
        sections=words.pop("sections"),
        authors=authors,
        manuscripts=tuple(sorted(manuscripts, key=lambda manuscript: manuscript.since)),
        templates=_templates(folder / "templates"),
        words=words,
    )


def _resolved(manuscript: Manuscript) -> Manuscript:
    """A syndicated copy with the prose of its original between its own boxes; anything else as it is."""
    if not manuscript.copy_of:
        return manuscript
    host, _, slug = manuscript.copy_of.partition("/")
    original = read_manuscript(SITES / host / "articles" / f"{slug}.txt")
    prose = [passage for passage in original.passages if passage.kind in PROSE]
    boxes = [passage for passage in manuscript.passages if passage.kind is not Kind.PARAGRAPH]
    body: list[Passage] = []
    for index, passage in enumerate(prose):
        body.append(passage)
        if index % 2 and boxes:
            body.append(boxes.pop(0))
    return replace(manuscript, headline=original.headline, passages=(*body, *boxes))


def _templates(folder: Path) -> dict[str, Template]:
    """Templates by name: whole files by their stem, and the fragments that ``fragments.html`` holds."""
    templates = {}
    for path in sorted(folder.glob("*.html")):
        text = path.read_text(encoding="utf-8")
        if path.stem == "fragments":
            _, *parts = _FRAGMENT.split(text)
            templates.update({name: Template(part) for name, part in zip(parts[::2], parts[1::2], strict=True)})
        else:
            templates[path.stem] = Template(text)
    return templates
