"""The program's entry: Ctrl-C is one line from its first moment on."""

from __future__ import annotations

import subprocess
import sys

ENTRY = """
import sys
from importlib.abc import MetaPathFinder

class Impatient(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "crawler.cli":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Impatient())
sys.argv = ["presskeep", "list"]
from crawler.program import main
main()
"""


def test_whoever_stops_it_before_it_has_begun_sees_one_line() -> None:
    done = subprocess.run([sys.executable, "-c", ENTRY], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "presskeep: stopped by Ctrl-C; nothing was done yet\n"


def test_it_is_the_command_line() -> None:
    run = [
        sys.executable,
        "-c",
        "import sys; sys.argv = ['presskeep', '--version']; import crawler.program as p; p.main()",
    ]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("presskeep ")
