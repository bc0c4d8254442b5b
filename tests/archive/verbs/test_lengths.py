"""Lengths of payloads in the rows that `presskeep captures` writes into a pipe."""

from __future__ import annotations

import pytest

from archive.capture import Capture
from archive.verbs.timeline import _cells


@pytest.mark.parametrize(("length", "told"), [(None, ""), (0, "0"), (695, "695")])
def test_a_length_that_is_not_known_is_no_zero(length: int | None, told: str) -> None:
    capture = Capture("urn:x:1", "https://a.example/", "https://a.example/", 0, payload_length=length)
    assert _cells(capture)[4] == told
