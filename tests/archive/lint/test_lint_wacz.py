"""WACZ files: good ones, and each with one thing that is not as the specification wants it."""

from __future__ import annotations

import gzip
import io
import json
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.lint import container
from archive.lint.catalogue import GROUPS
from archive.lint.linter import lint

from .making import (
    DATE,
    PAGES,
    URL,
    WARC,
    WARC_NAME,
    cdxj,
    digest,
    manifest,
    members,
    parts,
    resource,
    response,
    signed,
    uid,
    wacz,
    warcinfo,
    zipped,
)

PACKAGE, SIGNED, INDEX, LIST = "datapackage.json", "datapackage-digest.json", "indexes/index.cdxj", "pages/pages.jsonl"
GZIPPED = "indexes/index.cdx.gz"


@dataclass(frozen=True)
class Case:
    """A WACZ file, and exactly the rules that do not hold in it."""

    name: str
    make: Callable[[], bytes]
    rules: frozenset[str] = frozenset()
    file: str = "case.wacz"


CASES: list[Case] = []


def case(rules: str, name: str, make: Callable[[], bytes], file: str = "case.wacz") -> None:
    CASES.append(Case(name, make, frozenset(rules.split()), file))


def entry(name: str, data: bytes = b"{}", **attributes: object) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (2026, 11, 24, 9, 30, 0))
    for key, value in attributes.items():
        setattr(info, key, value)
    return info


def with_entry(info: zipfile.ZipInfo, data: bytes) -> bytes:
    """A good WACZ with one entry more, which the manifest lists."""
    files = parts()
    described = manifest({**files, info.filename: data})
    out = io.BytesIO(zipped({**files, PACKAGE: described, SIGNED: signed(described)}))
    with zipfile.ZipFile(out, "a") as made:
        made.writestr(info, data)
    return out.getvalue()


def repackaged(change: Callable[[dict[str, object]], object]) -> bytes:
    """A WACZ whose first resource is changed."""
    files = parts()
    package = json.loads(manifest(files))
    change(package["resources"][0])
    raw = json.dumps(package).encode()
    return zipped({**files, PACKAGE: raw, SIGNED: signed(raw)})


def encrypted() -> bytes:
    raw = bytearray(with_entry(entry("logs/a"), b"secret"))
    at = raw.rindex(b"PK\x01\x02")
    raw[at + 8] |= 1
    return bytes(raw)


def twice() -> bytes:
    out = io.BytesIO(wacz())
    with zipfile.ZipFile(out, "a") as made, pytest.warns(UserWarning, match="Duplicate"):
        made.writestr(LIST, PAGES)
    return out.getvalue()


def overlapping() -> bytes:
    """The directory says that the list of pages lies where the index lies."""
    raw = bytearray(wacz())
    directory = raw.index(b"PK\x01\x02")
    pages = raw.index(LIST.encode(), directory) - 46
    index = raw.index(INDEX.encode(), directory) - 46
    raw[pages + 42 : pages + 46] = raw[index + 42 : index + 46]
    return bytes(raw)


def bomb() -> bytes:
    """The directory says that four bytes unpack to four gigabytes."""
    raw = bytearray(with_entry(entry("logs/a", compress_type=8), b"0000"))
    at = raw.rindex(b"PK\x01\x02")
    raw[at + 24 : at + 28] = b"\xf0\xff\xff\xff"
    return bytes(raw)


def repeated() -> bytes:
    files = parts()
    package = json.loads(manifest(files))
    package["resources"].append(package["resources"][0])
    raw = json.dumps(package).encode()
    return zipped({**files, PACKAGE: raw, SIGNED: signed(raw)})


