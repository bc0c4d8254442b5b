"""Remembering: what the archive committed becomes what the frontier knows. Nothing else makes a URL done."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from itertools import chain
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, NotConfigured

from archive import clock
from archive.errors import PresskeepError, StorageFull
from archive.exchange import Role
from archive.writing import Committed
from crawler.absence import Absences
from crawler.agenda import Agenda
from crawler.capturing import Capturing, captures_committed
from crawler.frontier import Frontier
from crawler.further import FurtherPages
from crawler.pairing import Pairing
from crawler.politeness import Pacing
from crawler.requisites.memory import Requisites
from crawler.requisites.seeding import seed
from crawler.robots import RobotsMemory
from crawler.sites import Keep, Site
from crawler.tdmmemory import TdmMemory
from crawler.validators import ValidatorMemory

# Other processes may have committed later captures than those that one did not live to note (microseconds).
_BACK = 3600 * 1_000_000
# After a loss of the state, articles of so long are read for further pages that never came.
_LATELY = 48 * _BACK

logger = logging.getLogger(__name__)


class Remembering:
    """The extension that keeps the frontier true to the archive; it shares the state of `crawler.politeness.Pacing`.

    ``frontier`` and what stands beside it are there once the spider is open. A frontier that was lost is seeded then;
    ``failure`` says why it could not be, where it could not, and the crawl does not begin.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self.frontier: Frontier
        self.pairing: Pairing
        self.further: FurtherPages
        self.absences: Absences
        self.agenda: Agenda
        self.robots: RobotsMemory
        self.tdmrep: TdmMemory
        self.validators: ValidatorMemory
        self.requisites: Requisites
        self.failure: PresskeepError | None = None
        self._committed: list[Committed] = []  # and not noted yet

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The extension for a crawler."""
        remembering = cls(crawler)
        crawler.signals.connect(remembering.note, signal=captures_committed)
        crawler.signals.connect(remembering.open, signal=signals.spider_opened)
        return remembering

    def open(self) -> None:
        """Take the state and, where it was lost, seed the frontier from the archive's captures."""
        pacing, capturing = self._crawler.get_extension(Pacing), self._crawler.get_extension(Capturing)
        if pacing is None or capturing is None:
            raise NotConfigured("crawler.remembering needs crawler.politeness.Pacing and crawler.capturing.Capturing")
        self.frontier = Frontier(pacing.state)
        self.pairing = Pairing(capturing.archive, pacing.state, self.frontier, amp=capturing.amp)
        capturing.split = set()
        self.further = FurtherPages(capturing.archive, capturing.split)
        self.absences = Absences(pacing.state)
        self.agenda = Agenda(pacing.state)
        self.robots = RobotsMemory(pacing.state)
        self.tdmrep = TdmMemory(pacing.state)
        self.validators = ValidatorMemory(pacing.state)
        self.requisites = Requisites(pacing.state, capturing.archive.configuration.requisites)
        try:
            declared = self._crawler.settings.getdict("PRESSKEEP_SITES")
            self.know(Site.model_validate_json(body) for body in declared.values())
            if not pacing.state.seeded:
                archive = capturing.archive
                self.frontier.seed(
                    chain(archive.captures(role=Role.ARTICLE), archive.captures(role=Role.FURTHER)),
                    lambda part: self.pairing.note(part, whole=False),
                )
                lately = archive.captures(role=Role.ARTICLE, since=clock.now() - _LATELY)
                self.frontier.note((), (), self.further.found(lately, marked=False))
                seed(pacing.state, capturing.archive, clock.now())
                self.absences.note(capturing.archive.captures(role=Role.PROBE))
            else:
                # What a process left that was killed between the WARC file and the frontier.
                since = min(self.frontier.noted, clock.now()) - _BACK
                left = list(capturing.archive.captures(role=Role.ARTICLE, since=since))
                pages = list(capturing.archive.captures(role=Role.FURTHER, since=since))
                missed = self.frontier.unnoted([*left, *pages])
                self.frontier.note([*left, *pages], (), self.further.found(missed, marked=False))
                self.pairing.note(left, whole=False)
                self.requisites.note(left)
                self.requisites.note(capturing.archive.captures(role=Role.REQUISITE, since=since))
                self.absences.note(capturing.archive.captures(role=Role.PROBE, since=since))
        except PresskeepError as error:
            self.failure = error
            raise CloseSpider("state_unusable") from error

    def know(self, sites: Iterable[Site]) -> None:
        """These sites are crawled: what is declared of them counts from now on."""
        kept: dict[bool, list[str]] = {True: [], False: []}
        for site in sites:
            self.frontier.steps[site.host] = site.steps
            self.pairing.scopes[site.host] = site.scope
            kept[site.keep is Keep.PAGE].append(site.host)
            if site.spider is not None:
                self.further.left_out.add(site.host)
        self.requisites.declare(kept[True], kept[False], clock.now())

    def note(self, committed: Committed) -> None:
        """Take over what became durable; where there is no room for that, the crawl pauses, and it is done then."""
        self._committed.append(committed)
        try:
            self._note()
        except StorageFull as error:
            capturing = self._crawler.get_extension(Capturing)
            assert capturing is not None
            capturing.owe(self._note, error)
        except PresskeepError as error:
            logger.error("the frontier does not know of %d captures: %s", sum(map(len, self._committed)), error)

    def _note(self) -> None:
        while self._committed:
            pages = self.further.found(self._committed[0].captures, self._committed[0].attempts)
            self.frontier.note(self._committed[0].captures, self._committed[0].attempts, pages)
            self.further.noted(self._committed[0].captures)
            self.pairing.note(self._committed[0].captures, self._committed[0].attempts)
            self.absences.note(self._committed[0].captures, self._committed[0].attempts)
            self.validators.note(self._committed[0].captures)
            self.requisites.note(self._committed[0].captures, self._committed[0].attempts)
            del self._committed[0]
