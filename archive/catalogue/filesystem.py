"""File systems: whether SQLite's shared memory and locks can be relied on where a directory lies."""

from __future__ import annotations

import os
import re
from pathlib import Path

from archive.errors import ConfigurationError

MOUNTS = Path("/proc/self/mountinfo")  # Linux; elsewhere nothing is known, and nothing refused

# "All processes using a database must be on the same host computer; WAL does not work over a network filesystem"
# (https://www.sqlite.org/wal.html). 9p is left out: virtual machines and containers have it for local disks, too.
NETWORKED = frozenset(
    {
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "fuse.beegfs",
        "fuse.ceph",
        "fuse.cephfs",
        "fuse.davfs2",
        "fuse.gcsfuse",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "pvfs2",
        "smb3",
        "smbfs",
    }
)
_OCTAL = re.compile(r"\\([0-7]{3})")


def kind_of(directory: Path, mounts: str) -> str | None:
    """The type of the file system that a directory lies on, by the text of a mountinfo (proc(5)); None if unknown."""
    path = os.path.realpath(directory)
    best, kind = -1, None
    for line in mounts.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if not dash or len(fields) < 5:
            continue
        point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4])
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best:  # a later mount on the same point hides the earlier one
            best, kind = len(point), after.split(" ")[0]
    return kind


def require_local(directory: Path, *, mounts: Path | None = None) -> None:
    """Raise ConfigurationError, with the way out, where SQLite must not be used in a directory."""
    try:
        kind = kind_of(directory, (mounts or MOUNTS).read_text("utf-8", "replace"))
    except OSError:
        return
    if kind in NETWORKED:
        raise ConfigurationError(
            f"{directory} lies on a network file system ({kind}), where SQLite loses data: write state_dir = "
            '"/a/local/directory" into its archive.toml and go on',
            file=str(directory),
        )
