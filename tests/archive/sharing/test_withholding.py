"""What is withheld because of what it reserves leaves by no door, unless that is asked for."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pyarrow.dataset as ds
import pytest
from withholding import PERMITTED, make_withholding

from archive.errors import NotFound
from archive.reservation import Reserved
from archive.sharing.cdxj import write_index
from archive.sharing.packing import pack
from archive.sharing.selection import Selection
from archive.store import Archive
from archive.warc.finding import Rule

from .packages import listed, packed, pages

TDM = frozenset({Reserved.TDM})


@pytest.fixture(scope="module")
def withholding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with Archive.open(make_withholding(tmp_path_factory.mktemp("withholding") / "NEWS")) as found:
        yield found


def test_packages_and_indexes_lack_it_and_what_refers_to_its_payload(withholding: Archive, tmp_path: Path) -> None:
    done, package = packed(withholding, tmp_path / "news.wacz", Selection(withheld=TDM))
    assert (done.captures, done.withheld, done.brought) == (2, 4, 0)
    assert [one["url"].rpartition("/")[2] for one in listed(package)] == ["feed", "open"]
    assert [one["url"].rpartition("/")[2] for one in pages(package)] == ["open"]
    bytes_of_it = b"".join(
        gzip.decompress(package.read(one)) if one.endswith(".gz") else package.read(one) for one in package.namelist()
    )
    assert b"courier.example/closed" not in bytes_of_it
    index = tmp_path / "index.cdxj"
    written = write_index(withholding, str(index), Selection(withheld=TDM))
    assert (written.captures, written.withheld) == (2, 4)
    assert b"/closed" not in index.read_bytes()
    whole = pack(withholding, str(tmp_path / "all.wacz"), Selection())
    assert (whole.captures, whole.withheld) == (6, 0)


def test_where_all_is_withheld_it_says_so(withholding: Archive, tmp_path: Path) -> None:
    closed = Selection(withheld=TDM, keys=("https://courier.example/closed",))
    for write in (write_index, pack):
        with pytest.raises(NotFound, match="--with-withheld"):
            write(withholding, str(tmp_path / "news.wacz"), closed)
    assert not list(tmp_path.iterdir())


def test_texts_under_text_follow_and_until_then_verify_tells(withholding: Archive) -> None:
    told = [one for one in withholding.verify().findings if one.rule is Rule.TEXT_FILE]
    assert ["3 texts" in one.message for one in told] == [True]
    assert withholding.compact().texts == 2
    table = ds.dataset(withholding.text_path, partitioning="hive").to_table(columns=["url", "reservations"])
    assert sorted(map(str, table.column("reservations").to_pylist())) == [str(list(PERMITTED)), "[]"]
    assert [one for one in withholding.verify().findings if one.rule is Rule.TEXT_FILE] == []


def test_an_archive_that_is_open_follows_the_setting(withholding: Archive) -> None:
    path = withholding.path / "archive.toml"
    withheld = path.read_text("utf-8")
    numbers = []
    for text in (withheld.replace('"withhold"', '"keep"'), withheld, "[[["):
        path.write_text(text, "utf-8")
        numbers.append(withholding.compact().texts)
    path.write_text(withheld, "utf-8")
    assert numbers == [5, 2, 2]
