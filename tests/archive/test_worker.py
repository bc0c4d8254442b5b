"""The killable child: pages that hang, hog or crash it, and the good page after them."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from archive.article import Article, canonical_json, from_json
from archive.capture import Capture
from archive.cleaning.clean import clean
from archive.cleaning.profile import Profile
from archive.configuration import Cleaning
from archive.failure import CleaningFailure, FailureReason
from archive.worker import MEMORY, CleaningChild

SENTENCE = "The crane moved sixty metres to the east on Sunday, and nobody in the old town heard it go. "
GOOD = f"<html><body><h1>Crane</h1><p>{SENTENCE * 3}</p><p>{SENTENCE * 4}</p></body></html>".encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"


def capture_of(page: bytes, name: str = "good") -> Capture:
    url = f"https://courier.example/{name}"
    return Capture(id=f"urn:x:{name}", url=url, key=url, at=1_795_600_000_000_000, block=partial(bytes, HEAD + page))


def test_the_child_gives_the_bytes_that_clean_gives() -> None:
    good, profile = capture_of(GOOD), Profile("courier", ("Related",))
    with CleaningChild() as child:
        assert child.clean(good) == canonical_json(clean([good]))
        assert child.clean([good], profile) == canonical_json(clean([good], profile))
        assert child.clean(capture_of(b"")) == canonical_json(clean([capture_of(b"")]))


def test_an_archive_gives_it_the_memory_that_was_measured() -> None:
    assert Cleaning().memory * 2**20 == MEMORY


def open_files() -> set[str]:
    return {one.name for one in Path("/proc/self/fd").iterdir()}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_a_page_that_takes_too_long_is_killed_and_the_next_one_cleaned() -> None:
    # Within every budget, and still seconds of work: thousands of links in one paragraph.
    slow = capture_of(b"<html><body><p>" + b"<a href=x>word word</a> and " * 50_000, "slow")
    with CleaningChild() as child:
        child.clean(capture_of(GOOD))
        first = child.pid
        assert first is not None
        result = child.clean(slow, timeout=0.3)
        assert isinstance(result, CleaningFailure)
        assert result.reason is FailureReason.TIMEOUT
        assert not alive(first)
        assert isinstance(child.clean(capture_of(GOOD)), bytes)


@pytest.mark.slow
def test_a_page_that_takes_too_much_memory_fails_and_the_next_one_is_cleaned() -> None:
    large = capture_of(b"<html><body>" + b"<p>" + b"ab " * 1_500_000, "large")
    with CleaningChild(memory=80 * 2**20) as child:
        assert isinstance(child.clean(capture_of(GOOD)), bytes)
        result = child.clean(large, timeout=300)  # a loaded machine takes longer than it may to come to that
        assert isinstance(result, CleaningFailure)
        assert result.reason is FailureReason.MEMORY
        assert isinstance(child.clean(capture_of(GOOD)), bytes)


def test_a_child_that_dies_is_a_crash_and_the_next_page_is_cleaned() -> None:
    with CleaningChild() as child:
        # The block reader is what a test can make die inside the child.
        result = child.clean(replace(capture_of(b""), block=partial(os._exit, 7)))
        assert result == CleaningFailure(FailureReason.CRASH, "exit code 7")
        assert isinstance(child.clean(capture_of(GOOD)), bytes)
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        assert isinstance(child.clean(capture_of(GOOD)), bytes | CleaningFailure)
        assert isinstance(child.clean(capture_of(GOOD)), bytes)


def test_bytes_that_cannot_be_read_are_a_failure_with_its_reason(tmp_path: Path) -> None:
    missing = Capture(id="urn:x:1", url="https://courier.example/", key="k", at=0, block=(tmp_path / "gone").read_bytes)
    with CleaningChild() as child:
        result = child.clean(missing)
        assert isinstance(result, CleaningFailure)
        assert result.reason is FailureReason.UNREAD
        assert "gone" in result.detail
        assert isinstance(child.clean(capture_of(GOOD)), bytes)


def test_the_child_is_recycled_and_leaves_nothing_behind() -> None:
    before = open_files()
    with CleaningChild(recycle=2) as child:
        pids = []
        for _ in range(3):
            child.clean(capture_of(GOOD))
            pids.append(child.pid)
        assert pids[1] is None
        assert pids[0] != pids[2]
    assert open_files() == before
    assert not any(alive(pid) for pid in pids if pid)


PARENT = """
import sys, signal
from tests_worker_page import page
from archive.worker import CleaningChild
child = CleaningChild()
child.clean(page)
print(child.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
def test_the_child_dies_with_its_parent(tmp_path: Path) -> None:
    (tmp_path / "tests_worker_page.py").write_text(
        "from functools import partial\nfrom archive.capture import Capture\n"
        "page = Capture(id='u', url='https://courier.example/', key='k', at=0, block=partial(bytes, b''))\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert alive(pid)
    waiting = os.pidfd_open(pid)
    try:
        parent.kill()
        parent.communicate()
        assert select.select([waiting], [], [], 10)[0]
    finally:
        os.close(waiting)


def test_a_lower_limit_of_the_users_own_stops_no_child() -> None:
    program = (
        "import resource, archive.worker\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({1 << 16}, {1 << 16}))\n"
        "archive.worker._limit(resource.RLIMIT_FSIZE, archive.worker.MAX_OUTPUT)\n"
        "archive.worker._limit(resource.RLIMIT_CORE, 0)\n"
        "print(resource.getrlimit(resource.RLIMIT_FSIZE), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "(65536, 65536) (0, 0)"


def test_the_child_imports_nothing_heavy() -> None:
    program = "import sys, archive.worker; print([name for name in sys.argv[1:] if name in sys.modules])"
    heavy = ["scrapy", "twisted", "sqlalchemy", "pyarrow", "pydantic", "typer", "rich"]
    found = subprocess.run([sys.executable, "-c", program, *heavy], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_text_is_an_article() -> None:
    with CleaningChild() as child:
        answer = child.clean(capture_of(GOOD))
    assert isinstance(answer, bytes)
    assert isinstance(from_json(answer), Article)
