"""A recording file layer, in the manner of SQLite's crash tests (https://www.sqlite.org/testing.html, "crash testing").

What the code under test asks of the system is recorded: create, write, truncate, fsync of files and of directories,
rename, unlink. From every prefix of these operations follow the states in which a loss of power can leave the disk:

- what was written to a file since its last fsync is there, or not, or in part, or the file has grown but blocks of it
  are zeros, as ext4 and XFS leave them (delayed allocation);
- a file that was cut has its old length;
- a name that was made, renamed or removed since the last fsync of its directory is there or not, in the order in
  which that was done or not in it.

After an fsync that failed nobody knows what of the file is on the disk, and a later one does not bring it there.
"""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

BLOCK = 512  # bytes that are lost together: small, because the files of the tests are
Tree = dict[str, bytes]  # the files of a disk, by their path


@dataclass(frozen=True)
class Op:
    """One operation: its name, what it is about, and its arguments."""

    name: str
    args: tuple[Any, ...]


@dataclass
class Recorder:
    """Records what is done below ``root`` while it is patched in; ``failing`` says which operation fails, and how."""

    root: Path
    ops: list[Op] = field(default_factory=list)
    failing: Callable[[str, int], int | None] = lambda name, number: None  # the errno, for the nth operation of a name
    _files: dict[int, int] = field(default_factory=dict)  # inode numbers by descriptor
    _folders: dict[int, str] = field(default_factory=dict)
    _inodes: dict[str, int] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _real: dict[str, Any] = field(default_factory=dict)

    def note(self, name: str, *args: Any) -> None:
        """Record something else than a file operation, such as what was acknowledged."""
        self.ops.append(Op(name, args))

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Patch the functions of the system."""
        self._real = {name: getattr(os, name) for name in _PATCHED}
        with ExitStack() as stack:
            for name in _PATCHED:
                stack.enter_context(mock.patch.object(os, name, getattr(self, name)))
            yield

    def start_from(self, tree: Mapping[str, bytes], folders: Sequence[str] = ()) -> None:
        """What is on the disk, durably, before anything is recorded."""
        self.ops += [Op("found folder", (path,)) for path in folders]
        for path, content in tree.items():
            self._inodes[path] = len(self._inodes) + 1
            self.ops.append(Op("found", (path, self._inodes[path], content)))

    def _path(self, path: Any) -> str | None:
        whole = os.fspath(path)
        root = f"{self.root}/"
        if not (isinstance(whole, str) and whole.startswith(root)) or ".sqlite" in whole or whole.endswith(".lock"):
            return "" if whole == str(self.root) else None
        return whole.removeprefix(root)

    def _fails(self, name: str) -> int | None:
        self._counts[name] = self._counts.get(name, 0) + 1
        return self.failing(name, self._counts[name])

    def open(self, path: Any, flags: int, mode: int = 0o777, **other: Any) -> int:
        where = self._path(path)
        fresh = where and flags & os.O_CREAT and not Path(path).exists()
        descriptor: int = self._real["open"](path, flags, mode, **other)
        if where is None:
            return descriptor
        if Path(path).is_dir():
            self._folders[descriptor] = where
        elif flags & (os.O_WRONLY | os.O_RDWR):
            if fresh:
                self._inodes[where] = 1000 + len(self.ops)
                self.note("create", where, self._inodes[where])
            elif flags & os.O_TRUNC:
                self.note("truncate", self._inodes[where], 0)
            self._files[descriptor] = self._inodes[where]
        return descriptor

    def close(self, descriptor: int) -> None:
        self._files.pop(descriptor, None)
        self._folders.pop(descriptor, None)
        self._real["close"](descriptor)

    def write(self, descriptor: int, data: Any) -> int:
        return self.writev(descriptor, [data]) if descriptor in self._files else self._real["write"](descriptor, data)

    def writev(self, descriptor: int, pieces: Any) -> int:
        if descriptor not in self._files:
            written: int = self._real["writev"](descriptor, pieces)
            return written
        data = b"".join(bytes(one) for one in pieces)
        error = self._fails("write")
        if error is not None:
            data = data[: len(data) // 2]
        at = os.lseek(descriptor, 0, os.SEEK_END)
        self._real["write"](descriptor, data)
        self.note("write", self._files[descriptor], at, data)
        if error is not None:
            raise OSError(error, os.strerror(error))
        return len(data)

    def fdopen(self, descriptor: int, mode: str = "r", *given: Any, **other: Any) -> Any:
        """A stream over a descriptor, whose writes are recorded, too."""
        if descriptor not in self._files:
            return self._real["fdopen"](descriptor, mode, *given, **other)
        return io.BufferedRandom(_Stream(descriptor))

    def ftruncate(self, descriptor: int, size: int) -> None:
        self._real["ftruncate"](descriptor, size)
        if descriptor in self._files:
            self.note("truncate", self._files[descriptor], size)

    def fsync(self, descriptor: int) -> None:
        if descriptor in self._folders:
            self.note("sync folder", self._folders[descriptor])
        elif descriptor in self._files:
            error = self._fails("fsync")
            if error is not None:
                self.note("failed sync", self._files[descriptor])
                raise OSError(error, os.strerror(error))
            self.note("sync", self._files[descriptor])

    def rename(self, source: Any, target: Any, **other: Any) -> None:
        self._real["rename"](source, target, **other)
        one, two = self._path(source), self._path(target)
        if one is not None and two is not None:
            self._inodes[two] = self._inodes.pop(one)
            self.note("rename", one, two)

    replace = rename

    def unlink(self, path: Any, **other: Any) -> None:
        self._real["unlink"](path, **other)
        where = self._path(path)
        if where:
            self._inodes.pop(where, None)
            self.note("unlink", where)

    remove = unlink

    def mkdir(self, path: Any, mode: int = 0o777, **other: Any) -> None:
        self._real["mkdir"](path, mode, **other)
        where = self._path(path)
        if where:
            self.note("mkdir", where)


_PATCHED = (
    *("open", "close", "write", "writev", "fdopen", "ftruncate", "fsync"),
    *("rename", "replace", "unlink", "remove", "mkdir"),
)


class _Stream(io.RawIOBase):
    """A file as what is under Python's streams, which asks the patched functions of the system."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        return self._descriptor

    def readable(self) -> bool:
        return True

    writable = seekable = readable

    def write(self, data: Any) -> int:
        return os.write(self._descriptor, data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def truncate(self, size: int | None = None) -> int:
        size = self.tell() if size is None else size
        os.ftruncate(self._descriptor, size)
        return size

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._descriptor)


