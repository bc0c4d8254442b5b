"""The hostile fleet of the benchmark: each kind ends as it is said to, and within its limits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fetched import fetch

from archive.capture import Capture
from archive.errors import PayloadTooLarge
from archive.event import StoredAttempt
from archive.exchange import NoAnswer, Truncation
from archive.store import Archive
from benchmarks.hostile import misbehaving
from benchmarks.hostile_server import KINDS, OF_EVERYTHING, OF_TLS

pytestmark = pytest.mark.slow  # a process of its own, with time-outs to wait for

LIMIT = 2**20  # of a body, and of a head
PIECE = 2**17  # what the last piece from a socket may bring beyond it

# What the archive has of each kind: the status (None for what is no HTTP), and why the answer is cut.
ANSWERED: dict[str, tuple[int | None, Truncation | None]] = {
    "drip": (200, Truncation.TIME),
    "drip_head": (None, Truncation.TIME),
    "endless_head": (200, Truncation.LENGTH),
    "endless_body": (200, Truncation.LENGTH),
    "endless_redirects": (302, None),
    "huge_chunk": (200, Truncation.TIME),
    "bomb": (200, None),
    "bomb_br": (200, None),
    "bomb_zstd": (200, None),
    "short": (200, Truncation.DISCONNECT),
    "long": (200, None),
    "garbage": (None, Truncation.UNSPECIFIED),
    "overloaded": (429, None),
    "broken": (500, None),
    "tls_trusted": (500, None),
}
# Or the reason why there is no answer, and words of its detail.
UNANSWERED = {
    "reset": (NoAnswer.DISCONNECT, "lost"),
    "silent": (NoAnswer.TIMEOUT, "no byte of an answer within 3 s"),
    "closed": (NoAnswer.DISCONNECT, "closed cleanly"),
    "tls_silent": (NoAnswer.TLS, "no TLS handshake within 3 s"),
    "tls_garbage": (NoAnswer.TLS, "wrong version"),
    "tls_closed": (NoAnswer.TLS, "closed during the handshake"),
    "tls_drip": (NoAnswer.TLS, "no TLS handshake within 3 s"),
    "tls_cut": (NoAnswer.TLS, "closed during the handshake"),
    "tls_self_signed": (NoAnswer.TLS, "it is signed by itself"),
    "tls_expired": (NoAnswer.TLS, "it has expired"),
    "tls_other_name": (NoAnswer.TLS, "tls-other-name.example"),
}


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Capture | StoredAttempt]]:
    """What came of each kind."""
    directory = tmp_path_factory.mktemp("fleet")
    with misbehaving(directory) as ports:
        hosts = {kind: f"{kind.replace('_', '-')}.example" for kind in KINDS}
        urls = {kind: f"{'https' if kind in OF_TLS else 'http'}://{host}/story" for kind, host in hosts.items()}
        fetched = fetch(
            directory,
            [[{"url": url}] for url in urls.values()],
            resolve={host: f"127.0.0.1:{ports[kind]}" for kind, host in hosts.items()},
            settings={
                "PRESSKEEP_CA_FILE": str(directory / "ca.pem"),
                "DOWNLOAD_TIMEOUT": 6,
                "DOWNLOAD_MAXSIZE": LIMIT,
                "PRESSKEEP_CONNECT_TIMEOUT": 3,
                "PRESSKEEP_FIRST_BYTE_TIMEOUT": 3,
                "PRESSKEEP_RATE_SPAN": 3,
            },
            read=False,
        )
    with Archive.open(fetched.archive) as archive:
        by_url: dict[str, Capture | StoredAttempt] = {one.url: one for one in archive.captures()}
        by_url |= {one.attempt.url: one for one in archive.attempts()}
        yield {kind: by_url[url] for kind, url in urls.items()}


def of_articles(kind: str) -> str:
    """What a kind does, whether with everything or with articles alone."""
    return kind.removesuffix("_everywhere")


def test_each_kind_is_expected() -> None:
    assert {of_articles(kind) for kind in KINDS} == ANSWERED.keys() | UNANSWERED.keys()
    assert {of_articles(kind) for kind in OF_EVERYTHING} <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_it_ends_as_it_is_said_to_and_within_its_limits(met: dict[str, Capture | StoredAttempt], kind: str) -> None:
    found, name = met[kind], of_articles(kind)
    if isinstance(found, Capture):
        assert (found.status, found.truncated) == ANSWERED[name]
        assert len(found.block()) <= 2 * LIMIT + PIECE
    else:
        reason, words = UNANSWERED[name]
        assert found.attempt.reason is reason
        assert words in found.attempt.detail


@pytest.mark.parametrize("kind", ["bomb", "bomb_br", "bomb_zstd"])
def test_bombs_are_kept_as_they_came_and_unpacked_by_nobody(met: dict[str, Capture | StoredAttempt], kind: str) -> None:
    found = met[kind]
    assert isinstance(found, Capture)
    assert len(found.block()) < LIMIT
    with pytest.raises(PayloadTooLarge):
        found.message().decoded(LIMIT)