# The ZIP file
case("", "a good one", wacz)
case("", "an index that is gzipped", lambda: wacz({INDEX: None, GZIPPED: gzip.compress(cdxj())}))
case("", "lists that are deflated", lambda: wacz(deflated=[LIST, INDEX, PACKAGE]))
case("", "a directory of its own", lambda: wacz({"logs/crawl.log": b"done\n", "fuzzy.json": b"{}"}))
case("", "more lists of pages", lambda: wacz({"pages/extraPages.jsonl": PAGES}))
case(
    "",
    "a secondary index",
    lambda: wacz(
        {
            INDEX: None,
            GZIPPED: gzip.compress(cdxj()),
            "indexes/index.idx": b'!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}\n'
            b'org,example-news)/2026 20261124093000 {"offset": 0, "length": 60, "filename": "index.cdx.gz"}\n',
        }
    ),
)
case("wacz-not-zip", "no ZIP file", lambda: b"no zip file at all")
case("wacz-not-zip", "a cut ZIP file", lambda: wacz()[:-200])
case("wacz-not-zip", "an empty file", lambda: b"")
case("wacz-extension", "another extension", wacz, "case.zip")
case("wacz-name-unsafe", "a name that climbs out", lambda: wacz({"../evil.txt": b"x"}))
case("wacz-name-unsafe", "no name at all", lambda: wacz({"": b"x"}))
case("wacz-name-unsafe", "an absolute name", lambda: wacz({"/etc/evil.txt": b"x"}))
case("wacz-name-unsafe", "a name with a drive", lambda: wacz({"C:/evil.txt": b"x"}))
case("wacz-name-unsafe", "a name with a backslash", lambda: wacz({"logs\\..\\evil.txt": b"x"}))
case(
    "wacz-symlink wacz-resource-absent",
    "a symbolic link",
    lambda: with_entry(entry("logs/link", external_attr=(stat.S_IFLNK | 0o777) << 16), b"/etc/passwd"),
)
case("wacz-compression wacz-resource-absent", "bzip2", lambda: with_entry(entry("logs/a", compress_type=12), b"x"))
case("wacz-encrypted wacz-resource-absent", "an encrypted entry", encrypted)
case("wacz-name-duplicate", "a name twice", twice)
case("wacz-overlap wacz-entry-broken", "entries over each other", overlapping)
case(
    "wacz-entry-broken",
    "a wrong checksum",
    lambda: wacz().replace(PAGES, PAGES.replace(b"Bridge", b"Brodge")),
)
case("wacz-absurd-size wacz-resource-absent", "a bomb", bomb)


# Its parts
case("wacz-archive-missing cdxj-offset", "no WARC file", lambda: wacz({WARC_NAME: None}))
case("wacz-index-missing", "no index", lambda: wacz({INDEX: None}))
case("wacz-pages-missing", "no list of pages", lambda: wacz({LIST: None}))
case("wacz-warc-deflated", "a deflated WARC file", lambda: wacz(deflated=[WARC_NAME]))
case(
    "wacz-index-deflated",
    "a deflated gzipped index",
    lambda: wacz({INDEX: None, GZIPPED: gzip.compress(cdxj())}, deflated=[GZIPPED]),
)
case(
    "wacz-warc-name file-extension",
    "a gzipped WARC file named plain",
    lambda: wacz({WARC_NAME: None, "archive/data.warc": WARC, INDEX: cdxj(filename="data.warc")}),
)
case("wacz-foreign-file", "notes among the indexes", lambda: wacz({"indexes/notes.txt": b"x"}))
case("wacz-datapackage-missing", "no manifest", lambda: wacz(last={PACKAGE: None, SIGNED: None}))
case("wacz-datapackage-format", "a manifest that is no JSON", lambda: wacz(last={PACKAGE: b"{"}))
case("wacz-datapackage-format wacz-digest-wrong", "a manifest that is a list", lambda: wacz(last={PACKAGE: b"[]"}))
case("wacz-datapackage-format", "a manifest that is nested", lambda: wacz(last={PACKAGE: b"[" * 200_000}))
case("wacz-profile", "no profile", lambda: wacz(package={"profile": None}))
case("wacz-profile", "another profile", lambda: wacz(package={"profile": ["data-package"]}))
case("wacz-version-missing", "no version", lambda: wacz(package={"wacz_version": None}))
case("wacz-version-unknown", "another version", lambda: wacz(package={"wacz_version": "9.9"}))
case("wacz-resources wacz-resource-unlisted", "no resources", lambda: wacz(package={"resources": None}))
case("wacz-resources wacz-resource-unlisted", "resources of words", lambda: wacz(package={"resources": ["a"]}))
case("wacz-context", "no title", lambda: wacz(package={"title": None}))
case("wacz-created-format", "a date in words", lambda: wacz(package={"created": "yesterday"}))
case("wacz-resource-fields", "a resource without a hash", lambda: repackaged(lambda one: one.pop("hash")))
case("wacz-resource-fields", "a resource without a name", lambda: repackaged(lambda one: one.pop("name")))
case("wacz-resource-size", "another size", lambda: repackaged(lambda one: one.update(bytes=7)))
case("wacz-resource-size", "a size in words", lambda: repackaged(lambda one: one.update(bytes="many")))
case("wacz-resource-hash", "another hash", lambda: repackaged(lambda one: one.update(hash=digest(b"other"))))
case("wacz-hash-format", "a hash that is none", lambda: repackaged(lambda one: one.update(hash="sha256:xyz")))
case("wacz-resource-unlisted", "a file that is not listed", lambda: wacz(last={"logs/late.log": b"x"}))
case(
    "wacz-resource-absent",
    "a file that is not there",
    lambda: wacz({"logs/gone.log": b"x"}, last={"logs/gone.log": None}),
)
case("wacz-resource-duplicate", "a path twice", repeated)
case("wacz-digest-missing", "no digest", lambda: wacz(last={SIGNED: None}))
case("wacz-digest-wrong", "another digest", lambda: wacz(last={SIGNED: signed(b"other")}))
case("wacz-digest-format", "a digest without a path", lambda: wacz(last={SIGNED: b'{"hash": "sha256:00"}'}))
case("wacz-digest-format", "a digest that is no JSON", lambda: wacz(last={SIGNED: b"sha256"}))


