"""What is recorded equals, byte for byte, what a server of raw bytes received and sent; over http and https."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme
from fetched import Fetched, fetch
from kinds import BY_NAME, KINDS, PAGE, Kind, answer
from rawserver import RawServer

from archive.digest import sha256
from archive.exchange import NoAnswer, Truncation
from archive.store import Archive
from archive.warc.paths import resolve
from archive.warc.reader import read_records
from crawler.tap.masking import masked

pytestmark = pytest.mark.slow  # a process of its own, with time-outs to wait for

SCHEMES = ("http", "https")
ORIGIN = {"role": "article", "via": "http://via.example/"}


class Wire:
    """Both servers, and what one process fetched from them."""

    def __init__(self, servers: dict[str, RawServer], fetched: Fetched) -> None:
        self.servers = servers
        self.fetched = fetched

    def url(self, scheme: str, kind: Kind, number: int) -> str:
        return url(scheme, self.servers[scheme].port, kind, number)


def url(scheme: str, port: int, kind: Kind, number: int) -> str:
    return f"{scheme}://{host(kind)}:{port}{kind.path(number)}"


def host(kind: Kind) -> str:
    return f"{kind.name.replace('.', '-')}.wire.example"


def _chain(scheme: str, port: int, kind: Kind) -> list[dict[str, Any]]:
    followed = 1 if kind.name == "redirect" else len(kind.replies)
    body = {"body": "a=1&b=2"} if kind.method == "POST" else {}
    return [
        {
            "url": url(scheme, port, kind, number),
            "method": kind.method,
            "headers": dict(kind.headers),
            # Each is of a site of its own: what another has sent before would not be stored again (test_twice.py).
            "meta": {**kind.meta, "origin": {"site": f"{scheme}-{kind.name}-{number}", **ORIGIN}},
            **body,
        }
        for number in range(followed)
    ]


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    directory: Path = tmp_path_factory.mktemp("wire")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("*.wire.example").configure_cert(context)
    with ExitStack() as stack:
        servers = {
            "http": stack.enter_context(RawServer(answer)),
            "https": stack.enter_context(RawServer(answer, context)),
        }
        chains = [_chain(scheme, servers[scheme].port, kind) for kind in KINDS for scheme in SCHEMES]
        fetched = fetch(
            directory,
            chains,
            resolve={host(kind): "127.0.0.1" for kind in KINDS},
            settings={"PRESSKEEP_CA_FILE": str(directory / "ca.pem")},
        )
        yield Wire(servers, fetched)


every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
every_scheme = pytest.mark.parametrize("scheme", SCHEMES)


def test_there_are_at_least_29_kinds() -> None:
    assert len(BY_NAME) == len(KINDS) >= 29


@every_scheme
@every_kind
def test_what_is_stored_is_what_crossed(wire: Wire, kind: Kind, scheme: str) -> None:
    for number, reply in enumerate(kind.replies):
        crossings = wire.servers[scheme].log.crossings[kind.path(number)]
        stored = wire.fetched.stored[wire.url(scheme, kind, number)]
        assert len(crossings) == len(stored) == 1
        kept = kind.name == "credentials-kept"
        hidden = crossings[0].received if kept else masked(crossings[0].received, ["X-Api-Key"])[0]
        assert stored[0].request == hidden
        assert stored[0].response == crossings[0].sent == reply.whole


@every_scheme
@every_kind
def test_what_is_cut_is_stored_as_cut(wire: Wire, kind: Kind, scheme: str) -> None:
    stored = wire.fetched.stored[wire.url(scheme, kind, len(kind.replies) - 1)][0]
    if isinstance(kind.outcome, NoAnswer):
        assert stored.headers["WARC-Type"] == "metadata"
        assert f"presskeep-attempt: {kind.outcome}\r\n" in stored.metadata
    else:
        assert stored.headers["WARC-Type"] == "response"
        assert stored.headers.get("WARC-Truncated") == kind.outcome


@every_scheme
@every_kind
def test_scrapy_sees_an_ordinary_response(wire: Wire, kind: Kind, scheme: str) -> None:
    seen = wire.fetched.of(wire.url(scheme, kind, 0 if kind.name == "redirect" else len(kind.replies) - 1))
    if kind.status is None:
        assert "status" not in seen
        assert (seen["reason"] is not None) == isinstance(kind.outcome, NoAnswer)
    else:
        assert (seen["status"], base64.b64decode(seen["body"])) == (kind.status, kind.body)
        assert (seen["ip"], seen["tls"]) == ("127.0.0.1", scheme == "https")


@every_scheme
@every_kind
def test_connections_are_shared_as_servers_allow(wire: Wire, kind: Kind, scheme: str) -> None:
    log = wire.servers[scheme].log
    used = {crossing.connection for number in range(len(kind.replies)) for crossing in log.crossings[kind.path(number)]}
    assert len(used) == kind.connections


@every_scheme
def test_circumstances_are_stored(wire: Wire, scheme: str) -> None:
    stored = wire.fetched.stored[wire.url(scheme, BY_NAME["plain"], 0)][0]
    assert stored.headers["WARC-IP-Address"] == "127.0.0.1"
    assert "presskeep-role: article\r\n" in stored.metadata
    assert "via: http://via.example/\r\n" in stored.metadata
    assert ("WARC-Cipher-Suite" in stored.headers) == (scheme == "https")
    archive = Archive.open(wire.fetched.archive)
    location = archive.memento(wire.url(scheme, BY_NAME["plain"], 0)).location
    assert location
    record = next(read_records(resolve(archive.warc_path, location.file), location.offset))
    # One field for each protocol, as the extension that IIPC adopted has it.
    spoken = record.fields.all("WARC-Protocol")
    assert spoken[0] == "http/1.1"
    assert [one.rpartition(".")[0] for one in spoken[1:]] == (["tls/1"] if scheme == "https" else [])
    if scheme == "https":
        assert stored.headers["WARC-Cipher-Suite"].startswith("TLS_")


@every_scheme
def test_each_hop_of_a_redirect_is_an_exchange_of_its_own(wire: Wire, scheme: str) -> None:
    kind = BY_NAME["redirect"]
    first, second = (wire.fetched.stored[wire.url(scheme, kind, number)][0].metadata for number in (0, 1))
    assert "hopsFromSeed: R\r\n" not in first
    assert "hopsFromSeed: R\r\n" in second
    assert f"via: {wire.url(scheme, kind, 0)}\r\n" in second
    assert "presskeep-source: redirect\r\n" in second
    assert "presskeep-role: article\r\n" in second


@every_scheme
def test_secrets_are_masked_at_the_same_length_and_named(wire: Wire, scheme: str) -> None:
    kind = BY_NAME["credentials"]
    stored = wire.fetched.stored[wire.url(scheme, kind, 0)][0]
    received = wire.servers[scheme].log.crossings[kind.path(0)][0].received
    assert b"Basic c2VjcmV0" in received
    assert len(stored.request) == len(received)
    assert b"secret" not in stored.request
    assert b"c2VjcmV0" not in stored.request
    assert b"X-Open: seen\r\n" in stored.request
    masks = [line for line in stored.metadata.splitlines() if line.startswith("presskeep-masked")]
    assert {name for name in ("Authorization", "X-Api-Key") if any(name in line for line in masks)} == {
        "Authorization",
        "X-Api-Key",
    }


@every_scheme
def test_secrets_are_kept_where_a_site_says_so(wire: Wire, scheme: str) -> None:
    stored = wire.fetched.stored[wire.url(scheme, BY_NAME["credentials-kept"], 0)][0]
    assert b"Authorization: Basic c2VjcmV0\r\n" in stored.request
    assert b"Cookie: session=1\r\n" in stored.request
    assert "presskeep-masked" not in stored.metadata


@every_scheme
@pytest.mark.parametrize("name", ["interim-100", "interim-103", "extra-bytes", "early-response"])
def test_interim_heads_and_bytes_beyond_the_end_are_kept_and_no_part_of_the_payload(
    wire: Wire, name: str, scheme: str
) -> None:
    kind = BY_NAME[name]
    capture = Archive.open(wire.fetched.archive).memento(wire.url(scheme, kind, 0))
    assert capture.block() == kind.replies[0].whole
    assert capture.status == 200
    assert capture.payload_digest == sha256(PAGE)
    assert capture.message().entity() == PAGE


def test_the_archive_reads_the_same_bytes_back(wire: Wire) -> None:
    archive = Archive.open(wire.fetched.archive)
    captures = {capture.url: capture for capture in archive.captures()}
    for scheme in SCHEMES:
        for kind in KINDS:
            if not isinstance(kind.outcome, NoAnswer):
                capture = captures[wire.url(scheme, kind, len(kind.replies) - 1)]
                assert capture.block() == kind.replies[-1].whole
                assert capture.truncated == kind.outcome
    attempts = {stored.attempt.url: stored.attempt for stored in archive.attempts()}
    for scheme in SCHEMES:
        for kind in KINDS:
            if isinstance(kind.outcome, NoAnswer):
                last = len(kind.replies) - 1
                attempt = attempts[wire.url(scheme, kind, last)]
                assert attempt.reason is kind.outcome
                assert attempt.request == wire.servers[scheme].log.crossings[kind.path(last)][0].received


def test_every_capture_is_acknowledged_once(wire: Wire) -> None:
    captures = [capture.id for capture in Archive.open(wire.fetched.archive).captures()]
    assert sorted(wire.fetched.committed) == sorted(captures)
    assert wire.fetched.reason == "finished"
    cut = sum(isinstance(kind.outcome, Truncation) for kind in KINDS)
    assert sum(value for name, value in wire.fetched.stats.items() if "/truncated/" in name) == 2 * cut
