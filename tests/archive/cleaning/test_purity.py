"""The rule that the same inputs give the same bytes, tried in processes that differ in everything else."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.article import canonical_json
from archive.capture import Capture
from archive.cleaning.clean import clean
from archive.cleaning.version import CLEANER

# Cleans the pickled captures in the order given and prints version and texts, sorted by capture; time is shifted
# before anything else is imported, and a read of the clock by the cleaner would show.
PROGRAM = """
import sys, time, datetime, pickle
shift, order, where = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
if shift:
    real, nanos, local = time.time, time.time_ns, time.localtime
    time.time = lambda: real() + shift
    time.time_ns = lambda: nanos() + int(shift * 1e9)
    time.localtime = lambda *given: local(*given) if given else local(time.time())
    class Shifted(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromtimestamp(time.time(), tz)
        @classmethod
        def utcnow(cls):
            return cls.fromtimestamp(time.time(), datetime.timezone.utc).replace(tzinfo=None)
        @classmethod
        def today(cls):
            return cls.fromtimestamp(time.time())
    datetime.datetime = Shifted
from archive.article import canonical_json
from archive.cleaning.clean import clean
from archive.cleaning.version import CLEANER
captures = pickle.load(open(where, "rb"))
texts = {number: canonical_json(clean([captures[number]])) for number in list(range(len(captures)))[::order]}
sys.stdout.buffer.write(CLEANER.encode() + b"".join(texts[number] for number in sorted(texts)))
"""

PAGES = """
<html><head><title>Quay Street</title></head><body><h1>Quay Street</h1><p>Published on 24 November 2026</p>{}</body>
|<html><body><h1>Undated</h1><p>Yesterday, two hours ago, March 2020, 11/12/26.</p>{}</body></html>
|<html><body><h1>Repeated</h1>{}<div class="related">{}</div><ul><li>one</li><li>two</li></ul></body></html>
|<html><body><table><tr><td>One</td><td>Two</td></tr></table>{}</body></html>
|<html><body><h1>Short</h1><p>Stub.</p></body></html>
"""
SENTENCE = "<p>The crane moved sixty metres to the east on Sunday, and nobody heard it go, said the <b>mayor</b>.</p>"


@pytest.fixture
def pages(capture: Callable[..., Capture], story: str) -> list[Capture]:
    texts = [story, *(page.replace("{}", SENTENCE * 4) for page in PAGES.strip().split("|"))]
    return [capture(text, url=f"https://courier.example/story-{number}") for number, text in enumerate(texts)]


@pytest.mark.slow
def test_the_same_bytes_in_every_process(pages: list[Capture], tmp_path: Path) -> None:
    where = tmp_path / "captures"
    # Only what a capture is and its bytes travel; the block reader here is of the standard library.
    where.write_bytes(pickle.dumps(pages))
    expected = CLEANER.encode() + b"".join(canonical_json(clean([one])) for one in pages)
    surroundings = [
        ({"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}, "0", "1"),
        ({"PYTHONHASHSEED": "2", "TZ": "America/Anchorage", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}, "86400000", "-1"),
        ({"PYTHONHASHSEED": "77", "TZ": "UTC", "LANG": "tr_TR.UTF-8"}, "-400000000", "-1"),
    ]
    for environment, shift, order in surroundings:
        found = subprocess.run(
            [sys.executable, "-c", PROGRAM, shift, order, str(where)],
            env={**os.environ, **environment},
            cwd=tmp_path,
            capture_output=True,
            check=True,
        )
        assert found.stdout == expected


def test_what_was_cleaned_before_does_not_matter(pages: list[Capture]) -> None:
    first = [canonical_json(clean([one])) for one in pages]
    again = [canonical_json(clean([one])) for one in reversed(pages)][::-1]
    assert first == again


def test_the_version_is_a_number_and_a_fingerprint() -> None:
    number, _, fingerprint = CLEANER.partition("+")
    assert number.count(".") == 2
    assert len(fingerprint) == 12
    int(fingerprint, 16)
