"""Twins: which addresses and pages are the same article again, and that no two articles ever are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crawler.discovery.face import Face, face_of, says_amp
from crawler.discovery.twins import Form, difference, form_of, objection
from crawler.urls import Scope

SCOPE = Scope.of(("a.example", "*.a.example"))
STORY = "https://www.a.example/news/2026/11/24/bridge-reopens-after-storm"


@pytest.mark.parametrize(
    ("url", "form"),
    [
        (STORY, None),
        (f"{STORY}/amp", Form.AMP),
        (f"{STORY}/amp/", Form.AMP),
        (f"{STORY}.amp", Form.AMP),
        (f"{STORY}.amp.html", Form.AMP),
        (f"{STORY}?amp", Form.AMP),
        (f"{STORY}?amp=1", Form.AMP),
        (f"{STORY}?amp=0", None),
        (f"{STORY}?outputType=amp", Form.AMP),
        (f"{STORY}?id=amp", None),
        (f"{STORY}?m=1", Form.MOBILE),
        ("https://amp.a.example/news/bridge-reopens", Form.AMP),
        ("https://m.a.example/news/bridge-reopens", Form.MOBILE),
        ("https://www.m.a.example/news/bridge-reopens", Form.MOBILE),
        ("https://m.example/news/bridge-reopens", None),
        ("https://a.example/amp/news/bridge-reopens", Form.AMP),
        ("https://a.example/news/amp/bridge-reopens", Form.AMP),
        ("https://a.example/amp", None),
        ("https://a.example/news/guitar-amp", None),
        ("urn:uuid:7", None),
    ],
)
def test_a_twin_is_known_by_its_address(url: str, form: Form | None) -> None:
    assert form_of(url) is form


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        (f"{STORY}/amp/", STORY),
        (f"{STORY}?amp=1", f"{STORY}/"),
        (f"{STORY}.amp.html", f"{STORY}.html"),
        (f"{STORY}?id=7&amp=1", f"{STORY}?id=7"),
        ("https://m.a.example/bridge-reopens", "https://a.example/bridge-reopens"),
        ("https://m.a.example/news/1234567", "https://a.example/news/bridge-reopens-1234567.html"),
        ("https://m.a.example/story.php?id=1234567", "https://a.example/news/bridge-reopens-1234567.html"),
        ("https://amp.a.example/bridge-reopens-after-storm", STORY),
        ("https://amp.a.example/1000001/bridge-reopens-after-storm/1234567", f"{STORY}-1234567"),
        ("https://m.a.example/bridge-reopens-after-storm-1234567", STORY),
    ],
)
def test_what_may_be_the_article_is_believed_for_now(url: str, canonical: str) -> None:
    assert objection(url, canonical, SCOPE) is None


@pytest.mark.parametrize(
    ("url", "canonical", "why"),
    [
        (f"{STORY}/amp", "https://www.a.example/", "front page"),
        (f"{STORY}/amp", "https://www.a.example/tag/bridges", "listing"),
        (f"{STORY}/amp", "https://b.example/news/2026/11/24/bridge-reopens-after-storm", "not one of the site's hosts"),
        (f"{STORY}/amp", "javascript:alert(1)", "only http"),
        (f"{STORY}/amp", f"{STORY}?amp=1", "twin itself"),
        (f"{STORY}/amp", "https://www.a.example/news/2026/11/24/mayor-resigns-over-bridge", "neither an id nor a name"),
        (f"{STORY}/amp", "https://www.a.example/news/2026/11/25/bridge-reopens-after-storm", "different dates"),
        (f"{STORY}/amp?page=2", STORY, "parameters"),
        (f"{STORY}-part-2/amp", f"{STORY}-part-3", "neither"),
        (f"{STORY}/2/amp", STORY, "neither"),
        ("https://m.a.example/story.php?id=7", "https://a.example/story.php?id=8", "ids"),
        ("https://m.a.example/news/1234567", "https://a.example/news/1234568", "ids"),
        ("https://m.a.example/1000001/1234567", "https://a.example/1000001/1234568", "ids"),
        ("https://m.a.example/bridge-reopens-after-1234567", "https://a.example/mayor-quits-over-1234567", "names"),
        ("https://m.a.example/news/bridge", "https://a.example/sport/bridge", "neither"),
    ],
)
def test_lies_are_not_believed(url: str, canonical: str, why: str) -> None:
    assert why in (objection(url, canonical, SCOPE) or "")


_word = st.sampled_from(("bridge", "mayor", "storm", "vote", "harbour", "council", "strike", "museum", "2", "part-3"))
_story = st.tuples(
    st.integers(10_000, 10_020).map(str),
    st.lists(_word, min_size=1, max_size=6, unique=True).map("-".join),
    st.sampled_from(("2026/11/01", "2026/11/02")),
)
Story = tuple[str, str, str]
_FORMS = (
    lambda path: f"https://m.a.example{path}",
    lambda path: f"https://amp.a.example{path}",
    lambda path: f"https://a.example{path}{'&' if '?' in path else '?'}amp=1",
    lambda path: f"https://a.example/amp{path}",
)
# How a site may write an article's number, name and day into its address; the first ones without the number.
_PATHS = (
    *("/news/{1}", "/{2}/{1}", "/news/{1}-{0}.html", "/{0}/{1}", "/{2}/{1}-{0}", "/story?id={0}", "/a/{0}", "/n/{0}/"),
)


@given(_story, st.sampled_from(_PATHS), st.sampled_from(_FORMS))
def test_an_article_is_always_found_through_its_twin(story: Story, path: str, form: Callable[[str], str]) -> None:
    address = path.format(*story)
    assert form_of(form(address)) is not None
    assert objection(form(address), f"https://a.example{address}", SCOPE) is None


@given(_story, _story, st.sampled_from(_PATHS), st.sampled_from(_PATHS), st.sampled_from(_FORMS))
def test_two_articles_are_never_one(
    story: Story, other: Story, path: str, own: str, form: Callable[[str], str]
) -> None:
    assume(story[0] != other[0] and story[1] != other[1])
    assert objection(form(path.format(*story)), f"https://a.example{own.format(*other)}", SCOPE) is not None


@given(_story, _story, st.sampled_from(_PATHS[2:]), st.sampled_from(_FORMS))
def test_two_of_one_name_are_told_apart_by_their_numbers(
    story: Story, other: Story, path: str, form: Callable[[str], str]
) -> None:
    assume(story[0] != other[0])
    namesake = (other[0], story[1], story[2])
    assert objection(form(path.format(*story)), f"https://a.example{path.format(*namesake)}", SCOPE) is not None


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_address_makes_it_stumble(url: str, canonical: str) -> None:
    form_of(f"https://a.example/{url}")
    form_of(url)
    objection(f"https://m.a.example/{url}", f"https://a.example/{canonical}", SCOPE)
    objection(url, canonical, SCOPE)


def page(head: str, body: str = "") -> Face:
    return face_of(f"<html><head>{head}</head><body>{body}</body></html>".encode(), f"{STORY}/amp", "utf-8")


def test_a_page_tells_its_canonical_address_its_forms_and_its_headline() -> None:
    found = page(
        '<base href="/x/"><link rel="Canonical" href="../story-one"><link rel=amphtml href="y">'
        '<link rel="alternate" media="only screen" href="https://m.a.example/z"><link rel="alternate" hreflang="de"'
        ' href="/de"><meta property="og:title" content="Bridge Reopens"><title>No</title>',
        "<h1>Neither</h1>",
    )
    assert found.canonical == "https://www.a.example/story-one"
    assert found.forms == {"https://www.a.example/x/y", "https://m.a.example/z"}
    assert found.words == {"bridge", "reopens"}
    assert page("<title>T</title>", "<h1>The <b>bridge</b></h1>").words == {"the", "bridge"}
    assert page("<title>橋が開通</title>").words == {"橋", "が", "開", "通"}


def test_of_several_canonical_addresses_none_counts() -> None:
    assert page('<link rel=canonical href="/a"><link rel=canonical href="/b">').canonical is None
    assert page('<link rel=canonical href="/a"><link rel=canonical href="/a#x">').canonical is not None
    assert face_of(b"", STORY).canonical is None


def test_an_amp_page_is_known_by_its_first_element() -> None:
    assert says_amp(b"<!doctype html>\n<html amp lang=en>")
    assert says_amp('<html lang="en" ⚡>'.encode())
    assert not says_amp(b"<html lang=en><head><script>amp</script>")
    assert not says_amp(b"<html class='x amp-y'>")
    assert not says_amp(b"<html " * 100_000)


def test_two_pages_are_one_story_by_what_they_say() -> None:
    twin = Face(f"{STORY}/amp", STORY, words=frozenset({"bridge", "reopens", "after", "storm"}))

    def why(**said: object) -> str | None:
        return difference(twin, Face(STORY, **said))  # type: ignore[arg-type]

    assert why(words=frozenset({"bridge", "reopens", "at", "last"})) is None
    assert why(canonical=f"{STORY}?utm_source=x", words=twin.words) is None
    assert why(forms=frozenset({f"{STORY}/amp"})) is None
    assert "another headline" in (why(words=frozenset({"mayor", "resigns"})) or "")
    assert "missing" in (why() or "")
    assert "third address" in (why(canonical=f"{STORY}-2", words=twin.words) or "")
    assert "in turn" in (why(canonical=f"{STORY}/amp", words=twin.words, forms=frozenset({f"{STORY}/amp"})) or "")
