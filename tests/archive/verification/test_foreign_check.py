"""Foreign files that are held against the standard: of what is wrong a million times, some is told, and how much."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import pytest
from bringing_in import imported, laid

from archive.store import Archive
from archive.warc.finding import Rule, Severity


@pytest.mark.slow
def test_findings_do_not_grow_with_the_number_of_bad_records(tmp_path: Path, archive: Archive) -> None:
    bad = b"WARC/1.0\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
    imported(archive, laid(tmp_path, "bad.warc.gz", gzip.compress(bad * 5000, mtime=0)))
    found = archive.verify()
    assert not found.damaged
    counts = Counter((one.rule, one.severity) for one in found.findings)
    assert counts[Rule.DATE, Severity.NOTE] == 1001
    assert counts[Rule.RECORD_ID, Severity.CONVENTION] == 1001
    (last,) = (one for one in found.findings if one.rule is Rule.DATE and "more places" in one.message)
    assert "4,000 more places like the 1,000 before" in last.message
    assert last.offset == 4999 * len(bad)
