"""The published document is complete and true: held against the routes, and against what Schemathesis makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from exchanges import exchange
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from archive.replay.application import PARTS
from archive.replay.openapi import document
from archive.replay.service import Service
from archive.store import Archive

from .serving import Served, served

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Of prefixes, behind which an archived URL stands.
_BEHIND = {"/timegate/", "/timemap/link/", "/timemap/json/", "/article/"}
_PATHS = sorted(document("http://localhost", token=False)["paths"])


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("openapi") / "NEWS"
    with Archive.create(made) as archive, archive.writer("crawl") as writer:
        for minute in range(3):
            writer.add(exchange("crane", minute, sentence=f"State {minute}. "))
    return made


@pytest.fixture(scope="module")
def site(path: Path) -> Iterator[Served]:
    with served(path) as it:
        yield it


def test_it_names_every_route_and_no_other(path: Path) -> None:
    with Archive.open(path) as archive:
        service = Service(archive)
        routes = {getattr(route, "path") for part in PARTS for route in part(service)}  # noqa: B009 - of both kinds
        for end in service.at_end:
            end()
    routes -= {"/timemap/"}  # says which forms there are
    told = {
        re.sub(r"\{timestamp\}.*", "", re.sub(r"\{(?:url|name)\}$", "", one)) if "static" not in one else one
        for one in _PATHS
    }
    assert told == routes


def test_it_says_how_to_get_in() -> None:
    assert "security" not in document("http://localhost", token=False)
    said = document("https://archive.example.org", token=True)
    assert said["security"] == [{"bearer": []}, {"query": []}]
    assert said["servers"] == [{"url": "https://archive.example.org"}]


@pytest.mark.slow
@pytest.mark.parametrize("path_told", _PATHS)
def test_it_is_true(site: Served, path_told: str) -> None:
    told = site.get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(told)
    operation = schema[path_told]["GET"]

    @given(case=operation.as_strategy())
    @settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    def asked(case: Case[Any]) -> None:
        case.validate_response(case.call(base_url=site.url), checks=CHECKS)

    asked()
