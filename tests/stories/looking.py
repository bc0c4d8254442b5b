"""The browser that pages are looked at in, and what is skipped where there is none."""

from __future__ import annotations

import pytest

from archive.errors import ConfigurationError
from crawler.drawing.chromium import find


def _is_there() -> bool:
    try:
        find()
    except ConfigurationError:
        return False
    return True


needs_chromium = pytest.mark.skipif(not _is_there(), reason="no Chromium is installed")
