"""``presskeep serve``: the archive over HTTP, for Memento clients, other machines and people."""

from __future__ import annotations

import contextlib
import secrets
import sys
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

from archive import terminal
from archive.errors import UsageError
from archive.verbs.entries import open_archive
from archive.verbs.options import JsonOption

_TOKEN_BYTES = 24
_LAST = 65535
_SHORTEST = 16  # characters of a token that nobody guesses


def serve(
    host: Annotated[str, typer.Option(metavar="HOST", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="The port; 0 is any free one.")] = 8321,
    captured_port: Annotated[
        int | None,
        typer.Option(
            "--captured-port",
            metavar="PORT",
            min=0,
            max=65535,
            help="The port of pages as captured, an origin of their own; else the next one.",
            show_default=False,
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN",
            envvar="PRESSKEEP_TOKEN",
            help="What every request must know. Off loopback one is made where none is given.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(
            "--name", metavar="HOST", help="A further host name that leads here; repeatable.", show_default=False
        ),
    ] = None,
    public: Annotated[
        str | None,
        typer.Option(
            metavar="ORIGIN",
            help="The origin that links begin with, such as https://archive.example.org behind a proxy.",
            show_default=False,
        ),
    ] = None,
    viewer: Annotated[
        list[str] | None,
        typer.Option(
            "--viewer",
            metavar="ORIGIN",
            help="An origin whose scripts may read files, such as https://replayweb.page; repeatable.",
            show_default=False,
        ),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    json: JsonOption = False,
    archive: Annotated[
        list[Path] | None,
        typer.Option(
            "--archive",
            envvar="PRESSKEEP_ARCHIVE",
            metavar="DIR",
            help="The archive; else it is looked for from the current directory upwards. Repeatable: several are "
            "served as one, and each has its pages below /in/NAME/.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show the archive in the browser, and serve it to programs: over HTTP, read only.

    Memento (RFC 7089), exact payloads, CDX, files and pages for people. On loopback alone, unless --host says
    otherwise; then a token is needed. Of several archives, mementos and the CDX index are merged by time.
    """
    from archive.replay.application import application  # noqa: PLC0415 - only this verb needs a server
    from archive.replay.captured.application import captured_application  # noqa: PLC0415 - the same
    from archive.replay.listening import ByPort, bound, server  # noqa: PLC0415 - the same
    from archive.replay.settings import Settings, bracketed, is_loopback, origin  # noqa: PLC0415 - the same
    from archive.replay.together import joined, title  # noqa: PLC0415 - the same
    from archive.replay.viewer import installed  # noqa: PLC0415 - the same
    from archive.replay.viewing import Packages, viewing_application  # noqa: PLC0415 - the same
    from archive.replay.workroom import sweep  # noqa: PLC0415 - the same

    if token is not None and (len(token) < _SHORTEST or not token.isascii() or not token.isprintable()):
        raise UsageError(f"--token: give at least {_SHORTEST} printable ASCII characters that nobody guesses")
    if token is None and not is_loopback(host):
        token = secrets.token_urlsafe(_TOKEN_BYTES)
    sweep()
    with contextlib.ExitStack() as stack:
        # The same directory twice is one archive.
        named = dict.fromkeys(one.absolute() for one in archive or ())
        opened = [stack.enter_context(open_archive(one)) for one in (*named, *([] if named else [None]))]
        for one in opened:
            one.count()  # a catalogue that cannot be read is told here, not with each answer
        socket = bound(host, port)
        port = socket.getsockname()[1]
        frames = _beside(host, port) if captured_port is None else bound(host, captured_port)
        captured_port = frames.getsockname()[1]
        folder = installed()
        scripted = _beside(host, captured_port) if folder is not None else None
        settings = Settings(
            host=host,
            port=port,
            captured_port=captured_port,
            viewer_port=None if scripted is None else scripted.getsockname()[1],
            token=token,
            names=tuple(name or ()),
            public=None if public is None else origin(public, "--public"),
            viewers=tuple(origin(one, "--viewer") for one in viewer or ()),
        )
        url = settings.public or f"http://{bracketed(host)}:{port}"
        entrance = f"{url}/?token={token}" if token is not None else f"{url}/"

        def ready() -> None:
            if json:
                terminal.emit({"archive": called, "url": url, "token": token})
            else:
                is_at = "is at" if len(opened) == 1 else "are at"
                terminal.out().print(f"{called} {is_at} {entrance} (Ctrl-C ends it)", soft_wrap=True)
            sys.stdout.flush()  # who reads it in a pipe waits for it
            if open_:
                webbrowser.open(entrance)

        service = joined(opened, settings)
        called = title(service) if service.parts else opened[0].configuration.name
        parts = {port: application(service), captured_port: captured_application(service)}
        sockets = [socket, frames]
        if folder is not None and scripted is not None:
            parts[scripted.getsockname()[1]] = viewing_application(service, Packages(), folder)
            sockets.append(scripted)
        try:
            server(ByPort(parts), ready).run(sockets)
        except KeyboardInterrupt:
            terminal.say("ended")


def _beside(host: str, port: int) -> Any:  # noqa: ANN401 - a socket
    """A socket for captured pages, or for the viewer: at the next port, or where that is taken at any."""
    from archive.replay.listening import bound  # noqa: PLC0415 - only this verb needs a server

    try:
        return bound(host, port + 1 if port < _LAST else 0)
    except UsageError:
        return bound(host, 0)
