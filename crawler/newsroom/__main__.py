"""``python -m crawler.newsroom``: serves the newsroom until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from contextlib import ExitStack

from crawler.newsroom.server import ADDRESS, Newsroom


def main(arguments: list[str] | None = None) -> int:
    """Serves until SIGINT or SIGTERM; the addresses go to stdout."""
    parser = argparse.ArgumentParser(prog="python -m crawler.newsroom", description="Two fictional news sites.")
    parser.add_argument("--port", type=int, default=8017, help="port on loopback; 0 takes a free one (default 8017)")
    parser.add_argument("--visit", type=int, default=1, choices=(1, 2), help="which state of the sites is shown")
    parser.add_argument("--awkward", action="store_true", help="serve the awkward hosts too")
    options = parser.parse_args(arguments)
    if not 0 <= options.port <= 65535:
        parser.error(f"--port {options.port}: ports are 0 to 65535")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with ExitStack() as stack:
        try:
            newsroom = stack.enter_context(Newsroom(options.visit, options.port, awkward=options.awkward))
        except OSError as error:
            sys.stderr.write(f"Port {options.port} cannot be had ({error.strerror}): try --port 0.\n")
            return 1
        sys.stdout.write(f"http://{ADDRESS}:{newsroom.port}/  (Ctrl-C ends it)\n")
        sys.stdout.writelines(f'"{host}" = "{where}"\n' for host, where in newsroom.resolve.items())
        sys.stdout.flush()
        ended.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
