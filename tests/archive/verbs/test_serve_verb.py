"""``presskeep serve`` as it is typed: what it prints, whom it lets in, and how it ends."""

from __future__ import annotations

import contextlib
import html
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from archive.replay import viewer
from archive.replay.listening import bound

from . import pages
from .conftest import run


@contextlib.contextmanager
def serving(path: Path, *words: str) -> Iterator[tuple[dict[str, str], subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "archive.cli", "serve", "--port", "0", "--json", "--archive", str(path), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline()), process
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
            assert process.stderr is not None
            assert process.stderr.read() in {"", "ended\n"}


@pytest.mark.slow
def test_off_loopback_a_token_is_made(news: Path) -> None:
    with serving(news, "--host", "0.0.0.0") as (said, _):
        assert len(said["token"]) > 20
        port = said["url"].rpartition(":")[2]
        url = f"http://127.0.0.1:{port}/health"
        assert httpx.get(url).status_code == 401
        assert httpx.get(url, headers={"Authorization": f"Bearer {said['token']}"}).json()["status"] == "ok"
        assert httpx.get(url, headers={"Host": "evil.example"}).status_code == 421
        page = httpx.get(f"http://127.0.0.1:{port}/", headers={"Accept": "text/html"})
        assert (page.status_code, "Authorization" in page.text) == (401, True)


@pytest.mark.slow
def test_a_viewer_that_is_installed_is_offered(news: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "work"))
    (tmp_path / "work").mkdir()
    viewer.home().mkdir(parents=True)
    for name in viewer.KNOWN.files:
        (viewer.home() / name).write_text(f"this is {name}")
    with serving(news) as (said, _):
        page = httpx.get(f"{said['url']}/captured", params={"url": pages.FERRY}).text
        link = re.search(r'<a href="(http[^"]+)"[^>]*>Open in ReplayWeb.page', page)
        assert link is not None
        address = urlsplit(html.unescape(link[1]))
        assert address.port not in {None, urlsplit(said["url"]).port}
        (source,) = parse_qs(address.query)["source"]
        # A browser knows all names below localhost; this client asks the system, which may not.
        here, named = f"http://127.0.0.1:{address.port}", {"Host": address.netloc}
        assert urlsplit(source).netloc == address.netloc
        assert httpx.get(here + urlsplit(source).path, headers=named).content.startswith(b"PK")
        assert httpx.get(f"{here}/ui.js", headers=named).text == "this is ui.js"
        assert list((tmp_path / "work").iterdir())
    assert not list((tmp_path / "work").iterdir()), "packages go with the server"


def test_a_port_that_is_taken_is_told(news: Path) -> None:
    with contextlib.closing(bound("127.0.0.1", 0)) as taken:
        taken.listen()
        done = run("serve", "--port", str(taken.getsockname()[1]), "--archive", news)
    assert (done.returncode, "give another" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--token", "short"), "at least 16"),
        (("--token", "with a white\nspace and more"), "printable"),
        (("--public", "archive.example"), "--public takes an origin"),
        (("--viewer", "https://x.example/path"), "--viewer takes an origin"),
        (("--host", "no.such.host.invalid"), "cannot be listened on"),
    ],
)
def test_wrong_calls(news: Path, words: tuple[str, ...], hint: str) -> None:
    done = run("serve", "--port", "0", *words, "--archive", news)
    assert (done.returncode, hint in done.stderr) == (2, True), done.stderr
