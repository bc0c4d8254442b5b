"""``presskeep viewer``: ReplayWeb.page for captured pages with their scripts, which is not a part of Presskeep."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from archive import terminal
from archive.errors import UsageError
from archive.verbs.options import JsonOption


class Act(StrEnum):
    """What can be done with it."""

    INSTALL = "install"
    REMOVE = "remove"


def viewer(
    act: Annotated[Act, typer.Argument(metavar="install|remove", help="Fetch it, or remove it.", show_default=False)],
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="FILE|URL",
            help="Take the package from here instead of asking npm for it.",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Install ReplayWeb.page, with which 'serve' shows captured pages with their scripts.

    It is a program of the Webrecorder project under the AGPL, and no part of Presskeep.
    """
    from archive.replay import viewer as viewers  # noqa: PLC0415 - only this verb needs it

    if act is Act.REMOVE:
        if from_ is not None:
            raise UsageError("--from says where to install it from: leave it out to remove it")
        gone = viewers.remove()
        if json:
            terminal.emit({"removed": gone})
        else:
            terminal.out().print("removed" if gone else "it was not installed")
        return
    folder = viewers.install(from_)
    if json:
        terminal.emit({"name": viewers.KNOWN.name, "version": viewers.KNOWN.version, "path": str(folder)})
    else:
        terminal.out().print(f"ReplayWeb.page {viewers.KNOWN.version} is in {folder}", soft_wrap=True)
        terminal.say("'presskeep serve' offers it beside each page as captured; start it anew if it runs")
