"""Access: what a page says of its own paywall."""

from __future__ import annotations

from collections.abc import Iterator

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.linked import Linked

# What publishers write in Facebook's content tier, and in fields of their own of the same kind.
_TIERS = {
    **dict.fromkeys(("free", "public", "open", "none", "unlocked"), "free"),
    **dict.fromkeys(("metered", "registered", "registration", "login", "meter"), "metered"),
    **dict.fromkeys(("locked", "paid", "premium", "subscriber", "subscribers", "subscription", "plus"), "paywalled"),
}
_TIER_METAS = (
    "article:content_tier",
    "content_tier",
    "content-tier",
    "article:access",
    "article.access",
    "access-type",
)
_FLAG_METAS = (
    "paywall",
    "is-paywalled",
    "ispremium",
    "is_premium",
    "premium",
    "article:premium",
    "cxenseparse:paywall",
)
_YES = {"true", "1", "yes", "http://schema.org/true", "https://schema.org/true"}
_NO = {"false", "0", "no", "http://schema.org/false", "https://schema.org/false"}


def access(page: Page, linked: Linked) -> tuple[str | None, list[Candidate]]:
    """ "free", "metered" or "paywalled" with the statements behind it, the most believed first; None without any.

    schema.org's isAccessibleForFree, of the article or of the part of it that is locked; Facebook's content tier; and
    flags that publishers set in meta elements.
    """
    read = [*_accessible(linked), *_tiers(page)]
    return (read[0][0] if read else None), [one for _, one in read]


def _accessible(linked: Linked) -> Iterator[tuple[str, Candidate]]:
    article = linked.article or {}
    parts = article.get("hasPart")
    for node in (article, *(parts if isinstance(parts, list) else [parts])):
        value = node.get("isAccessibleForFree") if isinstance(node, dict) else None
        said = str(value).strip().lower()
        if value is not None and said in _YES | _NO:
            what = "free" if said in _YES else "paywalled"
            yield what, Candidate(what, "json-ld isAccessibleForFree")
            return


def _tiers(page: Page) -> Iterator[tuple[str, Candidate]]:
    for one in page.meta(*_TIER_METAS):
        if (tier := _TIERS.get(one.value.lower())) is not None:
            yield tier, one
    for one in page.meta(*_FLAG_METAS):
        said = one.value.lower()
        if said in _YES | _NO:
            yield ("paywalled" if said in _YES else "free"), one