@dataclass
class Inode:
    """A file's content: what may be on the disk, and what was done to it since."""

    stable: list[bytes] = field(default_factory=lambda: [b""])
    pending: list[Op] = field(default_factory=list)

    def contents(self) -> Iterator[bytes]:
        """What it may hold after a loss of power; the first is all of it, the second nothing since the last fsync."""
        yield self._after(self.stable[-1], self.pending)
        for base in self.stable:
            yield base
            for number, op in enumerate(self.pending):
                before = self._after(base, self.pending[:number])
                yield before
                if op.name == "write":
                    at, data = op.args[1], op.args[2]
                    for part in (1, len(data) // 2, len(data) - 1):
                        yield self._after(before, [Op("write", (op.args[0], at, data[:part]))])
            whole = self._after(base, self.pending)
            if len(whole) > len(base):
                yield from _holed(whole, len(base))
                yield whole[: len(base) + (len(whole) - len(base)) // 2]

    def synced(self) -> None:
        """All that was done is on the disk."""
        self.stable = list(dict.fromkeys(self._after(base, self.pending) for base in self.stable))
        self.pending = []

    def failed(self) -> None:
        """A failed fsync: all that was done may be on the disk or not, and will not be written later."""
        self.stable = list(dict.fromkeys([*self.stable, self._after(self.stable[-1], self.pending)]))
        self.pending = []

    @staticmethod
    def _after(content: bytes, ops: list[Op]) -> bytes:
        for op in ops:
            if op.name == "write":
                at, data = op.args[1], op.args[2]
                content = content[:at].ljust(at, b"\0") + data + content[at + len(data) :]
            else:
                content = content[: op.args[1]].ljust(op.args[1], b"\0")
        return content


def _holed(whole: bytes, start: int) -> Iterator[bytes]:
    """The file has its new length, but blocks of what is new were never written."""
    blocks = [(max(start, at), min(at + BLOCK, len(whole))) for at in range(start - start % BLOCK, len(whole), BLOCK)]
    for lost in (blocks, blocks[:1], blocks[-1:], blocks[1::2], blocks[len(blocks) // 2 :][:1]):
        content = bytearray(whole)
        for begin, end in lost:
            content[begin:end] = bytes(end - begin)
        yield bytes(content)


@dataclass
class Disk:
    """What may be on a disk, as the operations go on."""

    inodes: dict[int, Inode] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)  # durable
    folders: set[str] = field(default_factory=lambda: {""})
    pending: list[Op] = field(default_factory=list)  # of names

    def apply(self, op: Op) -> None:
        """One operation more."""
        match op.name:
            case "found":
                path, inode, content = op.args
                self.inodes[inode], self.names[path] = Inode([content]), inode
                self.folders.update(_above(path))
            case "found folder":
                self.folders.add(op.args[0])
            case "create":
                self.inodes[op.args[1]] = Inode()
                self.pending.append(op)
            case "write" | "truncate":
                self.inodes[op.args[0]].pending.append(op)
            case "sync":
                self.inodes[op.args[0]].synced()
            case "failed sync":
                self.inodes[op.args[0]].failed()
            case "rename" | "unlink" | "mkdir":
                self.pending.append(op)
            case "sync folder":
                done = [one for one in self.pending if _folder(one.args[0]) == op.args[0]]
                self.names, self.folders = _named(self.names, self.folders, done)
                self.pending = [one for one in self.pending if one not in done]

    def trees(self) -> Iterator[Tree]:
        """The states that a loss of power may leave."""
        seen: set[frozenset[tuple[str, bytes]]] = set()
        for names in self._namings():
            for content in self._contents(set(names.values())):
                tree = {path: content[inode] for path, inode in names.items()}
                key = frozenset(tree.items())
                if key not in seen:
                    seen.add(key)
                    yield tree

    def _namings(self) -> Iterator[dict[str, int]]:
        chosen = [self.pending[:number] for number in range(len(self.pending), -1, -1)]
        chosen += [[*self.pending[:number], *self.pending[number + 1 :]] for number in range(len(self.pending))]
        for ops in chosen:
            names, folders = _named(self.names, self.folders, ops)
            yield {path: inode for path, inode in names.items() if folders >= _above(path)}

    def _contents(self, named: set[int]) -> Iterator[dict[int, bytes]]:
        """Each file in each of its states, while the others have all or nothing of what they were given."""
        states = {inode: list(dict.fromkeys(self.inodes[inode].contents())) for inode in named}
        for usual in (0, -1):
            others = {
                inode: found[0] if usual == 0 else found[min(1, len(found) - 1)] for inode, found in states.items()
            }
            yield others
            for inode, found in states.items():
                for content in found:
                    yield {**others, inode: content}


def _named(names: dict[str, int], folders: set[str], ops: list[Op]) -> tuple[dict[str, int], set[str]]:
    """Names after some operations; one whose name is not there does nothing."""
    names, folders = dict(names), set(folders)
    for op in ops:
        if op.name == "create":
            names[op.args[0]] = op.args[1]
        elif op.name == "mkdir":
            folders.add(op.args[0])
        elif op.args[0] in names:
            inode = names.pop(op.args[0])
            if op.name == "rename":
                names[op.args[1]] = inode
    return names, folders


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _above(path: str) -> set[str]:
    parts = path.split("/")[:-1]
    return {"/".join(parts[:number]) for number in range(len(parts) + 1)}


def failing(name: str, numbers: set[int], error: int = errno.ENOSPC) -> Callable[[str, int], int | None]:
    """Let operations of a name fail, counted from 1."""
    return lambda one, number: error if one == name and number in numbers else None
