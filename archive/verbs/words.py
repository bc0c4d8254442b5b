"""What recorded facts are called when people read them, and how they look as JSON."""

from __future__ import annotations

from archive.capture import Capture
from archive.clock import warc_date
from archive.event import StoredAttempt
from archive.exchange import NoAnswer, Role
from archive.verbs.typeset import count

Json = dict[str, object]

_WHY: dict[str, str] = {
    NoAnswer.DNS: "the name does not resolve",
    NoAnswer.REFUSED: "the connection was refused",
    NoAnswer.UNREACHABLE: "no route to the host",
    NoAnswer.TIMEOUT: "no answer in time",
    NoAnswer.TLS: "TLS failed",
    NoAnswer.DISCONNECT: "the connection was closed before an answer",
    NoAnswer.ADDRESS: "the address may not be fetched from",
    NoAnswer.ROBOTS: "robots.txt does not allow it",
    NoAnswer.TAKEDOWN: "it was taken down",
    NoAnswer.SCOPE: "outside the site",
    NoAnswer.BUDGET: "a limit of the run was reached",
    NoAnswer.NOT_CAPTURED: "the answer did not come over the wire that is captured",
    NoAnswer.NOT_DRAWN: "the browser did not draw it",
    NoAnswer.STORAGE: "the archive took no more bytes",
    NoAnswer.OTHER: "the fetch failed",
    # Of `archive.worker.FailureReason`, which is not imported here: it brings the extraction library.
    "cleaning-timeout": "cleaning took too long",
    "cleaning-memory": "cleaning took too much memory",
    "cleaning-crash": "the cleaning process died",
    "cleaning-unread": "the captured bytes could not be read",
}


ROLES: dict[Role, str] = {
    Role.ARTICLE: "as an article",
    Role.FRONT: "as a front page",
    Role.SECTION: "as a section page",
    Role.FEED: "as a feed",
    Role.SITEMAP: "as a sitemap",
    Role.ROBOTS: "as robots.txt",
    Role.PROBE: "to see what the site has",
    Role.REQUISITE: "as a part of another page",
    Role.FURTHER: "as a further page of an article",
    Role.OTHER: "for a purpose that is not recorded",
}


def waits(pages: int) -> str:
    """What is said where pages of the archive have no text yet."""
    said = count(pages, "page")
    return (
        f"{said} of this archive {'waits' if pages == 1 else 'wait'} for the cleaner: 'presskeep clean' makes the texts"
    )


def explain(reason: str, detail: str) -> str:
    """Why there is no answer or no text, in words, with the detail that was recorded."""
    if reason == NoAnswer.ROBOTS and detail.startswith("robots.txt"):
        return detail  # it could not be had: that is not a rule of the publisher's
    said = _WHY.get(reason, reason)
    return f"{said}: {detail}" if detail else said


def capture_json(capture: Capture) -> Json:
    """A capture as ``captures --json`` prints it; ``duration`` is in microseconds."""
    at = capture.location
    return {
        "type": "capture",
        "id": capture.id,
        "url": capture.url,
        "captured_at": warc_date(capture.at),
        "kind": capture.kind,
        "method": capture.method,
        "status": capture.status,
        "mime": capture.mime,
        "role": str(capture.role),
        "site": capture.site,
        "run": capture.run,
        "via": capture.via,
        "source": capture.source,
        "announced": capture.announced,
        "ip": capture.ip,
        "truncated": str(capture.truncated) if capture.truncated else None,
        "masked": list(capture.masked),
        "reservations": list(capture.reservations),
        "payload_digest": capture.payload_digest,
        "payload_length": capture.payload_length,
        "duration": capture.duration,
        "refers_to": capture.refers_to,
        "refers_to_url": capture.refers_to_uri,
        "refers_to_at": warc_date(capture.refers_to_at) if capture.refers_to_at is not None else None,
        "warc_file": at.file if at else None,
        "warc_offset": at.offset if at else None,
        "warc_length": at.length if at else None,
    }


def attempt_json(stored: StoredAttempt) -> Json:
    """A fetch without an answer, in the same manner."""
    attempt, at = stored.attempt, stored.location
    return {
        "type": "attempt",
        "id": stored.id,
        "url": attempt.url,
        "attempted_at": warc_date(attempt.at),
        "reason": str(attempt.reason),
        "detail": attempt.detail,
        "method": attempt.method,
        "role": str(attempt.origin.role),
        "site": attempt.origin.site,
        "run": attempt.origin.run,
        "via": attempt.origin.via,
        "source": attempt.origin.source,
        "announced": attempt.origin.announced,
        "ip": attempt.ip,
        "duration": attempt.duration,
        "warc_file": at.file if at else None,
        "warc_offset": at.offset if at else None,
        "warc_length": at.length if at else None,
    }
