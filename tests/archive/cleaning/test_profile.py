"""Profiles as values."""

from __future__ import annotations

import json

import pytest

from archive.cleaning.profile import EMPTY, Profile, from_json


def test_the_digest_is_the_contents() -> None:
    one = Profile("courier", ("Related news", "Sign  up\nnow"))
    same = Profile("courier", ("Sign up now", "Related news"))
    assert one.digest == same.digest != EMPTY.digest
    assert one.digest.startswith("sha256:")


def test_there_and_back() -> None:
    profile = Profile("courier", ("Related news",))
    assert from_json(profile.canonical()) == profile
    newer = json.loads(profile.canonical()) | {"schema": 99}
    with pytest.raises(ValueError, match="newer Presskeep"):
        from_json(json.dumps(newer))
