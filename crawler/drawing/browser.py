"""The one browser of a crawling process: started with its first page, ended with the crawl, replaced now and then."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from archive.configuration import ArchiveConfiguration
from crawler.drawing.chromium import arguments, environment, find, is_sandboxed, new_profile, not_started
from crawler.drawing.devtools import BrowserGone, DevTools, Refused
from crawler.drawing.sheet import Course, Fetch, NotDrawn, Picture, Reply, Sheet

logger = logging.getLogger(__name__)

# Pages drawn at once: each is a process of its own, of some 100 to 300 MB.
PAGES = 4
# Pages after which it is replaced: its memory grows, and nobody looks at it for months.
RECYCLE = 200
_LOOK = 0.25  # seconds between two looks at whether its last page is drawn
# Seconds to start, on a machine under load.
_START = 60.0
# Bytes kept of what it says on standard error.
_COMPLAINT = 4096


class Browser:
    """A Chromium, and the keeper that ends it. Pages are drawn side by side, each in a context without a memory."""

    def __init__(self, configuration: ArchiveConfiguration) -> None:
        self._configuration = configuration
        self._places = asyncio.Semaphore(PAGES)
        self._starting = asyncio.Lock()
        self._keeper: subprocess.Popen[bytes] | None = None
        self._tools: DevTools | None = None
        self._sheets: dict[str, Sheet] = {}  # by session
        self._drawn = 0
        self._warned = False
        self.name = ""  # such as HeadlessChrome/150.0.7871.100

    @property
    def pid(self) -> int | None:
        """The process id of its keeper, None where there is none."""
        return self._keeper.pid if self._keeper is not None and self._keeper.poll() is None else None

    async def draw(
        self, url: str, first: Reply, fetch: Fetch, course: Course, anew: Callable[[], None] = lambda: None
    ) -> Picture:
        """A page as it is drawn, of whose URL ``first`` is the answer.

        Raises NotDrawn where that cannot be done, ConfigurationError where there is no browser that starts, and
        Halted where the crawl ends. A browser that ends meanwhile is replaced once, which ``anew`` hears.
        """
        async with self._places:
            try:
                return await self._draw(url, first, fetch, course)
            except BrowserGone as error:
                logger.warning("%s, while it drew %s: it is started once more", error, url)
                anew()
            try:
                return await self._draw(url, first, fetch, course)
            except BrowserGone as error:
                raise NotDrawn(f"the browser ended twice: {error}") from error

    def close(self) -> None:
        """End it, and all that it started."""
        tools, self._tools = self._tools, None
        keeper, self._keeper = self._keeper, None
        for sheet in list(self._sheets.values()):
            sheet.fail("the browser was ended")
        self._sheets.clear()
        if tools is not None:
            tools.close()
        if keeper is not None and keeper.stdin is not None:
            keeper.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                keeper.wait(10)

    async def _draw(self, url: str, first: Reply, fetch: Fetch, course: Course) -> Picture:
        tools = await self._living()
        context = session = ""
        try:
            context = (await tools.ask("Target.createBrowserContext", disposeOnDetach=True))["browserContextId"]
            await tools.ask("Browser.setDownloadBehavior", behavior="deny", browserContextId=context)
            made = await tools.ask("Target.createTarget", url="about:blank", browserContextId=context)
            frame = made["targetId"]
            session = (await tools.ask("Target.attachToTarget", targetId=frame, flatten=True))["sessionId"]
            sheet = self._sheets[session] = Sheet(tools, session, frame, url, first, fetch)
            return await sheet.draw(course)
        except Refused as error:
            raise NotDrawn(str(error)) from error
        except BrowserGone:
            if self._tools is tools:  # it may not have ended, but does not answer
                self.close()
            raise
        finally:
            self._sheets.pop(session, None)
            self._drawn += 1
            if context:
                tools.tell("Target.disposeBrowserContext", browserContextId=context)

    async def _living(self) -> DevTools:
        async with self._starting:
            while self._drawn >= RECYCLE and self._sheets:  # those that it draws are its last ones
                await asyncio.sleep(_LOOK)
            if self._tools is not None and not self._tools.gone and self._drawn < RECYCLE:
                return self._tools
            self.close()
            return await self._start()

    async def _start(self) -> DevTools:
        program = find(self._configuration.browser.path)
        sandboxed = is_sandboxed(self._configuration)
        if not sandboxed and not self._warned:
            self._warned = True
            why = "it does not start with it as root" if os.geteuid() == 0 else "as [browser] sandbox = false has it"
            logger.warning("pages are drawn without Chromium's sandbox, %s: crawl as a user of its own", why)
        profile = new_profile()
        self._drawn = 0
        with tempfile.TemporaryFile() as complaints:
            tools = self._tools = DevTools(self._hear)
            try:
                await self._connect(
                    tools, arguments(program, profile, sandboxed=sandboxed), profile, complaints.fileno()
                )
                self.name = (await tools.ask("Browser.getVersion", patience=_START))["product"]
                await tools.ask("Fetch.enable", patterns=[{"urlPattern": "*"}])
            except (BrowserGone, Refused) as error:
                self.close()
                size = complaints.seek(0, os.SEEK_END)
                complaints.seek(max(0, size - _COMPLAINT))
                said = complaints.read().decode("utf-8", "replace")
                raise not_started(program, said, sandboxed=sandboxed) from error
        return tools

    async def _connect(self, tools: DevTools, command: list[str], profile: Path, complaints: int) -> None:
        """Start the keeper with the browser; it hands the pipe on."""
        here_read, there_write = os.pipe()
        there_read, here_write = os.pipe()
        keeper = [sys.executable, "-P", "-m", "crawler.drawing.keeper", str(there_read), str(there_write), str(profile)]
        inherited = {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
        try:
            self._keeper = subprocess.Popen(
                [*keeper, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                pass_fds=(there_read, there_write),
                env={**environment(profile), **inherited},
                start_new_session=True,  # Ctrl-C is for the crawler, which ends it in order
            )
        finally:
            os.close(there_read)
            os.close(there_write)
        await tools.open(here_read, here_write)

    def _hear(self, method: str, told: Mapping[str, Any], session: str | None) -> None:
        if method == "Fetch.requestPaused":
            self._asked(told)
        elif method == "gone":
            for sheet in self._sheets.values():
                sheet.fail("the browser has ended")
        elif session in self._sheets:
            if method == "Inspector.targetCrashed":
                self._sheets[session].fail("its process ended: it asked for too much memory, or met a fault")
            else:
                self._sheets[session].hear(method, told)
        elif method == "Target.targetCrashed":
            for sheet in self._sheets.values():
                if sheet.frame == told.get("targetId"):
                    sheet.fail("its process ended: it asked for too much memory, or met a fault")

    def _asked(self, paused: Mapping[str, Any]) -> None:
        assert self._tools is not None
        for sheet in self._sheets.values():
            if sheet.frame == paused.get("frameId"):
                sheet.asked(paused)
                return
        Sheet.refuse(self._tools, paused["requestId"])  # of a frame, or of nothing that is known
