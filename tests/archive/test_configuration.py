"""``archive.toml``: a new one reads back, and every mistake in one names its line and the nearest key."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.configuration import FORMAT, Crawl, Destination, read_configuration, write_configuration
from archive.errors import ConfigurationError, NotAnArchive

BASE = 'format = 1\nid = "urn:uuid:4a51b7bc-3a1f-4b8f-9c39-1b1ff3a1b001"\nname = "NEWS"\n'


def written(tmp_path: Path, more: str) -> Path:
    path = tmp_path / "archive.toml"
    path.write_text(BASE + more, encoding="utf-8")
    return path


def test_a_new_one_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "archive.toml"
    made = write_configuration(
        path,
        name="NEWS",
        operator='The "Lab", Åbo',
        contact="crawl@example.org",
        allow_loopback=True,
        resolve={
            "Talblatt.example": "127.0.0.1:8017",
            "v6.example": "[::1]:80",
            "bare.example": "127.0.0.2",
            "plain.example": "http://127.0.0.1:8017",
        },
    )
    assert made == read_configuration(path)
    assert (made.format, made.name, made.operator, made.contact) == (FORMAT, "NEWS", 'The "Lab", Åbo', made.contact)
    assert made.network.allow_loopback
    assert made.network.resolve == {
        "talblatt.example": Destination("127.0.0.1", 8017),
        "v6.example": Destination("::1", 80),
        "bare.example": Destination("127.0.0.2"),
        "plain.example": Destination("127.0.0.1", 8017, "http"),
    }
    assert made.require_contact() == "crawl@example.org"
    assert made.crawl == Crawl()


def test_the_commented_defaults_are_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "archive.toml"
    before = write_configuration(path, name="NEWS")
    text = path.read_text(encoding="utf-8")
    head, settings = text.split("# Settings with their defaults:\n")
    path.write_text(head + settings.replace("# [", "[").replace("\n# ", "\n"), encoding="utf-8")
    assert read_configuration(path) == before


def test_without_a_contact_nothing_is_fetched(tmp_path: Path) -> None:
    made = write_configuration(tmp_path / "archive.toml", name="NEWS")
    with pytest.raises(ConfigurationError, match="contact"):
        made.require_contact()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('operatr = "x"\n', r'line 4: unknown key "operatr": did you mean "operator"'),
        ("[network]\nallow_lopback = true\n", r'line 5: unknown key "network.allow_lopback": did you mean "allow_loop'),
        ('[network]\nallow_loopback = "yes"\n', r'line 5: network.allow_loopback = "yes": write true or f'),
        ('[network.resolve]\n"a.example" = "somewhere"\n', r"write an address and a port"),
        ('[network.resolve]\n"a b" = "127.0.0.1:80"\n', r"is no host name"),
        ("[warc]\nmax_bytes = 5\n", r"line 5: warc.max_bytes = 5: write 65536 or more"),
        ('[warc]\nmax_age = "day"\n', r'line 5: warc.max_age = "day": write a whole number'),
        ("[warc]\nmax_age = 1.5\n", r"line 5: warc.max_age = 1.5: write a whole number"),
        ("[warc]\nlevel = 9\n", r"line 5: warc.level = 9: write 3 at most"),
        ("[warc]\ndigest = 'md5'\n", r'line 5: warc.digest = "md5": write "sha256" or "sha1"'),
        ("[crawl]\ntimeout = true\n", r"line 5: crawl.timeout = true: write a number"),
        ("[requisites]\nper_pages = 3\n", r'line 5: unknown key "requisites.per_pages": did you mean "per_page"'),
        ("[requisites]\nper_page = 0\n", r"line 5: requisites.per_page = 0: write 1 or more"),
        ("warc = 3\n", r"line 4: warc = 3: write a table"),
        ("operator = 3\n", r"line 4: operator = 3: write a text in quotes"),
        ("[zzz]\n", r"valid keys: format, id, name"),
        ('contact = "nobody"\n', r'line 4: contact = "nobody": write a mail address'),
        ('contact = "a@b\\r\\nX: y"\n', r"write a mail address"),
        ("contact = \n", r"line 4"),
        ('[network]\nresolve = "x"\n', r"network.resolve"),
    ],
)
def test_mistakes_name_their_line(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        read_configuration(written(tmp_path, more))


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "archive.toml"
    path.write_text("format = 1\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="id is missing"):
        read_configuration(path)


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    path.write_text(path.read_text().replace("format = 1", f"format = {FORMAT + 1}\nnew_key = 1"), encoding="utf-8")
    with pytest.raises(NotAnArchive, match="newer Presskeep"):
        read_configuration(path)


@pytest.mark.parametrize("wrong", [{"name": "../x"}, {"contact": "nobody"}, {"resolve": {"a.example": "x:y:z"}}])
def test_a_wrong_value_writes_nothing(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        write_configuration(tmp_path / "archive.toml", **{"name": "NEWS", **wrong})  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_crawl_goes_on_with_twice_the_reserve_where_nothing_else_is_said(tmp_path: Path) -> None:
    assert read_configuration(written(tmp_path, "[storage]\nreserve = 5000\n")).storage.enough == 10_000
    assert read_configuration(written(tmp_path, "[storage]\nreserve = 5000\nresume = 6000\n")).storage.enough == 6000
    with pytest.raises(ConfigurationError, match="resume is less than reserve"):
        read_configuration(written(tmp_path, "[storage]\nreserve = 5000\nresume = 4000\n"))
