"""``datapackage.json`` and ``datapackage-digest.json``: what a WACZ says of itself, and whether it holds."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from archive.lint.finding import Faults, error, note, shown, wacz, warning

JSON_LIMIT = 64 * 2**20
DATAPACKAGE, DIGEST = "datapackage.json", "datapackage-digest.json"
_PROFILES = {"data-package"}
_VERSIONS = {"1.0.0", "1.1.0", "1.1.1", "1.2.0"}
_RFC3339 = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt ](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?"
    r"(?:[Zz]|[+-]\d\d:\d\d)",
    re.ASCII,
)
_HASH = re.compile(r"([a-z0-9-]+):([0-9a-fA-F]+)", re.ASCII)
_ALGORITHMS = {"md5": 32, "sha1": 40, "sha256": 64, "sha-256": 64, "sha384": 96, "sha512": 128}
_LABELS = {"sha-256": "sha256"}

MISSING = error(
    "wacz-datapackage-missing",
    wacz("datapackage.json"),
    "A WACZ has a datapackage.json at its root.",
    "It is the manifest: without it nothing can be checked.",
)
FORMAT = error(
    "wacz-datapackage-format",
    wacz("datapackage.json"),
    "The datapackage.json is a JSON object.",
    "It is the manifest: without it nothing can be checked.",
)
PROFILE = error(
    "wacz-profile",
    wacz("datapackage.json"),
    "The `profile` of the datapackage.json is data-package.",
    "Readers know by it how to read the rest.",
)
VERSION_MISSING = error(
    "wacz-version-missing",
    wacz("datapackage.json"),
    "The datapackage.json states its `wacz_version`.",
    "Readers know by it how to read the rest.",
)
VERSION = warning(
    "wacz-version-unknown",
    wacz("datapackage.json"),
    "The `wacz_version` is one that has been published: 1.0.0, 1.1.0, 1.1.1 or 1.2.0.",
    "Readers know by it how to read the rest.",
)
RESOURCES = error(
    "wacz-resources",
    wacz("datapackage.json"),
    "The datapackage.json lists `resources`: objects, one for each file.",
    "Without it nothing can be checked.",
)
RESOURCE_FIELDS = error(
    "wacz-resource-fields",
    wacz("datapackage.json"),
    "Each resource has `name`, `path`, `hash` and `bytes`.",
    "Without them nothing can be checked.",
)
RESOURCE_ABSENT = error(
    "wacz-resource-absent",
    wacz("datapackage.json"),
    "Each resource is a file in the WACZ.",
    "Something was lost, or never packed.",
)
RESOURCE_UNLISTED = error(
    "wacz-resource-unlisted",
    wacz("Other files and directories"),
    "Each file in the WACZ is listed in `resources`.",
    "What is not listed is covered by no hash: anyone can add or change it.",
)
RESOURCE_TWICE = error(
    "wacz-resource-duplicate",
    wacz("datapackage.json"),
    "Each path stands once in `resources`.",
    "Nobody can say which entry counts.",
)
SIZE = error(
    "wacz-resource-size",
    wacz("datapackage.json"),
    "The `bytes` of a resource are its size.",
    "The file was changed after it was packed.",
)
HASH = error(
    "wacz-resource-hash",
    wacz("datapackage.json"),
    "The `hash` of a resource is that of its bytes.",
    "The file was changed after it was packed.",
)
HASH_FORMAT = error(
    "wacz-hash-format",
    wacz("datapackage.json"),
    "A `hash` is the name of an algorithm, a colon and the value in base16.",
    "It can be compared with nothing.",
)
CREATED = warning(
    "wacz-created-format",
    wacz("datapackage.json"),
    "`created` and `modified` are RFC 3339 times.",
    "They cannot be read.",
)
CONTEXT = note(
    "wacz-context",
    wacz("datapackage.json"),
    "The datapackage.json should have title, description, created and software.",
    "They tell a person what the archive is.",
)
DIGEST_MISSING = warning(
    "wacz-digest-missing",
    wacz("datapackage-digest.json"),
    "A WACZ should have a datapackage-digest.json.",
    "Without it the manifest itself can be changed unseen.",
)
DIGEST_FORMAT = error(
    "wacz-digest-format",
    wacz("datapackage-digest.json"),
    "The datapackage-digest.json has `path`, which is datapackage.json, and `hash`.",
    "It can be compared with nothing.",
)
DIGEST_WRONG = error(
    "wacz-digest-wrong",
    wacz("datapackage-digest.json"),
    "The `hash` in the datapackage-digest.json is that of the datapackage.json.",
    "The manifest was changed after it was made.",
)


@dataclass(frozen=True, slots=True)
class Stated:
    """What a resource's hash says: the algorithm by its name in hashlib, and the value in lower-case base16."""

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True)
class Content:
    """What was found in an entry: its size, and its digests in base16 by algorithm."""

    size: int
    digests: Mapping[str, str]


