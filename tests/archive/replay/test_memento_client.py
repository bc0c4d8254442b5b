"""A real Memento client finds its way about: memento_client, as a process of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from exchanges import exchange
from peers import PEERS, needs_peers, program

from archive.store import Archive

from .serving import served

pytestmark = [
    *needs_peers,
    pytest.mark.skipif(not list(PEERS.glob("lib/*/site-packages/memento_client")), reason="not among the peers here"),
]

URL = "https://courier.example/crane"
# It asks the original first, and stumbles where that cannot be reached: so it is given a memento, which names it.
_CLIENT = """
import datetime, json, sys
from memento_client import MementoClient

base, when, given = sys.argv[1], datetime.datetime.fromisoformat(sys.argv[2]), sys.argv[3]
with_client = MementoClient(timegate_uri=base + "/timegate/", check_native_timegate=False)
info = with_client.get_memento_info(given, when)
for one in info.get("mementos", {}).values():
    one["datetime"] = str(one["datetime"])
info["is_memento"] = MementoClient.is_memento(given)
info["is_timegate"] = MementoClient.is_timegate(base + "/timegate/" + info["original_uri"])
print(json.dumps(info))
"""


def test_it_finds_mementos_and_their_neighbours(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "NEWS") as archive, archive.writer("crawl") as writer:
        for minute in (0, 60, 180):
            writer.add(exchange("crane", minute, sentence=f"State {minute}. "))
    with served(tmp_path / "NEWS") as site:
        given = f"{site.url}/web/20261125094640/{URL}"
        done = subprocess.run(
            [program("python"), "-c", _CLIENT, site.url, "2026-11-25T10:50:00", given],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    info = json.loads(done.stdout)
    assert info["original_uri"] == URL
    assert info["is_memento"]
    assert info["is_timegate"]
    found = {rel: (one["datetime"], one["uri"]) for rel, one in info["mementos"].items()}
    moments = ("20261125094640", "20261125104640", "20261125124640")
    first, middle, last = ([f"{site.url}/web/{moment}/{URL}"] for moment in moments)
    assert found["closest"] == ("2026-11-25 10:46:40", middle)
    assert found["first"] == ("2026-11-25 09:46:40", first)
    assert found["last"] == ("2026-11-25 12:46:40", last)
    assert info["mementos"]["closest"]["http_status_code"] == 200
