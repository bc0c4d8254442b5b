"""The spider that looks at one new site, for ``presskeep add``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from scrapy import Request

from crawler.discovery import Candidate
from crawler.probe import Probed, probe
from crawler.sites import Site
from crawler.spiders.asking import AskingSpider, Question
from crawler.walk import Answer


class ProbeSpider(AskingSpider):
    """Walks once through a site's front page and candidates; ``probed`` is there when it was done."""

    name = "probe"

    def __init__(
        self,
        site: Site | None = None,
        starts: Sequence[str] = (),
        listed: Sequence[Candidate] = (),
        progress: Callable[[str], None] = lambda url: None,
        **kwargs: object,
    ) -> None:
        super().__init__(self.name, **kwargs)
        self._site = site
        self._starts = starts
        self._listed = listed
        self._progress = progress
        self.probed: Probed | None = None

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the front page."""
        if self._site is None:
            return  # `scrapy crawl probe` has nothing to look at: `presskeep add` is the way
        self.prepare()
        self._walk = probe(self._starts, self.robots_body, self._listed)
        for request in self.requests([Question(self._site, 0, next(self._walk))]):
            yield request

    def answer(self, question: Question, answer: Answer) -> Iterator[Question]:
        """The next candidate."""
        try:
            want = self._walk.send(answer)
        except StopIteration as done:
            self.probed = done.value
            return
        self._progress(want.url)
        yield Question(question.site, question.number + 1, want)

    def meta_of(self, site: Site) -> dict[str, Any]:
        """A site's meta without its scope: where the site really is, is what is to be found out."""
        return {key: value for key, value in super().meta_of(site).items() if key != "presskeep_scope"}
