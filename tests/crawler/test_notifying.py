"""Notifying: told once, and once more when all is well; what could not be told is told later."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from archive import terminal
from archive.errors import ConfigurationError, UsageError
from archive.store import Archive
from crawler.cli import app
from crawler.notifying import tell
from crawler.status import Need

SILENT, DEAD = Need("silent", "the service is silent"), Need("a feed dead", "a feed is dead")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.create(tmp_path / "A", name="TEST", contact="tester@example.org") as made:
        yield made


def configure(archive: Archive, notify: str) -> None:
    path = archive.path / "archive.toml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("notify")]
    path.write_text("\n".join([f"notify = {json.dumps(notify)}", *lines]))


def test_a_command_hears_of_each_thing_once_and_of_the_end(archive: Archive, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    configure(archive, f'sh -c \'cat >> "{heard}"; echo "$PRESSKEEP_ARCHIVE" >> "{heard}"\'')
    assert tell(archive, []) == ""
    assert tell(archive, [SILENT]).startswith("told sh")
    assert tell(archive, [SILENT]) == ""
    assert tell(archive, [SILENT, DEAD])
    assert tell(archive, [DEAD]) == "", "it may come again"
    assert tell(archive, [SILENT, DEAD])
    assert tell(archive, [])
    assert tell(archive, []) == ""
    where = str(archive.path)
    needs = "Presskeep TEST: something needs a person"
    assert heard.read_text().splitlines() == [
        *(needs, "- the service is silent", where),
        *(needs, "- a feed is dead", where),
        *(needs, "- the service is silent", where),
        *("Presskeep TEST: all is well again", where),
    ]


@pytest.mark.parametrize(
    ("command", "said"),
    [("sh -c 'echo no mail >&2; exit 3'", "exit code 3: no mail"), ("/nowhere/mail", "No such file")],
)
def test_what_could_not_be_told_is_told_later(archive: Archive, tmp_path: Path, command: str, said: str) -> None:
    configure(archive, command)
    assert said in tell(archive, [SILENT])
    configure(archive, f"tee {tmp_path / 'heard'}")
    assert tell(archive, [SILENT]).startswith("told tee")
    assert "silent" in (tmp_path / "heard").read_text()


def test_a_web_address_gets_json(archive: Archive) -> None:
    got: list[dict[str, object]] = []
    status = 500

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        configure(archive, f"http://127.0.0.1:{server.server_port}/hook")
        assert "it answers 500" in tell(archive, [SILENT])
        status = 204
        assert tell(archive, [SILENT]).startswith("told the web address")
        server.shutdown()
    assert [one["needs"] for one in got] == [["the service is silent"]] * 2
    assert got[0]["text"] == "Presskeep TEST: something needs a person\n- the service is silent"
    configure(archive, f"http://127.0.0.1:{server.server_port}/hook")
    assert "tried again" in tell(archive, [SILENT, DEAD])


def test_whom_to_tell_must_be_said(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="write notify"):
        tell(archive, [])
    configure(archive, 'mail "half')
    with pytest.raises(ConfigurationError, match="line 1: notify"):
        tell(archive, [])
    configure(archive, "true")
    archive.sites_path.write_text("[[[")
    assert terminal.run(app, ["status", "--notify", "--archive", str(archive.path)]) == 1
    assert "told true" in capsys.readouterr().err
