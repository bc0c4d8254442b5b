"""A tapped connection, driven by bytes alone: what goes on which tape, and when the connection may be used again."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.protocol import Protocol
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web.http_headers import Headers

from archive.exchange import Truncation
from crawler.tap.connection import IDLE, MAX_HEAD, TapedRequest, TappedConnection
from crawler.tap.tape import Tape

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Reader(Protocol):
    """Takes a body."""


class Open:
    """A connection to nobody, and those that were given back for further requests."""

    def __init__(self) -> None:
        self.idle: list[TappedConnection] = []
        self.transport = StringTransport()
        self.connection = TappedConnection(self.idle.append)
        self.connection.makeConnection(self.transport)
        self.failures: list[Failure] = []

    def ask(self, limit: int = 0) -> Tape:
        tape = Tape(limit)
        request = TapedRequest(b"GET", b"/a", Headers({b"Host": [b"a.example"]}), None, tape)
        answered = self.connection.perform(request)
        answered.addCallbacks(self._deliver, self.failures.append)
        return tape

    def _deliver(self, response: Any) -> None:
        if response.length:
            response.deliverBody(Reader())

    def lose(self, error: type[Exception]) -> None:
        self.connection.connectionLost(Failure(error()))


@pytest.fixture
def wire() -> Open:
    return Open()


def test_a_tape_holds_its_own_exchange_only(wire: Open) -> None:
    first = wire.ask()
    wire.connection.dataReceived(WHOLE)
    second = wire.ask()
    wire.connection.dataReceived(WHOLE.replace(b"hi", b"ho"))
    assert wire.idle == [wire.connection, wire.connection]
    assert first.request() == second.request() == b"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"
    assert wire.transport.value() == first.request() * 2
    assert (first.take_response(), first.complete) == (WHOLE, True)
    assert (second.take_response(), second.complete) == (WHOLE.replace(b"hi", b"ho"), True)


def test_bytes_that_nobody_asked_for_end_the_connection(wire: Open) -> None:
    tape = wire.ask()
    wire.connection.dataReceived(WHOLE)
    assert wire.idle
    wire.connection.dataReceived(b"HTTP/1.1 200 OK\r\n\r\nfor the next one")
    assert wire.transport.disconnecting
    assert tape.take_response() == WHOLE


def test_bytes_behind_a_response_belong_to_it_and_end_the_connection(wire: Open) -> None:
    tape = wire.ask()
    wire.connection.dataReceived(WHOLE + b"more")
    assert not wire.idle
    assert wire.transport.disconnecting
    assert (tape.take_response(), tape.complete) == (WHOLE + b"more", True)


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (b"HTTP/1.1 200 OK\r\n", True),
        (b"HTTP/1.1 200 OK\r\nConnection: Close\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: foo, close\r\n", False),
        (b"HTTP/1.0 200 OK\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n", True),
        (b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\n", False),
        (b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=100\r\n", True),
    ],
)
def test_a_connection_is_kept_as_the_server_says(wire: Open, head: bytes, kept: bool) -> None:
    wire.ask()
    wire.connection.dataReceived(head + b"Content-Length: 2\r\n\r\nhi")
    assert bool(wire.idle) is kept
    assert wire.transport.disconnecting is not kept


def test_an_announced_time_out_is_kept_to(wire: Open) -> None:
    wire.ask()
    wire.connection.dataReceived(b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n")
    assert wire.connection.keeps == 4.0
    wire.ask()
    wire.connection.dataReceived(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert wire.connection.keeps == IDLE


@pytest.mark.parametrize(("error", "whole"), [(ConnectionDone, True), (ConnectionLost, False)])
def test_a_body_until_the_end_is_whole_only_where_that_came_in_order(
    wire: Open, error: type[Exception], whole: bool
) -> None:
    tape = wire.ask()
    wire.connection.dataReceived(b"HTTP/1.1 200 OK\r\n\r\nhi")
    wire.lose(error)
    assert tape.complete is whole
    assert tape.lost


def test_a_stopped_tape_takes_nothing_more(wire: Open) -> None:
    tape = wire.ask()
    wire.connection.dataReceived(WHOLE[:-1])
    tape.stop()
    wire.connection.dataReceived(b"i")
    assert tape.take_response() == WHOLE[:-1]


def test_too_long_a_head_is_given_up(wire: Open) -> None:
    tape = wire.ask()
    wire.connection.dataReceived(b"HTTP/1.1 200 OK\r\nX: " + b"x" * MAX_HEAD)
    assert tape.cut is Truncation.LENGTH
    assert wire.transport.disconnecting
    assert len(wire.failures) == 1


def test_too_long_a_message_is_given_up(wire: Open) -> None:
    tape = wire.ask(limit=100)
    wire.connection.dataReceived(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100)
    assert tape.cut is Truncation.LENGTH
    assert wire.transport.disconnecting


def test_a_whole_message_over_the_limit_is_whole(wire: Open) -> None:
    tape = wire.ask(limit=10)
    wire.connection.dataReceived(WHOLE)
    assert tape.complete
    assert tape.cut is None
