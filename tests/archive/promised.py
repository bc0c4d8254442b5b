"""What is promised of the text of any page, held against one: tests and fuzzers ask it of pages of their own."""

from __future__ import annotations

from accounted import counted_twice, unaccounted

from archive.article import Article, canonical_json, from_json
from archive.capture import Capture
from archive.cleaning.clean import clean, open_page, parsed_anyway
from archive.cleaning.ledger import ledger
from archive.cleaning.profile import EMPTY
from archive.prove import prove


def keeps_promises(page: Capture) -> None:
    """A text or a reason, twice the same; nothing vanishes from the ledger; every claim holds."""
    text = clean([page])
    written = canonical_json(text)
    assert from_json(written) == text
    assert canonical_json(clean([page])) == written
    made = ledger([page])
    assert canonical_json(made.text) == written
    seen = parsed_anyway([page], EMPTY)
    if seen is not None:
        root = open_page(page.representation()).root
        assert not unaccounted(root, made)
        assert not counted_twice(root, made)
    if isinstance(text, Article):
        proof = prove(text, [page])
        wrong = [one for one in proof.claims if one.holds is False]
        assert not wrong
        assert all(one.holds for one in proof.links)
    else:
        assert text.reason
