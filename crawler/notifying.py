"""Notifying: what needs a person is told once, to a command or a web address, and once more when all is well again."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import urllib.error
import urllib.request
from collections.abc import Sequence

from archive import clock
from archive.configuration import FILE_NAME, read_configuration
from archive.durable import written
from archive.errors import StorageFull, UsageError
from archive.store import Archive
from crawler.status import Need

NAME = "notified.json"
PATIENCE = 60.0  # seconds that a command has
ANSWER = 15.0  # seconds that a web address has


def tell(archive: Archive, needs: Sequence[Need]) -> str:
    """Tell what was not told before; gives what became of it in words, nothing where nothing was to be told.

    What could not be told is tried again the next time. Raises UsageError where archive.toml names nobody to tell.
    """
    notify = read_configuration(archive.path / FILE_NAME).notify
    if not notify:
        raise UsageError(f'write notify = "COMMAND" or a web address into {archive.path / FILE_NAME}: docs/service.md')
    path = archive.state_path.parent / NAME
    told = _told(archive)
    new = [need for need in needs if need.key not in told]
    if not new and (needs or not told):
        if told != {need.key for need in needs}:
            _remember(archive, needs)
        return ""
    name = archive.configuration.name
    lines = [f"Presskeep {name}: " + ("something needs a person" if new else "all is well again")]
    lines += [f"- {need.said}" for need in new]
    text = "\n".join(lines)
    problem = _post(notify, archive, text, needs) if notify.startswith("http") else _run(notify, archive, text)
    if problem:
        return f"notify failed, and is tried again: {problem}"
    with contextlib.suppress(StorageFull, OSError):  # else it is told twice
        _remember(archive, needs)
    return f"told {notify.split()[0] if not notify.startswith('http') else 'the web address'}: {path.name} remembers it"


def _told(archive: Archive) -> set[str]:
    try:
        known = json.loads((archive.state_path.parent / NAME).read_bytes())
    except (OSError, ValueError):
        return set()
    return {str(one) for one in known} if isinstance(known, list) else set()


def _remember(archive: Archive, needs: Sequence[Need]) -> None:
    written(archive.state_path.parent / NAME, [json.dumps(sorted(need.key for need in needs)).encode() + b"\n"])


def _run(command: str, archive: Archive, text: str) -> str:
    """Run a command with the text on its standard input; what went wrong, in words."""
    environment = {**os.environ, "PRESSKEEP_ARCHIVE": str(archive.path), "PRESSKEEP_MESSAGE": text}
    try:
        done = subprocess.run(
            shlex.split(command), input=f"{text}\n", text=True, capture_output=True, timeout=PATIENCE, check=False,
            env=environment,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"the command took more than {PATIENCE:g} s"
    except OSError as error:
        return f"the command could not be started: {error.strerror or error}"
    last = done.stderr.strip().rpartition("\n")[2]
    return f"the command ended with exit code {done.returncode}: {last}" if done.returncode else ""


def _post(address: str, archive: Archive, text: str, needs: Sequence[Need]) -> str:
    """Post JSON of which ``text`` is what chat services show; what went wrong, in words."""
    document = {
        "text": text,
        "archive": archive.configuration.name,
        "at": clock.warc_date(clock.now()),
        "needs": [need.said for need in needs],
    }
    request = urllib.request.Request(  # noqa: S310 - the configuration takes http and https alone
        address, json.dumps(document).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=ANSWER):
            return ""
    except urllib.error.HTTPError as error:
        return f"it answers {error.code}"
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))
