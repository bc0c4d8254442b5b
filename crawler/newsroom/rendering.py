"""Pages: a site's articles set into its templates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Any

from crawler.newsroom.manuscript import Kind, Manuscript, Passage, marked_up, plain
from crawler.newsroom.site import Site, load_site

_FOLDED = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}  # as WordPress folds German paths
TEASER_PARAGRAPHS = 2  # what may be read of an article behind the teaser


def address(site: Site, article: Manuscript) -> str:
    """The article's URL."""
    return f"{site.base}{article.path}"


def word_slug(words: str) -> str:
    """The form in which a tag stands in a path."""
    folded = words.lower()
    for letter, letters in _FOLDED.items():
        folded = folded.replace(letter, letters)
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")


def shown(article: Manuscript) -> tuple[Passage, ...]:
    """The passages that a visitor gets to see."""
    if not article.teaser:
        return article.passages
    paragraphs = [passage for passage in article.passages if passage.kind is Kind.PARAGRAPH]
    return tuple(paragraphs[:TEASER_PARAGRAPHS])


def article_page(site: Site, article: Manuscript, visit: int, today: datetime) -> str:
    """The article's page as it stands at a visit, with the date of the day of the visit in its header."""
    articles = site.articles(visit)
    others = [other for other in articles if other.slug != article.slug]
    place = next(index for index, other in enumerate(articles) if other.slug == article.slug)
    author = site.authors[article.author]
    updated = _fragment(site, "updated", when=site.date(article.modified, "stamp"), iso=article.modified.isoformat())
    values = _card(site, article) | {
        "today": site.date(today, "header"),
        "author_bio": escape(author.bio),
        "body": "".join(_passage(site, passage, others) for passage in shown(article)),
        "updated": updated if article.modified != article.published else "",
        "paywall": _fragment(site, "paywall") if article.teaser else "",
        "lead": _lead(site, article),
        "tags": _each(site, "tag", [{"word": escape(tag), "slug": word_slug(tag)} for tag in article.tags]),
        "related": _each(site, "card", [_card(site, other) for other in others[2:5]]),
        "popular": _each(site, "rank", [_card(site, other) for other in others[-5:]]),
        "previous": _neighbour(site, "previous", articles, place + 1),
        "next": _neighbour(site, "next", articles, place - 1),
        "comments": _comments(site, article),
        "agency": _fragment(site, "agency", credit=escape(article.agency)) if article.agency else "",
    }
    content = site.templates[article.layout].substitute(values)
    if article.layout == "whole":
        return content
    head, title = _head_of_article(site, article), f"{article.headline}{site.words['title_suffix']}"
    return _frame(site, title, today, head=head, content=content, kind="single-post")


def front_page(site: Site, visit: int, today: datetime) -> str:
    """The front page: a lead story, the newest, a block for each section, and the links that lead nowhere good."""
    articles = site.articles(visit)
    blocks = []
    for slug, title in site.sections.items():
        cards = [_card(site, article) for article in articles if article.section == slug]
        blocks.append(_fragment(site, "block", slug=slug, title=escape(title), cards=_each(site, "card", cards)))
    content = site.templates["front"].substitute(
        hero=_fragment(site, "hero", **_card(site, articles[0])),
        latest=_each(site, "rank", [_card(site, article) for article in articles[1:8]]),
        blocks="".join(blocks),
        base=site.base,
    )
    head = _fragment(site, "head_front")
    return _frame(site, site.words["front_title"], today, head=head, content=content, kind="home blog")


def listing(site: Site, title: str, path: str, articles: Iterable[Manuscript], today: datetime) -> str:
    """A page of links: a section, a tag or an author."""
    cards = _each(site, "card", [_card(site, article) for article in articles])
    content = site.templates["listing"].substitute(title=escape(title), cards=cards, base=site.base)
    head = _fragment(site, "head_listing", path=path, title=escape(title))
    whole = f"{title}{site.words['title_suffix']}"
    return _frame(site, whole, today, head=head, content=content, kind="archive category")


def notice(site: Site, title: str, paragraphs: Sequence[str], today: datetime) -> str:
    """A page that is no article: about, privacy, the members' door, not found."""
    text = "".join(f"<p>{marked_up(paragraph)}</p>\n" for paragraph in paragraphs)
    content = site.templates["notice"].substitute(title=escape(title), text=text, base=site.base)
    return _frame(site, f"{title}{site.words['title_suffix']}", today, head="", content=content, kind="page")


def _frame(site: Site, title: str, today: datetime, *, head: str, content: str, kind: str) -> str:
    sections = [{"slug": slug, "title": escape(words)} for slug, words in site.sections.items()]
    return site.templates["page"].substitute(
        title=escape(title),
        head=head,
        content=content,
        base=site.base,
        kind=kind,
        today=site.date(today, "header"),
        year=site.local(today).year,
        menu=_each(site, "menu", sections),
    )


def _fragment(site: Site, name: str, /, **values: object) -> str:
    return site.templates[name].substitute({"base": site.base, **values})


