"""The resolver: names that hang hold up no others, failures keep their reasons, a lost resolver is known as such."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from archive.configuration import Network
from crawler.lookup import WITNESS, Outcome, ask
from crawler.names import KEPT, MOMENT, PATIENCE, PLACES, TRUSTED, UNKNOWN_KEPT, Found, LookupFailed, Names
from crawler.reach import Reach

FOUND = Outcome(("93.184.216.34",))
NO_NAME = Outcome(code="EAI_NONAME", words="Name or service not known")
AGAIN = Outcome(code="EAI_AGAIN", words="Temporary failure in name resolution")


class Desk(Clock):
    """A reactor's clock, and what threads have to say to it; time goes on only where a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.told: queue.Queue[tuple[Callable[..., Any], tuple[Any, ...]]] = queue.Queue()

    def callFromThread(self, call: Callable[..., Any], *given: Any) -> None:  # noqa: N802 - Twisted's name
        self.told.put((call, given))

    def hear(self, times: int) -> None:
        """Wait until so many look-ups have landed."""
        for _ in range(times):
            call, given = self.told.get(timeout=30)
            call(*given)


class Web:
    """A system's resolver: what names lead to, some only when they are let go. ``asked`` are the look-ups so far."""

    def __init__(self, known: dict[str, Outcome] | None = None) -> None:
        self.known = known or {}
        self.hanging: dict[str, threading.Event] = {}
        self.asked: list[str] = []
        self.desk = Desk()
        self.names = Names(self.desk, look=self._look)

    def _look(self, name: str) -> Outcome:
        self.asked.append(name)
        if name in self.hanging:
            assert self.hanging[name].wait(30)
        return self.known.get(name, NO_NAME)

    def ask(self, name: str) -> list[Any]:
        """Ask; the list gets what comes, addresses or the failure's error."""
        told: list[Any] = []
        self.names.look_up(name).addBoth(lambda one: told.append(one.value if isinstance(one, Failure) else one))
        return told


def test_one_look_up_for_all_who_ask_and_for_minutes() -> None:
    web = Web({"a.example": FOUND})
    first, second = web.ask("a.example"), web.ask("A.example")
    web.desk.hear(1)
    assert first == second == web.ask("a.example") == [FOUND.addresses]
    web.desk.advance(KEPT + 1)
    web.ask("a.example")
    web.desk.hear(1)
    assert web.asked == ["a.example"] * 2
    assert web.ask("10.0.0.1") == [("10.0.0.1",)]
    assert web.ask("2001:db8::1") == [("2001:db8::1",)]


def test_names_that_hang_hold_up_no_others_and_are_not_waited_for_again() -> None:
    web = Web({"healthy.example": FOUND, "back.example": FOUND})
    names = [f"hang-{number}.example" for number in range(3 * PLACES)]
    web.hanging = {name: threading.Event() for name in [*names, "back.example"]}
    told = [web.ask(name) for name in names]
    healthy = web.ask("healthy.example")
    for _ in range(3):
        web.desk.advance(MOMENT)
    web.desk.hear(1)
    assert healthy == [FOUND.addresses]
    web.ask("back.example")
    web.desk.advance(PATIENCE)
    assert {str(one.pop()) for one in told} == {f"{name}: no answer of the resolver within 10 s" for name in names}
    assert isinstance(web.ask(names[0])[0], LookupFailed)
    assert web.asked.count(names[0]) == 1
    for event in web.hanging.values():
        event.set()
    web.desk.hear(len(names) + 1)
    assert web.ask("back.example") == [FOUND.addresses], "it came, if late"


