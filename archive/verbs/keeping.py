"""``presskeep verify``, ``clean`` and ``rebuild``: what keeps an archive sound."""

from __future__ import annotations

from typing import Annotated

import typer

from archive.verbs.options import ArchiveOption, JsonOption

REPAIRABLE = 7  # exit code of verify: nothing is lost, and it says which verb repairs it


def verify(
    deep: Annotated[bool, typer.Option("--deep", help="Also make each text again and compare.")] = False,
    json: JsonOption = False,
    archive: ArchiveOption = None,
) -> None:
    """Account for every byte of the archive."""


def clean(json: JsonOption = False, archive: ArchiveOption = None) -> None:
    """Make the texts that are missing."""


def rebuild(json: JsonOption = False, archive: ArchiveOption = None) -> None:
    """Make catalogue and texts again from the WARC files alone."""
