"""Fuzzing by coverage: whatever the bytes, reading, linting, importing and cleaning neither crash nor hang.

Needs atheris (`pip install atheris`), which the project does not depend on. A run gives each target its share of the
time, in a process of its own; what brings one down is kept, and named at the end, where the exit code is then 1:

    python benchmarks/fuzz.py --minutes 60

The first byte of an input says how the rest is packed, so that the fuzzer changes records, not compressed streams. Of
a page it says what the response head calls its charset; the promises of `tests/archive/promised.py` are asked of it.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import io
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import zstandard

if TYPE_CHECKING:
    from archive.store import Archive

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "archive")]
TARGETS = ("reader", "linter", "importer", "pages")
_TIMEOUT = 30  # seconds for one input: more is a hang
_MEMORY = 2048  # MiB
_LONGEST = 64 * 1024  # bytes of an input


def packed(data: bytes) -> tuple[str, bytes]:
    """The file that an input stands for, and its name."""
    kind, content = data[0] % 8 if data else 0, data[1:]
    match kind:
        case 1:
            return "x.warc.gz", gzip.compress(content, 1)
        case 2:
            return "x.warc.gz", b"".join(gzip.compress(b"WARC/1." + one, 1) for one in content.split(b"WARC/1.")[1:])
        case 3:
            return "x.warc.zst", zstandard.ZstdCompressor().compress(content)
        case 4:
            parts = content.split(b"WARC/1.")[1:]
            return "x.warc.zst", b"".join(zstandard.ZstdCompressor().compress(b"WARC/1." + one) for one in parts)
        case 5:
            return "x.arc.gz", gzip.compress(content, 1)
        case 6:
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as target:
                target.writestr("archive/data.warc", content)
            return "x.wacz", out.getvalue()
        case _:
            return "x.warc", content


def seeds() -> list[bytes]:
    """Good files to begin with, plain, with each way of packing."""
    from foreign_files import forms

    made = forms()
    plain = [made["plain.warc"], made["plain.arc"], made["second.arc"]]
    return [bytes([kind]) + one for one in plain for kind in range(8)] + [b"\0" + one for one in made.values()]


def reader(path: Path, derived: Path) -> None:
    """Read a file through its form, and each record again by its offset."""
    from archive.errors import PresskeepError
    from archive.warc.foreign.source import open_place
    from archive.warc.stored import Record

    try:
        with open_place(path, derived, path.name) as source:
            pieces = list(source.scan())
            for piece in pieces[:50]:
                if isinstance(piece, Record) and source.read(piece.offset).block != piece.block:
                    raise AssertionError(f"the record at {piece.offset} is another one when it is read alone")
    except PresskeepError:
        pass  # told, with its reason


def linter(path: Path, derived: Path) -> None:
    """Lint a file."""
    from archive.errors import PresskeepError
    from archive.lint.linter import lint

    with contextlib.suppress(PresskeepError):
        lint([path])


def importer(path: Path, derived: Path) -> None:
    """Import a file, read what came of it, and verify now and then; an archive serves for some files."""
    from archive.entering.importing import import_files
    from archive.errors import PresskeepError

    archive, number = _Shared.next(derived.parent.parent)
    before = archive.count()[0]
    (brought,) = import_files(archive, [path])
    if archive.count()[0] - before != brought.entered.captures:
        raise AssertionError(f"{brought.entered.captures} captures were entered, {archive.count()[0] - before} came")
    for capture in archive.captures():
        if capture.location is not None and capture.location.file == brought.file:
            if capture.kind == "response":
                capture.block()
            with contextlib.suppress(PresskeepError):  # a body that was cut, an unknown coding
                capture.payload()
    if number == _Shared.FILES:
        found = archive.verify()
        if found.damaged or found.repairable:
            raise AssertionError(f"an archive that holds it is not sound: {found.findings[:3]}")


_CHARSETS = ("", "utf-8", "iso-8859-1", "gbk", "shift_jis", "utf-16", "iso-2022-jp", "windows-1251")


def page(data: bytes) -> None:
    """Clean a page, tell its ledger, and prove what came of it."""
    from promised import keeps_promises

    from archive.capture import Capture

    charset = _CHARSETS[data[0] % len(_CHARSETS)] if data else ""
    said = f"text/html; charset={charset}" if charset else "text/html"
    block = f"HTTP/1.1 200 OK\r\nContent-Type: {said}\r\n\r\n".encode() + data[1:]
    url = "https://courier.example/2026/11/24/crane"
    when = 1_795_600_000_000_000
    keeps_promises(Capture(id="urn:x:1", url=url, key=url, at=when, status=200, block=partial(bytes, block)))


def page_seeds() -> list[bytes]:
    """Hostile pages in small, and malformed ones, each as the fuzzer's inputs are written."""
    from benchmarks.hostile_catalogue import PAGES

    small = [one.make(min(one.small, 200)) for one in PAGES.values()]
    return [bytes([number % len(_CHARSETS)]) + one[:_LONGEST] for number, one in enumerate(small)]


