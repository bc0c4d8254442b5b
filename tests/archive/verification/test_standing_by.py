"""Children that stand by as copies of a process: what they find, what becomes of them, and when there are none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from exchanges import exchange

from archive.store import Archive
from archive.verification.verify import verify

CAPTURES = 24
# A process of one thread, as the verb's is: that of the tests has several.
PROGRAM = """
import json, os, signal, sys, threading, time
from archive.store import Archive
from archive.verification import inspectors, stretch
from archive.verification.verify import verify

inspectors.WORTH_IT, stretch.LENGTH = 0, 2_000
inspectors.cores = lambda: 3
here, said = [], []
ids, done = stretch.Stretch.ids, inspectors._Child.done
process = os.getpid()

def slowly(part, advanced):
    time.sleep(0.2 if os.getpid() == process else 0)  # or this process could have done all before a child had begun
    here.append(part)
    return ids(part, advanced)

def told(child, part, reached):
    said.append(part)
    return done(child, part, reached)

def refused(*given, **named):
    started.append(given)
    raise OSError("no new process")

stretch.Stretch.ids, inspectors._Child.done = slowly, told
started, how = [], sys.argv[2]
inspectors.subprocess.Popen = refused
wait = threading.Event()
if how == "threads":
    threading.Thread(target=wait.wait).start()
if how == "no room":
    os.fork = refused
open_before = len(os.listdir("/proc/self/fd"))
with Archive.open(sys.argv[1]) as archive:
    with inspectors.StandingBy(archive.warc_path) as standing_by:
        children = list(standing_by._children)
        if how == "killed":
            for child in children:
                os.kill(child._process._pid, signal.SIGKILL)
        if how == "unused":
            found = None
        else:
            try:
                found = repr(verify(archive, standing_by=standing_by))
            except OSError as error:
                found = str(error)
wait.set()
try:
    os.waitpid(-1, os.WNOHANG)
    left = True
except ChildProcessError:
    left = False
print(json.dumps({"children": len(children), "found": found, "here": len(here), "said": len(said), "left": left,
                  "open": len(os.listdir("/proc/self/fd")) - open_before, "started": len(started)}))
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no process is copied")


@pytest.fixture
def news(archive: Archive) -> Archive:
    """One closed file of some captures."""
    with archive.writer("crawl") as writer:
        for number in range(CAPTURES):
            writer.add(exchange(f"page-{number}", number, body=bytes(range(256)) * (1 + number % 5)))
    return archive


def run(archive: Archive, how: str = "") -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(archive.path), how], check=True, capture_output=True, text=True, timeout=60
    )
    assert not done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_children_that_stand_by_do_their_part(news: Archive) -> None:
    said = run(news)
    assert said["found"] == repr(verify(news))
    assert said["children"] == 2
    assert said["said"] > 2
    assert said["here"] < said["said"]
    assert (said["left"], said["open"], said["started"]) == (False, 0, 0)


def test_damage_is_found_as_without_them(news: Archive) -> None:
    path: Path = news.warc_path / news.files()[0].file
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)
    said = run(news)
    assert said["found"] == repr(verify(news))
    assert "not what they were" in said["found"] or "have changed" in said["found"]


@pytest.mark.parametrize("how", ["killed", "unused"])
def test_none_is_left_whatever_becomes_of_them(news: Archive, how: str) -> None:
    said = run(news, how)
    assert (said["children"], said["left"], said["open"]) == (2, False, 0)
    assert said["found"] == (repr(verify(news)) if how == "killed" else None)


@pytest.mark.parametrize("how", ["threads", "no room"])
def test_where_a_process_cannot_be_copied_others_are_started(news: Archive, how: str) -> None:
    said = run(news, how)
    assert (said["children"], said["left"]) == (0, False)
    assert said["found"] == "no new process"
    assert said["started"] == (1 if how == "threads" else 2)
