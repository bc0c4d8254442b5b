"""What ought to come out: for each article of the newsroom the clean result, from the same manuscripts as its page."""

from __future__ import annotations

from dataclasses import dataclass

from archive.article import BlockKind
from crawler.newsroom.manuscript import Kind, Manuscript, Passage, plain
from crawler.newsroom.rendering import address, shown
from crawler.newsroom.site import HOSTS, Site, load_site


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption and the credit that stands behind it, told apart."""

    text: str
    credit: str


@dataclass(frozen=True, slots=True)
class Expected:
    """The clean result of one article page at one visit.

    ``blocks`` are the body: standfirst, captions, corrections and the agency's credit line are fields of their own.
    The source of a block quote (``<cite>``) is a block of its own behind it. Of a teaser, ``blocks`` holds what may
    be read. Dates are ISO 8601 as the page gives them.
    """

    host: str
    url: str
    headline: str
    standfirst: str
    blocks: tuple[tuple[BlockKind, str], ...]
    author: str
    published: str
    modified: str
    language: str
    section: str
    tags: tuple[str, ...]
    captions: tuple[Caption, ...] = ()
    corrections: tuple[str, ...] = ()
    agency: str | None = None
    teaser: bool = False

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The texts of the blocks, of whatever kind."""
        return tuple(text for _, text in self.blocks)

    @property
    def text(self) -> str:
        """The body as plain text: blocks separated by an empty line."""
        return "\n\n".join(self.paragraphs)


@dataclass(frozen=True, slots=True)
class Counts:
    """What a crawl of one site meets at a visit, by number."""

    articles: int  # teasers among them
    teasers: int
    disallowed: int  # paths that robots.txt forbids and that are linked
    dead: int  # linked paths that answer 404
    redirects: int


def expected(host: str, visit: int = 1) -> tuple[Expected, ...]:
    """The clean results of a site's articles at a visit, the newest first."""
    site = load_site(host)
    return tuple(_expected(site, article) for article in site.articles(visit))


def chrome_never(host: str) -> tuple[str, ...]:
    """Strings that stand on the site's pages and never in a clean text."""
    return tuple(load_site(host).words["expected"]["chrome_never"])


def chrome_always(host: str) -> tuple[str, ...]:
    """Strings that stand on every article's page, so that a test can see that there was chrome to remove."""
    return tuple(load_site(host).words["expected"]["chrome_always"])


def disallowed(host: str) -> tuple[str, ...]:
    """The URLs that robots.txt forbids, linked from the front page or from one another."""
    site = load_site(host)
    return tuple(f"{site.base}{path}" for path in site.words["expected"]["disallowed"])


def dead(host: str) -> tuple[str, ...]:
    """The URLs that are linked from the front page and answer 404."""
    site = load_site(host)
    return tuple(f"{site.base}{path}" for path in site.words["expected"]["dead"])


def redirects(host: str) -> dict[str, str]:
    """Old URLs, linked from the front page, and where they redirect to."""
    site = load_site(host)
    return {f"{site.base}{old}": f"{site.base}{new}" for old, new in site.words["redirects"].items()}


def changed(host: str) -> tuple[str, ...]:
    """URLs whose article is another one at the second visit."""
    before = {article.url: article for article in expected(host, 1)}
    return tuple(new.url for new in expected(host, 2) if new.url in before and before[new.url] != new)


def added(host: str) -> tuple[str, ...]:
    """URLs of the articles that appear with the second visit."""
    before = {article.url for article in expected(host, 1)}
    return tuple(article.url for article in expected(host, 2) if article.url not in before)


def syndicated() -> tuple[tuple[str, str], ...]:
    """Pairs of URLs, original and copy on the other site: same headline, same blocks."""
    pairs = []
    for host in HOSTS:
        site = load_site(host)
        for article in site.manuscripts:
            if article.copy_of:
                origin, _, slug = article.copy_of.partition("/")
                first = next(other for other in load_site(origin).articles(1) if other.slug == slug)
                pairs.append((address(load_site(origin), first), address(site, article)))
    return tuple(pairs)


def counts(host: str, visit: int = 1) -> Counts:
    """The numbers of one site at a visit."""
    articles = expected(host, visit)
    teasers = sum(article.teaser for article in articles)
    return Counts(len(articles), teasers, len(disallowed(host)), len(dead(host)), len(redirects(host)))


def _expected(site: Site, article: Manuscript) -> Expected:
    passages = shown(article)
    figures = [passage for passage in passages if passage.kind is Kind.FIGURE]
    return Expected(
        host=site.host,
        url=address(site, article),
        headline=article.headline,
        standfirst=article.standfirst,
        blocks=tuple(block for passage in passages for block in _blocks(passage)),
        author=site.authors[article.author].name,
        published=article.published.isoformat(),
        modified=article.modified.isoformat(),
        language=article.language or site.language,
        section=site.sections[article.section],
        tags=article.tags,
        captions=tuple(Caption(figure.value("caption"), figure.value("credit")) for figure in figures),
        corrections=tuple(plain(passage.text) for passage in passages if passage.kind is Kind.CORRECTION),
        agency=article.agency or None,
        teaser=article.teaser,
    )


def _blocks(passage: Passage) -> list[tuple[BlockKind, str]]:
    match passage.kind:
        case Kind.PARAGRAPH:
            return [(BlockKind.PARAGRAPH, plain(passage.text))]
        case Kind.SUBHEADING:
            return [(BlockKind.SUBHEADING, plain(passage.text))]
        case Kind.LIST:
            return [(BlockKind.LIST_ITEM, plain(line)) for line in passage.lines]
        case Kind.QUOTE:
            said = [(BlockKind.QUOTE, plain(passage.text))]
            return [*said, (BlockKind.QUOTE, plain(passage.argument))] if passage.argument else said
    return []
