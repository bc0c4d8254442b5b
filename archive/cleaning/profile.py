"""Profiles: what is known of one site's recurring chrome."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from archive.cleaning.stream import normalise
from archive.digest import sha256

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Profile:
    """Texts of a site that belong to its pages and to no article; a value, named by its digest.

    ``chrome`` holds whole blocks, white-space-normalised: a block of the body that is one of them is left out.
    """

    site: str = ""
    chrome: tuple[str, ...] = ()
    schema: int = SCHEMA

    def canonical(self) -> bytes:
        """The canonical JSON: UTF-8, sorted keys and texts, no spaces."""
        given = {**asdict(self), "chrome": sorted({normalise(text) for text in self.chrome})}
        return json.dumps(given, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @property
    def digest(self) -> str:
        """What a text's provenance calls this profile by."""
        return sha256(self.canonical())

    def drops(self, text: str) -> bool:
        """Whether a block's normalised text is chrome."""
        return text in self.chrome


EMPTY = Profile()


def from_json(canonical: bytes | str) -> Profile:
    """The profile of a canonical JSON; raises ValueError on a schema newer than this program."""
    given = json.loads(canonical)
    if given["schema"] > SCHEMA:
        raise ValueError(f"profile of schema {given['schema']}; this program knows {SCHEMA}: install a newer Presskeep")
    return Profile(given["site"], tuple(normalise(text) for text in given["chrome"]), given["schema"])
