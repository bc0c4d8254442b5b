"""``presskeep demo``: the whole job on the bundled newsroom."""

from __future__ import annotations

from archive.verbs.options import JsonOption


def demo(json: JsonOption = False) -> None:
    """Do the whole job on a small news web on this machine."""
