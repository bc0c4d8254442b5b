"""The exceptions of Presskeep: one base, each subclass named after what must happen next."""

from __future__ import annotations

from typing import ClassVar

NOTHING = "nothing matched: 'presskeep list --verdict all' shows what there is"  # of whoever writes a file for others
ALL_LOST = "all that matched was lost to damage: 'presskeep verify' says what can be brought back"
ALL_WITHHELD = (
    "all that matched is withheld ([reservations] in archive.toml): --with-withheld takes it along all the same"
)


class PresskeepError(Exception):
    """A surprise that a person must hear of, in one line that says what to do next.

    ``exit_code`` is what the command line ends with (docs/commands.md lists all of them).
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, url: str | None = None, file: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.url = url
        self.file = file

    def __str__(self) -> str:
        where = [part for part in (self.url, self.file) if part and part not in self.message]
        return f"{self.message} ({', '.join(where)})" if where else self.message


class UsageError(PresskeepError):
    """The call itself is wrong: an unknown verb value, a malformed URL, a missing argument."""

    exit_code = 2


class ConfigurationError(PresskeepError):
    """``archive.toml`` or ``sites.toml`` says something that cannot be followed."""

    exit_code = 3


class NotAnArchive(PresskeepError):
    """The directory is not a Presskeep archive, or one of a newer format than this program knows."""

    exit_code = 3


class ArchiveBusy(PresskeepError):
    """Another living process holds the lock that this one needs."""

    exit_code = 3


class NotFound(PresskeepError):
    """What was asked for (a URL, a capture, a site) is not in the archive."""

    exit_code = 4


class TakenDown(NotFound):
    """What was asked for is in the archive, or was, and may not be handed out."""


class StorageFull(PresskeepError):
    """The disk, a quota or a file-size limit took no more bytes; nothing half-written was acknowledged."""

    exit_code = 5


class FileTooLarge(StorageFull):
    """One file may grow no further (`ulimit -f`, or the file system's own limit): another one may."""


class DamagedRecord(PresskeepError):
    """Stored bytes are not what they should be: torn, cut, or of another digest."""

    exit_code = 6


class DamagedCatalogue(DamagedRecord):
    """The catalogue is missing or broken, or holds what no program of ours wrote: a rebuild makes it again."""


class NotReadable(PresskeepError):
    """Bytes that are needed cannot be read now: nothing says that they are wrong, and nothing that they are right."""

    exit_code = 8


class NotHttp(DamagedRecord):
    """Stored bytes are no HTTP message: they do not begin with a status line."""


class PayloadRefused(PresskeepError):
    """A payload cannot be decoded within its limits: unknown coding, broken stream, or a bomb."""


class PayloadTooLarge(PayloadRefused):
    """A payload is larger, once decoded, than was asked for."""
