"""Attached files behind URLs, read through fsspec in ranges. The archive itself never fetches anything else."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from archive.errors import ConfigurationError, DamagedRecord, NotFound
from archive.warc.foreign.ends import ends
from archive.warc.places import Place

_BLOCK = 256 * 1024  # bytes asked for at least: a page with its record's head
_BUFFER = 64 * 1024
_HINT = "pip install 'presskeep[remote]'"


@contextlib.contextmanager
def opened(place: Place, file: str) -> Iterator[BinaryIO]:
    """An attached file to be read and sought in; raises DamagedRecord where it cannot be had, or is another size."""
    try:
        stream, size = _open(place.place)
    except NotFound as error:
        raise DamagedRecord(error.message, file=file) from error
    with stream:
        if size != place.size:
            raise DamagedRecord(
                f"{place.place} has changed since it was attached: {size:,} bytes, were {place.size:,}", file=file
            )
        yield io.BufferedReader(_Remote(stream, file, place.place), _BUFFER)


def look(url: str) -> tuple[int, str]:
    """Size of what lies behind a URL, and the labelled digest of its ends; raises NotFound, DamagedRecord."""
    stream, size = _open(url)
    with stream:
        return size, ends(io.BufferedReader(_Remote(stream, "", url), _BUFFER))[1]


def _open(url: str) -> tuple[Any, int]:
    try:
        import fsspec  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigurationError(f"reading from URLs needs fsspec: {_HINT}") from error
    try:
        system, path = fsspec.core.url_to_fs(url)
        about = system.info(path)
        size = about.get("size")
        if not isinstance(size, int):
            raise NotFound(f"{url}: the server does not say how large it is, so it cannot be read in ranges", url=url)
        return system.open(path, "rb", block_size=_BLOCK, cache_type="readahead"), size
    except ImportError as error:  # the library behind a scheme is missing
        raise ConfigurationError(f"{url}: {error}; {_HINT}") from error
    except NotFound:
        raise
    except Exception as error:  # every file system behind fsspec has errors of its own
        raise NotFound(f"{url} cannot be read: {_why(error, url)}", url=url) from error


def _why(error: Exception, url: str) -> str:
    """The reason in an error, or in what it came from: some say no more than the address."""
    told = [str(one) for one in (error, error.__cause__, error.__context__) if one is not None]
    return next((one for one in told if one not in {"", url}), "nothing is there")


class _Remote(io.RawIOBase):
    """A remote file whose errors are those of the archive."""

    def __init__(self, stream: Any, file: str, url: str) -> None:  # noqa: ANN401 - fsspec publishes no types
        super().__init__()
        self._stream = stream
        self._file = file
        self._url = url

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - whatever bytes can be written to
        try:
            part = self._stream.read(len(buffer))
        except Exception as error:  # every file system behind fsspec has errors of its own
            said = f"{self._url} cannot be read: {_why(error, self._url)}"
            raise DamagedRecord(said, file=self._file or None) from error
        buffer[: len(part)] = part
        return len(part)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()
