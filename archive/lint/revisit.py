"""Revisit records: their profile, what it demands, and how the original is found."""

from __future__ import annotations

from archive.lint.finding import Faults, error, note, shown, warc, warning
from archive.lint.record import Record, bare

_BASE = "http://netpreserve.org/warc/"
_IDENTICAL, _NOT_MODIFIED = "identical-payload-digest", "server-not-modified"

PROFILE_MISSING = error(
    "profile-missing",
    warc("6.7.1"),
    "A revisit record has a WARC-Profile.",
    "Without it no reader may interpret the record.",
)
PROFILE_UNKNOWN = warning(
    "profile-unknown",
    warc("6.7.4"),
    "The WARC-Profile is neither of the two of the standard.",
    "Others may be defined elsewhere; readers that do not know it pass the record over.",
)
PROFILE_VERSION = note(
    "profile-version",
    warc("6.7.2"),
    "The WARC-Profile is that of another version of the standard than the record.",
    "warcio, warcio.js and pywb write the URI of 1.0 into records of 1.1; Heritrix and Common Crawl the other way.",
)
DIGEST_MISSING = error(
    "revisit-payload-digest-missing",
    warc("6.7.2"),
    "A revisit for an identical payload has a WARC-Payload-Digest.",
    "It is what the claim rests on, and by what most readers find the original.",
)
UNRESOLVED = note(
    "revisit-unresolved",
    warc("6.7.2"),
    "A revisit should name its original: by WARC-Refers-To, or by WARC-Refers-To-Target-URI and its date.",
    "Readers have to search by digest or by date, and may find another one.",
)
NOT_TRUNCATED = note(
    "revisit-not-truncated",
    warc("6.7.2"),
    "A revisit that leaves out an identical payload says so by WARC-Truncated: length.",
    "Most writers leave it out.",
)
WITH_BODY = note(
    "revisit-with-body",
    warc("6.7.2"),
    "The block of a revisit for an identical payload holds a body.",
    "It is there to avoid storing the payload again.",
)


def check(record: Record) -> Faults:
    """What is wrong with a revisit record."""
    if record.kind != "revisit":
        return
    profile = bare(record.field("WARC-Profile") or "")
    if not profile:
        yield PROFILE_MISSING, ""
        return
    name, version = _known(profile)
    if name is None:
        yield PROFILE_UNKNOWN, shown(profile)
        return
    if version != record.version and record.version in {"1.0", "1.1"}:
        yield PROFILE_VERSION, f"{shown(profile)} in a record of WARC/{record.version}"
    named = record.field("WARC-Refers-To") or record.field("WARC-Refers-To-Target-URI")
    if name == _IDENTICAL:
        if not record.field("WARC-Payload-Digest"):
            yield DIGEST_MISSING, ""
        if not record.field("WARC-Truncated") and record.declared:
            yield NOT_TRUNCATED, ""
        if record.is_http and record.complete and record.kept and _has_body(record.block):
            yield WITH_BODY, f"{record.found:,} bytes of block"
    if not named:
        yield UNRESOLVED, name


def _known(profile: str) -> tuple[str | None, str]:
    """The name and version of a profile of the standard; None for any other."""
    rest = profile.removeprefix(_BASE)
    version, _, name = rest.partition("/")
    name = name.removeprefix("revisit/")  # the examples of 1.0 leave it out
    if rest == profile or version not in {"1.0", "1.1"} or name not in {_IDENTICAL, _NOT_MODIFIED}:
        return None, ""
    return name, version


def _has_body(block: bytes) -> bool:
    end = block.find(b"\r\n\r\n")
    return end >= 0 and len(block) > end + 4


RULES = (
    PROFILE_MISSING, PROFILE_UNKNOWN, PROFILE_VERSION, DIGEST_MISSING, UNRESOLVED, NOT_TRUNCATED, WITH_BODY,
)  # fmt: skip
