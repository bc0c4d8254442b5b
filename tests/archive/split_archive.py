"""A split story in an archive: its exchanges, added and cleaned."""

from __future__ import annotations

from exchanges import START
from split_story import HOST, address, page

from archive.exchange import Exchange, Origin, Role
from archive.store import Archive
from archive.textjob import run_text_job
from archive.worker import CleaningChild

MINUTE, DAY = 60_000_000, 24 * 3600 * 1_000_000


def fetched(
    url: str, body: bytes, at: int = 0, *, role: Role = Role.FURTHER, site: str | None = "courier", status: int = 200
) -> Exchange:
    head = f"HTTP/1.1 {status} Such\r\nContent-Type: text/html; charset=utf-8\r\n\r\n".encode()
    path = url.removeprefix(HOST)
    return Exchange(
        url=url,
        at=START + at,
        request=f"GET {path} HTTP/1.1\r\nHost: courier.example\r\n\r\n".encode(),
        response=head + body,
        origin=Origin(site=site, role=role, via=address(1) if role is Role.FURTHER else HOST, hops="L"),
    )


def first(at: int = 0, **kind: bool | str) -> Exchange:
    return fetched(address(1), page(1, **kind), at, role=Role.ARTICLE)  # type: ignore[arg-type]


def second(number: int, at: int = MINUTE, *, changed: str = "", linked: bool = True) -> Exchange:
    return fetched(address(number), page(number, changed=changed, linked=linked), at + number)


def add(archive: Archive, *exchanges: Exchange) -> list[str]:
    with archive.writer("crawl") as writer:
        return [writer.add(one).id for one in exchanges]


def make(archive: Archive, child: CleaningChild) -> int:
    done = 0
    while jobs := archive.text_jobs():
        done += sum(run_text_job(job, child).done for job in jobs)
    return done
