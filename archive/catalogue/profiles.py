"""Profiles in the archive: acts that make one hold for a site, each with the whole of it.

The last act about a site says what holds. A profile is handed out as its canonical JSON: what it means is the cleaner's
affair.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from archive.catalogue import tables, texts
from archive.catalogue.database import Catalog
from archive.catalogue.holdings import acts
from archive.catalogue.rows import site_column
from archive.event import Act

PROFILE = "profile"  # the kind of the acts


@dataclass(frozen=True, slots=True)
class Activation:
    """A profile that holds for a site since a time, in microseconds since 1970, UTC."""

    site: str
    digest: str
    canonical: str
    at: int


def facts(site: str, digest: str, canonical: str) -> tuple[tuple[str, str], ...]:
    """What an act says that makes a profile hold."""
    return (("site", site), ("digest", digest), ("profile", canonical))


def activations(catalog: Catalog, site: str | None = None) -> list[Activation]:
    """All of them in the order of time, or those of one site; what is no whole activation is passed over."""
    found = (_activation(act) for act in acts(catalog, tables.acts.c.act == PROFILE))
    return [one for one in found if one is not None and site in {None, one.site}]


def active(catalog: Catalog) -> dict[str, Activation]:
    """What holds now, by site."""
    return {one.site: one for one in activations(catalog)}


def _activation(act: Act) -> Activation | None:
    site, digest, canonical = (act.first(name) for name in ("site", "digest", "profile"))
    if site is None or digest is None or canonical is None:
        return None
    return Activation(site, digest, canonical, act.at)


def forget_others(connection: Connection, cleaner: str, site: str, digest: str) -> int:
    """Remove the texts of a site that this cleaner made by another profile; their captures wait for it again.

    Gives how many there were.
    """
    table = tables.texts.c
    others = (table.cleaner == cleaner, table.site == site_column(site), table.profile != digest)
    ids = list(connection.scalars(select(table.capture).where(*others)))
    texts.forget(connection, ids, cleaner)
    return len(ids)


def latest(catalog: Catalog, cleaner: str, site: str, most: int) -> list[str]:
    """The ids of captures of a site's articles, of each the last that this cleaner gave a text; the latest first."""
    table = tables.texts.c
    question = (
        select(table.capture, func.max(table.at))
        .where(table.cleaner == cleaner, table.site == site_column(site), table.text_digest.is_not(None))
        .group_by(table.key)
        .order_by(func.max(table.at).desc(), table.capture)
        .limit(most)
    )
    with catalog.reading() as connection:
        return [row.capture for row in connection.execute(question)]


def latest_texts(catalog: Catalog, cleaner: str, site: str, digest: str, most: int) -> list[str]:
    """The latest articles of a site that this cleaner made by a profile, as canonical JSON; the latest first."""
    table = tables.texts.c
    of_site = (table.cleaner == cleaner, table.site == site_column(site))
    ids = select(table.capture).where(*of_site).order_by(table.at.desc(), table.capture).limit(4 * most)
    question = (
        select(table.canonical)
        .where(table.cleaner == cleaner, table.capture.in_(ids.scalar_subquery()))
        .where(table.profile == digest, table.text_digest.is_not(None))
        .order_by(table.at.desc(), table.capture)
        .limit(most)
    )
    with catalog.reading() as connection:
        return list(connection.scalars(question))


def used(catalog: Catalog, cleaner: str) -> dict[tuple[str, str], int]:
    """How many texts a cleaner made by which profile, by site and digest."""
    table = tables.texts.c
    question = select(table.site, table.profile, func.count()).where(table.cleaner == cleaner)
    with catalog.reading() as connection:
        rows = connection.execute(question.group_by(table.site, table.profile))
        return {(site, profile): number for site, profile, number in rows}
