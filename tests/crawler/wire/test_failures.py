"""What gets no answer is recorded with its reason; what must not be reached is not; hostile answers are bounded."""

from __future__ import annotations

import gzip
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme
from fetched import Fetched, fetch
from rawserver import End, RawServer, Reply

pytestmark = pytest.mark.slow  # a process of its own, with time-outs to wait for

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
PAGE = OK + b"Content-Length: 5\r\n\r\nhello"
MEBIBYTE = 2**20
BOMB = gzip.compress(b"\0" * 20 * MEBIBYTE)


def answer(path: str) -> Reply:
    """What the servers say."""
    name = path.strip("/").partition("/")[0]
    if name.startswith("to-"):  # /to-HOST-PORT
        host, _, port = name.removeprefix("to-").rpartition("-")
        return Reply((b"HTTP/1.1 302 Found\r\nLocation: http://%s:%s/\r\n" % (host.encode(), port.encode()) + EMPTY,))
    return REPLIES.get(name, Reply((PAGE,)))


EMPTY = b"Content-Length: 0\r\n\r\n"
REPLIES = {
    "endless-line": Reply((b"HTTP/1.1 200 OK\r\nX-Long: ", *(b"x" * MEBIBYTE,) * 3), End.HANG),
    "endless-fields": Reply((b"HTTP/1.1 200 OK\r\n", *(b"X-Field: value\r\n" * 4096,) * 64), End.HANG),
    "endless-interim": Reply((b"HTTP/1.1 100 Continue\r\n\r\n" * 2048,) * 64, End.HANG),
    "bomb": Reply((OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB,)),
    "tiny-chunks": Reply(
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", *(b"1;" + b"e" * 990 + b"\r\nx\r\n",) * 6000), End.HANG
    ),
    "mute": Reply(end=End.HANG),
    "drip": Reply((OK + b"Content-Length: 5000\r\n\r\n", b"hel", b"lo"), End.HANG),
    "loop": Reply((b"HTTP/1.1 301 Moved\r\nLocation: /loop\r\n" + EMPTY,)),
    "file": Reply((b"HTTP/1.1 301 Moved\r\nLocation: file:///etc/passwd\r\n" + EMPTY,)),
}
LIMIT = 4 * MEBIBYTE


class Case:
    """The servers, and what one process fetched from them and from nowhere."""

    def __init__(self, fetched: Fetched, server: RawServer, urls: dict[str, str]) -> None:
        self.fetched = fetched
        self.server = server
        self.urls = urls

    def attempt(self, name: str) -> str:
        """The metadata record of the only attempt at a URL."""
        stored = self.fetched.stored[self.urls[name]]
        assert [one.response for one in stored] == [b""]
        return stored[0].metadata

    def response(self, name: str) -> tuple[bytes, str | None]:
        """The stored response of the only exchange at a URL, and why it is cut."""
        (stored,) = self.fetched.stored[self.urls[name]]
        return stored.response, stored.headers.get("WARC-Truncated")

    def received(self, path: str) -> int:
        """How many requests for a path reached the server."""
        return len(self.server.log.crossings.get(path, []))


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    directory: Path = tmp_path_factory.mktemp("failures")
    trusted, stranger = trustme.CA(), trustme.CA()
    trusted.cert_pem.write_to_path(str(directory / "ca.pem"))
    with ExitStack() as stack:
        plain = stack.enter_context(RawServer(answer))
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))  # accepts, and never says a word
        secure: dict[str, RawServer] = {}
        for name, authority in (("good", trusted), ("stranger", stranger)):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("tls.example").configure_cert(context)
            secure[name] = stack.enter_context(RawServer(answer, context))

        port, site = plain.port, f"http://site.example:{plain.port}"
        urls = {
            "dns": "http://unknown.example/",
            "refused": f"http://site.example:{_closed_port()}/",
            "private": "http://private.example/",
            "mapped": f"http://mapped.example:{port}/",
            "nat64": f"http://nat64.example:{port}/",
            "literal": f"http://10.1.2.3:{port}/",
            "literal-v6": f"http://[::ffff:127.0.0.1]:{port}/",
            "loopback": f"http://loopback.example:{port}/",
            "link-local": "http://169.254.169.254/latest/meta-data/",
            "redirected": f"{site}/to-private.example-80",
            "out-of-scope": f"{site}/to-elsewhere.example-{port}",
            "in-scope": f"{site}/to-www.site.example-{port}",
            "wrong-name": f"https://other.example:{secure['good'].port}/",
            "stranger": f"https://tls.example:{secure['stranger'].port}/",
            "good": f"https://tls.example:{secure['good'].port}/",
            "not-tls": f"https://tls.example:{port}/",
            "silent": f"https://tls.example:{silent.getsockname()[1]}/",
            "proxy": f"{site}/proxied",
            "loop": f"{site}/loop",
            **{name: f"{site}/{name}" for name in REPLIES},
        }
        scope = {"presskeep_scope": ["site.example"]}
        meta: dict[str, dict[str, Any]] = {
            "out-of-scope": scope,
            "in-scope": scope,
            "proxy": {"proxy": f"http://127.0.0.1:{port}"},
            **{name: {"download_maxsize": LIMIT} for name in ("bomb", "tiny-chunks")},
        }
        fetched = fetch(
            directory,
            [[{"url": url, "meta": meta.get(name, {})}] for name, url in urls.items()],
            resolve={
                "site.example": "127.0.0.1",
                "www.site.example": "127.0.0.1",
                "elsewhere.example": "127.0.0.1",
                "tls.example": "127.0.0.1",
                "other.example": "127.0.0.1",
            },
            known_names={
                "private.example": ["10.0.0.1", "192.168.0.1"],
                "mapped.example": ["::ffff:127.0.0.1"],
                "nat64.example": ["64:ff9b::7f00:1"],
                "loopback.example": ["127.0.0.1"],
            },
            settings={
                "TWISTED_DNS_RESOLVER": "names.Known",
                "PRESSKEEP_CA_FILE": str(directory / "ca.pem"),
                "DOWNLOAD_TIMEOUT": 20,
                "PRESSKEEP_CONNECT_TIMEOUT": 6,
                "PRESSKEEP_FIRST_BYTE_TIMEOUT": 8,
                "PRESSKEEP_RATE_SPAN": 6,
            },
        )
        yield Case(fetched, plain, urls)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("dns", "dns"),
        ("refused", "refused"),
        ("private", "address"),
        ("mapped", "address"),
        ("nat64", "address"),
        ("literal", "address"),
        ("literal-v6", "address"),
        ("loopback", "address"),
        ("link-local", "address"),
        ("wrong-name", "tls"),
        ("stranger", "tls"),
        ("not-tls", "tls"),
        ("silent", "tls"),
        ("proxy", "other"),
    ],
)
def test_an_attempt_is_recorded_with_its_reason(case: Case, name: str, reason: str) -> None:
    assert f"presskeep-attempt: {reason}\r\n" in case.attempt(name)
    assert case.fetched.stored[case.urls[name]][0].request == b""
    assert case.fetched.of(case.urls[name])["reason"] == reason


