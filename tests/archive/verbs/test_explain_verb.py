"""``presskeep explain`` and ``presskeep show --ledger``, run for real; and the HTML file that they make."""

from __future__ import annotations

import base64
import colorsys
import hashlib
import json
import re
from itertools import product
from pathlib import Path

import pytest
from lxml import html

from archive.cleaning.chrome import Chrome
from archive.explanation import HUES

from .conftest import run
from .console import in_terminal
from .pages import BRIDGE, BRIDGE_SECOND, FEED, GONE, HOSTILE, MOVED, TEASER, UNRESOLVED


def test_the_ledger_in_a_pipe(news: Path) -> None:
    done = run("show", BRIDGE, "--ledger", "--archive", news)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert {len(line) for line in lines} == {7}
    assert {line[0] for line in lines} == {"left out"}
    (byline,) = [line for line in lines if line[6] == "By Ida Mark"]
    assert byline[1:4] == ["byline", "score", "/html/body/main/article/p[1]"]
    assert "names one of the article's authors · score \u2212" in byline[5]


def test_the_ledger_as_json_is_the_whole_page(news: Path) -> None:
    told = json.loads(run("show", BRIDGE, "--ledger", "--json", "--archive", news).stdout)
    assert (told["type"], told["verdict"], told["remark"]) == ("ledger", "article", "")
    kept = [one["text"] for one in told["entries"] if one["kept"] and one["kind"] == "body"]
    shown = json.loads(run("show", BRIDGE, "--json", "--archive", news).stdout)
    assert kept == [block["text"] for block in shown["canonical"]["body"]]
    assert told == json.loads(run("explain", BRIDGE, "--json", "--archive", news).stdout)
    earlier = json.loads(run("explain", BRIDGE, "--at", "2026-11-24", "--json", "--archive", news).stdout)
    assert earlier["captured_at"].startswith("2026-11-24")
    assert "What comes next" not in {one["text"] for one in earlier["entries"]}


def test_on_a_terminal(news: Path) -> None:
    shown, code = in_terminal("show", BRIDGE, "--ledger", "--archive", news, columns=100)
    assert code == 0
    assert "Left out: " in shown
    assert "navigation" in shown
    assert "By Ida Mark" in shown
    whole, code = in_terminal("explain", BRIDGE, "--archive", news, columns=60)
    assert code == 0
    assert "The harbour has waited" in whole
    assert "byline" in whole


def test_what_gave_no_article(news: Path) -> None:
    told = json.loads(run("explain", GONE, "--json", "--archive", news).stdout)
    assert (told["verdict"], told["reason"]) == ("http-error", "status 404")
    assert not [one for one in told["entries"] if one["kept"]]
    assert json.loads(run("explain", TEASER, "--json", "--archive", news).stdout)["reason"].startswith(
        "declared as not"
    )
    assert json.loads(run("explain", MOVED, "--json", "--archive", news).stdout)["entries"] == []
    assert run("explain", FEED, "--archive", news).returncode == 0
    failed = run("explain", UNRESOLVED, "--archive", news)
    assert failed.returncode == 4
    assert "'presskeep captures' lists the attempts" in failed.stderr


