"""Custom spiders: a site's own, loaded from the archive's ``spiders/`` directory."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from scrapy import Spider

from archive.errors import ConfigurationError
from crawler.sites import Site


def load_spider(directory: Path, site: Site) -> type[Spider]:
    """The spider class that a site names, such as ``awkward:Spider``; raises ConfigurationError, in one line.

    The module is the user's own code, and runs with the user's rights.
    """
    assert site.spider is not None
    name, _, wanted = site.spider.partition(":")
    where = f'["{site.host}"] spider = "{site.spider}"'
    file = directory.joinpath(*name.split(".")).with_suffix(".py")
    if not file.is_file() and not file.with_suffix("").is_dir():
        raise ConfigurationError(f"{where}: there is no {file}")
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))
    try:
        module = importlib.import_module(name)
    except Exception as error:
        line = _line_of(error, file)
        raise ConfigurationError(f"{where}: {file}{line} cannot be loaded: {type(error).__name__}: {error}") from error
    if not str(getattr(module, "__file__", None) or "").startswith(str(directory)):
        raise ConfigurationError(f"{where}: {name} is the name of another module of Python's: rename {file}")
    found = getattr(module, wanted, None)
    if found is None:
        raise ConfigurationError(f"{where}: {file} has no class {wanted}")
    if not (isinstance(found, type) and issubclass(found, Spider)):
        raise ConfigurationError(f"{where}: {wanted} in {file} is not a subclass of scrapy.Spider")
    return found


def start_urls(site: Site) -> list[str]:
    """What a site's own spider starts with: the declared sources, or else the front page."""
    return [source.url for source in site.sources] or [site.starts[0]]


def place_of(error: BaseException, directory: Path) -> str:
    """Where an exception was raised, as `` (FILE, line 7)``: the last line below a directory, or else the last of all.

    What a library says of a wrong argument is mended in the spider, not in the library.
    """
    last, own, trace = "", "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        last = f" ({file}, line {trace.tb_lineno})"
        if Path(file).is_relative_to(directory):
            own = last
        trace = trace.tb_next
    return own or last


def _line_of(error: Exception, file: Path) -> str:
    """The line of the user's file at which an exception was raised, as ``, line 7``."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f", line {line}" if line else ""
