"""The newsroom: two small fictional news sites on loopback, for the demo and the tests."""

from crawler.newsroom.server import Newsroom, Served

__all__ = ["Newsroom", "Served"]
