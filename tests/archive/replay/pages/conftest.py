"""An archive to be looked at, made once, and pages of it as trees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lxml import html

from archive.errors import PresskeepError
from archive.replay.answers import problem_of
from archive.replay.pages.asked import Asked
from archive.replay.pages.examiner import Examiner
from archive.replay.pages.places import Places
from archive.replay.pages.views import VIEWS, Answer, Count, Shelf, message
from archive.store import Archive

from . import reading_room

Asking = Callable[..., Answer]
Reading = Callable[..., html.HtmlElement]


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of an archive that tests only read."""
    return reading_room.make(tmp_path_factory.mktemp("pages") / "Reading-Room")


@pytest.fixture(scope="session")
def shelf(room: Path) -> Iterator[Shelf]:
    """What views need, with an origin for captured pages that only has addresses."""
    with Archive.open(room) as archive, closing(Examiner()) as examiner:
        yield Shelf(
            archive,
            Count(archive),
            examiner,
            Places(captured=lambda url, at, what: f"http://127.0.0.1:9/{at}{what}/{url}"),
        )


@pytest.fixture(scope="session")
def ask(shelf: Shelf) -> Asking:
    """The answer to a request for a view."""

    def asking(view: str, **given: str) -> Answer:
        try:
            return VIEWS[view](shelf, Asked(given))
        except PresskeepError as error:
            problem = problem_of(error)
            return Answer(message(shelf, problem, given.get("url", "")), problem.status)

    return asking


@pytest.fixture(scope="session")
def read(ask: Asking) -> Reading:
    """The page of a view as a tree; it must come with 200."""

    def reading(view: str, **given: str) -> html.HtmlElement:
        said = ask(view, **given)
        assert said.status == 200, said.page
        return html.document_fromstring(said.page)

    return reading
