"""Scrapy settings: pinned where a default is unsafe or could move the bytes on the wire, each with its reason.

``presskeep`` sets the rest for a run: PRESSKEEP_ARCHIVE, PRESSKEEP_STATE, USER_AGENT with the contact, and the limits
of archive.toml. ``scrapy list`` and ``scrapy crawl`` use this file through scrapy.cfg.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

BOT_NAME = "presskeep"
SPIDER_MODULES = ["crawler.spiders"]
USER_AGENT = f"Presskeep/{version('presskeep')}"  # a run adds the contact of archive.toml

# --- the wire ---------------------------------------------------------------------------------------------------------

# Only what is recorded may be fetched; file, ftp, s3 and data addresses come from pages, and pages are hostile.
DOWNLOAD_HANDLERS: dict[str, str | None] = {
    "http": "crawler.wire.Wire",
    "https": "crawler.wire.Wire",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
# Scrapy verifies no certificate by default. The wire always does; this is for handlers that are set beside it.
DOWNLOAD_VERIFY_CERTIFICATES = True
DOWNLOAD_TLS_MIN_VERSION = "TLSv1.2"
# Seconds for a whole exchange, the connection included. The default, 180, lets one slow host hold a place for minutes.
DOWNLOAD_TIMEOUT = 45
# Seconds for the connection alone, and again for its TLS handshake: a host that takes longer answers nobody. A bare
# host is tried over https first, and a port that expects plain HTTP may wait for ever for the rest of a line.
PRESSKEEP_CONNECT_TIMEOUT = 10
# Seconds from the request's last byte to the answer's first one. A page that a slow server makes anew takes ten or
# twenty; a reverse proxy in front of it gives up at 30 or 60.
PRESSKEEP_FIRST_BYTE_TIMEOUT = 30
# What must come of an answer in so many seconds, once it has begun: whoever drips slower than a modem of 1990 holds a
# connection, not a page. In bytes for each second, on the average of such a span.
PRESSKEEP_MIN_RATE = 256
PRESSKEEP_RATE_SPAN = 15
# Bytes on the wire, and again once decoded (a bomb of 13 KB of brotli has 1 GiB); the default is 1 GiB. Sitemaps may
# have 50 MB (sitemaps.org), pages have 2.
DOWNLOAD_MAXSIZE = 32 * 2**20
DOWNLOAD_WARNSIZE = 0  # what is cut is recorded as cut; a warning for each large page tells nobody anything
# A body that was cut is captured as cut, but it is no page: it must not be read for links.
DOWNLOAD_FAIL_ON_DATALOSS = True
# The connection pool of one process. Fewer than a browser's six to one host; the pacer spaces their starts.
CONCURRENT_REQUESTS = 16
DOWNLOADER = "crawler.downloading.PatientDownloader"  # hosts that hang take no place from those that answer
CONCURRENT_REQUESTS_PER_DOMAIN = 4
# Their place is taken by the pacer, which all processes share and which survives a restart.
DOWNLOAD_DELAY = 0
DOWNLOAD_DELAY_JITTER = 0
AUTOTHROTTLE_ENABLED = False
# The default resolver knows IPv4 only, and names that hang take all of its ten threads. The address guard asks no
# resolver: it looks at what is connected to.
TWISTED_DNS_RESOLVER = "crawler.names.Names"
# Seconds for a name, before the connection begins.
PRESSKEEP_LOOKUP_TIMEOUT = 10
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"  # the pacer waits on asyncio
# A proxy's wire format is not that of the archive; the default takes one from the environment.
HTTPPROXY_ENABLED = False
HTTPCACHE_ENABLED = False  # a cached answer did not cross the wire

# --- what is sent -----------------------------------------------------------------------------------------------------

# Fixed, so that captures can be compared. Every coding is one that archive.http decodes. No language is asked for: a
# site is archived as it shows itself.
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
}
COOKIES_ENABLED = False  # a page must not depend on the pages before it; a run turns them on for sites that need them
REFERRER_POLICY = "no-referrer"  # publishers need not know by which page a URL was found
ROBOTSTXT_OBEY = False  # Scrapy takes a failed fetch of robots.txt for permission; crawler.robots obeys it instead

# --- redirects and retries --------------------------------------------------------------------------------------------

REDIRECT_MAX_TIMES = 10  # as crawler.walk does, and half of what browsers follow
# It would decode every page to look for the tag, and detecting charsets costs more than fetching; a page with one is
# an answer in its own right, and is captured as one.
METAREFRESH_ENABLED = False
RETRY_ENABLED = False  # a retry is an exchange of its own, and the schedule decides on it

# --- what else Scrapy would do ----------------------------------------------------------------------------------------

TELNETCONSOLE_ENABLED = False  # runs code for whoever reaches the port
REMOTE_CONTROL_ENABLED = False  # the same, over HTTP
FEEDS: dict[str, Any] = {}
JOBDIR = None  # what is due stands in state.sqlite
EXTENSIONS: dict[str, int | None] = {
    "crawler.politeness.Pacing": 50,
    "crawler.capturing.Capturing": 100,
    "crawler.remembering.Remembering": 200,
    "scrapy.extensions.telnet.TelnetConsole": None,
    "scrapy.extensions.remote_control.RemoteControl": None,
    "scrapy.extensions.feedexport.FeedExporter": None,
}
DOWNLOADER_MIDDLEWARES: dict[str, int | None] = {
    "crawler.drawing.middleware.Drawing": 5,
    "crawler.hops.Hops": 10,
    "crawler.manners.Manners": 20,
    # The scope of a site has suffixes and twins that allowed_domains cannot say: crawler.urls.Scope is asked instead.
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
}
# A site's own spider says what its requests are; those of ours are dressed already.
SPIDER_MIDDLEWARES: dict[str, int | None] = {"crawler.marking.Marking": 10}
# Scrapy makes that many tasks for each response, before it knows whether there is an item at all: with the default of
# 100 they cost a tenth of a page. Our spiders yield none.
CONCURRENT_ITEMS = 2
LOG_LEVEL = "INFO"  # a line for each page costs a tenth of fetching it
STATS_DUMP = False  # the run's own report says what matters
DOWNLOADER_STATS = False  # it serialises each request and header once more, only to count their bytes