def test_failures_keep_their_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(number: int, words: str) -> Outcome:
        def failing(*given: Any, **named: Any) -> Any:
            raise socket.gaierror(number, words)

        monkeypatch.setattr("socket.getaddrinfo", failing)
        return ask("a.example")

    said = {name: look(getattr(socket, name), name.lower()) for name in ("EAI_NONAME", "EAI_AGAIN", "EAI_FAIL")}
    assert {name: (one.code, one.words) for name, one in said.items()} == {one: (one, one.lower()) for one in said}
    assert [one.answered for one in said.values()] == [True, False, False]
    assert str(LookupFailed("a.example", said["EAI_AGAIN"])) == "a.example: eai_again (EAI_AGAIN)"
    monkeypatch.setattr("socket.getaddrinfo", lambda *given, **named: [])
    assert ask("a.example").code == "EAI_NODATA"
    assert not ask("\u00e9.example").answered
    assert ask("127.0.0.1").code == "EAI_NODATA"


def test_a_lost_resolver_is_told_from_the_lost_servers_of_one_name() -> None:
    web = Web({"b.example": AGAIN, "c.example": AGAIN, WITNESS: FOUND})
    site = web.ask("b.example")
    web.desk.hear(2)
    assert (site[0].ours, web.names.down, web.asked) == (False, False, ["b.example", WITNESS])
    web.ask("c.example")
    web.desk.hear(1)
    assert web.asked[-1] == "c.example", "the resolver has answered a moment ago"
    web.known[WITNESS] = AGAIN
    web.desk.advance(KEPT + TRUSTED)
    told = web.ask("b.example")
    web.desk.hear(2)
    assert (told[0].ours, web.names.down) == (True, True)
    assert "no other name can be looked up" in str(told[0])
    web.known["b.example"] = FOUND
    web.desk.advance(UNKNOWN_KEPT + 1)
    again = web.ask("b.example")
    web.desk.hear(1)
    assert (again, web.names.down) == ([FOUND.addresses], False)


def test_a_name_that_does_not_exist_needs_no_witness() -> None:
    web = Web()
    told = web.ask("nosuch.example")
    web.desk.hear(1)
    assert (str(told[0]), web.asked) == ("nosuch.example: Name or service not known (EAI_NONAME)", ["nosuch.example"])


def test_who_asks_no_more_is_not_told() -> None:
    web = Web({"a.example": FOUND})
    told: list[Any] = []
    waiting: Deferred[tuple[str, ...]] = web.names.look_up("a.example")
    waiting.addErrback(lambda failure: told.append(failure.type))
    other = web.ask("a.example")
    waiting.cancel()
    web.desk.hear(1)
    assert (told, other) == ([CancelledError], [FOUND.addresses])


class Receiver:
    """Who asks by Twisted's interface."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802 - Twisted's name
        self.said.append(resolution.name)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        self.said.append((address.host, address.port))

    def resolutionComplete(self) -> None:  # noqa: N802
        self.said.append("over")


def test_it_is_a_resolver_of_twisted() -> None:
    web = Web({"a.example": Outcome(("2606:2800::1", "93.184.216.34"))})
    receiver, unknown, again = Receiver(), Receiver(), Receiver()
    web.names.resolveHostName(receiver, "a.example", 80)
    web.desk.hear(1)
    web.names.resolveHostName(unknown, "b.example", 80)
    web.desk.hear(1)
    Found(("93.184.216.34",)).resolveHostName(again, "whatever", 443)
    assert receiver.said == ["a.example", ("2606:2800::1", 80), ("93.184.216.34", 80), "over"]
    assert unknown.said == ["b.example", "over"]
    assert again.said == ["whatever", ("93.184.216.34", 443), "over"]


def test_a_parent_waits_for_a_lost_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.reach.has_route", lambda: True)
    answers = [AGAIN, FOUND]
    landed = threading.Semaphore(0)

    def look(name: str) -> Outcome:
        assert name == WITNESS
        landed.release()
        return answers.pop(0)

    def is_there() -> bool:
        there = reach.is_there(Network())
        asking = reach._asking
        if asking is not None:
            asking.join(30)
        return there

    monkeypatch.setattr("crawler.reach._AGAIN", 0.0)
    reach = Reach(look)
    assert is_there()
    assert answers == [AGAIN, FOUND], "nobody asks without a doubt"
    reach.doubt()
    assert [is_there() for _ in range(3)] == [False, False, True]
    reach.doubt()
    assert reach.is_there(Network(allow_loopback=True))
