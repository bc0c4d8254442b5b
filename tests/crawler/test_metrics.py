"""What Prometheus gets from a service, and what a client cannot do to it."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from archive.errors import UsageError
from archive.store import Archive
from archive.traffic import Traffic
from crawler import metrics
from crawler.counted import Counted
from crawler.metrics import Address, parse_address, served
from crawler.status import Status, status
from crawler.visited import VisitCounts

HERE = Address("127.0.0.1", 0)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.create(tmp_path / "A", contact="t@example.org") as made:
        with made.writer("test"):
            pass
        made.sites_path.write_text(
            '["courier.example"]\nsources = [{ kind = "feed", url = "http://courier.example/f" }]\n'
        )
        yield made


def asked(address: Address, path: str = "/metrics", method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection(address.host, address.port, timeout=30)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def samples(text: str) -> dict[tuple[str, str], float]:
    return {
        (one.name, "".join(one.labels.values())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_counts_and_how_the_crawl_is(archive: Archive) -> None:
    counted = Counted(
        Traffic({"2xx": 7, "4xx": 1}, {"article": 8}, articles=5, revisits=2, bytes=1234, attempts={"dns": 3}),
        VisitCounts(9, 2, 4),
        processes=3,
    )
    counted.beat = {
        **{"sites": 1, "visiting": ["courier.example"], "overdue": 0},
        **{"network": True, "paused": None, "problem": "a line"},
    }
    with served(HERE, archive, counted) as address:
        code, text = asked(address)
        assert code == 200
        found = samples(text)
        counted.traffic += Traffic({"2xx": 1})
        assert samples(asked(address)[1])["presskeep_captures_total", "2xx"] == 8
    assert found["presskeep_captures_total", "2xx"] == 7
    assert found["presskeep_attempts_total", "dns"] == 3
    assert found["presskeep_stored_bytes_total", ""] == 1234
    assert (found["presskeep_visits_total", "ok"], found["presskeep_visits_total", "problem"]) == (7, 2)
    assert (found["presskeep_visits_running", ""], found["presskeep_network_up", ""]) == (1, 1)
    assert (found["presskeep_paused", ""], found["presskeep_configuration_error", ""]) == (0, 1)
    assert (found["presskeep_sources", "new"], found["presskeep_sources", "dead"]) == (1, 0)
    assert found["presskeep_free_bytes", ""] > 0
    assert found["presskeep_texts_waiting", ""] == 0
    assert found["process_resident_memory_bytes", ""] > 0
    assert not [name for name, label in found if "courier" in label], "no label is made of what is crawled"


def test_what_costs_much_is_looked_at_now_and_then(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Archive] = []

    def look(given: Archive) -> Status:
        looks.append(given)
        return status(given)

    monkeypatch.setattr("crawler.metrics.status", look)
    with served(HERE, archive, Counted()) as address:
        assert [asked(address)[0] for _ in range(5)] == [200] * 5
        assert len(looks) == 1
        monkeypatch.setattr(metrics, "LOOK", -1.0)
        asked(address)
        assert len(looks) == 2


def test_counts_are_told_where_the_rest_cannot_be_seen(archive: Archive) -> None:
    archive.close()
    archive.catalog.path.write_bytes(b"no database, and long enough to be seen as none" * 100)
    with served(HERE, archive, Counted(processes=1)) as address:
        found = samples(asked(address)[1])
    assert found["presskeep_processes_total", ""] == 1
    assert ("presskeep_texts_waiting", "") not in found


def test_other_paths_lead_to_the_metrics(archive: Archive) -> None:
    with served(HERE, archive, Counted()) as address:
        assert asked(address, "/") == (404, "the metrics are at /metrics\n")
        assert asked(address, "/metrics?name=x")[0] == 200
        assert asked(address, method="HEAD") == (200, "")
        assert asked(address, method="POST")[0] == 501


def test_clients_that_hang_or_talk_nonsense_cost_nothing(archive: Archive) -> None:
    with served(HERE, archive, Counted()) as address:
        place = (address.host, address.port)
        hanging = [socket.create_connection(place) for _ in range(metrics._MOST - 1)]
        for one, said in zip(hanging, [b"GET", b"\0" * 5000, b"GET / HTTP/9.9\r\n\r\n", b"\xff\r\n" * 9], strict=False):
            one.sendall(said)
        assert asked(address)[0] == 200
        with pytest.MonkeyPatch.context() as hurried:
            hurried.setattr(metrics, "_TURN", 0.1)  # these wait for a place in vain, one after the other
            more = [socket.create_connection(place) for _ in range(20)]
        for one in [*hanging, *more]:
            one.close()
        assert asked(address)[0] == 200


def test_clients_that_drip_do_not_keep_their_places(archive: Archive) -> None:
    with served(HERE, archive, Counted()) as address:
        with pytest.MonkeyPatch.context() as hurried:
            hurried.setattr(metrics, "_PATIENCE", 0.3)
            dripping = [socket.create_connection((address.host, address.port), 30) for _ in range(metrics._MOST)]
            for one in dripping:
                one.settimeout(0.02)
                while not _is_hung_up(one):
                    pass
                one.close()
        assert asked(address)[0] == 200


def _is_hung_up(client: socket.socket) -> bool:
    """Whether the server closed the connection, to which one more byte is sent."""
    try:
        client.sendall(b"G")
        return client.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_an_address_that_is_taken_is_told(archive: Archive) -> None:
    with served(HERE, archive, Counted()) as address, pytest.raises(UsageError, match="in use; name another port"):  # noqa: SIM117
        with served(address, archive, Counted()):
            pass
    with pytest.raises(UsageError, match="cannot be served"), served(Address("host.invalid", 1), archive, Counted()):
        pass


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("9320", Address("127.0.0.1", 9320)),
        ("0.0.0.0:9320", Address("0.0.0.0", 9320)),
        ("[::1]:0", Address("::1", 0)),
        ("box:65535", Address("box", 65535)),
    ],
)
def test_addresses(given: str, meant: Address) -> None:
    assert parse_address(given) == meant
    assert parse_address(str(meant)) == meant


@pytest.mark.parametrize("given", ["", "x", ":9320", "65536", "-1", "1:2:x", "127.0.0.1:", "٣"])
def test_addresses_that_are_none(given: str) -> None:
    with pytest.raises(UsageError, match="takes a port"):
        parse_address(given)
