"""The setting ``digest`` changed midway: captures by both algorithms stand side by side, and all is as it was."""

from __future__ import annotations

from pathlib import Path

from exchanges import OTHER, SENTENCE, exchange

from archive.capture import Capture
from archive.crew import clean_pending
from archive.store import Archive

FIRST, SECOND = SENTENCE * 2, OTHER * 2  # two states of one page, long enough to be referred to
# Which algorithm each run writes with, what it finds, and what it writes: only a payload with the same digest is known.
RUNS = (
    ("sha1", FIRST, "response"),
    ("sha256", FIRST, "response"),
    ("sha256", FIRST, "revisit"),
    ("sha1", FIRST, "revisit"),
    ("sha1", SECOND, "response"),
    ("sha256", SECOND, "response"),
    ("sha1", FIRST, "revisit"),
)


def filled(path: Path) -> list[bytes]:
    """One capture a run; what crossed the wire."""
    Archive.create(path).close()
    settings = path / "archive.toml"
    plain = settings.read_text()
    wires = []
    for minute, (algorithm, text, _) in enumerate(RUNS):
        settings.write_text(f'{plain}\n[warc]\ndigest = "{algorithm}"\n\n[cleaning]\nworkers = 1\n')
        sent = exchange("crane", minute, sentence=text)
        wires.append(sent.response)
        with Archive.open(path) as archive, archive.writer("crawl") as writer:
            writer.add(sent)
    return wires


def told(archive: Archive) -> list[tuple[Capture, bytes]]:
    return [(one, archive.capture(one.id).message().raw) for one in archive.captures()]


def test_both_are_verified_referred_to_and_rebuilt(tmp_path: Path) -> None:
    wires = filled(tmp_path / "NEWS")
    with Archive.open(tmp_path / "NEWS") as archive:
        before = told(archive)
        captures = [one for one, _ in before]
        assert [message for _, message in before] == wires
        by_id = {one.id: one for one in captures}
        for one, (algorithm, _, kind) in zip(captures, RUNS, strict=True):
            assert one.kind == kind
            assert (one.payload_digest or "").startswith(f"{algorithm}:")
            if one.kind == "revisit":
                assert by_id[one.refers_to or ""].payload_digest == one.payload_digest
        clean_pending(archive)
        found = archive.verify(deep=True)
        assert found.findings == ()
        assert found.deep is not None
        assert found.deep.same == len(RUNS)
        texts = [(one.capture.id, one.identity) for one in archive.entries()]
        archive.rebuild()
        assert told(archive) == before
        assert [(one.capture.id, one.identity) for one in archive.entries()] == texts
        assert archive.verify(deep=True).findings == ()


def test_damage_is_found_under_either(tmp_path: Path) -> None:
    filled(tmp_path / "NEWS")
    with Archive.open(tmp_path / "NEWS") as archive:
        for one in list(archive.captures()):
            assert one.location is not None
            path = archive.warc_path / one.location.file
            sound = path.read_bytes()
            harmed = bytearray(sound)
            harmed[one.location.offset + one.location.length - 12] ^= 4
            path.write_bytes(harmed)
            assert archive.verify().damaged
            path.write_bytes(sound)
        assert archive.verify().findings == ()
