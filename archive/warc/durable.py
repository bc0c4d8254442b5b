"""Whole files that appear durably or not at all: `archive.durable`."""

from archive.durable import write, written

__all__ = ["write", "written"]
