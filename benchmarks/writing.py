"""Writing and committing: exchanges as WARC records, beside warcio's writer, and into an archive on this disk."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from warcio.statusandheaders import StatusAndHeadersParser
from warcio.warcwriter import WARCWriter

from archive.exchange import Exchange
from archive.store import Archive
from archive.warc.record import Form
from archive.warc.writer import WarcWriter
from benchmarks.corpus import RECORDS
from benchmarks.cost import Cost, in_turn

COMMIT_RECORDS, COMMIT_SECONDS = 100, 1.0  # as the crawler commits


def write(exchanges: Sequence[Exchange], room: Path, rounds: int) -> dict[str, Any]:
    """Response, request and metadata of each exchange, with digests, by both writers."""
    size = sum(len(one.request) + len(one.response) for one in exchanges)
    prepared = [_prepared(one) for one in exchanges]
    sizes: dict[str, int] = {}

    def ours(name: str, form: Form) -> None:
        directory = room / f"{name}-{time.monotonic_ns()}"
        with WarcWriter(directory, "BENCH", {}, max_bytes=2**40, max_age=10**6, form=form) as writer:
            for one in exchanges:
                writer.add(one)
        sizes[name] = sum(closed.size for closed in writer.take_closed())

    def warcio() -> None:
        path = room / "warcio.warc.gz"
        with path.open("wb") as stream:
            writer = WARCWriter(stream, gzip=True)
            for one in prepared:
                _write_pair(writer, *one)
        sizes["warcio"] = path.stat().st_size

    sides: dict[str, Callable[[], object]] = {
        "sha256": lambda: ours("sha256", Form()),
        "sha1": lambda: ours("sha1", Form(digest="sha1")),
        "warcio": warcio,
    }
    costs = in_turn(rounds, **sides)
    return {
        "bytes": size,
        "mb_per_cpu_second": {name: size / 1e6 / cost.cpu for name, cost in costs.items()},
        "packed": sizes,
        "ratio": {name: costs["warcio"].cpu / costs[name].cpu for name in ("sha256", "sha1")},
    }


def _prepared(one: Exchange) -> tuple[str, Any, bytes, Any]:
    """An exchange as warcio takes it, its heads parsed before the time is taken."""
    answer, request = io.BytesIO(one.response), io.BytesIO(one.request)
    head = StatusAndHeadersParser(["HTTP/1.1"]).parse(answer)
    asked = StatusAndHeadersParser(["GET"], verify=False).parse(request)
    return one.url, head, answer.read(), asked


def _write_pair(writer: WARCWriter, url: str, head: Any, body: bytes, asked: Any) -> None:  # noqa: ANN401 - warcio's
    response = writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=head)
    request = writer.create_warc_record(url, "request", http_headers=asked)
    writer.write_request_response_pair(request, response)
    fields = b"via: https://www.courier.example/\r\nhopsFromSeed: L\r\nfetchTimeMs: 90\r\n"
    kind = "application/warc-fields"
    writer.write_record(
        writer.create_warc_record(
            url, "metadata", payload=io.BytesIO(fields), length=len(fields), warc_content_type=kind
        )
    )


def commit(exchanges: Sequence[Exchange], room: Path) -> dict[str, Any]:
    """Exchanges into an archive on this disk, committed as the crawler commits: fsync, then the catalogue."""
    commits = 0

    def written() -> None:
        nonlocal commits
        with Archive.create(room / "COMMITS") as archive, archive.writer("bench") as writer:
            last = time.monotonic()
            for one in exchanges:
                writer.add(one)
                if writer.pending >= COMMIT_RECORDS or time.monotonic() - last >= COMMIT_SECONDS:
                    writer.commit()
                    commits, last = commits + 1, time.monotonic()

    cost = Cost.of(written)
    return {
        "commits": commits,
        "captures_per_second": len(exchanges) / cost.wall,
        "records_per_second": len(exchanges) * RECORDS / cost.wall,
        "cpu_per_capture_ms": cost.cpu / len(exchanges) * 1000,
    }