def is_rfc3339(value: object) -> bool:
    """Whether a value is a time as RFC 3339 writes it."""
    return isinstance(value, str) and _RFC3339.fullmatch(value) is not None


def stated_hash(value: object) -> Stated | None:
    """A hash from its text; None where it cannot be read."""
    found = _HASH.fullmatch(value) if isinstance(value, str) else None
    if found is None or _ALGORITHMS.get(found[1]) != len(found[2]):
        return None
    return Stated(_LABELS.get(found[1], found[1]), found[2].lower())


def parsed(raw: bytes) -> object:
    """JSON from bytes; raises ValueError for what is none, however it is made."""
    try:
        return json.loads(raw)
    except RecursionError as problem:
        raise ValueError("it is nested too deeply") from problem


def algorithms(package: object) -> set[str]:
    """The algorithms by which a package's resources are hashed."""
    return {stated.algorithm for one in _resources(package) if (stated := stated_hash(one.get("hash")))}


def check(package: object, contents: Mapping[str, Content | None]) -> Faults:
    """A datapackage.json against the standard, and against the entries by their names; None stands for a broken one."""
    if not isinstance(package, dict):
        yield FORMAT, f"it is {type(package).__name__}"
        return
    profile = package.get("profile")
    if profile not in _PROFILES if isinstance(profile, str) else True:
        yield PROFILE, shown(str(profile))
    version = package.get("wacz_version")
    if version is None:
        yield VERSION_MISSING, ""
    elif version not in _VERSIONS if isinstance(version, str) else True:
        yield VERSION, shown(str(version))
    yield from _context(package)
    given = package.get("resources")
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        yield RESOURCES, "it has none" if given is None else "they are no list of objects"
    listed: set[str] = set()
    for one in _resources(package):
        yield from _resource(one, contents, listed)
    for name in sorted(set(contents) - listed - {DATAPACKAGE, DIGEST}):
        yield RESOURCE_UNLISTED, shown(name)


def _resources(package: object) -> list[dict[str, object]]:
    given = package.get("resources") if isinstance(package, dict) else None
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _context(package: dict[str, object]) -> Faults:
    missing = [name for name in ("title", "description", "created", "software") if not package.get(name)]
    if missing:
        yield CONTEXT, f"it has no {', '.join(missing)}"
    for name in ("created", "modified"):
        value = package.get(name)
        if value is not None and not is_rfc3339(value):
            yield CREATED, f"{name}: {shown(str(value))}"


def _resource(one: dict[str, object], contents: Mapping[str, Content | None], listed: set[str]) -> Faults:
    path = one.get("path")
    said = shown(str(path))
    missing = [name for name in ("name", "path", "hash", "bytes") if one.get(name) is None]
    if missing:
        yield RESOURCE_FIELDS, f"{said} has no {', '.join(missing)}"
    if not isinstance(path, str):
        return
    if path in listed:
        yield RESOURCE_TWICE, said
    listed.add(path)
    stated = stated_hash(one.get("hash"))
    if one.get("hash") is not None and stated is None:
        yield HASH_FORMAT, f"{said}: {shown(str(one['hash']))}"
    if path not in contents:
        yield RESOURCE_ABSENT, said
    there = contents.get(path)
    if there is None:
        return
    size = one.get("bytes")
    if size is not None and (isinstance(size, bool) or size != there.size):
        yield SIZE, f"{said}: {shown(str(size))} stated, {there.size:,} are there"
    if stated is not None and there.digests.get(stated.algorithm, stated.value) != stated.value:
        yield HASH, f"{said}: {stated.algorithm}:{there.digests[stated.algorithm]} is there"


def check_digest(raw: bytes | None, package: bytes) -> Faults:
    """A datapackage-digest.json, where there is one, against the datapackage.json."""
    if raw is None:
        yield DIGEST_MISSING, ""
        return
    try:
        given = parsed(raw)
    except ValueError as problem:
        yield DIGEST_FORMAT, str(problem)[:120]
        return
    stated = stated_hash(given.get("hash")) if isinstance(given, dict) else None
    if not isinstance(given, dict) or given.get("path") != DATAPACKAGE or stated is None:
        yield DIGEST_FORMAT, shown(raw[:80].decode("utf-8", "replace"))
        return
    there = hashlib.new(stated.algorithm, package, usedforsecurity=False).hexdigest()
    if there != stated.value:
        yield DIGEST_WRONG, f"{stated.algorithm}:{there} is there"


RULES = (
    MISSING, FORMAT, PROFILE, VERSION_MISSING, VERSION, RESOURCES, RESOURCE_FIELDS, RESOURCE_ABSENT, RESOURCE_UNLISTED,
    RESOURCE_TWICE, SIZE, HASH, HASH_FORMAT, CREATED, CONTEXT, DIGEST_MISSING, DIGEST_FORMAT, DIGEST_WRONG,
)  # fmt: skip