class _Shared:
    """The archive into which the next files are imported."""

    FILES = 20
    archive: Archive | None = None
    place: tempfile.TemporaryDirectory[str] | None = None
    used = 0

    @classmethod
    def next(cls, parent: Path) -> tuple[Archive, int]:
        """An archive, and which of its files this one is."""
        from archive.store import Archive

        if cls.archive is None or cls.used == cls.FILES:
            if cls.archive is not None and cls.place is not None:
                cls.archive.close()
                cls.place.cleanup()
            cls.place = tempfile.TemporaryDirectory(dir=parent)
            cls.archive, cls.used = Archive.create(Path(cls.place.name) / "NEWS"), 0
        cls.used += 1
        return cls.archive, cls.used


RUNS: dict[str, Callable[[Path, Path], None]] = {"reader": reader, "linter": linter, "importer": importer}


def once(target: str, data: bytes) -> None:
    """One input, in a directory of its own in memory where there is one."""
    if target == "pages":
        page(data)
        return
    name, content = packed(data)
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as directory:
        path = Path(directory) / name
        path.write_bytes(content)
        RUNS[target](path, Path(directory) / "derived")


def child(target: str, corpus: Path, seconds: int, crashes: Path) -> None:
    """Fuzz one target; never returns where an input brings it down."""
    import logging

    import atheris

    logging.disable(logging.CRITICAL)  # each broken file is warned of
    with atheris.instrument_imports(include=["archive"]):
        import archive.cleaning.ledger
        import archive.entering.importing
        import archive.lint.linter
        import archive.prove
        import archive.verification.verify  # noqa: F401 - instrumented here

    options = [
        f"-max_total_time={seconds}",
        f"-timeout={_TIMEOUT}",
        f"-rss_limit_mb={_MEMORY}",
        f"-max_len={_LONGEST}",
        f"-artifact_prefix={crashes}/{target}-",
        "-print_final_stats=1",
        "-verbosity=0",
        "-close_fd_mask=0",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], lambda data: once(target, data))
    atheris.Fuzz()


def main() -> int:
    """Fuzz the targets one after the other, or try one input again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0, help="for all targets together")
    parser.add_argument("--target", choices=TARGETS, action="append", help="only this one; may be repeated")
    parser.add_argument("--crashes", type=Path, default=Path("fuzz-crashes"), help="where inputs are kept that break")
    parser.add_argument("--input", type=Path, help="run one kept input again, without atheris")
    parser.add_argument("--child", nargs=2, metavar=("CORPUS", "SECONDS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    targets = asked.target or list(TARGETS)
    if asked.input is not None:
        for target in targets:
            once(target, asked.input.read_bytes())
        return 0
    asked.crashes.mkdir(parents=True, exist_ok=True)
    if asked.child is not None:
        child(targets[0], Path(asked.child[0]), int(asked.child[1]), asked.crashes)
        return 0
    before = set(asked.crashes.iterdir())
    seconds = max(1, round(asked.minutes * 60 / len(targets)))
    worst = 0
    for target in targets:
        with tempfile.TemporaryDirectory() as corpus:
            for one in page_seeds() if target == "pages" else seeds():
                (Path(corpus) / hashlib.sha256(one).hexdigest()[:16]).write_bytes(one)
            began = time.monotonic()
            command = [sys.executable, __file__, "--target", target, "--crashes", str(asked.crashes)]
            done = subprocess.run(
                [*command, "--child", corpus, str(seconds)],
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                check=False,
            )
            kept = len(list(Path(corpus).iterdir()))
        said = [line for line in done.stderr.splitlines() if line.startswith("stat::number_of_executed_units")]
        runs = said[-1].rpartition(" ")[2] if said else "?"
        print(f"{target}: {runs} inputs in {time.monotonic() - began:.0f} s, {kept} of them new paths", flush=True)
        if done.returncode:
            worst = 1
            print("\n".join(done.stderr.splitlines()[-40:]))
    for path in sorted(set(asked.crashes.iterdir()) - before):
        print(f"kept: {path} (run again: python {sys.argv[0]} --input {path})")
    return worst


if __name__ == "__main__":
    sys.exit(main())
