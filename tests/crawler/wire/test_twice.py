"""What crosses the wire twice: its payload is stored once, and each time is read back exactly as it crossed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fetched import fetch
from kinds import KINDS, PAGE, Kind, answer
from rawserver import RawServer

from archive.capture import Capture
from archive.http import HttpMessage
from archive.store import Archive

pytestmark = pytest.mark.slow  # two processes of their own

WHOLE = [kind for kind in KINDS if kind.outcome is None and kind.status == 200]
# What head, payload and sizes of chunks do not tell, or what is no answer to a GET.
NEVER = {"chunk-extensions-and-trailers", "padded-chunk-sizes", "extra-bytes", "early-response", "post", "head"}


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Capture]]]:
    directory: Path = tmp_path_factory.mktemp("twice")
    with RawServer(answer) as server:
        for _ in range(2):
            chains = [
                [
                    {
                        "url": f"http://{kind.name}.wire.example:{server.port}{kind.path(number)}",
                        "method": kind.method,
                        "headers": dict(kind.headers),
                        "meta": {**kind.meta, "origin": {"site": "wire.example", "role": "article"}},
                        **({"body": "a=1"} if kind.method == "POST" else {}),
                    }
                    for number in range(1 if kind.name == "redirect" else len(kind.replies))
                ]
                for kind in WHOLE
            ]
            fetched = fetch(directory, chains, resolve={f"{kind.name}.wire.example": "127.0.0.1" for kind in WHOLE})
    with Archive.open(fetched.archive) as archive:
        found: dict[str, list[Capture]] = {}
        for capture in archive.captures():
            found.setdefault(capture.url.rpartition("wire.example")[2].partition("/")[2], []).append(capture)
        yield found


@pytest.mark.parametrize("kind", WHOLE, ids=lambda kind: kind.name)
def test_both_times_are_read_back_as_they_crossed(twice: dict[str, list[Capture]], kind: Kind) -> None:
    for number, reply in enumerate(kind.replies):
        captures = twice[kind.path(number).removeprefix("/")]
        assert len(captures) == 2
        assert [one.message().raw for one in captures] == [reply.whole] * 2
        entity = HttpMessage.parse(reply.whole).entity()
        assert [one.message().entity() for one in captures] == [entity] * 2
        assert captures[0].payload_digest == captures[1].payload_digest
        expected = "response" if kind.name in NEVER or len(entity) < 1024 else "revisit"
        assert captures[1].kind == expected


def test_most_are_stored_once(twice: dict[str, list[Capture]]) -> None:
    second = [captures[1] for captures in twice.values()]
    assert len(PAGE) > 1024
    assert sum(one.kind == "revisit" for one in second) >= 20
    assert all(one.refers_to for one in second if one.kind == "revisit")
