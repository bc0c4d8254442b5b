"""How sites were declared when they were crawled: their configurations, from the records that each run begins with."""

from __future__ import annotations

from sqlalchemy import select

from archive.catalogue import tables
from archive.catalogue.database import Catalog
from archive.catalogue.rows import site_of_row
from archive.event import SiteConfigured


def configurations(catalog: Catalog, site: str, since: int = 0) -> list[SiteConfigured]:
    """Those of a site, one for each run that it was part of, by time; ``since`` in microseconds since 1970, UTC."""
    table = tables.sites.c
    question = select(tables.sites).where(table.site == site, table.at >= since).order_by(table.at, table.id)
    with catalog.reading() as connection:
        return [site_of_row(row) for row in connection.execute(question).mappings()]
