"""What is sent of captured pages: markup and styles written anew, and a head that is ours alone."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from archive.catalogue.blocking import Target
from archive.errors import PayloadRefused
from archive.exchange import Drawn, Origin
from archive.removal.takedown import take_down
from archive.replay.captured.markup import rewritten
from archive.replay.captured.styles import styled
from archive.replay.captured.targets import Targets, Use, address
from archive.store import Archive

from .hostile import AT, HEAD, HOST, WAYS, aimed, answered, archived, png
from .shown import Shown, showing

HERE = Targets("https://paper.example/2026/story.html", AT)
BASE = "/captured/20261125094640000000"
EVIL = "http://evil.example"
# What may stand in an attribute that a browser would follow or load.
_FOLLOWED = re.compile(r"""\b(?:src|href|srcset|poster|background|data|action|to|values)="([^"]*)\"""")


@pytest.mark.parametrize("way", WAYS)
def test_nothing_that_is_followed_leads_elsewhere(way: str) -> None:
    made = rewritten(aimed(WAYS[way], EVIL), Targets(f"{HOST}/x", AT))
    made = re.sub(r">[^<]+<", "><", made) if "<style" not in made else made  # texts lead nowhere
    for value in _FOLLOWED.findall(made):
        for one in value.split(", "):
            assert one.startswith(("/captured/", "#", "data:image/")), (way, value)
    for value in re.findall(r"url\(([^)]*)\)", made):
        assert value.replace("&quot;", '"').startswith(('"/captured/', '"#', '"about:invalid')), (way, value)
    assert "<script" not in made
    assert not re.search(r"<[a-z]+[^>]* on[a-z]+=", made)
    assert "http-equiv" not in made
    assert not re.search(r"rel=\"(?!stylesheet|alternate stylesheet|icon)", made)


@pytest.mark.parametrize(
    ("reference", "use", "found"),
    [
        ("a.png", Use.PICTURE, f"{BASE}im_/https://paper.example/2026/a.png"),
        (" /a b.png#x ", Use.PICTURE, f"{BASE}im_/https://paper.example/a%20b.png#x"),
        ("//cdn.example/a?b=1&c=2", Use.MEDIA, f"{BASE}md_/https://cdn.example/a?b=1&c=2"),
        ("\\\\cdn.example\\a", Use.FONT, f"{BASE}fo_/https://cdn.example/a"),
        ("https:/cdn.example/a", Use.STYLE, f"{BASE}cs_/https://cdn.example/a"),
        ("../%2e%2e/a", Use.STYLE, f"{BASE}cs_/https://paper.example/a"),
        ("h\nttp://a.example/", Use.PICTURE, f"{BASE}im_/http://a.example/"),
        ("data:image/png;base64,AAAA", Use.PICTURE, "data:image/png;base64,AAAA"),
        ("data:image/svg+xml,<svg xmlns='x'/>", Use.PICTURE, "data:image/svg+xml,%3Csvg%20xmlns=%27x%27/%3E"),
        ("data:text/html,x", Use.PICTURE, None),
        ("data:image/png,x", Use.STYLE, None),
        ("javascript:alert(1)", Use.PICTURE, None),
        ("blob:https://a.example/x", Use.PICTURE, None),
        ("http://[", Use.PICTURE, None),
        ("http://" + "a" * 9000, Use.PICTURE, None),
        ("", Use.PICTURE, None),
        ("#a", Use.PICTURE, None),
    ],
)
def test_a_reference_leads_to_an_archived_file_or_nowhere(reference: str, use: Use, found: str | None) -> None:
    assert HERE.file(reference, use) == found


def test_a_page_is_written_anew() -> None:
    page = (
        "<!DOCTYPE html PUBLIC '-//W3C//DTD HTML 4.01//EN'><html lang=en><head><meta charset=latin-1><base href=/b/>"
        "<title>A &lt; B</title></head><body class=x><img data-src=late.png src='data:image/gif;base64,AA'>"
        "<img data-src=twin.png src='data:image/gif;base64,AA'><noscript><img src=twin.png></noscript>"
        "<a href='next#p' title='\"&'>n</a><video src=v.mp4 poster=p.jpg></video><p style='background:url(q.png)'>t</p>"
        "<select><option selected>o</select></body></html>"
    )
    made = rewritten(page, HERE)
    assert made == (
        '<!DOCTYPE html PUBLIC \'-//W3C//DTD HTML 4.01//EN\'><html lang="en"><head><meta charset="utf-8">'
        '<title>A &lt; B</title></head><body class="x">'
        f'<img data-src="late.png" src="{BASE}im_/https://paper.example/b/late.png">'
        '<img data-src="twin.png" src="data:image/gif;base64,AA">'
        f'<div><img src="{BASE}im_/https://paper.example/b/twin.png"></div>'
        f'<a href="{BASE}mp_/https://paper.example/b/next#p" title="&quot;&amp;">n</a>'
        f'<video src="{BASE}md_/https://paper.example/b/v.mp4" poster="{BASE}im_/https://paper.example/b/p.jpg"></video>'
        f'<p style="background:url(&quot;{BASE}im_/https://paper.example/b/q.png&quot;)">t</p>'
        '<select><option selected="selected">o</option></select></body></html>'
    )
    assert rewritten("", HERE) == "<!doctype html><title></title>"


def test_styles_keep_what_they_do_not_refer_to() -> None:
    sheet = (
        "@charset 'x';/* url(no.png) */@import 'a.css' screen; @import url(b.css);"
        "a{content:'url(c.png)';background:URL( \"d.png\" ),url(#e)} @media (min-width:9px){b{cursor:url(f.cur),auto}}"
        "@font-face{font-family:g;src:local('G'),url(g.woff2)} i{background:image-set('h.png' 1x, url(h2.png) 2x)}"
    )
    at = f"{BASE}im_/https://paper.example/2026/"
    assert styled(sheet, HERE) == (
        f"@charset 'x';@import url(\"{BASE}cs_/https://paper.example/2026/a.css\") screen; "
        f'@import url("{BASE}cs_/https://paper.example/2026/b.css");'
        f'a{{content:\'url(c.png)\';background:url("{at}d.png"),url("#e")}} '
        f'@media (min-width:9px){{b{{cursor:url("{at}f.cur"),auto}}}}'
        f"@font-face{{font-family:g;src:local('G'),url(\"{BASE}fo_/https://paper.example/2026/g.woff2\")}} "
        f'i{{background:image-set(url("{at}h.png") 1x, url("{at}h2.png") 2x)}}'
    )
    assert styled("b{content:'</style><img src=x>'}", HERE) == "b{content:'\\3c /style>\\3c img src=x>'}"
    assert "evil" not in styled("b{background:u\\72l(data:text/html,evil)}", HERE)


@pytest.mark.parametrize(
    "text", ["url(" * 50_000, "\\" * 100_000, "'" * 100_001, "/*" * 50_000, "{(" * 50_000, "image-set(" * 20_000]
)
def test_hostile_styles_cost_time_in_proportion_to_their_length(text: str) -> None:
    begun = time.process_time()
    styled(text, HERE)
    rewritten(f"<style>{text}</style><p style='{text}'>", HERE)
    assert time.process_time() - begun < 2


def test_a_page_beyond_the_limits_is_refused() -> None:
    rewritten("<div>" * 20_000, HERE)
    with pytest.raises(PayloadRefused):
        rewritten("<b></b>" * 200_000, HERE)
    with pytest.raises(PayloadRefused):
        rewritten(f"<b {' '.join(f'a{one}=1' for one in range(15_000))}>", HERE)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> object:
    head = aimed(HEAD, EVIL)
    path = archived(
        tmp_path_factory.mktemp("captured") / "A",
        answered("/", b"<p>first</p><img src=p.png>", head=head),
        answered("/", b"<p>second</p>", after=3600),
        answered("/p.png", png(2, 2), "image/png", head=head),
        answered("/untyped", png(2, 2), ""),
        answered("/s.css", b"a{background:url(p.png)}", "text/css"),
        answered("/moved", b"", status=301, head="Location: /p.png\r\n"),
        answered("/lie.png", b"<script>1</script>", "text/html"),
        answered("/gone", b"<p>not here</p>", status=404),
        answered("/data.json", b'{"a": "<script>"}', "application/json"),
        answered("/paper.pdf", b"%PDF-1.7", "application/pdf"),
        answered("/v.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "image/svg+xml"),
        answered("/latin", "Gr\u00fc\u00dfe".encode("latin-1"), "text/html; charset=iso-8859-1"),
        answered("/down", b"<p>down</p>"),
        answered("/x", b"<html><script src='x'/><div id='e' /><p>after</p></html>", "application/xhtml+xml"),
        answered("/film.mp4", bytes(range(200)), "video/mp4"),
    )
    with Archive.open(path) as archive:
        url = f"{HOST}/down"
        take_down(archive, Target.of(url), given=url, reason="asked for")
    with showing(path) as serving:
        yield serving


def test_a_head_is_ours_alone(shown: Shown) -> None:
    for path, use in (("/", Use.PAGE), ("/p.png", Use.PICTURE), ("/s.css", Use.STYLE), ("/never", Use.PAGE)):
        got = shown.get(path, use)
        assert set(got.headers) <= {
            *("date", "content-type", "content-length", "content-security-policy", "x-content-type-options"),
            *("referrer-policy", "cross-origin-opener-policy", "cross-origin-resource-policy", "origin-agent-cluster"),
            *("x-dns-prefetch-control", "permissions-policy", "cache-control"),
        }
        policy = got.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; img-src 'self' data:; ")
        assert policy.endswith("; sandbox allow-same-origin")
        assert f"frame-ancestors 'self' {shown.app};" in policy
        assert "script-src" not in policy
        assert "evil" not in str(got.headers)
    assert shown.get("/").text.endswith(
        f'<p>first</p><img src="{address(f"{HOST}/p.png", AT, Use.PICTURE)}"></body></html>'
    )


def test_files_are_served_as_what_they_are_asked_for_or_not_at_all(shown: Shown) -> None:
    def told(path: str, use: Use) -> tuple[int, str]:
        got = shown.get(path, use)
        return got.status_code, got.headers["content-type"]

    assert told("/p.png", Use.PICTURE) == (200, "image/png")
    assert told("/untyped", Use.PICTURE) == (200, "image/png")
    assert told("/v.svg", Use.PICTURE) == (200, "image/svg+xml")
    assert told("/s.css", Use.STYLE) == (200, "text/css; charset=utf-8")
    assert told("/gone", Use.PAGE) == (404, "text/html; charset=utf-8")
    assert told("/data.json", Use.PAGE) == (200, "text/plain; charset=utf-8")
    assert told("/latin", Use.PAGE) == (200, "text/html; charset=utf-8")
    assert "Gr\u00fc\u00dfe" in shown.get("/latin").text
    assert '<div id="e"></div><p>after</p>' in shown.get("/x").text
    for path, use in (("/lie.png", Use.PICTURE), ("/", Use.STYLE), ("/p.png", Use.FONT), ("/s.css", Use.MEDIA)):
        assert told(path, use)[0] == 415, path
    assert told("/paper.pdf", Use.PAGE)[0] == 415
    assert told("/down", Use.PAGE)[0] == 451
    never = shown.get("/never?<b>", accept="text/html")
    assert never.status_code == 404
    assert "was not archived" in never.text
    assert "<b>" not in never.text


def test_a_film_is_played_in_parts(shown: Shown) -> None:
    film = bytes(range(200))
    whole = shown.get("/film.mp4", Use.MEDIA)
    assert (whole.status_code, whole.content, whole.headers["accept-ranges"]) == (200, film, "bytes")
    for given, status, body, said in (
        ("bytes=10-19", 206, film[10:20], "bytes 10-19/200"),
        ("bytes=190-", 206, film[190:], "bytes 190-199/200"),
        ("bytes=-5", 206, film[-5:], "bytes 195-199/200"),
        ("bytes=900-", 416, b"", "bytes */200"),
        ("bytes=1-2, 5-6", 200, film, None),
        ("seconds=1-2", 200, film, None),
    ):
        got = shown.get("/film.mp4", Use.MEDIA, range=given)
        assert (got.status_code, got.content, got.headers.get("content-range")) == (status, body, said), given


def test_a_page_that_was_drawn_is_shown_as_it_was_drawn(tmp_path: Path) -> None:
    path = archived(tmp_path / "A", answered("/", b"<div id=app></div><script>draw()</script>"))
    with Archive.open(path) as archive:
        (shell,) = archive.captures()
        page = b"<!DOCTYPE html><p>drawn <img src=p.png>"
        with archive.writer("test") as writer:
            writer.add_drawn(
                Drawn(shell.url, shell.at + 4_000_000, page, "Chrome/1", (shell.id,), origin=Origin(site="s"))
            )
    with showing(path) as shown:
        assert "<p>drawn <img src" in shown.get("/").text
        assert shown.get("/").status_code == 200


def test_the_capture_nearest_to_the_time_is_shown(shown: Shown) -> None:
    for seconds, said in ((-100, "first"), (1000, "first"), (3000, "second"), (10**8, "second")):
        assert said in shown.client.get(shown.address("/", at=AT + seconds * 1_000_000)).text
    moved = shown.get("/moved", Use.PICTURE)
    assert (moved.status_code, moved.headers["location"]) == (302, address(f"{HOST}/p.png", AT, Use.PICTURE))


def test_other_sites_workers_and_names_are_refused(shown: Shown) -> None:
    assert shown.get("/", sec_fetch_site="cross-site", sec_fetch_mode="navigate").status_code == 403
    assert shown.get("/", sec_fetch_site="same-site").status_code == 200
    assert shown.get("/", service_worker="script").status_code == 403
    assert shown.get("/", host="evil.example").status_code == 421
    assert shown.client.post(shown.address("/")).status_code == 405
    assert shown.client.get(f"{shown.frames}/captured/x").status_code == 404
    assert shown.client.get(f"{shown.frames}/health").status_code == 404, "nothing of the application is here"
    assert shown.client.get(f"{shown.app}/captured/20260101mp_/{HOST}/").status_code == 404, "nor the other way round"


def test_a_token_is_needed_where_the_application_needs_one(tmp_path: Path) -> None:
    path = archived(tmp_path / "A", answered("/", b"<p>first</p>"))
    with showing(path, token="nobody-guesses-this") as shown:
        assert shown.get("/").status_code == 401
        cookie = f"presskeep-{shown.app.rpartition(':')[2]}=nobody-guesses-this"
        assert shown.get("/", cookie=cookie, sec_fetch_site="same-site").status_code == 200