# Pages and indexes
HEADER, PAGE = PAGES.splitlines(keepends=True)
case("wacz-pages-header", "no header line", lambda: wacz({LIST: PAGE}))
case("wacz-pages-empty", "no pages", lambda: wacz({LIST: HEADER}))
case("wacz-pages-line", "a page that is no JSON", lambda: wacz({LIST: HEADER + PAGE + b"page two\n"}))
case(
    "wacz-page-fields",
    "a page without its time",
    lambda: wacz({LIST: HEADER + PAGE + b'{"url": "https://a.example/"}\n'}),
)
case("wacz-page-date", "a page with 14 digits", lambda: wacz({LIST: PAGES.replace(DATE.encode(), b"20261124093000")}))
case(
    "cdxj-line",
    "an index of old",
    lambda: wacz({INDEX: b"org,example-news)/ 20261124093000 %s text/html\n" % URL.encode()}),
)
case("cdxj-line", "an index with a short time", lambda: wacz({INDEX: cdxj().replace(b"20261124093000", b"2026")}))
case("cdxj-fields", "an entry without its file", lambda: wacz({INDEX: cdxj(filename=None)}))
case("cdxj-fields", "an offset in words", lambda: wacz({INDEX: cdxj(offset="far")}))
case("cdxj-details", "an entry without a status", lambda: wacz({INDEX: cdxj(status=None)}))
case("", "offsets as strings", lambda: wacz({INDEX: cdxj(offset=str(json.loads(cdxj().split(b" ", 2)[2])["offset"]))}))
case("cdxj-offset", "an offset between records", lambda: wacz({INDEX: cdxj(offset=5)}))
case("cdxj-offset", "an offset behind the end", lambda: wacz({INDEX: cdxj(offset=10**9)}))
case("cdxj-offset", "another WARC file", lambda: wacz({INDEX: cdxj(filename="other.warc.gz")}))
case(
    "cdxj-incomplete",
    "a capture that is in no index",
    lambda: inner(response({"WARC-Target-URI": f"{URL}?2"}, number=9)),
)
case("cdxj-unsorted", "lines in disorder", lambda: wacz({INDEX: b"org,z" + cdxj()[5:] + cdxj()}))
case("cdxj-broken", "an index that is cut", lambda: wacz({INDEX: None, GZIPPED: gzip.compress(cdxj())[:-9]}))

# The WARC files within
case("date-format", "a bad date within", lambda: inner(resource({"WARC-Date": "then"})))
case("record-id-duplicate", "an id twice within", lambda: inner(resource({"WARC-Record-ID": uid(2)})))
case("member-torn", "a torn WARC file within", lambda: wacz({WARC_NAME: WARC + WARC[:50]}))


def inner(more: bytes) -> bytes:
    return wacz({WARC_NAME: members(warcinfo(), response(), more)})


@pytest.mark.parametrize("given", CASES, ids=lambda given: given.name)
def test_exactly_these_rules_do_not_hold(given: Case, tmp_path: Path) -> None:
    path = tmp_path / given.file
    path.write_bytes(given.make())
    assert {one.rule.id for one in lint([path]).files[0].findings} == given.rules


def test_every_wacz_rule_has_a_case() -> None:
    rules = {one.id for group, some in GROUPS.items() if group.startswith("WACZ") for one in some}
    assert rules - {rule for given in CASES for rule in given.rules} == set()


def test_findings_within_name_the_path_and_the_offset_there(tmp_path: Path) -> None:
    path = tmp_path / "case.wacz"
    path.write_bytes(inner(resource({"WARC-Date": "then"})))
    [finding] = lint([path]).files[0].findings
    assert (finding.inner, finding.offset) == (WARC_NAME, len(members(warcinfo(), response())))


def test_ids_are_held_against_files_outside(tmp_path: Path) -> None:
    package, loose = tmp_path / "case.wacz", tmp_path / "loose.warc.gz"
    package.write_bytes(wacz())
    loose.write_bytes(members(warcinfo(number=21), resource({"WARC-Record-ID": uid(2)})))
    [finding] = lint([package, loose]).files[1].findings
    assert f"{package}!/{WARC_NAME}" in finding.message


def test_a_directory_of_absurd_size_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "_DIRECTORY_LIMIT", 200)
    path = tmp_path / "case.wacz"
    path.write_bytes(wacz())
    assert [one.rule.id for one in lint([path]).files[0].findings] == ["wacz-absurd-size"]
