"""Proofs of articles against captures of our own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from archive.article import Article, Block, Source
from archive.capture import Capture
from archive.cleaning.clean import clean
from archive.digest import sha256
from archive.errors import DamagedRecord
from archive.prove import prove, split

LATIN = "Die Brücke über den Fluß bleibt gesperrt, weil die Prüfer einen Riß im mittleren Bogen gefunden haben. "
PAGE = f"""<!doctype html
 system>
<html lang="de"><head><title>Brücke gesperrt</title>
<meta property="og:site_name" content="Talblatt"><link rel="canonical" href="/bruecke">
<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "Br\\u00fccke gesperrt",
"datePublished": "2026-11-24T09:30:00+01:00", "author": {{"name": "J\\u00f6rg Feld"}}}}</script></head>
<body><h1>Brücke gesperrt</h1>
<p>{LATIN}Wie lange, das weiß niemand.</p>

<p>{LATIN}{LATIN}„Ein Jahr &amp; mehr“, sagt der Ingenieur. Und
dann <a href="x">kam</a> der Winter.</p></body></html>"""


def capture_of(page: bytes, charset: str) -> Capture:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset={charset}\r\n\r\n".encode()
    return Capture(
        id="urn:uuid:00000000-0000-4000-8000-000000000001",
        url="https://talblatt.example/bruecke",
        key="https://talblatt.example/bruecke",
        at=1_795_600_000_000_000,
        payload_digest=sha256(page),
        block=partial(bytes, head + page),
    )


@pytest.fixture(params=["utf-8", "windows-1252"])
def capture(request: pytest.FixtureRequest) -> Capture:
    return capture_of(PAGE.encode(request.param), request.param)


def cleaned(capture: Capture) -> Article:
    article = clean([capture])
    assert isinstance(article, Article)
    return article


def test_every_sentence_and_value_is_followed_to_its_bytes(capture: Capture) -> None:
    article = cleaned(capture)
    proof = prove(article, [capture])
    assert proof.holds
    assert proof.same_cleaner
    assert all(claim.holds for claim in proof.claims)
    assert {"headline", "body", "byline", "published", "language", "canonical_url", "site_name"} <= {
        claim.field for claim in proof.claims
    }
    raw = capture.block()
    payload = raw[raw.index(b"\r\n\r\n") + 4 :]
    (link,) = proof.links
    assert link.decoded_length == link.entity_length == len(payload)
    said = " ".join(claim.text for claim in proof.claims if claim.field == "body")
    assert said == article.text.replace("\n\n", " ")
    for claim in proof.claims:
        if claim.field == "body":
            place = claim.places[0]
            if claim.text.startswith("Und"):  # too short before the line ends to be told from others
                assert place.byte is None
                continue
            assert place.byte is not None
            first = claim.text.split("&")[0][:12].encode(link.charset or "")
            assert payload[place.byte :].startswith(first)
            assert place.line is not None
            assert payload[: place.byte].count(b"\n") + 1 >= place.line


def test_the_line_is_that_of_the_payload(capture: Capture) -> None:
    proof = prove(cleaned(capture), [capture])
    first = next(claim for claim in proof.claims if claim.field == "body")
    assert first.places[0].line == 8


def test_a_changed_sentence_is_found_out(capture: Capture) -> None:
    article = cleaned(capture)
    block = replace(article.body[0], text=article.body[0].text.replace("niemand", "jeder"))
    proof = prove(replace(article, body=(block, *article.body[1:])), [capture])
    assert proof.fails
    assert not proof.holds
    assert next(claim.block for claim in proof.claims if claim.holds is False) == 0


@pytest.mark.parametrize(
    "sources",
    [(), (Source("/html/body/p[1]", 0, 10**6),), (Source("//p", 0, 5),), (Source("/html/body/p[1]", 0, 5, 7),)],
)
def test_sources_that_lead_nowhere_prove_nothing(capture: Capture, sources: tuple[Source, ...]) -> None:
    article = cleaned(capture)
    proof = prove(replace(article, body=(Block(article.body[0].kind, "Falsch.", sources),)), [capture])
    assert not proof.holds


def test_a_changed_value_is_found_out(capture: Capture) -> None:
    article = cleaned(capture)
    for change in (
        {"byline": ("Ida Mark",)},
        {"published": "2026-11-23"},
        {"language": "en"},
        {"headline": "Brücke frei"},
    ):
        assert not all(claim.holds for claim in prove(replace(article, **change), [capture]).claims)


@pytest.mark.parametrize("written", ["06.11.2026", "6. November 2026", "06.11.2026, 09:30 Uhr"])
def test_a_date_in_words_proves_the_value_that_it_was_read_as(written: str) -> None:
    bare = PAGE.replace('"datePublished": "2026-11-24T09:30:00+01:00", ', "")
    capture = capture_of(bare.replace("</h1>", f"</h1><p>{written}</p>").encode(), "utf-8")
    article = cleaned(capture)
    assert (article.published or "").startswith("2026-11-06")
    assert prove(article, [capture]).holds
    found = next(one for one in article.evidence if one.field == "published" and one.chosen)
    moved = replace(found, value="2026-11-07")
    wrong = replace(article, published="2026-11-07", evidence=(moved,))
    claims = [one for one in prove(wrong, [capture]).claims if one.field == "published"]
    assert [one.holds for one in claims] == [False]


def test_other_bytes_under_the_same_name_are_found_out(capture: Capture) -> None:
    article = cleaned(capture)
    raw = capture.block().replace(b"niemand", b"Niemand")
    proof = prove(article, [replace(capture, block=partial(bytes, raw))])
    assert not proof.links[0].holds
    assert "digest" in proof.links[0].reason
    assert not proof.holds


def test_a_missing_capture_is_a_broken_link(capture: Capture) -> None:
    proof = prove(cleaned(capture), [])
    assert not proof.holds
    assert not proof.fails
    assert proof.links[0].reason.startswith("the archive has no such capture")


def refuse(error: Exception) -> bytes:
    raise error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DamagedRecord("lost: copy it from a backup"), "lost: copy it from a backup"),
        (FileNotFoundError(2, "No such file", "warc/a.warc.gz"), "warc/a.warc.gz is gone: copy it from a backup"),
        (PermissionError(13, "Permission denied", "a.warc.gz"), "a.warc.gz cannot be read (Permission denied)"),
    ],
)
def test_what_cannot_be_read_speaks_neither_for_the_article_nor_against_it(
    capture: Capture, error: Exception, said: str
) -> None:
    proof = prove(cleaned(capture), [replace(capture, block=partial(refuse, error))])
    assert (proof.holds, proof.fails) == (False, False)
    (link,) = proof.links
    assert (link.holds, link.read) == (False, False)
    assert link.reason.startswith(said)
    assert len(proof.claims) > 5
    for claim in proof.claims:
        assert (claim.holds, claim.checked, claim.reason, claim.places) == (None, False, "", ())


def test_a_page_that_cannot_be_decoded_is_no_other_page(capture: Capture) -> None:
    article = cleaned(capture)
    head, _, page = capture.block().partition(b"\r\n\r\n")
    raw = head + b"\r\nContent-Encoding: unheard-of\r\n\r\n"
    proof = prove(article, [replace(capture, block=partial(bytes, raw + page))])
    assert (proof.links[0].read, proof.fails) == (False, False)
    proof = prove(article, [replace(capture, block=partial(bytes, raw + b"other bytes"))])
    assert "digest" in proof.links[0].reason
    assert (proof.links[0].read, proof.fails) == (True, True)
    assert not any(claim.checked for claim in proof.claims)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("“One.” Two", ["“One.”", "Two"]),
        ("一。二！三", ["一。", "二！", "三"]),
        ("no mark", ["no mark"]),
        ("1.5 million", ["1.5 million"]),
        ("Bis 15. Januar. In Haus 7. Danach", ["Bis 15. Januar.", "In Haus 7.", "Danach"]),
        ("", []),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in split(text)] == sentences
