"""Gzip members without content in files of other writers."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from bringing_in import imported, laid, told, urls
from foreign_files import gzipped, warc_records

from archive.store import Archive


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: gzip.compress(content, 0, mtime=7)], ids=["9", "0"])
def test_empty_gzip_members_are_stepped_over_however_many(
    tmp_path: Path, archive: Archive, pack: Callable[[bytes], bytes]
) -> None:
    nothing = pack(b"")
    packed = gzipped(warc_records())
    path = laid(tmp_path, "a.warc.gz", nothing * 100_000 + packed + nothing * 3)
    (brought,) = imported(archive, path)
    assert brought.entered is not None
    assert brought.entered.gaps == ()
    plain = len(urls(archive))
    assert plain == brought.entered.captures > 0
    assert not told(archive.verify())
