"""The archive's own configuration: what ``archive.toml`` says."""

from __future__ import annotations

import ipaddress
import json
import re
import shlex
import uuid
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    InstanceOf,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from archive.declaration import Declaration, declared, read_declaration
from archive.durable import replacing
from archive.errors import ConfigurationError, NotAnArchive, PresskeepError
from archive.reservation import Reserved
from archive.url import host as host_of

FILE_NAME = "archive.toml"
FORMAT = 1  # of an archive's directory; a newer one than the program knows is refused

_DESTINATION = re.compile(r"(?:(?P<scheme>https?)://)?(?:\[(?P<v6>.+)\]|(?P<v4>[^:/]+))(?::(?P<port>\d{1,5}))?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# RFC 9110, section 10.1.5, without comments' parentheses: it goes into a header, and must not break out of it.
_CONTACT = re.compile(r"[^\x00-\x1f\x7f()<>\\]{3,300}")


class Destination(NamedTuple):
    """Where a name leads: an address, a port (0: that of the URL), and the one scheme spoken there (empty: both)."""

    address: str
    port: int = 0
    scheme: str = ""


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("it names files: write letters, digits, hyphens and underscores only")
    return name


def _checked_notify(notify: str) -> str:
    try:
        if not notify.startswith(("http://", "https://")):
            shlex.split(notify)
    except ValueError:
        raise ValueError("write a command with its words as a shell takes them, or a web address") from None
    return notify


def _checked_contact(contact: str) -> str:
    if contact and (not _CONTACT.fullmatch(contact) or not ("@" in contact or "://" in contact)):
        raise ValueError("write a mail address or a web address, such as crawl@example.org")
    return contact


def _destination(given: object) -> Destination:
    """``127.0.0.1:8017``, ``[::1]:8017``, ``127.0.0.1`` or, where only one scheme is spoken, ``http://127.0.0.1:8017``."""
    found = _DESTINATION.fullmatch(str(given))
    try:
        if found is None:
            raise ValueError
        address = ipaddress.ip_address(found["v6"] or found["v4"])
        port = int(found["port"] or 0)
        if not 0 <= port < 65536:
            raise ValueError
    except ValueError:
        raise ValueError("write an address and a port, such as 127.0.0.1:8017") from None
    return Destination(str(address), port, found["scheme"] or "")


def _checked_resolve(resolve: dict[str, Destination]) -> dict[str, Destination]:
    checked: dict[str, Destination] = {}
    for name, destination in resolve.items():
        host = host_of(f"https://{name}/")
        if not host:
            raise ValueError(f"{name!r} is no host name")
        checked[host] = destination
    return checked


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Network(_Table):
    """``[network]``: where names lead, and whether loopback may be reached.

    ``resolve`` maps a host name to where it leads in place of what DNS says, for tests and mirrors.
    """

    allow_loopback: bool = False
    resolve: Annotated[
        Mapping[str, Annotated[InstanceOf[Destination], BeforeValidator(_destination)]],
        AfterValidator(_checked_resolve),
    ] = Field(default_factory=dict)


class Warc(_Table):
    """``[warc]``: when a WARC file is closed and the next one begun, and how records are written."""

    max_bytes: int = Field(default=2**30, ge=2**16)
    max_age: int = Field(default=86_400, ge=1)  # seconds
    level: int = Field(default=2, ge=0, le=3)  # of ISA-L
    digest: Literal["sha256", "sha1"] = "sha256"


class Storage(_Table):
    """``[storage]``: when a crawl pauses for want of room, in bytes and seconds.

    It pauses where less than ``reserve`` is free, and goes on where there is ``resume`` again (0: twice the reserve).
    ``patience`` is how long it waits; 0: for as long as it takes.
    """

    # What may still come while it pauses: answers on their way, the log of the catalogue, a month's Parquet file.
    reserve: int = Field(default=256 * 2**20, ge=0)
    resume: int = Field(default=0, ge=0)
    patience: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _above_the_reserve(self) -> Self:
        if 0 < self.resume < self.reserve:
            raise ValueError("resume is less than reserve: write at least as much, or leave it out")
        return self

    @property
    def enough(self) -> int:
        """The free bytes at which a crawl that paused goes on."""
        return self.resume or 2 * self.reserve


class Crawl(_Table):
    """``[crawl]``: limits of a fetch, in seconds and bytes on the wire."""

    # Scrapy's 180 s would let a server that never ends hold its place for three minutes, at each attempt.
    timeout: float = Field(default=45.0, gt=0, le=3600)
    # The largest news page seen among some 1,900 was 2.2 MB decoded. Sitemaps may have 50 MB (sitemaps.org): who meets
    # one that is larger than this sets more.
    max_body: int = Field(default=32 * 2**20, ge=1024)
    # Requests under way in one process, all hosts together.
    # Most of them wait for slow hosts, each host being asked by one at a time.
    concurrency: int = Field(default=32, ge=1, le=1000)


class Browser(_Table):
    """``[browser]``: which Chromium draws pages, and whether with its own sandbox, where it may have one.

    ``path`` is a program or its name; without one the usual names are looked for.
    """

    path: str = ""
    sandbox: bool = True


class Requisites(_Table):
    """``[requisites]``: how much is fetched of what pages refer to, for sites with ``keep = "page"``; bytes as sent.

    What is beyond is left out, and recorded once as an attempt with the reason ``budget``.
    """

    # Pictures of news pages have up to 2 MB, stylesheets 1 MB; what is larger is cut, and marked as cut.
    max_body: int = Field(default=10 * 2**20, ge=1024)
    # Of 205 real pages half refer to 27 or fewer by themselves, a tenth to more than 85, the busiest to 375.
    per_page: int = Field(default=250, ge=1, le=4000)
    page_bytes: int = Field(default=50 * 2**20, ge=1024)
    # Of one site, by the day of UTC: a site of 300 articles a day with 500 KB each has 150 MB.
    day_bytes: int = Field(default=2**30, ge=1024)


class Reservations(_Table):
    """``[reservations]``: whether what was captured with a reservation is left out of all that is handed on.

    That is `export`, `pack`, `index` and the texts under ``text/``. Everything is stored and recorded in any case: what
    is recorded can be left out later, but not the reverse.
    """

    noarchive: Literal["keep", "withhold"] = "keep"
    tdm: Literal["keep", "withhold"] = "keep"

    @property
    def withheld(self) -> frozenset[Reserved]:
        """The reservations with which nothing is handed on."""
        given = {Reserved.NOARCHIVE: self.noarchive, Reserved.TDM: self.tdm}
        return frozenset(one for one, action in given.items() if action == "withhold")


class Cleaning(_Table):
    """``[cleaning]``: limits of the processes that clean, in seconds and MiB."""

    timeout: float = Field(default=20.0, gt=0, le=3600)
    memory: int = Field(default=560, ge=512)  # beyond what its libraries take: `archive.worker.MEMORY`
    workers: int = Field(default=0, ge=0, le=256)  # 0: as many as there are cores


class ArchiveConfiguration(_Table):
    """An archive's identity and settings; everything but ``format``, ``id`` and ``name`` has a default.

    ``contact`` is a mail or web address that goes into the User-Agent; without one nothing is fetched.
    ``state_dir`` holds the SQLite files where the archive itself lies on a network file system. ``notify`` is a
    command or a web address that hears when something needs a person.
    """

    format: int
    id: str = Field(pattern=r"^urn:uuid:[0-9a-f-]{36}$")
    name: Annotated[str, AfterValidator(_checked_name)]
    operator: str = Field(default="", max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")
    contact: Annotated[str, AfterValidator(_checked_contact)] = ""
    state_dir: Path | None = None
    notify: Annotated[str, AfterValidator(_checked_notify)] = Field(default="", max_length=4096)
    network: Network = Network()
    warc: Warc = Warc()
    storage: Storage = Storage()
    crawl: Crawl = Crawl()
    requisites: Requisites = Requisites()
    cleaning: Cleaning = Cleaning()
    browser: Browser = Browser()
    reservations: Reservations = Reservations()

    def require_contact(self) -> str:
        """The contact; raises ConfigurationError where there is none yet."""
        if not self.contact:
            raise ConfigurationError(
                f'a crawler must say who runs it: write contact = "you@example.org" into {FILE_NAME}'
                " (an address where publishers reach you)"
            )
        return self.contact


def read_configuration(path: Path) -> ArchiveConfiguration:
    """The configuration in an ``archive.toml``; raises ConfigurationError with file, line and nearest key.

    Raises NotAnArchive where it is of a newer format than this program knows.
    """
    declaration = read_declaration(path)
    given = declaration.tables.get("format")
    if isinstance(given, int) and given > FORMAT:
        raise NotAnArchive(
            f"the archive is of format {given}, this program knows {FORMAT}: install a newer Presskeep", file=str(path)
        )
    try:
        return ArchiveConfiguration.model_validate_json(json.dumps(declaration.tables, default=str), strict=True)
    except ValidationError as error:
        raise _configuration_error(declaration, error.errors(include_url=False)[0]) from None


def reread(path: Path, known: ArchiveConfiguration) -> ArchiveConfiguration:
    """The settings as they are by now. A file with an error is not taken over: what is known stands."""
    try:
        return read_configuration(path)
    except PresskeepError:
        return known


def _configuration_error(declaration: Declaration, first: ErrorDetails) -> ConfigurationError:
    place = [str(one) for one in first["loc"]]
    key = ".".join(place)
    match first["type"]:
        case "extra_forbidden":
            known = _keys(place[:-1])
            near = get_close_matches(place[-1].lower(), known, n=1, cutoff=0.5)
            hint = f'did you mean "{near[0]}"?' if near else f"valid keys: {', '.join(known)}"
            said = f'unknown key "{key}": {hint}'
        case "missing":
            said = f"{key} is missing"
        case _:
            said = declared(key, first)
    return declaration.error(said, *place)


def _keys(tables: list[str]) -> list[str]:
    model: Any = ArchiveConfiguration
    for name in tables:
        model = model.model_fields[name].annotation
    return list(model.model_fields)


def write_configuration(
    path: Path,
    *,
    name: str,
    operator: str = "",
    contact: str = "",
    allow_loopback: bool = False,
    resolve: Mapping[str, str] | None = None,
) -> ArchiveConfiguration:
    """Write the ``archive.toml`` of a new archive, with comments, and give what it says; raises ConfigurationError.

    ``resolve`` maps names to ``address:port``, or to ``http://address:port`` where no TLS is spoken.
    """
    quoted = {
        key: json.dumps(value, ensure_ascii=False) for key, value in (("operator", operator), ("contact", contact))
    }
    lines = [
        "# What this archive is, and how its crawler behaves. `presskeep` reads it at each start.",
        "",
        f"format = {FORMAT}",
        f'id = "urn:uuid:{uuid.uuid4()}"',
        f"name = {json.dumps(name)}  # begins the names of its WARC files",
        f"operator = {quoted['operator']}  # who runs the crawler: goes into every WARC file",
        f"contact = {quoted['contact']}  # a mail or web address for publishers: goes into every request",
        '# notify = ""  # a command or a web address that hears when something needs a person',
        "",
        "[network]",
        f"allow_loopback = {json.dumps(allow_loopback)}  # whether addresses of this machine may be reached",
    ]
    if resolve:
        lines += ["", "[network.resolve]  # names that lead to an address and port of their own"]
        lines += [f"{json.dumps(host)} = {json.dumps(where)}" for host, where in resolve.items()]
    lines += [
        "",
        "# Settings with their defaults:",
        "# [warc]",
        f"# max_bytes = {Warc().max_bytes}  # a file is closed when it is larger, or older",
        f"# max_age = {Warc().max_age}  # seconds",
        f"# level = {Warc().level}  # of compression: 0 (fast, large) to 3 (small)",
        f'# digest = "{Warc().digest}"  # of records; with "sha1" what was captured before is not known again',
        "# [storage]",
        f"# reserve = {Storage().reserve}  # bytes; a crawl pauses where less is free",
        f"# resume = {Storage().resume}  # bytes at which it goes on; 0: twice the reserve",
        f"# patience = {Storage().patience:g}  # seconds that it waits for room; 0: as long as it takes",
        "# [crawl]",
        f"# timeout = {Crawl().timeout:g}  # seconds",
        f"# max_body = {Crawl().max_body}  # bytes; what is longer is cut, and recorded as cut",
        f"# concurrency = {Crawl().concurrency}  # requests under way at once, all hosts together",
        "# [requisites]",
        f"# max_body = {Requisites().max_body}  # bytes of one: what a page refers to, where a site keeps whole pages",
        f"# per_page = {Requisites().per_page}  # of one page; what is beyond these limits is left out, and recorded",
        f"# page_bytes = {Requisites().page_bytes}",
        f"# day_bytes = {Requisites().day_bytes}  # of one site; the rest waits for the next day (UTC)",
        "# [cleaning]",
        f"# timeout = {Cleaning().timeout:g}  # seconds for one page; then its process is killed",
        f"# memory = {Cleaning().memory}  # MiB for one process, beyond what its libraries take",
        f"# workers = {Cleaning().workers}  # 0: as many as there are cores",
        "# [browser]",
        '# path = ""  # of the Chromium that draws pages of sites with render = "browser"; else the usual names',
        "# sandbox = true  # Chromium's own",
        "# [reservations]",
        f'# noarchive = "{Reservations().noarchive}"  # or "withhold": such pages are not exported, packed, indexed',
        f'# tdm = "{Reservations().tdm}"  # or "withhold": the same where text and data mining is reserved',
        "",
    ]
    check(name=name, operator=operator, contact=contact, resolve=resolve)
    with replacing(path) as out:
        out.write("\n".join(lines).encode("utf-8"))
    return read_configuration(path)


def check(*, name: str, operator: str = "", contact: str = "", resolve: Mapping[str, str] | None = None) -> None:
    """Raise ConfigurationError where `write_configuration` would."""
    try:
        ArchiveConfiguration(
            format=FORMAT, id=f"urn:uuid:{uuid.uuid4()}", name=name, operator=operator, contact=contact
        )
        Network(resolve=dict(resolve or {}))  # type: ignore[arg-type]  # text becomes an address as it is checked
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigurationError(declared(".".join(map(str, first["loc"])), first)) from None
