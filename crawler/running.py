"""Running: what an archive's configuration means for a run of Scrapy, and what must be so before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.configuration import ArchiveConfiguration
from archive.errors import ConfigurationError
from archive.store import Archive
from crawler.drawing.chromium import require_browser
from crawler.sites import Site

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings


def run_settings(archive: Archive, command: str, sites: Iterable[Site] = ()) -> dict[str, Any]:
    """The settings that a run adds to `crawler.settings`; raises ConfigurationError where no contact is given."""
    configuration = archive.configuration
    sites = tuple(sites)
    return {
        "PRESSKEEP_ARCHIVE": str(archive.path),
        "PRESSKEEP_STATE": str(archive.state_path),
        "PRESSKEEP_COMMAND": command,
        "PRESSKEEP_SITES": {site.host: site.canonical() for site in sites},
        "USER_AGENT": user_agent(configuration),
        "CONCURRENT_REQUESTS": configuration.crawl.concurrency,
        "DOWNLOAD_TIMEOUT": configuration.crawl.timeout,
        "DOWNLOAD_MAXSIZE": configuration.crawl.max_body,
        # Requests of sites that want none are kept from it by their meta.
        "COOKIES_ENABLED": any(site.cookies for site in sites),
    }


def user_agent(configuration: ArchiveConfiguration) -> str:
    """What the crawler calls itself: the product, and where its people can be reached (RFC 9110, section 10.1.5)."""
    return f"Presskeep/{version('presskeep')} (+{configuration.require_contact()})"


def require_delays(configuration: ArchiveConfiguration, sites: Iterable[Site]) -> None:
    """Raise ConfigurationError for a site without a delay in an archive that may not reach this machine itself."""
    for site in sites:
        if site.delay == 0 and not configuration.network.allow_loopback:
            raise ConfigurationError(
                f'["{site.host}"]: delay = 0 is for mirrors on this machine: set allow_loopback = true in archive.toml'
                " if it is one, or write at least 1"
            )


def require_fit(configuration: ArchiveConfiguration, sites: Iterable[Site]) -> None:
    """Raise ConfigurationError for a site that cannot be crawled here as it is declared."""
    sites = tuple(sites)
    require_delays(configuration, sites)
    require_browser(configuration, sites)


def find_archive(settings: BaseSettings) -> Archive:
    """The archive that PRESSKEEP_ARCHIVE names, or the one above the current directory; raises NotAnArchive."""
    path = settings.get("PRESSKEEP_ARCHIVE")
    return Archive.open(Path(path)) if path else Archive.find()
