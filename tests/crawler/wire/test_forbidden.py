"""The address guard on the wire: whatever leads to a forbidden address, in any way, no socket connects to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from fetched import Fetched, fetch
from forbidden import CASES, KNOWN
from rawserver import RawServer, Reply
from scrapy import Request

pytestmark = pytest.mark.slow  # a process of its own

PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"
ROLES = ("article", "feed", "sitemap", "robots", "front", "section")
PUBLIC = "8.8.8.8"
# What names say of whom one may ask: a public address first, and then a forbidden one.
REBOUND = {
    # Between the look-up and the connection: whoever looked up twice would connect to the second answer.
    "rebound.test": [[PUBLIC], ["127.0.0.1"]],
    "rebound-v6.test": [["2606:4700::1111"], ["::1"]],
    "retried.test": [[PUBLIC], ["10.0.0.1"], ["169.254.169.254"]],
    "mixed.test": [[PUBLIC, "10.0.0.1"]],
    "mixed-last.test": [["127.0.0.1", PUBLIC]],
    "mixed-v6.test": [["fd00::1", "2606:4700::1111", "::ffff:10.0.0.1"]],
}
ALLOWED = {PUBLIC, "2606:4700::1111"}


def answer(path: str) -> Reply:
    """A page, or a redirect to what the path says."""
    _, name, target = path.split("/", 2)
    if name == "to":
        location = unquote(target).encode("utf-8")
        return Reply((b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n",))
    return Reply((PAGE,))


def _is_url(url: str) -> bool:
    try:
        Request(url)
    except ValueError:
        return False
    return True


@dataclass
class Tried:
    """What one process fetched, and each address that its sockets connected to."""

    fetched: Fetched
    connects: list[tuple[str, int]]
    port: int


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    directory: Path = tmp_path_factory.mktemp("forbidden")
    with RawServer(answer) as server:
        site = f"http://site.test:{server.port}"
        chains: list[list[dict[str, Any]]] = [[{"url": f"{site}/page/open"}]]
        for at, case in enumerate(CASES):
            for scheme in ("http", "https"):
                url = f"{scheme}://{case.host}/{case.name}-{scheme}"
                origin = {"role": ROLES[at % len(ROLES)], "retry": at % 3}
                if _is_url(url):  # else no request can be made of it
                    chains.append([{"url": url, "meta": {"origin": origin}}])
            # The port of a server that would answer: a connect that slips through is not hidden by its failure.
            target = f"http://{case.host}:{server.port}/{case.name}-moved"
            chains.append([{"url": f"{site}/to/{quote(target, safe='')}", "meta": {"origin": origin}}])
        chains += [[{"url": f"http://{name}:{server.port}/", "meta": {"max_retry_times": 2}}] for name in REBOUND]
        connects = directory / "connects"
        proxied = {"http_proxy": f"http://127.0.0.1:{server.port + 1}", "https_proxy": "http://10.9.9.9:3128"}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in proxied.items():
                patch.setenv(name, value)
                patch.setenv(name.upper(), value)
            fetched = fetch(
                directory,
                chains,
                resolve={"site.test": f"127.0.0.1:{server.port}"},
                known_names={**KNOWN, **REBOUND},
                settings={
                    "TWISTED_DNS_RESOLVER": "names.Known",
                    "RETRY_ENABLED": True,
                    "RETRY_TIMES": 0,
                    "RETRY_PRIORITY_ADJUST": 0,
                },
                connects=connects,
            )
        lines = [line.rsplit(" ", 1) for line in connects.read_text("utf-8").splitlines()]
        yield Tried(fetched, [(host, int(port)) for host, port in lines], server.port)


def test_the_matrix_is_as_large_as_it_says() -> None:
    assert len(CASES) >= 250
    assert len({case.host for case in CASES}) == len(CASES)


def test_the_connector_sees_what_is_allowed(tried: Tried) -> None:
    assert ("127.0.0.1", tried.port) in tried.connects, "the server of [network.resolve]"
    assert (PUBLIC, tried.port) in tried.connects
    assert tried.fetched.stored[f"http://site.test:{tried.port}/page/open"][0].response == PAGE


def test_no_socket_connects_to_a_forbidden_address(tried: Tried) -> None:
    assert {one for one in tried.connects if one[0] not in ALLOWED} == {("127.0.0.1", tried.port)}


def test_only_the_allowed_server_was_asked(tried: Tried) -> None:
    # The spellings share its address and port: what the guard let through would stand in its log.
    server_paths = {url for url, some in tried.fetched.stored.items() if any(one.response for one in some)}
    assert all(url.startswith(f"http://site.test:{tried.port}/") for url in server_paths)


@pytest.mark.parametrize("way", ["http", "https", "moved"])
def test_what_the_guard_refuses_is_an_attempt_with_its_reason(tried: Tried, way: str) -> None:
    attempts = {url: some[0] for url, some in tried.fetched.stored.items() if some and not some[0].response}
    reasons = {url.rsplit("/", 1)[-1]: one.metadata for url, one in attempts.items()}
    for case in CASES:
        if case.certain:
            assert "presskeep-attempt: address\r\n" in reasons[f"{case.name}-{way}"], case


def test_a_name_is_looked_up_once_for_a_connection_and_again_for_a_retry(tried: Tried) -> None:
    for name in ("rebound.test", "rebound-v6.test", "retried.test"):
        some = tried.fetched.stored[f"http://{name}:{tried.port}/"]
        reasons = ["address" if "presskeep-attempt: address" in one.metadata else "connection" for one in some]
        # The first went where the first answer led; each retry met the guard.
        assert reasons[:2] == ["connection", "address"], name


def test_a_mixed_answer_leads_to_its_public_part_alone(tried: Tried) -> None:
    for name in ("mixed.test", "mixed-last.test", "mixed-v6.test"):
        assert tried.fetched.stored[f"http://{name}:{tried.port}/"], name