def _each(site: Site, name: str, many: Iterable[dict[str, Any]]) -> str:
    return "".join(_fragment(site, name, **values) for values in many)


def _card(site: Site, article: Manuscript) -> dict[str, Any]:
    """What templates may say about an article, escaped."""
    words = sum(len(plain(passage.text).split()) for passage in article.passages)
    return {
        "base": site.base,
        "url": address(site, article),
        "path": article.path,
        "number": article.number,
        "headline": escape(article.headline),
        "standfirst": escape(article.standfirst),
        "author": escape(site.authors[article.author].name),
        "author_slug": article.author,
        "section": escape(site.sections[article.section]),
        "section_slug": article.section,
        "date": site.date(article.published),
        "stamp": site.date(article.published, "stamp"),
        "iso": article.published.isoformat(),
        "modified_iso": article.modified.isoformat(),
        "image": article.image,
        "language": article.language or site.language,
        "minutes": max(1, round(words / 180)),
    }


def _passage(site: Site, passage: Passage, others: Sequence[Manuscript]) -> str:
    match passage.kind:
        case Kind.PARAGRAPH:
            return f"<p>{marked_up(passage.text)}</p>\n"
        case Kind.SUBHEADING:
            return f"<h2>{marked_up(passage.text)}</h2>\n"
        case Kind.LIST:
            items = "".join(f"<li>{marked_up(line)}</li>\n" for line in passage.lines)
            return f"<ul>\n{items}</ul>\n"
        case Kind.QUOTE:
            cite = f"<cite>{marked_up(passage.argument)}</cite>" if passage.argument else ""
            return f"<blockquote>\n<p>{marked_up(passage.text)}</p>\n{cite}</blockquote>\n"
        case Kind.FIGURE:
            values = {name: escape(passage.value(name)) for name in ("alt", "caption", "credit")}
            return _fragment(site, "figure", image=passage.argument, **values)
        case Kind.CORRECTION | Kind.BIO:
            return _fragment(site, passage.kind.value, text=marked_up(passage.text))
        case Kind.RELATED | Kind.ALSO:
            named = [other for other in others if other.slug in passage.argument.split()]
            links = _each(site, "link", [_card(site, other) for other in named])
            return _fragment(site, passage.kind.value, links=links)
        case Kind.AD | Kind.AD_PLAIN | Kind.NEWSLETTER:
            return _fragment(site, passage.kind.value.replace("-", "_"))


def _lead(site: Site, article: Manuscript) -> str:
    """The picture above the text; an article that shows it within its text has none there."""
    if not article.image or any(passage.argument == article.image for passage in article.passages):
        return ""
    return _fragment(site, "lead", image=article.image, credit=escape(site.words["lead_credit"]))


def _neighbour(site: Site, name: str, articles: Sequence[Manuscript], place: int) -> str:
    if not 0 <= place < len(articles):
        return ""
    return _fragment(site, name, **_card(site, articles[place]))


def _comments(site: Site, article: Manuscript) -> str:
    """Two of the site's stock of comments, chosen by the article's number."""
    stock: list[dict[str, str]] = site.words["comments"]
    chosen = [stock[(article.number + step) % len(stock)] for step in range(2)]
    return _each(site, "comment", [{key: escape(value) for key, value in comment.items()} for comment in chosen])


def _head_of_article(site: Site, article: Manuscript) -> str:
    values = _card(site, article) | {"canonical": address(site, article), "tags": escape(", ".join(article.tags))}
    if article.copy_of:
        host, _, slug = article.copy_of.partition("/")
        origin = load_site(host)
        first = next(other for other in origin.articles(1) if other.slug == slug)
        values["canonical"] = address(origin, first)
    return _fragment(site, "head_article", **values, json_ld=_json_ld(site, article))


def _json_ld(site: Site, article: Manuscript) -> str:
    """The graph that search engines are given, where the site gives one."""
    url = address(site, article)
    publisher = {"@type": "NewsMediaOrganization", "@id": f"{site.base}/#organization", "name": site.name}
    news: dict[str, Any] = {
        "@type": "NewsArticle",
        "@id": f"{url}#article",
        "mainEntityOfPage": url,
        "headline": article.headline,
        "description": article.standfirst,
        "datePublished": article.published.isoformat(),
        "dateModified": article.modified.isoformat(),
        "author": {"@type": "Person", "name": site.authors[article.author].name},
        "publisher": {"@id": f"{site.base}/#organization"},
        "articleSection": site.sections[article.section],
        "keywords": list(article.tags),
        "image": f"{site.base}/wp-content/uploads/2026/11/{article.image}",
        "inLanguage": article.language or site.language,
        "isAccessibleForFree": not article.teaser,
    }
    if article.teaser:
        news["hasPart"] = {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".qs-locked"}
    crumbs = {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": 1, "name": "Home", "item": f"{site.base}/"},
            {"@type": "ListItem", "position": 2, "name": site.sections[article.section]},
        ],
    }
    graph = {"@context": "https://schema.org", "@graph": [news, publisher, crumbs]}
    return json.dumps(graph, ensure_ascii=False).replace("</", "<\\/")
