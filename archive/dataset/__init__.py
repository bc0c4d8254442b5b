"""Datasets: texts as flat rows in JSON Lines, CSV and Parquet."""

from archive.dataset.export import Format, export
from archive.dataset.rows import Entry, Schema
from archive.dataset.selection import Selection

__all__ = ["Entry", "Format", "Schema", "Selection", "export"]
