"""Packages made on request: what they hold, and what they never do."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from exchanges import exchange
from typer.testing import CliRunner
from warcio.archiveiterator import ArchiveIterator
from withholding import make_withholding

from archive.catalogue.blocking import Target
from archive.cli import app
from archive.exchange import Origin, Role
from archive.removal.takedown import lift, take_down
from archive.replay import packs
from archive.store import Archive

from .serving import Served, served

URL = "https://courier.example/"
FETCHED = Origin(site="courier", role=Role.REQUISITE, via=f"{URL}page")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Archive.create(tmp_path / "NEWS") as archive, archive.writer("crawl") as writer:
        for minute, name in enumerate(("crane", "secret", "harbour")):
            writer.add(exchange(name, 60 * minute, sentence=f"Of {name} and nothing else. "))
    return tmp_path / "NEWS"


def urls(site: Served, query: str = "") -> set[str]:
    answer = site.get(f"/files/pack.wacz{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/wacz"
    package = zipfile.ZipFile(io.BytesIO(answer.content))
    found = set()
    for name in package.namelist():
        if name.startswith("archive/"):
            for record in ArchiveIterator(io.BytesIO(package.read(name))):
                if record.rec_type in {"response", "revisit"}:
                    found.add(record.rec_headers["WARC-Target-URI"].removeprefix(URL))
    return found


def test_the_whole_or_a_part(path: Path) -> None:
    with served(path) as site:
        assert urls(site) == {"crane", "secret", "harbour"}
        assert urls(site, f"?url={URL}crane&url={URL}harbour") == {"crane", "harbour"}
        assert urls(site, "?from=2026112510&to=2026112510") == {"secret"}
        assert site.get(f"/files/pack.wacz?url={URL}nothing").status_code == 404
        for bad in ("?from=x", "?to=12", "?url=ftp://x", "?" + "&".join(["site=a"] * 101)):
            assert site.get(f"/files/pack.wacz{bad}").status_code == 400
        whole = site.get("/files/pack.wacz")
        part = site.get("/files/pack.wacz", range="bytes=0-3", if_range=whole.headers["etag"])
        assert (part.status_code, part.content) == (206, b"PK\x03\x04")


def test_what_a_page_draws_comes_along(tmp_path: Path) -> None:
    page = (
        b'<link rel="stylesheet" href="/s.css"><img src="/p.png"><a href="/other">more</a>'
        b'<iframe src="/frame"></iframe><script>let next = "https://courier.example/other"</script>'
    )
    sheet = b"h1 { background: url(back.png) }"
    with Archive.create(tmp_path / "NEWS") as archive, archive.writer("crawl") as writer:
        writer.add(exchange("page", 60, body=page))
        writer.add(exchange("other", 60))
        for name, mime, body in (("s.css", "text/css", sheet), ("p.png", "image/png", b"P"), ("back.png", "", b"B")):
            drawn = exchange(name, 0, body=body, role=Role.REQUISITE)
            writer.add(replace(drawn, response=drawn.response.replace(b"text/html; charset=utf-8", mime.encode())))
        writer.add(replace(exchange("x.js", 61, body=b"", role=Role.REQUISITE), origin=FETCHED))
        writer.add(exchange("unseen.png", 61, body=b"U", role=Role.REQUISITE))
        writer.add(exchange("frame", 61, body=b"<p>", role=Role.REQUISITE))
    drawn_by = {"page", "s.css", "p.png", "back.png", "x.js", "frame"}
    with served(tmp_path / "NEWS") as site:
        assert urls(site, f"?url={URL}page") == drawn_by
        assert urls(site, f"?url={URL}page&from=2026112510") == drawn_by, "whenever they were fetched"
        with Archive.open(tmp_path / "NEWS") as archive:
            take_down(archive, Target.of(f"{URL}p.png"), given=URL, reason="asked for")
        assert urls(site, f"?url={URL}page") == drawn_by - {"p.png"}
    done = CliRunner().invoke(
        app, ["pack", str(tmp_path / "part.wacz"), "--url", f"{URL}page", "--archive", str(tmp_path / "NEWS"), "--json"]
    )
    assert (json.loads(done.stdout)["captures"], json.loads(done.stdout)["brought"]) == (5, 4)


def test_what_is_taken_down_is_in_none(path: Path) -> None:
    with served(path) as site:
        assert "secret" in urls(site)
        with Archive.open(path) as archive:
            take_down(archive, Target.of(f"{URL}secret"), given=URL, reason="court order")
        assert urls(site) == {"crane", "harbour"}
        assert b"court order" not in site.get("/files/pack.wacz").content
        with Archive.open(path) as archive:
            lift(archive, Target.of(f"{URL}secret"), given=URL, reason="settled")
        assert "secret" in urls(site)


def test_what_is_withheld_is_in_none(tmp_path: Path) -> None:
    with served(make_withholding(tmp_path / "NEWS")) as site:
        assert urls(site) == {"open", "feed"}


def test_too_much_is_refused_and_old_ones_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "KEPT", 1)
    with served(path) as site:
        for name in ("crane", "secret", "crane"):
            assert urls(site, f"?url={URL}{name}") == {name}
        monkeypatch.setattr(packs, "MOST", 100)
        assert site.get(f"/files/pack.wacz?url={URL}harbour").status_code == 400
