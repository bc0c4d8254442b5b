"""The ``presskeep`` program: as little as can be before Ctrl-C is listened to. Its imports take a second at times."""

from __future__ import annotations

import sys

INTERRUPTED = 130  # as `archive.terminal` has it, which is not imported yet


def main() -> None:
    """The program's entry point."""
    try:
        from crawler.cli import main as run  # noqa: PLC0415 - that is what is waited for
    except KeyboardInterrupt:
        sys.stderr.write("presskeep: stopped by Ctrl-C; nothing was done yet\n")
        raise SystemExit(INTERRUPTED) from None
    run()
