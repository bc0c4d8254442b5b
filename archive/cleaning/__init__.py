"""Cleaning: captures to articles, as a pure function."""

from archive.cleaning.clean import clean
from archive.cleaning.profile import EMPTY, Profile
from archive.cleaning.version import CLEANER

__all__ = ["CLEANER", "EMPTY", "Profile", "clean"]
