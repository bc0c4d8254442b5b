"""The tap: what records the bytes of HTTP exchanges as they cross the wire. `crawler.wire` is its face to Scrapy.

It rests on private names of Scrapy 2.19 and Twisted 26.10, which are pinned; `tests/crawler/wire` proves it.
"""
