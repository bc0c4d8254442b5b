"""Progress: what a long work calls now and then to say how far it is, for whoever shows it."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int, str], None]  # how much is done, how much there is, and of what
