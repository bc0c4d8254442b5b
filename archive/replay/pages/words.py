"""What pages call things: verdicts, kinds, times."""

from __future__ import annotations

from archive.article import Article, Verdict
from archive.capture import Capture
from archive.catalogue.browsing import Mark
from archive.clock import to_datetime
from archive.editing.edit import Sign
from archive.terminal import counted
from archive.url import host

VERDICTS = {
    Verdict.ARTICLE: "Article",
    Verdict.TEASER: "Teaser",
    Verdict.PAYWALL: "Paywall",
    Verdict.CONSENT_WALL: "Consent wall",
    Verdict.BOT_CHALLENGE: "Challenge for robots",
    Verdict.SOFT_404: "Not found, said with 200",
    Verdict.INDEX_PAGE: "Index page",
    Verdict.LIVE_BLOG: "Live blog",
    Verdict.GALLERY: "Gallery",
    Verdict.VIDEO: "Video",
    Verdict.EMPTY: "Empty page",
    Verdict.HTTP_ERROR: "Error of the site",
    Verdict.NOT_HTML: "Not HTML",
    Verdict.UNREADABLE: "Unreadable",
    Verdict.OVER_BUDGET: "Too large to be read",
}
_AWAY = {404: "Page not found", 410: "Page gone"}
FIELDS = {
    "headline": "Headline",
    "kicker": "Kicker",
    "standfirst": "Standfirst",
    "byline": "Byline",
    "agency": "Agency",
    "dateline": "Dateline",
    "published": "Published",
    "modified": "Modified",
    "language": "Language",
    "section": "Section",
    "tags": "Tags",
    "access": "Access",
    "canonical_url": "Canonical address",
    "site_name": "Name of the site",
    "lead_image": "Lead image",
    "verdict": "Verdict",
    "corrections": "Corrections",
    "images": "Images",
    "body": "Text",
}
SIGNS = {
    Sign.SAME: "same",
    Sign.REMOVED: "gone",
    Sign.ADDED: "new",
    Sign.REWORDED: "reworded",
    Sign.MOVED_FROM: "from",
    Sign.MOVED_TO: "moved",
}
# What a class of left-out text is, where its name alone does not tell.
CLASSES = {
    "related": "Links on the same story",
    "recirculation": "Other articles: most read, latest, recommended",
    "subscription": "Paywalls, logins, donations",
    "consent": "Notices about cookies and consent",
    "author-box": "About the author",
    "kicker": "A section or label above the headline",
    "standfirst": "The summary, shown a second time",
    "headline-repeated": "The headline, shown again",
    "correction": "A note of an error: it stands under the clean article",
    "repeated-chrome": "What recurs on pages of this site",
    "repeated-text": "A sentence of the text again",
    "hidden": "What the markup hides",
    "other": "No article's text, and nothing told what it is",
}
ACCESS = {"free": "free to read", "metered": "metered", "paywalled": "behind a paywall"}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October"),
    *("November", "December"),
)


def moment(at: int, seconds: bool = True) -> str:
    """A point in time: ``24 November 2026, 09:30:05 UTC``."""
    when = to_datetime(at)
    clock = when.strftime("%H:%M:%S" if seconds else "%H:%M")
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}, {clock} UTC"


def day(at: int) -> str:
    """The day of a point in time."""
    when = to_datetime(at)
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def machine(at: int) -> str:
    """The same for the attribute of a time element."""
    return to_datetime(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def page_date(date: str | None) -> str:
    """A page's own date, its precision and offset kept: ``24 November 2026, 09:30 +01:00``."""
    written, _, clock = (date or "").partition("T")
    try:
        year, month, number = (int(one) for one in written.split("-"))
        said = f"{number} {_MONTHS[month - 1]} {year}"
    except (ValueError, IndexError):
        return date or ""
    if not clock:
        return said
    place = max(clock.find("+"), clock.find("-"))
    spaced = f"{clock[:place]} {clock[place:]}" if place > 0 else clock.replace("Z", " UTC")
    return f"{said}, {spaced.replace(':00 ', ' ', 1) if spaced.count(':') > (2 if place > 0 else 1) else spaced}"


def lasting(microseconds: int) -> str:
    """How long something lasted, in its two largest units."""
    left = max(0, microseconds) // 1_000_000
    found = []
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        number, left = divmod(left, size)
        if number:
            found.append(count(number, name))
    return " ".join(found[:2]) or "less than a second"


def sentence(said: str) -> str:
    """What programs say in half a sentence as a whole one; an address stays as it is."""
    begun = said if "://" in said.partition(" ")[0] else said[:1].upper() + said[1:]
    return begun if begun.endswith((".", "!", "?")) else f"{begun}."


def count(number: int, noun: str) -> str:
    """A number with its noun: ``1 word``, ``1,250 words``."""
    return counted(number, noun)


def verdict_of(verdict: Verdict, status: int | None) -> str:
    """A verdict in words; a page that is not there is told from a site that fails."""
    return _AWAY.get(status or 0, VERDICTS[verdict]) if verdict is Verdict.HTTP_ERROR else VERDICTS[verdict]


def answer(mark: Mark) -> str:
    """What came of a capture, in a few words."""
    said = verdict_of(mark.verdict, mark.status) if mark.verdict is not None else ""
    status = "" if mark.status in {None, 200} else f"status {mark.status}"
    kind = {"revisit": "the same as before", "conversion": "drawn by a browser"}.get(mark.kind, "")
    return ", ".join(one for one in (said, status, kind) if one) or f"fetched as {mark.role}"


def lies_in(capture: Capture) -> str:
    """The file of a record, from the archive's directory on, and its offset."""
    if capture.location is None:
        return "nowhere"
    file = capture.location.file
    kept = file.startswith(("quarantine/", "attached/"))
    return f"{file if kept else f'warc/{file}'}, byte {capture.location.offset:,}"


def citation(text: Article, capture: Capture, archive: str) -> str:
    """A text as it is cited: who, what, where and when, and by what anyone can tell that it is this one."""
    who = ", ".join(text.byline) or text.agency or ""
    place = text.site_name or capture.site or host(capture.url) or ""
    said = [
        f"{who}:" if who else "",
        f"“{text.headline or '(no headline)'}”.",
        f"{place}, {page_date(text.published)}." if text.published else f"{place}.",
        f"{capture.url} .",  # a full stop of its own: none that an address could swallow
        f"Captured {moment(capture.at)}, archive {archive}, {capture.id},",
        f"{capture.payload_digest}." if capture.payload_digest else f"text {text.text_digest}.",
    ]
    return " ".join(part for part in said if part)


def why_no_text(mark: Mark) -> str:
    """Why a capture that was never cleaned has no text."""
    if mark.status is not None and 300 <= mark.status < 400 and mark.kind != "revisit":
        return "It is a redirect, which has no text of its own."
    if mark.role not in {"article", "other"}:
        return f"It was fetched as {mark.role.replace('-', ' ')}, not as an article, so it is not cleaned."
    return "It is not cleaned yet: ‘presskeep clean’ does that."
