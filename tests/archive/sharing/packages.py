"""Packages of tests: made, and what their indexes and pages say."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

from archive.sharing.packing import Packed, pack
from archive.sharing.selection import Selection
from archive.store import Archive


def packed(
    archive: Archive, path: Path, selection: Selection | None = None, title: str = "", description: str = ""
) -> tuple[Packed, zipfile.ZipFile]:
    return pack(archive, str(path), selection or Selection(), title=title, description=description), zipfile.ZipFile(
        path
    )


def listed(package: zipfile.ZipFile) -> list[dict[str, str]]:
    text = gzip.decompress(package.read("indexes/index.cdx.gz")).decode()
    return [json.loads(one.split(" ", 2)[2]) for one in text.splitlines()]


def pages(package: zipfile.ZipFile) -> list[dict[str, str]]:
    return [json.loads(one) for one in package.read("pages/pages.jsonl").decode().splitlines()][1:]