def test_a_file_needs_no_archive(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(BRIDGE_SECOND, encoding="utf-8")
    told = json.loads(run("explain", page, "--url", BRIDGE, "--json", cwd=tmp_path).stdout)
    assert (told["url"], told["verdict"]) == (BRIDGE, "article")
    assert told["counts"]["headline"] == 1
    front = json.loads(run("explain", page, "--url", "https://gazette.example/", "--json", cwd=tmp_path).stdout)
    assert front["url"] == "https://gazette.example/"


def test_wrong_calls(news: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(BRIDGE_SECOND, encoding="utf-8")
    for words, said in (
        (("explain", page, "--at", "2026-11-24"), "is a file"),
        (("explain", BRIDGE, "--url", BRIDGE), "there is no file"),
        (("explain", BRIDGE, "--json", "--html", tmp_path / "x.html"), "exclude each other"),
        (("show", BRIDGE, "--ledger", "--text"), "exclude each other"),
    ):
        done = run(*words, "--archive", news)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    missing = run("explain", tmp_path / "missing.html", "--archive", news)
    assert (missing.returncode, "there is no file" in missing.stderr) == (4, True)
    into = run("explain", page, "--html", tmp_path / "nowhere" / "x.html")
    assert into.returncode != 0
    assert "Traceback" not in into.stderr


def test_hostile_text_steers_nothing(news: Path) -> None:
    for words in (("show", HOSTILE, "--ledger"), ("explain", HOSTILE)):
        assert not set(run(*words, "--archive", news).stdout) & {"\x1b", "\x07", "\x9b", "\u202e"}


@pytest.fixture(scope="module")
def explained(news: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("explained") / "bridge.html"
    done = run("explain", BRIDGE, "--html", file, "--archive", news)
    assert (done.returncode, done.stdout) == (0, "")
    assert "open it in a browser" in done.stderr
    return file.read_text(encoding="utf-8")


def test_the_file_holds_every_text_of_the_page(news: Path, explained: str) -> None:
    told = json.loads(run("explain", BRIDGE, "--json", "--archive", news).stdout)
    root = html.document_fromstring(explained)
    texts = [" ".join(one.itertext()).split() for one in root.iter("summary")]
    for entry, words in zip(told["entries"], texts, strict=True):
        assert " ".join(words).endswith(entry["text"])
    kept = [one for one in root.iter("details") if "kept" in one.get("class", "").split()]
    assert len(kept) == sum(entry["kept"] for entry in told["entries"])
    for kind, number in told["counts"].items():
        assert re.search(rf"{kind}(</label>)? <span class=\"dim\">{number} block", explained)


def _is_strict(page: str) -> None:
    """No script, no handler, nothing asked of anywhere, and a policy that says the same of its one style sheet."""
    root = html.document_fromstring(page)
    assert not list(root.iter("script", "link", "img", "iframe", "object", "embed", "base", "form", "video", "svg"))
    for element in root.iter():
        assert not {name for name in element.attrib if name.startswith("on")}
        assert not {"src", "style", "srcset", "action", "data"} & set(element.attrib)
        assert (element.get("href") or "#").startswith("#")
    (style,) = root.iter("style")
    assert "url(" not in (style.text or "")
    assert "@import" not in (style.text or "")
    (policy,) = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    digest = base64.b64encode(hashlib.sha256((style.text or "").encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_the_file_is_strict(explained: str) -> None:
    _is_strict(explained)


def test_a_hostile_page_stays_text(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    evil = "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;\"'&amp;\u202e"
    said = f"{evil} is what they wrote on the harbour wall, and nobody in the council ever found out who had done it."
    page.write_text(
        f"<html lang='\"><script>'><title>{evil}</title><h1>{evil}</h1><div class='ad\"><script>x'>{evil}</div>"
        f"<p>{said}</p><p>{said[:-1]}, they say.</p><div id='<b>newsletter'>{evil}</div></html>",
        encoding="utf-8",
    )
    file = tmp_path / "out.html"
    done = run("explain", page, "--url", "https://x.example/<script>\"'/a", "--html", file)
    assert done.returncode == 0, done.stderr
    text = file.read_text(encoding="utf-8")
    _is_strict(text)
    assert "\u202e" not in text
    assert "<script" not in text
    assert "onerror=alert(1)&gt;" in text


def test_everything_can_be_reached_by_keyboard(explained: str) -> None:
    root = html.document_fromstring(explained)
    assert all(one[0].tag == "summary" and one[0].get("title") for one in root.iter("details"))
    (skip,) = root.xpath("//a[@class='skip']/@href")
    assert root.xpath(f"//*[@id='{skip[1:]}']")
    assert len(root.xpath("//label/input")) == len(root.xpath("//input")) > 0


def _channel(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _luminance(rgb: tuple[float, ...]) -> float:
    return sum(weight * _channel(value) for weight, value in zip((0.2126, 0.7152, 0.0722), rgb, strict=True))


def _contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """WCAG 2.2, "contrast ratio"."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _hex(code: str) -> tuple[float, ...]:
    whole = code if len(code) == 6 else "".join(letter * 2 for letter in code)
    return tuple(int(whole[at : at + 2], 16) / 255 for at in (0, 2, 4))


def test_contrasts_in_light_and_dark(explained: str) -> None:
    light, dark = re.findall(r":root\{(?:color-scheme[^;]*;)?(--paper[^}]*)\}", explained)
    for rules in (light, dark):
        values = dict(re.findall(r"--(\w+):\s*#?([0-9a-f.]+)", rules))
        paper, ink, dim, card = (_hex(values[name]) for name in ("paper", "ink", "dim", "card"))
        for text, ground in product((ink, dim), (paper, card)):
            assert _contrast(text, ground) >= 4.5
        assert _contrast(_hex(values["focus"]), paper) >= 3
        tint, depth = (float(values[name]) / 100 for name in ("tint", "depth"))
        for hue in (*HUES.values(), None):
            ground = colorsys.hls_to_rgb((hue or 0) / 360, tint, depth if hue is not None else 0)
            assert _contrast(ink, ground) >= 7


def test_every_class_has_a_colour_of_its_own() -> None:
    grey = {Chrome.HIDDEN, Chrome.OTHER}
    assert set(HUES) == set(Chrome) - grey
    assert len(set(HUES.values())) == len(HUES)
