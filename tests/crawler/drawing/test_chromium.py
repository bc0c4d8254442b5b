"""The system's Chromium: found, started in a place of its own, and missed with words that help."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from archive.errors import ConfigurationError
from crawler.drawing.chromium import NAMES, arguments, environment, find, new_profile, not_started


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder in which programs are looked for."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def laid(folder: Path, name: str) -> Path:
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_the_usual_names_are_looked_for_in_their_order(programs: Path) -> None:
    for name in reversed(NAMES):
        program = laid(programs, name)
        assert find() == program


def test_a_given_one_is_taken_by_name_or_path(programs: Path) -> None:
    laid(programs, "chromium")
    other = laid(programs, "headless-shell")
    assert find("headless-shell") == find(str(other)) == other


def test_where_there_is_none_it_says_what_to_install(programs: Path) -> None:
    with pytest.raises(ConfigurationError, match="'apt install chromium' on Debian"):
        find()
    with pytest.raises(ConfigurationError, match=r'\[browser\] path = "nothing": there is no such program'):
        find("nothing")
    (programs / "chromium").write_text("no program")
    with pytest.raises(ConfigurationError, match="there is no Chromium"):
        find()


def test_the_sandbox_is_left_out_only_where_it_is_said() -> None:
    assert "--no-sandbox" in arguments(Path("chromium"), Path("/p"), sandboxed=False)
    assert "--no-sandbox" not in arguments(Path("chromium"), Path("/p"), sandboxed=True)


def test_it_is_told_nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "http_proxy", "PYTHONPATH", "DISPLAY"):
        monkeypatch.setenv(name, "secret")
    assert set(environment(Path("/p"))) <= {
        *("PATH", "LANG", "LC_ALL", "FONTCONFIG_PATH", "HOME", "TMPDIR", "XDG_CONFIG_HOME", "TZ"),
    }


def test_the_path_of_its_socket_fits_wherever_temporary_files_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 80)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    profile = new_profile()
    try:
        assert len(f"{profile}/org.chromium.Chromium.XXXXXX/SingletonSocket") < 108
        assert profile.stat().st_mode & 0o077 == 0
    finally:
        profile.rmdir()


def test_what_it_says_last_is_told_and_what_to_do() -> None:
    program = Path("/usr/bin/chromium")
    fatal = "x\n[1:1:0101/0.1:FATAL:a.cc:1] Socket path too long: /x\n[1:ERROR:b.cc] more\n"
    assert "does not start: a.cc:1] Socket path too long: /x; try" in str(not_started(program, fatal, sandboxed=False))
    assert "does not start; try" in str(not_started(program, "", sandboxed=True))
    said = "[FATAL:zygote_host_impl_linux.cc(128)] No usable sandbox! If you are running"
    assert "allow unprivileged user namespaces" in str(not_started(program, said, sandboxed=True))


def test_what_killed_ones_left_is_removed_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("crawler.drawing.chromium._PLACE", 1000)
    old, locked, fresh, other = (tmp_path / name for name in ("old", "locked", "fresh", "other"))
    names = {one: one.with_name(f"presskeep-browser-{one.name}") for one in (old, locked, fresh)}
    for one in (*names.values(), other):
        one.mkdir()
        (one / "Preferences").write_text("{}")
    link = tmp_path / "presskeep-browser-link"
    link.symlink_to(other)
    for one in (names[old], names[locked], other):
        os.utime(one, (0, 0))
    held = os.open(names[locked], os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    profile = new_profile()
    os.close(held)
    assert set(tmp_path.iterdir()) == {profile, names[locked], names[fresh], other, link}
    assert (other / "Preferences").exists()
