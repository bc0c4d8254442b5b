"""What foreign files give depends on those before them: after each change it is what a rebuild makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from bringing_in import attached, derived, imported, laid, told, urls
from foreign_files import NAMES, gzipped, http, warc_record

from archive.catalogue.blocking import Target
from archive.catalogue.terms import Filter, in_force
from archive.clock import parse_warc_date
from archive.entering.attaching import attachments, detach
from archive.errors import TakenDown
from archive.removal.purge import purge
from archive.removal.takedown import take_down
from archive.store import Archive
from archive.warc.finding import Severity

# Redirects, of which there is nothing to clean: a rebuild takes no time.
RECORDS = [warc_record(name, n, block=http(name, status=302)) for n, name in enumerate(NAMES)]
OTHER = warc_record("tower", 0, block=http("tower", status=302))  # with the id of the first


def as_rebuilt(archive: Archive) -> bool:
    """Whether a rebuild makes the same; and nothing is to be done."""
    assert told(archive.verify()) == set()
    before = derived(archive)
    archive.catalog.path.unlink()
    archive.close()
    archive.rebuild()
    return derived(archive) == before


def files_of(archive: Archive) -> set[str]:
    return {one.location.file.partition("/")[0] for one in archive.captures() if one.location is not None}


def sites_of(archive: Archive) -> set[str | None]:
    return {one.site for one in archive.captures()}


def test_an_import_of_what_is_attached_copies_it_and_has_its_captures_from_then_on(
    tmp_path: Path, archive: Archive
) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    attached(archive, path, site="herald")
    (brought,) = imported(archive, path)
    assert not brought.there
    assert brought.file is not None
    assert (archive.warc_path / brought.file).read_bytes() == path.read_bytes()
    assert brought.entered.captures == 3
    assert (files_of(archive), sites_of(archive)) == ({"imported"}, {None})
    assert as_rebuilt(archive)
    path.unlink()
    assert next(archive.captures()).block() == http("crane", status=302)
    detach(archive, str(path))
    assert archive.count()[0] == 3
    assert as_rebuilt(archive)


def test_an_import_copies_what_an_attachment_has_left_out(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    attached(archive, path, filter=Filter(hosts=("elsewhere.example",)))
    (brought,) = imported(archive, path)
    assert (brought.there, brought.entered.captures) == (False, 3)


def test_what_another_file_holds_as_well_stays_when_one_is_detached(tmp_path: Path, archive: Archive) -> None:
    first = laid(tmp_path, "a.warc", b"".join(RECORDS))
    attached(archive, first, site="herald")
    second = laid(tmp_path, "b.warc.gz", gzipped(RECORDS[:2]))
    attached(archive, second, site="crier")
    third = laid(tmp_path, "c.warc.gz", gzipped([OTHER, RECORDS[2]]))
    (brought,) = attached(archive, third)
    assert brought.entered.captures == 1
    assert len(urls(archive)) == 4
    assert as_rebuilt(archive)
    detach(archive, str(first))
    assert len(urls(archive)) == 4
    assert {one.site for one in archive.captures() if not one.url.endswith(("tower", "ferry"))} == {"crier"}
    assert as_rebuilt(archive)
    detach(archive, str(second))
    assert [url.rpartition("/")[2] for url in urls(archive)] == ["ferry", "tower"]
    # With the id that its record has, now that it is nobody else's.
    (tower,) = archive.timeline("http://herald.example/tower")
    assert tower.id == "urn:uuid:00000000-0000-4000-8000-000000000000"
    assert as_rebuilt(archive)


def test_an_import_of_what_is_there_gives_it_the_site_that_is_asked_for(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    imported(archive, path)
    (again,) = imported(archive, path, site="herald")
    assert (again.there, again.changed, again.entered.captures) == (True, True, 3)
    assert sites_of(archive) == {"herald"}
    assert as_rebuilt(archive)
    (again,) = imported(archive, path)  # nothing is said: it stays
    assert (again.there, again.changed, sites_of(archive)) == (True, False, {"herald"})
    (again,) = imported(archive, path, by_host=True)
    assert (again.changed, sites_of(archive)) == (True, {"herald.example"})
    (again,) = imported(archive, path, by_host=True)
    assert not again.changed
    assert as_rebuilt(archive)


def test_a_text_goes_where_the_site_of_its_page_is_another(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc", warc_record("crane"))
    imported(archive, path)
    assert archive.count_waiting() == (1, 0)
    imported(archive, path, site="herald")
    assert archive.count_waiting() == (1, 0)
    assert archive.text_jobs()[0].file == imported(archive, path)[0].file


def test_an_attachment_is_on_the_terms_that_were_asked_for_last(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    beside = laid(tmp_path, "b.warc.gz", gzipped(RECORDS))
    attached(archive, path, site="herald", filter=Filter(until=parse_warc_date("2019-03-02")))
    attached(archive, beside, site="crier")
    assert archive.count()[0] == 3
    (again,) = attached(archive, path)
    assert again.there
    (again,) = attached(archive, path, site="gazette")
    assert (again.there, again.changed, again.entered.known) == (False, True, 3)
    assert sites_of(archive) == {"crier"}
    assert [one.source for one in attachments(archive)] == [str(beside), str(path)]
    assert as_rebuilt(archive)
    detach(archive, str(beside))
    assert sites_of(archive) == {"gazette"}
    assert as_rebuilt(archive)


def test_a_changed_file_is_healed_by_attaching_it_again(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS[:2]))
    attached(archive, path, by_host=True)
    path.write_bytes(b"".join(RECORDS[1:]))
    assert told(archive.verify()) != set()
    (again,) = attached(archive, path)
    assert (again.refused, again.changed, again.entered.captures) == ("", True, 2)
    assert len(attachments(archive)) == 1
    assert [url.rpartition("/")[2] for url in urls(archive)] == ["ferry", "quay"]
    assert sites_of(archive) == {"herald.example"}
    assert as_rebuilt(archive)


def test_a_file_that_has_moved_is_attached_from_its_new_place(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    attached(archive, path, site="herald")
    moved = path.rename(path.with_name("moved.warc"))
    (brought,) = attached(archive, moved)
    assert (brought.there, brought.changed, sites_of(archive)) == (False, True, {"herald"})
    assert [one.source for one in attachments(archive)] == [str(moved)]
    assert as_rebuilt(archive)


def test_terms_for_what_is_here_otherwise_are_refused_with_what_to_do(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    copy = laid(tmp_path, "b.warc", b"".join(RECORDS))
    attached(archive, path)
    (brought,) = attached(archive, copy, site="herald")
    assert brought.refused == f"it is attached from {path} on other terms: detach that first"
    detach(archive, str(path))
    imported(archive, path)
    (brought,) = attached(archive, copy, filter=Filter(hosts=("x.example",)))
    assert "it is imported already" in brought.refused


def test_the_original_of_a_purged_file_gets_a_name_of_its_own_and_stays_blocked(
    tmp_path: Path, archive: Archive
) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    url = "http://herald.example/quay"
    imported(archive, path)
    purge(archive, Target.of(url), given=url, reason="court order")
    (again,) = imported(archive, path)
    assert (again.there, again.entered.captures, again.entered.known) == (False, 1, 2)
    assert "1 capture of it is taken down" in again.remarks[0]
    assert len(in_force(archive.catalog)) == 2
    assert [one for one in archive.warc_path.rglob("*.warc") if http("quay", status=302) in one.read_bytes()]
    assert [one.rpartition("/")[2] for one in urls(archive)] == ["crane", "ferry"]
    with pytest.raises(TakenDown):
        archive.memento(url)
    assert as_rebuilt(archive)
    purge(archive, Target.of(url), given=url, reason="court order")
    assert not [one for one in archive.warc_path.rglob("*.warc") if http("quay", status=302) in one.read_bytes()]
    assert as_rebuilt(archive)


def test_what_takes_the_place_of_a_detached_capture_is_blocked_as_it_was(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    url = "http://herald.example/quay"
    attached(archive, path)
    attached(archive, laid(tmp_path, "b.warc.gz", gzipped(RECORDS)))
    take_down(archive, Target.of(url), given=url, reason="court order")
    detach(archive, str(path))
    assert len(urls(archive)) == 2
    with pytest.raises(TakenDown):
        archive.memento(url)
    assert as_rebuilt(archive)


def test_a_rebuild_keeps_attached_files_without_captures_that_are_out_of_reach(
    tmp_path: Path, archive: Archive
) -> None:
    path = laid(tmp_path, "a.warc", b"".join(RECORDS))
    beside = laid(tmp_path, "b.warc.gz", gzipped([*RECORDS, OTHER]))
    attached(archive, laid(tmp_path, "none.warc", warc_record("crane", kind="conversion")))
    attached(archive, path)
    attached(archive, beside)
    whole = derived(archive)
    away = path.parent.rename(tmp_path / "away")
    assert len(archive.rebuild().unreached) == 3
    assert derived(archive) == whole
    assert {severity for _, severity in told(archive.verify())} == {Severity.ELSEWHERE}
    # Without an old catalogue nothing is known of them; still there is no damage here.
    archive.catalog.path.unlink()
    archive.close()
    archive.rebuild()
    assert {severity for _, severity in told(archive.verify())} == {Severity.ELSEWHERE}
    away.rename(path.parent)
    archive.rebuild()
    assert derived(archive) == whole


def test_an_id_that_a_purge_has_freed_is_that_of_the_next_who_has_it(tmp_path: Path, archive: Archive) -> None:
    url = "http://herald.example/crane"
    imported(archive, laid(tmp_path, "a.warc", RECORDS[0]))
    imported(archive, laid(tmp_path, "b.warc", OTHER))
    purge(archive, Target.of(url), given=url, reason="court order")
    (tower,) = archive.captures()
    assert tower.id == "urn:uuid:00000000-0000-4000-8000-000000000000"
    assert as_rebuilt(archive)


def test_a_capture_that_shares_its_id_is_held_twice_under_the_one_it_got(tmp_path: Path, archive: Archive) -> None:
    imported(archive, laid(tmp_path, "a.warc", RECORDS[0]))
    path = laid(tmp_path, "b.warc", OTHER)
    attached(archive, path)
    imported(archive, path)
    assert (archive.count()[0], files_of(archive)) == (2, {"imported"})
    assert as_rebuilt(archive)


def test_who_has_an_id_follows_from_who_is_left_where_one_has_given_way_to_a_copy(
    tmp_path: Path, archive: Archive
) -> None:
    first = laid(tmp_path, "a.warc", RECORDS[0])
    attached(archive, first)
    imported(archive, laid(tmp_path, "b.warc", OTHER))
    imported(archive, first)
    detach(archive, str(first))
    (tower,) = archive.timeline("http://herald.example/tower")
    assert tower.id == "urn:uuid:00000000-0000-4000-8000-000000000000"
    assert as_rebuilt(archive)
