"""ReplayWeb.page, which shows captured pages with their scripts: fetched on request, for its licence is the AGPL.

Its files lie in the user's data directory, under its version. Only the package of the digest below is unpacked, and of
that only the files that are served.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.durable import storage
from archive.errors import NotFound, NotReadable, UsageError

_MOST = 32 * 2**20  # bytes of the package, and of each file in it; it has 2.4 MB, its largest file 1.3
_PATIENCE = 300.0  # seconds for npm


@dataclass(frozen=True, slots=True)
class Known:
    """A package that is known: its name and version, what its bytes must be (SRI, as npm has it), and its files."""

    name: str
    version: str
    integrity: str
    files: tuple[str, ...]

    @property
    def spec(self) -> str:
        """How npm is asked for it."""
        return f"{self.name}@{self.version}"


KNOWN = Known(
    "replaywebpage",
    "2.5.3",
    "sha512-nCj2PSON3BxeSJKE8AsYPyULv0XPZKJWfy4l9PyQre9SqwLZ+WKZVs/sfLqPOQ4GrH+0YkjbwOhr8cSTH08gsQ==",
    ("ui.js", "sw.js", "LICENSE", "package.json"),
)


def home(known: Known = KNOWN) -> Path:
    """Where its files are, or would be."""
    data = os.environ.get("XDG_DATA_HOME", "")
    base = Path(data) if data.startswith("/") else Path.home() / ".local/share"
    return base / "presskeep" / f"{known.name}-{known.version}"


def installed(known: Known = KNOWN) -> Path | None:
    """The folder with its files; None where they are not there. They are put there as a whole or not at all."""
    folder = home(known)
    return folder if folder.is_dir() else None


def install(source: str | None = None, known: Known = KNOWN) -> Path:
    """Put its files in their place, and give the folder.

    ``source`` is a file, or an address for npm; without it npm is asked for the package by name. Raises NotFound where
    npm is not there, NotReadable where nothing can be had, UsageError for a package that is another one, StorageFull.
    """
    if source is not None and "://" not in source:
        return unpack(_read(Path(source)), known)
    with _packed(source or known.spec) as file:
        return unpack(_read(file), known)


def remove(known: Known = KNOWN) -> bool:
    """Remove its files; False where there are none."""
    folder = installed(known)
    if folder is None:
        return False
    with tempfile.TemporaryDirectory(prefix=".gone-", dir=folder.parent) as rest:
        folder.rename(Path(rest) / folder.name)
    return True


def unpack(package: bytes, known: Known = KNOWN) -> Path:
    """Put the files of a package in their place."""
    found = f"sha512-{base64.b64encode(hashlib.sha512(package).digest()).decode()}"
    if found != known.integrity:
        raise UsageError(
            f"this is not {known.name} {known.version} as it was published ({found}, not {known.integrity}): "
            f"fetch the package again with 'npm pack {known.spec}'"
        )
    files = dict(_members(package, known))
    missing = set(known.files) - files.keys()
    if missing:
        raise UsageError(f"the package has no {', '.join(sorted(missing))}: fetch it again")
    folder = home(known)
    with storage(str(folder)):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as room:
            made = Path(room) / folder.name
            made.mkdir()
            for name, body in files.items():
                (made / name).write_bytes(body)
            if folder.is_dir():
                shutil.rmtree(folder)
            made.rename(folder)
    return folder


def _members(package: bytes, known: Known) -> Iterator[tuple[str, bytes]]:
    """The files that are wanted, by their exact names: no other member is even looked at."""
    wanted = {f"package/{name}": name for name in known.files}
    try:
        with tarfile.open(fileobj=io.BytesIO(package), mode="r:gz") as archive:
            for member in archive:
                name = wanted.get(member.name)
                if name is None or not member.isreg() or member.size > _MOST:
                    continue
                opened = archive.extractfile(member)
                if opened is not None:
                    yield name, opened.read(_MOST)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise UsageError(f"the package cannot be unpacked ({error}): fetch it again") from error


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            body = opened.read(_MOST + 1)
    except OSError as error:
        raise NotReadable(f"{file} cannot be read ({error.strerror}): name a file that exists") from error
    if len(body) > _MOST:
        raise UsageError(f"{file} is larger than the package can be: name the file that 'npm pack' makes")
    return body


@contextmanager
def _packed(spec: str) -> Iterator[Path]:
    """What ``npm pack`` fetches. It runs no script of the package, and asks the registry that npm is set up for."""
    program = shutil.which("npm")
    if program is None:
        raise NotFound(
            "npm is not installed: install it, or fetch the package elsewhere with "
            f"'npm pack {KNOWN.spec}' and name the file with --from"
        )
    with tempfile.TemporaryDirectory(prefix="presskeep-viewer-") as room:
        asked = [program, "pack", spec, "--ignore-scripts", "--silent", "--pack-destination", room]
        try:
            done = subprocess.run(asked, cwd=room, capture_output=True, text=True, timeout=_PATIENCE, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotReadable(f"npm did not fetch {spec} ({error}): try again, or use --from FILE") from error
        files = list(Path(room).glob("*.tgz"))
        if done.returncode or len(files) != 1:
            said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
            raise NotReadable(f"npm did not fetch {spec} ({said[:300]}): try again, or use --from FILE")
        yield files[0]
