"""The newsroom: what its sites serve, what ought to come out of them, and its manners as a server."""

from __future__ import annotations

import gzip
import http.client
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import lxml.etree
import lxml.html
import pytest

from archive.article import BlockKind
from crawler.newsroom import Newsroom, awkward, expected
from crawler.newsroom.__main__ import main
from crawler.newsroom.manuscript import Kind, marked_up, plain, read_manuscript
from crawler.newsroom.site import HOSTS, SITES, load_site

COURIER, TALBLATT = HOSTS
NOON = datetime(2026, 12, 3, 12, 0, tzinfo=UTC)  # a Thursday, long after every article
SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
ATOM = {"a": "http://www.w3.org/2005/Atom"}


@dataclass(frozen=True)
class Got:
    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(clock=lambda: NOON, awkward=True) as served:
        yield served


def get(newsroom: Newsroom, url: str, method: str = "GET", **fields: str) -> Got:
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection("127.0.0.1", newsroom.port, timeout=20)
    try:
        sent = {name.replace("_", "-"): value for name, value in fields.items()}
        connection.request(method, f"/{path}", headers={"Host": host, "User-Agent": "tester", **sent})
        answer = connection.getresponse()
        return Got(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def words(text: str) -> str:
    return " ".join(text.split())


def page_text(body: bytes, encoding: str = "utf-8") -> str:
    root = lxml.html.fromstring(body.decode(encoding))
    for node in root.xpath("//script|//style"):
        node.drop_tree()
    return words("".join(root.itertext()))


# What the sites hold


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("visit", [1, 2])
def test_every_article_is_on_its_page_with_its_chrome(newsroom: Newsroom, host: str, visit: int) -> None:
    newsroom.visit = visit
    for article in expected.expected(host, visit):
        got = get(newsroom, article.url)
        assert got.status == 200
        old = "windows-1252" if b"charset=windows-1252" in got.body else "utf-8"
        text = page_text(got.body, old)
        for wanted in (article.headline, article.standfirst, *article.paragraphs, *article.corrections):
            assert words(wanted) in text, (article.url, wanted)
        for caption in article.captions:
            assert caption.text in text
            assert caption.credit in text
        assert article.published in got.body.decode(old)
        for label in expected.chrome_always(host):
            assert label in text, (article.url, label)


@pytest.mark.parametrize("host", HOSTS)
def test_chrome_never_is_on_pages_and_in_no_clean_text(newsroom: Newsroom, host: str) -> None:
    articles = expected.expected(host)
    pages = "\n".join(page_text(get(newsroom, a.url).body.decode("utf-8", "replace").encode()) for a in articles)
    for string in expected.chrome_never(host):
        assert string in pages, string
        for article in articles:
            assert string not in f"{article.headline}\n{article.standfirst}\n{article.text}", (article.url, string)


@pytest.mark.parametrize("host", HOSTS)
def test_articles_are_of_believable_length(host: str) -> None:
    for article in expected.expected(host, 2):
        if not article.teaser:
            assert 250 <= len(article.text.split()) <= 600, article.url


def test_counts() -> None:
    assert expected.counts(COURIER) == expected.Counts(articles=10, teasers=1, disallowed=2, dead=1, redirects=1)
    assert expected.counts(TALBLATT) == expected.Counts(articles=10, teasers=0, disallowed=2, dead=1, redirects=1)
    assert expected.counts(COURIER, 2).articles == 11


def test_the_kinds_of_blocks_that_news_has_are_all_there() -> None:
    for host in HOSTS:
        articles = expected.expected(host)
        kinds = {kind for article in articles for kind, _ in article.blocks}
        assert kinds == {BlockKind.PARAGRAPH, BlockKind.SUBHEADING, BlockKind.LIST_ITEM, BlockKind.QUOTE}
        assert any(article.captions for article in articles)


def test_the_copy_has_the_text_of_its_original(newsroom: Newsroom) -> None:
    ((original, copy),) = expected.syndicated()
    texts = {article.url: article for host in HOSTS for article in expected.expected(host)}
    assert texts[original].blocks == texts[copy].blocks
    assert texts[original].headline == texts[copy].headline
    assert texts[copy].language == "en"
    served = get(newsroom, copy).text
    assert 'lang="de-DE"' in served
    assert "Nordkai Press Service" in served
    assert f'<link rel="canonical" href="{original}">' in served


def test_the_second_visit_changes_one_article_and_adds_one(newsroom: Newsroom) -> None:
    (url,) = expected.changed(TALBLATT)
    (new,) = expected.added(COURIER)
    assert not expected.changed(COURIER)
    assert not expected.added(TALBLATT)
    assert get(newsroom, new).status == 404
    before = get(newsroom, url)
    newsroom.visit = 2
    after = get(newsroom, url)
    assert get(newsroom, new).status == 200
    assert before.fields["etag"] != after.fields["etag"]
    assert before.fields["last-modified"] != after.fields["last-modified"]
    first, second = (next(a for a in expected.expected(TALBLATT, visit) if a.url == url) for visit in (1, 2))
    assert first.headline != second.headline
    assert first.paragraphs != second.paragraphs
    assert not first.corrections
    assert second.corrections[0].startswith("In einer früheren Fassung")
    assert first.published == second.published != second.modified


def test_the_teaser_ends_after_two_paragraphs(newsroom: Newsroom) -> None:
    (teaser,) = [article for article in expected.expected(COURIER) if article.teaser]
    text = get(newsroom, teaser.url).text
    assert len(teaser.blocks) == 2
    assert '"isAccessibleForFree": false' in text
    assert "Subscribe to read on" in text
    assert "a mistake in a column" not in text


# Where a crawler finds them


@pytest.mark.parametrize("host", HOSTS)
def test_the_front_page_links_everything_good_and_bad(newsroom: Newsroom, host: str) -> None:
    root = lxml.html.fromstring(get(newsroom, f"http://{host}/").text, base_url=f"http://{host}/")
    root.make_links_absolute()
    links = {str(link) for _, attribute, link, _ in root.iterlinks() if attribute == "href"}
    assert {article.url for article in expected.expected(host)} <= links
    assert set(expected.dead(host)) | set(expected.redirects(host)) <= links
    assert expected.disallowed(host)[0] in links


@pytest.mark.parametrize("host", HOSTS)
def test_no_link_within_the_site_is_dead_but_those_that_ought_to_be(newsroom: Newsroom, host: str) -> None:
    newsroom.visit = 2
    todo, seen, lost = [f"http://{host}/"], set[str](), set[str]()
    while todo:
        url = todo.pop()
        if url in seen:
            continue
        seen.add(url)
        got = get(newsroom, url)
        if got.status == 404:
            lost.add(url)
        if not got.fields["content-type"].startswith("text/html") or not got.body:
            continue
        root = lxml.html.fromstring(got.body.decode("utf-8", "replace"), base_url=url)
        root.make_links_absolute()
        for node, attribute, link, _ in root.iterlinks():
            bare = str(link).partition("#")[0]
            if bare.startswith(f"http://{host}/") and attribute != "action" and node.get("rel") != "shortlink":
                todo.append(bare)
    assert lost == set(expected.dead(host))
    assert set(expected.disallowed(host)) <= seen


@pytest.mark.parametrize("host", HOSTS)
def test_robots_forbids_what_is_said_to_be_forbidden(newsroom: Newsroom, host: str) -> None:
    got = get(newsroom, f"http://{host}/robots.txt")
    assert got.fields["content-type"] == "text/plain"
    for url in expected.disallowed(host):
        folder = re.match(rf"http://{host}(/\w+/)", url)
        assert folder
        assert f"Disallow: {folder[1]}" in got.text
    assert ("Sitemap:" in got.text) == (host == TALBLATT)


def test_rss_names_the_ten_newest_with_creators_and_excerpts(newsroom: Newsroom) -> None:
    newsroom.visit = 2
    channel = lxml.etree.fromstring(get(newsroom, f"http://{COURIER}/feed/").body)
    links = [node.text for node in channel.findall(".//item/link")]
    assert links == [article.url for article in expected.expected(COURIER, 2)][:10]
    spaces = {"dc": "http://purl.org/dc/elements/1.1/", "content": "http://purl.org/rss/1.0/modules/content/"}
    assert len(channel.findall(".//item/dc:creator", spaces)) == 10
    excerpt = channel.find(".//item/content:encoded", spaces)
    assert excerpt is not None
    assert "appeared first on" in str(excerpt.text)


def test_atom_and_the_sitemaps_tell_of_the_change(newsroom: Newsroom) -> None:
    (changed,) = expected.changed(TALBLATT)

    def dates() -> list[str]:
        feed = lxml.etree.fromstring(get(newsroom, f"http://{TALBLATT}/feed/atom/").body)
        entry = f"//a:entry[a:link/@href='{changed}']/a:updated/text()"
        packed = get(newsroom, f"http://{TALBLATT}/sitemap-beitraege.xml.gz").body
        news = get(newsroom, f"http://{TALBLATT}/news-sitemap.xml").body
        maps = [lxml.etree.fromstring(body) for body in (gzip.decompress(packed), news)]
        lasts = [m.xpath(f"//s:url[s:loc='{changed}']/s:lastmod/text()", namespaces=SITEMAP)[0] for m in maps]
        return [str(feed.xpath(entry, namespaces=ATOM)[0]), *(str(last) for last in lasts)]

    assert dates() == ["2026-11-23T16:40:00+01:00"] * 3
    newsroom.visit = 2
    assert dates() == ["2026-11-24T08:15:00+01:00"] * 3


def test_the_sitemap_index_leads_to_all_articles(newsroom: Newsroom) -> None:
    index = lxml.etree.fromstring(get(newsroom, f"http://{TALBLATT}/sitemap_index.xml").body)
    found = set()
    for url in index.xpath("//s:loc/text()", namespaces=SITEMAP):
        got = get(newsroom, str(url), Accept_Encoding="gzip")
        assert ("content-encoding" in got.fields) == (not str(url).endswith(".gz"))
        xml = lxml.etree.fromstring(gzip.decompress(got.body))
        found |= {str(loc) for loc in xml.xpath("//s:url/s:loc/text()", namespaces=SITEMAP)}
    assert found == {article.url for article in expected.expected(TALBLATT)}


# The manners of the wire


def test_heads_are_those_of_a_news_site(newsroom: Newsroom) -> None:
    got = get(newsroom, expected.expected(COURIER)[0].url)
    assert got.fields["server"] == "nginx"
    assert got.fields["content-type"] == "text/html; charset=UTF-8"
    assert {"date", "etag", "last-modified", "content-length", "vary"} <= got.fields.keys()
    packed = get(newsroom, expected.expected(COURIER)[0].url, Accept_Encoding="gzip, br")
    assert packed.fields["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == got.body


def test_the_header_of_the_page_shows_the_day_of_the_visit(newsroom: Newsroom) -> None:
    assert "Thursday, December 3, 2026" in get(newsroom, expected.expected(COURIER)[0].url).text
    assert "Donnerstag, 3. Dezember 2026" in get(newsroom, expected.expected(TALBLATT)[0].url).text


def test_one_page_declares_windows_1252_in_its_text_only(newsroom: Newsroom) -> None:
    pages = [get(newsroom, article.url) for article in expected.expected(TALBLATT)]
    (old,) = [page for page in pages if page.fields["content-type"] == "text/html"]
    assert "„Zum Stillen Ochsen“" in old.body.decode("windows-1252")
    with pytest.raises(UnicodeDecodeError):
        old.body.decode()


def test_one_page_comes_in_chunks(newsroom: Newsroom) -> None:
    answers = {article.url: get(newsroom, article.url) for article in expected.expected(COURIER)}
    (url,) = [url for url, got in answers.items() if got.fields.get("transfer-encoding") == "chunked"]
    assert url.endswith("/tide-tables-by-hand/")
    assert answers[url].text.endswith("</html>\n")


@pytest.mark.parametrize("host", HOSTS)
def test_redirects_are_permanent_and_have_a_body(newsroom: Newsroom, host: str) -> None:
    for old, new in expected.redirects(host).items():
        got = get(newsroom, old)
        assert (got.status, got.fields["location"]) == (301, new)
        assert new in got.text
        assert get(newsroom, new).status == 200


def test_an_address_without_its_last_slash_is_sent_on(newsroom: Newsroom) -> None:
    url = expected.expected(COURIER)[0].url
    assert get(newsroom, url.rstrip("/")).fields["location"] == url


def test_conditional_requests(newsroom: Newsroom) -> None:
    url = expected.expected(TALBLATT)[0].url
    first = get(newsroom, url)
    again = get(newsroom, url, If_None_Match=first.fields["etag"])
    assert (again.status, again.body) == (304, b"")
    assert again.fields["etag"] == first.fields["etag"]
    assert newsroom.log[-1].status == 304
    assert get(newsroom, url, If_Modified_Since=first.fields["last-modified"]).status == 304
    assert get(newsroom, url, If_Modified_Since="yesterday").status == 200
    newsroom.visit = 2
    assert get(newsroom, url, If_None_Match=first.fields["etag"]).status == 200


def test_many_requests_on_one_connection_and_the_log_of_them(newsroom: Newsroom) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", newsroom.port, timeout=20)
    try:
        for path in ("/", "/feed/", "/nothing/"):
            connection.request("GET", path, headers={"Host": COURIER, "User-Agent": "one connection"})
            connection.getresponse().read()
        connection.request("POST", "/wp-comments-post.php", body=b"comment=hello", headers={"Host": COURIER})
        assert connection.getresponse().read()
        connection.request("HEAD", "/", headers={"Host": TALBLATT})
        assert connection.getresponse().read() == b""
    finally:
        connection.close()
    assert [(entry.method, entry.host, entry.path, entry.status) for entry in newsroom.log] == [
        ("GET", COURIER, "/", 200),
        ("GET", COURIER, "/feed/", 200),
        ("GET", COURIER, "/nothing/", 404),
        ("POST", COURIER, "/wp-comments-post.php", 405),
        ("HEAD", TALBLATT, "/", 200),
    ]
    assert newsroom.log[0].agent == "one connection"


def test_what_is_not_http_gets_a_400(newsroom: Newsroom) -> None:
    with socket.create_connection(("127.0.0.1", newsroom.port), timeout=20) as raw:
        raw.sendall(b"hello\r\n\r\n")
        assert raw.makefile("rb").read().startswith(b"HTTP/1.1 400 Bad Request\r\n")


def test_old_clients_get_no_chunks_and_a_closed_connection(newsroom: Newsroom) -> None:
    with socket.create_connection(("127.0.0.1", newsroom.port), timeout=20) as raw:
        raw.sendall(f"GET /2026/11/tide-tables-by-hand/ HTTP/1.0\r\nHost: {COURIER}\r\n\r\n".encode())
        head, _, body = raw.makefile("rb").read().partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    assert body.endswith(b"</html>\n")


@pytest.mark.parametrize("path", ["../site.toml", "..%2fsite.toml", "page.html", "", "%00"])
def test_only_static_files_are_served(newsroom: Newsroom, path: str) -> None:
    assert get(newsroom, f"http://{COURIER}/wp-content/themes/{path}").status == 404


def test_a_person_sees_an_index_and_can_follow_its_links(newsroom: Newsroom) -> None:
    here = f"127.0.0.1:{newsroom.port}"
    assert f'href="/_site/{TALBLATT}/"' in get(newsroom, f"http://{here}/").text
    front = get(newsroom, f"http://{here}/_site/{TALBLATT}/").text
    assert f'href="/_site/{TALBLATT}/stadt/bruecke-gesperrt-20417/"' in front
    article = get(newsroom, f"http://{here}/_site/{COURIER}/2026/11/ferry-fares-frozen/").text
    assert f'href="/_site/{COURIER}/category/harbour/"' in article
    assert f'href="http://{COURIER}' not in article
    moved = get(newsroom, f"http://{here}/_site/{COURIER}/harbour/old-crane-to-move.html")
    assert moved.fields["location"] == f"/_site/{COURIER}/2026/11/listed-crane-moves-sixty-metres/"


def test_unknown_hosts_are_told_what_is_here(newsroom: Newsroom) -> None:
    got = get(newsroom, "http://<nobody>.example/")
    assert got.status == 404
    assert "&lt;nobody&gt;.example" in got.text
    assert all(host in got.text for host in HOSTS)


def test_it_closes_with_connections_open_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    with Newsroom(awkward=True) as served:
        idle = socket.create_connection(("127.0.0.1", served.port), timeout=20)
        waiting = socket.create_connection(("127.0.0.1", served.port), timeout=20)
        full = socket.create_connection(("127.0.0.1", served.port), timeout=20)
        waiting.sendall(b"GET / HTTP/1.1\r\nHost: slow.example\r\n\r\n")
        full.sendall(b"GET /2026/11/forty-megabytes/ HTTP/1.1\r\nHost: huge.example\r\n\r\n")
        assert full.recv(10)
    assert set(threading.enumerate()) == before
    served.close()
    for connection in (idle, waiting):
        assert connection.recv(1) == b""
    for connection in (idle, waiting, full):
        connection.close()


def test_the_module_serves_and_says_where() -> None:
    command = [sys.executable, "-m", "crawler.newsroom", "--port", "0", "--visit", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        match = re.match(r"http://127\.0\.0\.1:(\d+)/", line)
        assert match
        connection = http.client.HTTPConnection("127.0.0.1", int(match[1]), timeout=20)
        connection.request("GET", "/2026/11/barrier-closes-again/", headers={"Host": COURIER})
        assert connection.getresponse().status == 200
        connection.close()
        process.terminate()
        assert process.wait(20) == 0


def test_a_taken_port_is_said_plainly(newsroom: Newsroom) -> None:
    command = [sys.executable, "-m", "crawler.newsroom", "--port", str(newsroom.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "try --port 0" in done.stderr


def test_what_is_no_port_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--port", "80170"])
    assert "--port 80170: ports are 0 to 65535" in capsys.readouterr().err


# Manuscripts


def test_resolve_names_the_awkward_hosts_only_when_asked() -> None:
    with Newsroom() as plainly:
        assert set(plainly.resolve) == set(HOSTS)
        assert plainly.resolve[COURIER] == f"127.0.0.1:{plainly.port}"
        assert get(plainly, "http://forbidden.example/").status == 404


def test_every_passage_of_every_manuscript_is_understood() -> None:
    paths = sorted(SITES.glob("*/articles/*.txt"))
    assert len(paths) == sum(len(load_site(host).manuscripts) for host in HOSTS)
    for path in paths:
        manuscript = read_manuscript(path)
        assert manuscript.published <= manuscript.modified
        assert manuscript.published.tzinfo
        slugs = {other.slug for other in load_site(path.parts[-3]).manuscripts}
        for passage in manuscript.passages:
            if passage.kind in {Kind.RELATED, Kind.ALSO}:
                assert set(passage.argument.split()) <= slugs, path
            if passage.kind is Kind.FIGURE:
                assert (path.parent.parent / "static" / passage.argument).is_file()
        assert (path.parent.parent / "static" / manuscript.image).is_file()


def test_marks_within_a_passage() -> None:
    assert plain("a *b* [c](/d)") == "a b c"
    assert marked_up("a < *b* [c](/d)") == 'a &lt; <em>b</em> <a href="/d">c</a>'


# Awkward hosts


@pytest.mark.parametrize("host", [host for host in awkward.HOSTS if host != "slow.example"])
def test_awkward_hosts_answer(newsroom: Newsroom, host: str) -> None:
    status = {"forbidden.example": 403, "failing.example": 500}.get(host, 200)
    for path in ("", "robots.txt"):
        assert get(newsroom, f"http://{host}/{path}").status == status
    if status == 200:
        front = lxml.html.fromstring(get(newsroom, f"http://{host}/").body)
        for link in front.xpath("//li/a/@href"):
            assert get(newsroom, f"http://{host}{link}", "HEAD").status == 200
        assert get(newsroom, f"http://{host}/nothing").status in {200, 404}


def test_the_awkward_things_are_as_awkward_as_they_say(newsroom: Newsroom) -> None:
    wrong = get(newsroom, "http://wrong-charset.example/2026/11/head-says-utf-8/")
    with pytest.raises(UnicodeDecodeError):
        wrong.body.decode()
    assert "Größe" in get(newsroom, "http://wrong-charset.example/2026/11/meta-says-latin-1/").text
    with pytest.raises(lxml.etree.XMLSyntaxError):
        lxml.etree.fromstring(get(newsroom, "http://broken-feed.example/feed/").body)
    assert get(newsroom, "http://sitemap-is-html.example/sitemap.xml").text.startswith("<!DOCTYPE html>")
    assert b"<item" not in get(newsroom, "http://empty-feed.example/feed/").body
    assert get(newsroom, "http://empty-feed.example/comments/feed/").body == b""


def test_the_huge_page_is_forty_megabytes(newsroom: Newsroom) -> None:
    got = get(newsroom, "http://huge.example/2026/11/forty-megabytes/", Accept_Encoding="gzip")
    assert len(got.body) == awkward.HUGE_BYTES == int(got.fields["content-length"])
    assert "Zoë Müller" in got.body[:4000].decode()


def test_the_slow_host_takes_the_request_and_says_nothing(newsroom: Newsroom) -> None:
    with socket.create_connection(("127.0.0.1", newsroom.port), timeout=20) as raw:
        raw.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: slow.example\r\n\r\n")
        get(newsroom, f"http://{COURIER}/robots.txt")  # the others go on
        raw.setblocking(False)
        with pytest.raises(BlockingIOError):
            raw.recv(1)