def test_the_archive_says_in_words_why(case: Case) -> None:
    assert "10.0.0.1 is private" in case.attempt("private") or "192.168.0.1 is private" in case.attempt("private")
    assert "certificate verify failed" in case.attempt("stranger")
    assert "Name or service not known (EAI_NONAME)" in case.attempt("dns")


def test_no_forbidden_address_was_connected_to(case: Case) -> None:
    assert case.received("/") == 1  # by way of the redirect within the scope
    assert case.received("/proxied") == 0
    assert case.received("/latest/meta-data/") == 0


def test_a_certificate_of_a_known_authority_is_believed(case: Case) -> None:
    assert case.response("good") == (PAGE, None)


def test_a_redirect_does_not_lead_past_the_guard(case: Case) -> None:
    response, cut = case.response("redirected")
    assert response.startswith(b"HTTP/1.1 302")
    assert cut is None
    (stored,) = case.fetched.stored["http://private.example:80/"] or case.fetched.stored["http://private.example/"]
    assert "presskeep-attempt: address\r\n" in stored.metadata
    assert f"via: {case.urls['redirected']}\r\n" in stored.metadata


def test_a_redirect_out_of_scope_is_recorded_and_not_followed(case: Case) -> None:
    (stored,) = case.fetched.stored[f"http://elsewhere.example:{case.server.port}/"]
    assert "presskeep-attempt: scope\r\n" in stored.metadata
    assert f"via: {case.urls['out-of-scope']}\r\n" in stored.metadata
    assert case.fetched.of(case.urls["out-of-scope"])["error"] == "OutOfScope"


def test_a_redirect_within_the_scope_is_followed(case: Case) -> None:
    (stored,) = case.fetched.stored[f"http://www.site.example:{case.server.port}/"]
    assert stored.response == PAGE
    assert case.fetched.of(case.urls["in-scope"])["status"] == 200


def test_a_redirect_to_a_file_is_an_answer_and_nothing_more(case: Case) -> None:
    assert case.fetched.of(case.urls["file"])["error"] == "HttpError"
    assert not any(url.startswith("file:") for url in case.fetched.stored)


def test_a_loop_of_redirects_ends_and_each_hop_is_recorded(case: Case) -> None:
    stored = case.fetched.stored[case.urls["loop"]]
    assert len(stored) == case.received("/loop") == 11
    assert "hopsFromSeed: RRRRRRRRRR\r\n" in stored[-1].metadata
    assert "presskeep-retry" not in stored[-1].metadata


@pytest.mark.parametrize("name", ["endless-line", "endless-fields", "endless-interim"])
def test_a_head_without_end_is_cut_at_a_mebibyte(case: Case, name: str) -> None:
    response, cut = case.response(name)
    assert cut == "length"
    assert MEBIBYTE < len(response) < 2 * MEBIBYTE
    assert b"".join(REPLIES[name].pieces).startswith(response)


def test_a_server_that_says_nothing_is_not_waited_for_to_the_end(case: Case) -> None:
    assert "presskeep-attempt: timeout\r\n" in case.attempt("mute")
    assert "no byte of an answer within 8 s" in case.attempt("mute")


def test_what_drips_is_cut_and_stored_as_cut(case: Case) -> None:
    assert case.response("drip") == (REPLIES["drip"].whole, "time")
    assert "fewer than 256 bytes a second" in case.fetched.of(case.urls["drip"])["said"]


def test_framing_counts_for_the_size_limit(case: Case) -> None:
    response, cut = case.response("tiny-chunks")
    assert cut == "length"
    assert len(response) <= LIMIT + 2 * MEBIBYTE
    assert b"".join(REPLIES["tiny-chunks"].pieces).startswith(response)


def test_a_bomb_is_captured_whole_and_never_decoded(case: Case) -> None:
    assert case.response("bomb") == (REPLIES["bomb"].whole, None)
    assert case.fetched.of(case.urls["bomb"])["error"] == "IgnoreRequest"


def test_the_crawl_ended_in_order(case: Case) -> None:
    assert case.fetched.reason == "finished"
    assert "Traceback" not in case.fetched.output
    assert "Unhandled" not in case.fetched.output
