"""What every route stands on: the archive, read off the event loop, and the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, move_on_after, to_thread
from starlette.requests import Request
from starlette.responses import Response

from archive.replay.answers import Problem
from archive.replay.elsewhere import Elsewhere
from archive.replay.mementos import Mementos
from archive.replay.merged import Merged
from archive.replay.settings import Settings, name_of
from archive.store import Archive

P = ParamSpec("P")
T = TypeVar("T")

# Reads that go on at one time. They wait for the disk, or hold the interpreter: more threads than this only get in each
# other's way, and each holds a connection to the catalogue and at most one payload in memory.
READS = 8
# Reads that take a millisecond, and hold the interpreter nearly all of it: with free cores each thread more than two
# made the others wait for it, and halved what was answered a second (benchmarks/serve.py).
QUICK = 2
# Pages that a child examines: while it has one in hand, the next one is looked up. An ordinary one takes 0.1 s of it, a
# hostile one 15 s.
IN_TURN, QUEUE, PATIENCE = 2, 60, 20.0

Viewing = Callable[[str, int], str]  # of an archived URL and a time, the address
ErrorPage = Callable[[Request, Problem], Response]


@dataclass(slots=True)
class Service:
    """An archive that is being served.

    ``root`` is the path below which it is, where several are; ``elsewhere`` is what the others have taken down.
    ``mementos`` are those of the archive, ``across`` those of all where it stands for several: what can be asked for by
    address and time alone. ``error_page`` draws what went wrong for people, and ``view`` gives the path of the page
    that shows them a capture, by its URL and id: who has pages sets both. ``at_end`` is called when the server ends.
    """

    archive: Archive
    settings: Settings = field(default_factory=Settings)
    error_page: ErrorPage | None = None
    viewing: Callable[[str], Viewing] | None = None
    at_end: list[Callable[[], None]] = field(default_factory=list)
    view: Callable[[str, str], str] | None = None
    root: str = ""
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    merged: Merged | None = None
    parts: tuple[Service, ...] = ()
    mementos: Mementos = field(init=False)
    _limiter: CapacityLimiter | None = None
    _quick: CapacityLimiter | None = None
    _turn: CapacityLimiter | None = None

    def __post_init__(self) -> None:
        self.mementos = Mementos(self.archive, self.elsewhere)

    @property
    def each(self) -> tuple[Service, ...]:
        """What is served of each archive."""
        return self.parts or (self,)

    @property
    def across(self) -> Mementos | Merged:
        """The mementos of all archives that are served as one."""
        return self.merged or self.mementos

    def plain(self) -> Service:
        """The same without pages: what goes wrong is told in a sentence."""
        return Service(self.archive, self.settings, elsewhere=self.elsewhere, merged=self.merged)

    async def read(self, function: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """What a function answers that reads the archive: it runs in a thread, where it may wait.

        It must hand back values, not something that still reads: an iterator over the catalogue is a connection that
        stays open. Exceptions come through.
        """
        if self._limiter is None:
            self._limiter = CapacityLimiter(READS)
        return await to_thread.run_sync(lambda: function(*args, **named), limiter=self._limiter)

    async def quickly(self, function: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """The same for what takes a millisecond: a look-up, a payload from a file of this machine."""
        if self._quick is None:
            self._quick = CapacityLimiter(QUICK)
        return await to_thread.run_sync(lambda: function(*args, **named), limiter=self._quick)

    async def in_turn(self, function: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """The same for what a child examines, one page at a time: who waits for that holds no thread.

        Raises Problem for the last of a long queue, and for who waited for long.
        """
        if self._turn is None:
            self._turn = CapacityLimiter(IN_TURN)
        later = Problem(503, "many pages are being examined: try again in a moment", {"Retry-After": "10"})
        if self._turn.statistics().tasks_waiting >= QUEUE:
            raise later
        with move_on_after(PATIENCE) as waiting:
            await self._turn.acquire()
        if waiting.cancelled_caught:
            raise later
        try:
            return await to_thread.run_sync(lambda: function(*args, **named))
        finally:
            self._turn.release()

    def base(self, request: Request) -> str:
        """What absolute links begin with, without a final slash: the origin, and the path to the archive."""
        return f"{self.origin(request)}{self.root}"

    def origin(self, request: Request) -> str:
        """The origin under which the application is asked for.

        The guard has held the host against the allow-list before.
        """
        if self.settings.public is not None:
            return self.settings.public.rstrip("/")
        return f"{request.scope['scheme']}://{request.headers['host'].lower()}"

    def captured(self, request: Request) -> str | None:
        """The origin of captured pages, as seen from where the application is asked for; None where there is none."""
        return self._beside(request, self.settings.captured_port)

    def viewer(self, request: Request) -> Viewing | None:
        """How the address of a captured page in the viewer is made; None where there is no viewer."""
        origin = self._beside(request, self.settings.viewer_port)
        return None if origin is None or self.viewing is None else self.viewing(origin)

    def _beside(self, request: Request, port: int | None) -> str | None:
        scheme, _, authority = self.origin(request).partition("://")
        return None if port is None else f"{scheme}://{name_of(authority)}:{port}"
