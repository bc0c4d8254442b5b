"""The system's Chromium: where it is, and how it is started so that it reaches nothing but us."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from archive.configuration import ArchiveConfiguration
from archive.errors import ConfigurationError
from archive.terminal import one_line
from crawler.sites import Render, Site

# As Debian, Ubuntu, Fedora and Arch call it, then Google's own builds of the same.
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
# As wide as a desk's screen, and so high that what is drawn only once it is in view is in view.
_WINDOW = "1280,8000"
_PLACE = 36  # characters of the folder for temporary files
_PREFIX = "presskeep-browser-"
_FRESH = 600.0  # seconds in which a keeper has surely locked the folder that it was given

_ARGUMENTS = (
    "--headless",
    "--remote-debugging-pipe",  # no port that others could reach; and it ends when the pipe does
    # Every name is unknown to it, addresses among them, and so is the proxy that it takes for all of them, loopback
    # included: what is not asked of us by way of the pipe (WebSockets, prefetched connections, its own business) fails
    # before anything is sent.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://nowhere.invalid:1",
    "--proxy-bypass-list=<-loopback>",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # as it was called before
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-client-side-phishing-detection",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    # Frames of other sites would be processes and sessions of their own. None is fetched: there is nothing to steal.
    "--disable-site-isolation-trials",
    "--disable-features=IsolateOrigins,site-per-process,HttpsUpgrades,Translate,MediaRouter,OptimizationHints,DialMediaRouteProvider"
    ",AutofillServerCommunication,InterestFeedContentSuggestions",
    "--block-new-web-contents",  # window.open
    "--deny-permission-prompts",
    "--mute-audio",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have 64 MB of it
    "--js-flags=--max-old-space-size=512",  # MiB for one page's scripts: then the page fails, not the machine
    f"--window-size={_WINDOW}",
    "--hide-scrollbars",
    "--password-store=basic",
    "--use-mock-keychain",
)


def find(given: str = "") -> Path:
    """The program to start: the one that archive.toml names, or else the first that is installed.

    Raises ConfigurationError that says what to install.
    """
    if given:
        found = shutil.which(given)
        if found is None:
            raise ConfigurationError(
                f'[browser] path = "{given}": there is no such program; correct it, or leave it out'
            )
        return Path(found)
    for name in NAMES:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    raise ConfigurationError(
        "there is no Chromium: install it ('apt install chromium' on Debian, 'dnf install chromium' on Fedora), or name"
        ' one in archive.toml: [browser] path = "/opt/chromium/chrome"'
    )


def require_browser(configuration: ArchiveConfiguration, sites: Iterable[Site]) -> None:
    """Raise ConfigurationError for a site whose pages are to be drawn on a machine that has no Chromium."""
    for site in sites:
        if site.render is Render.BROWSER:
            try:
                find(configuration.browser.path)
            except ConfigurationError as missing:
                raise ConfigurationError(f'["{site.host}"] has render = "browser", but {missing.message}') from missing
            return


def new_profile() -> Path:
    """An empty folder for a profile. The path of its socket may have 107 characters, and Chromium adds 44 of them."""
    given = tempfile.gettempdir()
    place = given if len(given) <= _PLACE or not Path("/tmp").is_dir() else "/tmp"  # noqa: S108 - mkdtemp makes it ours
    _sweep(Path(place))
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))


def _sweep(place: Path) -> None:
    """Remove what browsers left whose keepers were killed, too: those that live hold a lock on theirs."""
    for left in place.glob(f"{_PREFIX}*"):
        try:
            told = left.lstat()
            if not stat.S_ISDIR(told.st_mode) or told.st_uid != os.geteuid() or time.time() - told.st_mtime < _FRESH:
                continue
            folder = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:  # another one was faster
            continue
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(folder)


def is_sandboxed(configuration: ArchiveConfiguration) -> bool:
    """Whether it is started with its own sandbox, which it refuses to the superuser."""
    return configuration.browser.sandbox and os.geteuid() != 0


def arguments(program: Path, profile: Path, *, sandboxed: bool) -> list[str]:
    """The command that starts it with an empty folder for its profile."""
    own = [str(program), *_ARGUMENTS, f"--user-data-dir={profile}"]
    return [*own, *([] if sandboxed else ["--no-sandbox"]), "about:blank"]


def environment(profile: Path) -> dict[str, str]:
    """What it is told of this machine: nothing that a page may want, and no proxy."""
    given = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "FONTCONFIG_PATH") if name in os.environ}
    return {**given, "HOME": str(profile), "TMPDIR": str(profile), "XDG_CONFIG_HOME": str(profile), "TZ": "UTC"}


def not_started(program: Path, said: str, *, sandboxed: bool) -> ConfigurationError:
    """Why it does not start, from what it said, and what to do about it."""
    if sandboxed and "sandbox" in said.lower():
        return ConfigurationError(
            f"{program} cannot set up its sandbox here: allow unprivileged user namespaces (in containers by a seccomp"
            " profile that has them), or draw without it: [browser] sandbox = false in archive.toml"
        )
    lines = [one for one in said.splitlines() if one.strip()]
    telling = next((one.partition(":FATAL:")[2] for one in lines if ":FATAL:" in one), lines[-1] if lines else "")
    why = f": {one_line(telling)[:300]}" if telling else ""
    return ConfigurationError(f"{program} does not start{why}; try '{program} --headless --dump-dom about:blank'")
