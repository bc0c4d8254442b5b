"""Findings: what is not as it should be, against which rule, how much it weighs, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class Severity(StrEnum):
    """What a finding means for whoever relies on the archive."""

    DAMAGED = "damaged"  # stored bytes are gone or not what they were
    REPAIRABLE = "repairable"  # nothing is lost: something was killed amid its work, or what is derived is to be made
    ELSEWHERE = "elsewhere"  # an attached file, which is not the archive's own, is gone or not what it was
    CONVENTION = "convention"  # another reading of the standard than ours; nothing to do
    NOTE = "note"  # known, and accounted for

    @property
    def harmless(self) -> bool:
        """Whether nothing has to be done."""
        return self in {Severity.CONVENTION, Severity.NOTE}


class Remedy(StrEnum):
    """The next step, as a sentence; a file in it is that of the finding."""

    NONE = ""
    RESTORE = "copy the file from a backup into warc/, if there is one; then run 'presskeep repair'"
    ENTER = "run 'presskeep repair'; the next 'presskeep crawl' does it, too"
    REBUILD = "run 'presskeep rebuild'"
    TEXTS = "run 'presskeep clean': it makes the files under text/ again"
    PURGE = "end the purge: 'presskeep takedown --list' names the command"
    PURGE_AGAIN = "purge again: 'presskeep takedown --list' names the command"
    NEWER = "copy the newer file from a backup into warc/; else purge again, as 'presskeep takedown --list' says"
    IMPORT = "import it again, or copy the file from a backup into warc/"
    IMPORT_AGAIN = "import or attach it again: that goes on where it was cut off"
    ATTACH = "bring the file back, attach the changed one again, or let go of it with 'presskeep detach'"
    REFERENT = "import the file that holds what is referred to, or copy it from a backup and run 'presskeep repair'"
    LATER = "verify again when it has ended"
    APART = "move one of the two files into an archive of its own"
    BACKUP = "a backup of the file brings it back: copy it into warc/ and run 'presskeep repair'"


class Rule(StrEnum):
    """What is held against (docs/warc-profile.md): how much a breach weighs, and what is to be done about it."""

    severity: Severity
    remedy: Remedy

    def __new__(cls, name: str, severity: Severity, remedy: Remedy = Remedy.NONE) -> Self:
        """A rule is its name, so that it is written and read as such."""
        rule = str.__new__(cls, name)
        rule._value_ = name
        rule.severity = severity
        rule.remedy = remedy
        return rule

    # Of the bytes of a file.
    READABLE = "readable", Severity.DAMAGED, Remedy.RESTORE
    GROUP = "group", Severity.DAMAGED, Remedy.RESTORE
    BLOCK_DIGEST = "block-digest", Severity.DAMAGED, Remedy.RESTORE
    PAYLOAD_DIGEST = "payload-digest", Severity.DAMAGED, Remedy.RESTORE
    DATE = "date", Severity.DAMAGED, Remedy.RESTORE
    TAIL = "tail", Severity.REPAIRABLE, Remedy.ENTER  # of a file whose writer was killed
    FRAMED_DIGEST = "framed-digest", Severity.CONVENTION
    UNKNOWN_DIGEST = "unknown-digest", Severity.CONVENTION
    TRAILER = "trailer", Severity.CONVENTION
    RECORD_ID = "record-id", Severity.CONVENTION
    WARCINFO = "warcinfo", Severity.CONVENTION
    SIZE = "size", Severity.CONVENTION
    # Of a file as a whole.
    FILE = "file", Severity.DAMAGED, Remedy.RESTORE
    IMPORTED_FILE = "imported-file", Severity.DAMAGED, Remedy.IMPORT
    ATTACHED_FILE = "attached-file", Severity.ELSEWHERE, Remedy.ATTACH
    OPEN_FILE = "open-file", Severity.REPAIRABLE, Remedy.ENTER
    UNKNOWN_FILE = "unknown-file", Severity.REPAIRABLE, Remedy.ENTER
    UNKNOWN_IMPORT = "unknown-import", Severity.REPAIRABLE, Remedy.IMPORT_AGAIN
    # Of the catalogue against the files.
    CATALOGUE = "catalogue", Severity.REPAIRABLE, Remedy.REBUILD
    GONE = "gone", Severity.DAMAGED, Remedy.RESTORE
    SAME_ID = "same-id", Severity.DAMAGED, Remedy.APART
    HELD_TWICE = "held-twice", Severity.NOTE
    # Of what the catalogue holds against itself.
    TEXT = "text", Severity.REPAIRABLE, Remedy.REBUILD
    TEXT_FILE = "text-file", Severity.REPAIRABLE, Remedy.TEXTS
    REVISIT = "revisit", Severity.DAMAGED, Remedy.REFERENT
    LOST_REFERENT = "lost-referent", Severity.NOTE, Remedy.BACKUP
    PURGED_REFERENT = "purged-referent", Severity.NOTE
    FOREIGN_REFERENT = "foreign-referent", Severity.NOTE, Remedy.REFERENT
    # Of what was removed, or lost.
    TOMBSTONE = "tombstone", Severity.DAMAGED, Remedy.RESTORE
    REPLACED = "replaced", Severity.REPAIRABLE, Remedy.ENTER
    PURGE = "purge", Severity.REPAIRABLE, Remedy.PURGE
    RETURNED = "returned", Severity.REPAIRABLE, Remedy.PURGE_AGAIN
    OLDER_COPY = "older-copy", Severity.DAMAGED, Remedy.NEWER
    LOSS = "loss", Severity.NOTE, Remedy.BACKUP
    UNDER_WAY = "under-way", Severity.NOTE, Remedy.LATER


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be: in which file, at which offset, against which rule.

    ``weighed`` is its severity where that is not the rule's: of files that came from elsewhere.
    """

    file: str
    offset: int
    rule: Rule
    message: str
    weighed: Severity | None = None

    @property
    def severity(self) -> Severity:
        """How much it weighs."""
        return self.weighed or self.rule.severity

    @property
    def remedy(self) -> Remedy:
        """What to do about it."""
        if self.weighed is None:
            return self.rule.remedy
        return Remedy.ATTACH if self.weighed is Severity.ELSEWHERE else Remedy.NONE
