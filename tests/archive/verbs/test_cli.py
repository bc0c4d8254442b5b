"""The command line as a whole, and the package's face."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import archive

from .conftest import run


def imported(program: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_help_lists_the_verbs_in_the_order_of_the_work() -> None:
    done = run("--help", COLUMNS="80")
    assert done.returncode == 0
    places = [done.stdout.index(f" {verb} ") for verb in ("init", "list", "show", "export", "verify", "rebuild")]
    assert places == sorted(places)
    assert done.stdout.index(" Fetch ") < places[0] < done.stdout.index(" Read ") < places[1], "in parts"


def test_without_a_verb_it_shows_the_help_and_ends_with_2() -> None:
    done = run()
    assert done.returncode == 2
    assert "Usage: presskeep" in done.stdout


def test_the_version() -> None:
    assert run("--version").stdout.startswith("presskeep ")


def test_the_archives_verbs_wait_for_nothing_heavy() -> None:
    assert not imported("import archive.cli") & {"scrapy", "twisted", "sqlalchemy", "pyarrow", "trafilatura", "lxml"}
    assert not imported("import archive.store") & {"scrapy", "twisted", "pyarrow", "trafilatura"}


def test_a_call_waits_for_its_own_verb_alone() -> None:
    program = (
        "import sys; from archive import terminal; from archive.cli import app; terminal.run(app, ['detach'])\n"
        "print(*(name for name in sys.modules if name.startswith('archive.verbs.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "archive.verbs.importing" in done.stdout
    assert not {"archive.verbs.verifying", "archive.verbs.exporting", "archive.verbs.proving"} & {*done.stdout.split()}


def test_the_face_hands_on_what_it_says_and_nothing_early() -> None:
    assert not imported("from archive import Capture") & {"sqlalchemy", "trafilatura", "pyarrow", "lxml"}
    for name in archive.__all__:
        assert getattr(archive, name) is not None
    assert set(archive.__all__) <= set(dir(archive))
    assert not hasattr(archive, "nonsense")


def test_an_error_is_one_line_and_debug_shows_the_traceback(tmp_path: Path) -> None:
    plain = run("list", cwd=tmp_path)
    assert (plain.returncode, plain.stderr.count("\n")) == (3, 1)
    assert "Traceback" in run("list", "--debug", cwd=tmp_path).stderr
